"""The picture of oneself: what is taken for one, who sees it, and how it is sent."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from soundwave_auth import avatars
from soundwave_core import SoundWave
from soundwave_core.testing import Cast, Client, ClientAnswer
from tests.plugins.auth.conftest import Bearer, people_of

AVATAR = "/api/user/avatar/"
USERS = "/api/user/admin/users/"
PICTURES = {
    "image/jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(40),
    "image/png": b"\x89PNG\r\n\x1a\n" + bytes(40),
    "image/gif": b"GIF89a" + bytes(40),
    "image/webp": b"RIFF\x40\0\0\0WEBPVP8 " + bytes(40),
}
PNG = PICTURES["image/png"]
NONE = {
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "another picture": b"BM" + bytes(40),
    "a sound": b"RIFF\x40\0\0\0WAVEfmt " + bytes(40),
    "a picture further on": b" " + PNG,
    "half a beginning": PNG[:5],
}


def put(client: Client, content: bytes, kind: str = "image/png", **headers: str) -> ClientAnswer:
    return client.request("PUT", AVATAR, body=content, headers={"Content-Type": kind, **headers})


def url_of(client: Client) -> Any:
    return client.get("/api/user/account/").json.user.avatar_url


@pytest.mark.parametrize("mime", PICTURES)
def test_a_picture_is_what_its_content_says(cast: Cast, mime: str) -> None:
    assert put(cast.bob, PICTURES[mime], "image/png").status == 204
    shown = cast.bob.get(AVATAR)
    assert (shown.status, shown.body, shown.headers["Content-Type"]) == (200, PICTURES[mime], mime)


@pytest.mark.parametrize("content", NONE.values(), ids=NONE)
def test_what_is_no_picture_is_refused(cast: Cast, content: bytes) -> None:
    answer = put(cast.bob, content)
    assert (answer.status, answer.json["code"]) == (422, "avatar_unknown")
    assert cast.bob.get(AVATAR).json["code"] == "avatar_not_found"


@pytest.mark.parametrize("kind", ["", "text/html", "image/svg+xml", "application/json", "multipart/form-data"])
def test_it_comes_as_a_picture(cast: Cast, kind: str) -> None:
    answer = put(cast.bob, PNG, kind)
    assert (answer.status, answer.json["code"]) == (415, "content_type_unsupported")
    assert put(cast.bob, PNG, Content_Encoding="gzip").json["code"] == "content_encoding_unsupported"
    assert put(cast.bob, b"").json["code"] == "body_empty"


def test_there_is_room_for_256_kib(cast: Cast) -> None:
    full = PNG.ljust(avatars.MOST_BYTES, b"\0")
    assert put(cast.bob, full).status == 204
    assert put(cast.bob, full + b"\0").status == 413
    assert len(cast.bob.get(AVATAR).body) == avatars.MOST_BYTES == 256 * 1024


def test_it_is_sent_for_its_owner_alone_and_only_once(cast: Cast) -> None:
    put(cast.bob, PNG)
    first = cast.bob.get(url_of(cast.bob))
    headers = first.headers
    assert headers["ETag"] == f'"{hashlib.sha256(PNG).hexdigest()}"'
    assert headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in headers["Vary"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    again = cast.bob.get(AVATAR, If_None_Match=headers["ETag"])
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", headers["ETag"])
    assert cast.bob.get(AVATAR, If_None_Match='"another"').status == 200
    head = cast.bob.head(AVATAR)
    assert (head.status, head.body, head.headers["ETag"]) == (200, b"", headers["ETag"])


def test_its_address_changes_with_it(cast: Cast) -> None:
    assert url_of(cast.bob) is None
    put(cast.bob, PNG)
    first = url_of(cast.bob)
    assert cast.bob.get("/api/session/").json.user.avatar_url == first
    put(cast.bob, PICTURES["image/gif"])
    assert url_of(cast.bob) not in (None, first)
    assert cast.bob.get(url_of(cast.bob)).body == PICTURES["image/gif"]
    assert cast.bob.delete(AVATAR).status == cast.bob.delete(AVATAR).status == 204
    assert url_of(cast.bob) is None
    assert cast.bob.get(AVATAR).status == 404


def test_everybody_sees_their_own_and_admins_everybodys(cast: Cast) -> None:
    put(cast.bob, PNG)
    path = f"{USERS}{cast.bob.user_id}/avatar/"
    assert cast.alice.get(path).body == PNG
    assert (cast.carol.get(path).status, cast.nobody.get(path).status) == (403, 401)
    assert (cast.carol.get(AVATAR).status, cast.nobody.get(AVATAR).status) == (404, 401)
    assert cast.alice.get(f"{USERS}{'0' * 32}/avatar/").json["code"] == "user_not_found"
    urls = {user.username: user.avatar_url for user in cast.alice.get(USERS).json.results}
    assert (urls["alice"], urls["carol"]) == (None, None)
    assert cast.alice.get(urls["bob"]).body == PNG


def test_a_tokens_reach(cast: Cast, bearer: Bearer) -> None:
    reader, writer = bearer("read"), bearer("read", "write")
    assert put(cast.nobody, PNG, **reader).status == 403
    assert put(cast.nobody, PNG, **writer).status == 204
    assert cast.nobody.get(AVATAR, **reader).body == PNG


def test_nothing_of_it_stays_when_its_owner_goes(core: SoundWave, cast: Cast) -> None:
    put(cast.bob, PNG)
    put(cast.carol, PNG)
    assert cast.alice.delete(f"{USERS}{cast.bob.user_id}/?tracks=remove").status == 204
    assert [row["user_id"] for row in core.db.rows("SELECT user_id FROM avatars")] == [cast.carol.user_id]
    assert cast.alice.get(f"{USERS}{cast.bob.user_id}/avatar/").status == 404


def test_one_of_each(core: SoundWave, cast: Cast) -> None:
    before = people_of(core)
    for content in PICTURES.values():
        put(cast.bob, content)
    assert core.db.value("SELECT count(*) FROM avatars") == 1
    assert people_of(core) == before
