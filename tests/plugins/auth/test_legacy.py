"""The accounts of an old deployment, brought over."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pyotp
import pytest
from Cryptodome.Cipher import AES
from Cryptodome.Util.Padding import pad

from soundwave_auth import legacy_factors
from soundwave_auth.store import Users
from soundwave_core import ImportReport, SoundWave, StartError
from soundwave_core.legacy import open_legacy
from soundwave_core.takeover import bring_over
from soundwave_core.testing import Client, MakeCore, VirtualClock, setup_code_of
from tests.legacy.fixtures import OLD, Home, notes_of, report_of, sign_in
from tests.plugins.auth.conftest import PEOPLE

LOGIN, USERS, AVATAR = "/api/user/login/", "/api/user/admin/users/", "/api/user/avatar/"
VARIABLE = "SOUNDWAVE_LEGACY_SECRET_KEY"
KEY = "django-insecure-of-the-old-server"
TABLES = (*PEOPLE, "recovery_codes", "avatars")
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # alice's, in the fixture


def stored(core: SoundWave) -> dict[str, Any]:
    return {table: core.db.rows(f"SELECT * FROM {table}") for table in TABLES}


def again(core: SoundWave, folder: Path = OLD) -> ImportReport:
    with open_legacy(folder) as legacy:
        return bring_over(core, legacy, "again")


def section(report: ImportReport, name: str) -> tuple[int, int]:
    found = report.section(name)
    return found.found, found.imported


def row_of(core: SoundWave, name: str) -> Any:
    return core.db.row("SELECT * FROM users WHERE name = :name", name=name)


def log_in(core: SoundWave, name: str, password: str, totp: str | None = None) -> tuple[int, str]:
    answer = Client(core).post(LOGIN, {"username": name, "password": password, "totp": totp})
    return answer.status, "" if answer.status == 200 else answer.json["code"]


# Users


def test_everybody_comes_over(moved: SoundWave, expected: dict[str, Any]) -> None:
    for user in expected["users"]:
        row = row_of(moved, user["username"])
        assert row["role"] == ("admin" if user["is_admin"] else "user")
        assert row["state"] == ("active" if user["is_active"] else "disabled")
        assert row["created_at"][:19] == user["date_joined"][:19]
        assert row["quota_bytes"] == user["storage_quota_gb"] * 10**9
    assert section(report_of(moved), "Users") == (4, 4) == (Users(moved).count(), len(expected["users"]))


def test_they_sign_in_as_they_did(moved: SoundWave, expected: dict[str, Any]) -> None:
    for name in ("admin", "alice", "bob"):
        client = sign_in(moved, expected, name)
        assert client.get("/api/user/account/").json.user.username == name
        assert row_of(moved, name)["password_hash"].startswith("bcrypt-sha256$")
    carol = next(user for user in expected["users"] if user["username"] == "carol")
    assert log_in(moved, "carol", carol["password"]) == (401, "wrong_credentials")
    assert log_in(moved, "bob", "bob-pass-phrase-4") == (401, "wrong_credentials")


def test_only_is_admin_makes_an_admin(home: Home, make_core: MakeCore) -> None:
    home.change("UPDATE user_account SET is_superuser = 1, is_staff = 1 WHERE username = 'bob'")
    assert row_of(make_core(), "bob")["role"] == "user"


def test_set_up_is_over(moved: SoundWave, home: Home) -> None:
    assert Client(moved).get("/api/session/").json.is_setup_open is False
    assert not (home.data / "setup-link").exists()
    assert Client(moved).register("mallory", setup_code="x").json["code"] == "setup_code_invalid"
    assert moved.is_installed


def test_without_an_active_admin_only_the_shell_opens_the_door(home: Home, make_core: MakeCore) -> None:
    home.change("UPDATE user_account SET is_active = 0 WHERE is_admin")
    core = make_core()
    assert "soundwave user add --admin NAME opens the door" in notes_of(report_of(core), "Users")
    assert (Client(core).get("/api/session/").json.is_setup_open, core.is_installed) == (False, True)


def test_where_there_is_an_admin_nothing_is_said_of_doors(moved: SoundWave) -> None:
    assert "opens the door" not in notes_of(report_of(moved), "Users")


@pytest.mark.parametrize("password", ["!", "!uNuSaBlE", "", "argon2$x", "pbkdf2_sha256$9999999999$a$b", "plain"])
def test_a_password_that_cannot_match_lets_nobody_in(home: Home, make_core: MakeCore, password: str) -> None:
    home.change("UPDATE user_account SET password = :password WHERE username = 'bob'", password=password)
    core = make_core()
    assert row_of(core, "bob")["password_hash"] == "!"
    for typed in ("bob-pass-phrase-3", password or "x"):
        assert log_in(core, "bob", typed)[0] in (401, 429)
    assert "(soundwave user reset-password NAME): bob." in notes_of(report_of(core), "Users")


@pytest.mark.parametrize(
    ("gigabytes", "wanted"),
    [(0, None), (0.5, 500_000_000), (-1, None), (10**12, 2**53 - 1), ("much", None), (float("inf"), 2**53 - 1)],
)
def test_quotas(home: Home, make_core: MakeCore, gigabytes: object, wanted: int | None) -> None:
    """0 was shown and refused nothing."""
    home.change("UPDATE user_account SET storage_quota_gb = :gb WHERE username = 'bob'", gb=gigabytes)
    assert row_of(make_core(), "bob")["quota_bytes"] == wanted


def test_names_that_are_one_name_here(home: Home, make_core: MakeCore) -> None:
    home.change(
        "UPDATE user_account SET username = 'ALICE' WHERE username = 'bob'",
        "UPDATE user_account SET username = 'Alice-2' WHERE username = 'carol'",
    )
    core = make_core()
    assert [user.name for user in reversed(Users(core).list())] == ["admin", "alice", "ALICE-2", "Alice-2-2"]
    assert "ALICE is called ALICE-2 here" in notes_of(report_of(core), "Users")
    assert log_in(core, "alice-2", "bob-pass-phrase-3") == (200, "")


@pytest.mark.parametrize("name", ["", "a\u202eb", "x" * 65, "a\nb", " "])
def test_names_that_cannot_be(home: Home, make_core: MakeCore, name: str) -> None:
    home.change("UPDATE user_account SET username = :name WHERE username = 'bob'", name=name)
    core = make_core()
    assert log_in(core, "user-3", "bob-pass-phrase-3") == (200, "")
    assert "is called user-3 here" in notes_of(report_of(core), "Users")


def test_what_stays_behind_is_named(moved: SoundWave) -> None:
    notes = notes_of(report_of(moved), "Users")
    assert "Tokens stay behind, and whoever used one makes a new one: 4." in notes
    assert "cookies with them: 1." in notes
    assert "E-mail addresses" in notes
    assert "Quotas hold from now on" in notes
    left = notes_of(report_of(moved), "Left behind")
    assert "user_account" not in left
    assert "authtoken_token" not in left


# Again, and beside others


def test_a_second_import_changes_nothing(moved: SoundWave) -> None:
    before = stored(moved)
    report = again(moved)
    assert stored(moved) == before
    assert section(report, "Users") == (4, 4)


def test_what_was_changed_since_stays_changed(moved: SoundWave, expected: dict[str, Any]) -> None:
    admin = sign_in(moved, expected, "admin")
    ids = {user.username: user.id for user in admin.get(USERS).json.results}
    wish = {"username": "robert", "is_admin": True, "quota_bytes": None}
    assert admin.patch(f"{USERS}{ids['bob']}/", wish).status == 200
    path = f"{USERS}{ids['alice']}/reset-password/"
    assert admin.post(path, {"password": "another long password", "remove_second_factor": True}).status == 204
    assert admin.delete(f"{USERS}{ids['carol']}/?tracks=remove").status == 204
    before = stored(moved)
    report = again(moved)
    assert stored(moved) == before
    assert section(report, "Users") == (4, 3)
    assert "carol was removed here, and stays removed." in notes_of(report, "Users")


def test_who_is_here_already_keeps_password_and_role(make_core: MakeCore) -> None:
    core = make_core()
    bob = Client(core)
    assert bob.register("Bob", setup_code=setup_code_of(core)).status == 201
    before = row_of(core, "Bob")
    with open_legacy(OLD) as legacy:
        report = bring_over(core, legacy, "old")
        assert legacy.id_of("user", 3) == bob.user_id
    assert row_of(core, "Bob") == before
    assert (bob.sign_in("bob").status, log_in(core, "bob", "bob-pass-phrase-3")[0]) == (200, 401)
    assert "bob is here already: Bob keeps password and role" in notes_of(report, "Users")
    assert section(report, "Users") == (4, 4)
    assert Users(core).count() == 4
    once = stored(core)
    again(core)
    assert stored(core) == once


@pytest.mark.parametrize("what", ["renamed", "removed", "replaced"])
def test_who_was_taken_for_somebody_stays_them(make_core: MakeCore, what: str) -> None:
    """Nobody comes again with the old password, whatever became of the account."""
    core = make_core()
    ann = Client(core)
    ann.register("ann", setup_code=setup_code_of(core))
    ann.post(USERS, {"username": "bob", "password": "a password of bob's own"})
    bob_id = str(row_of(core, "bob")["uid"])
    again(core)
    path = f"{USERS}{bob_id}/"
    if what == "removed":
        assert ann.delete(f"{path}?tracks=remove").status == 204
    else:
        assert ann.patch(path, {"username": "robert"}).status == 200
    if what == "replaced":
        assert ann.post(USERS, {"username": "bob", "password": "of another bob entirely"}).status == 201
    before = stored(core)
    with open_legacy(OLD) as legacy:
        report = bring_over(core, legacy, "again")
        assert legacy.id_of("user", 3) == (None if what == "removed" else bob_id)
    assert stored(core) == before
    assert log_in(core, "bob", "bob-pass-phrase-3")[0] == 401
    assert section(report, "Users") == (4, 3 if what == "removed" else 4)


def test_two_do_not_become_one(home: Home, make_core: MakeCore, tmp_path: Path) -> None:
    """Of bob and BOB, one is the bob who is here already."""
    home.change("UPDATE user_account SET username = 'BOB' WHERE username = 'carol'")
    old = tmp_path / "old"
    old.mkdir()
    home.database.rename(old / "db.sqlite3")
    core = make_core()
    bob = Client(core)
    bob.register("bob", setup_code=setup_code_of(core))
    with open_legacy(old) as legacy:
        bring_over(core, legacy, "old")
        assert legacy.id_of("user", 3) == bob.user_id
        assert legacy.id_of("user", 4) == row_of(core, "BOB-2")["uid"] != bob.user_id


# Second factors


def test_a_second_factor_and_its_backup_codes(moved: SoundWave, clock: VirtualClock) -> None:
    password, codes = "alice-pass-phrase-2", ("3F9A-0C1D-77B2", "81e4 5a60 9d3c")
    assert log_in(moved, "alice", password) == (401, "totp_required")
    assert log_in(moved, "alice", password, pyotp.TOTP(SECRET).at(clock.now())) == (200, "")
    for code in codes:
        assert log_in(moved, "alice", password, code) == (200, "")
    assert log_in(moved, "alice", password, codes[0]) == (401, "totp_wrong")
    plain = str(moved.db.rows("SELECT * FROM recovery_codes"))
    assert "3F9A" not in plain
    assert moved.db.value("SELECT count(*) FROM recovery_codes WHERE used_at IS NULL") == 9 - len(codes)


def test_one_that_was_never_confirmed_is_none(moved: SoundWave) -> None:
    assert log_in(moved, "bob", "bob-pass-phrase-3") == (200, "")
    assert moved.db.value("SELECT count(*) FROM second_factors") == 1
    report = report_of(moved)
    assert section(report, "Second factors") == (1, 1)
    assert notes_of(report, "Second factors") == "Begun and never confirmed, so not taken over: bob."


@pytest.mark.parametrize("secret", ["", "not base32!", None])
def test_one_that_cannot_be_read_is_named(home: Home, make_core: MakeCore, secret: str | None) -> None:
    home.change("UPDATE user_account SET two_factor_secret = :secret WHERE username = 'alice'", secret=secret)
    core = make_core()
    assert log_in(core, "alice", "alice-pass-phrase-2") == (200, "")
    assert "alice has none any more" in notes_of(report_of(core), "Second factors")


def test_backup_codes_of_later_versions_are_hashes(home: Home, make_core: MakeCore, clock: VirtualClock) -> None:
    code, salt = "ABCD-EF01-2345", "5cBYq1Zk"
    made = base64.b64encode(hashlib.pbkdf2_hmac("sha256", code.encode(), salt.encode(), 1000)).decode()
    codes = json.dumps([f"pbkdf2_sha256$1000${salt}${made}", "0000-1111-2222", "no code", "md5$x"])
    home.change("UPDATE user_account SET backup_codes = :codes WHERE username = 'alice'", codes=codes)
    core = make_core()
    assert log_in(core, "alice", "alice-pass-phrase-2", code) == (200, "")
    assert log_in(core, "alice", "alice-pass-phrase-2", "0000-1111-2222") == (200, "")
    assert "2 backup codes of alice cannot be read" in notes_of(report_of(core), "Second factors")


def lock(secret: str, key: str = KEY) -> str:
    """As the later versions stored it."""
    digest = hashlib.sha256(key.encode()).digest()
    iv = bytes(range(16))
    return seal(iv + AES.new(digest[16:], AES.MODE_CBC, iv).encrypt(pad(secret.encode(), 16)), key)


def seal(content: bytes, key: str = KEY) -> str:
    digest = hashlib.sha256(key.encode()).digest()
    sealed = b"\x80" + (1_750_000_000).to_bytes(8) + content
    return base64.urlsafe_b64encode(sealed + hmac.digest(digest[:16], sealed, "sha256")).decode()


@pytest.fixture
def locked(home: Home) -> Home:
    """alice's and bob's are locked, admin's is not."""
    home.change("UPDATE user_account SET two_factor_enabled = 1 WHERE username = 'bob'")
    for name in ("alice", "bob"):
        home.change(
            "UPDATE user_account SET two_factor_secret = :text WHERE username = :name", text=lock(SECRET), name=name
        )
    home.change(
        "UPDATE user_account SET two_factor_enabled = 1, two_factor_secret = :secret WHERE username = 'admin'",
        secret=SECRET,
    )
    return home


def test_the_key_opens_them(locked: Home, make_core: MakeCore, tmp_path: Path, clock: VirtualClock) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    core = make_core(**{VARIABLE + "_FILE": str(tmp_path / "key")})
    secrets = core.db.rows("SELECT secret, state FROM second_factors")
    assert secrets == [{"secret": SECRET, "state": "on"}] * 3
    assert log_in(core, "bob", "bob-pass-phrase-3", pyotp.TOTP(SECRET).at(clock.now())) == (200, "")
    assert KEY not in str(core.config.describe())


@pytest.mark.parametrize(
    ("key", "code", "says"),
    [
        ("", "legacy_factors_locked", "2 second factors are locked"),
        ("another", "legacy_key_wrong", "does not open the second factor of alice"),
    ],
)
def test_without_it_nothing_is_brought_over(locked: Home, make_core: MakeCore, key: str, code: str, says: str) -> None:
    before = locked.database.read_bytes()
    with pytest.raises(StartError, match=says) as refused:
        make_core(**({VARIABLE: key} if key else {}))
    assert refused.value.code == code
    assert f"{VARIABLE}=none leaves them out" in str(refused.value)
    assert locked.database.read_bytes() == before


def test_none_leaves_them_out(locked: Home, make_core: MakeCore) -> None:
    core = make_core(**{VARIABLE: "none"})
    assert log_in(core, "bob", "bob-pass-phrase-3") == (200, "")
    assert log_in(core, "admin", "correct-horse-battery-1") == (401, "totp_required")
    notes = notes_of(report_of(core), "Second factors")
    assert notes == "Left out, so that the password alone lets in: alice, bob."
    assert section(report_of(core), "Second factors") == (3, 1)


def test_who_came_over_before_needs_no_key(locked: Home, make_core: MakeCore) -> None:
    core = make_core(**{VARIABLE: KEY})
    (old,) = locked.kept
    core.stop()
    core = make_core()
    before = stored(core)
    with open_legacy(old) as legacy:
        bring_over(core, legacy, "again")
    assert stored(core) == before


def test_fernet_by_the_example_of_its_specification() -> None:
    """https://github.com/fernet/spec, generate.json and invalid.json."""
    token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
    key = base64.urlsafe_b64decode("cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=")
    assert legacy_factors.unlock(token, key) == "hello"
    assert legacy_factors.unlock(token, bytes(32)) is None
    for broken in (token[:-8], token[:40], "gAAAA", "", "gAAAA%%%", token.replace("0", "1"), token[:20] + "A" * 40):
        assert legacy_factors.unlock(broken, key) is None
    for content in (b"", bytes(16), bytes(16 + 15)):  # sealed by the right key, and no blocks all the same
        assert legacy_factors.unlock(seal(content), hashlib.sha256(KEY.encode()).digest()) is None


# Pictures


def test_a_picture_comes_along(moved: SoundWave, expected: dict[str, Any]) -> None:
    alice = sign_in(moved, expected, "alice")
    assert alice.get(AVATAR).body == (OLD / "avatars/alice_20251226_101500.png").read_bytes()
    report = report_of(moved)
    assert section(report, "Avatars") == (2, 1)
    assert notes_of(report, "Avatars") == "bob: One of the pictures that came with the old server stays behind."


PNG = b"\x89PNG\r\n\x1a\n"
FILES = {"large.png": PNG.ljust(256 * 1024 + 1, b"\0"), "page.png": b"<!doctype html>", "empty.png": b""}


@pytest.mark.parametrize(
    ("avatar", "says"),
    [
        ("avatars/gone.png", "is not there"),
        ("avatars/large.png", "at most 262144 bytes"),
        ("avatars/page.png", "no JPEG, PNG, GIF or WebP"),
        ("avatars/empty.png", "no JPEG, PNG, GIF or WebP"),
        ("avatars/folder", "is not there"),
        ("avatars/", "is not there"),
        ("avatars/../secret.png", "is not there"),
        ("avatars/link.png", "is not there"),
        ("secret.png", "is not there"),
        ("pictures/page.png", "is not there"),
        ("avatars/a\0b.png", "cannot be read"),
        ("avatars/" + "x" * 300, "cannot be read"),
    ],
)
def test_what_is_no_picture_beside_the_database_stays_behind(
    home: Home, make_core: MakeCore, avatar: str, says: str
) -> None:
    folder = home.data / "avatars"
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()
    (home.data / "secret.png").write_bytes(PNG)
    (folder / "link.png").symlink_to("../secret.png")
    home.change("UPDATE user_account SET avatar = :avatar WHERE username = 'bob'", avatar=avatar)
    core = make_core()
    assert core.db.value("SELECT count(*) FROM avatars") == 1
    assert says in notes_of(report_of(core), "Avatars")
