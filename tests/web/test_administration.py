"""The administrator's screens: what the server does, how it is set up, whether it is well, and the way back."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.house.example import python_path

from .browsers import Complaints
from .servers import ServerProcess
from .steps import PASSWORD, call, enter, sign_in

OLD_SERVER = Path(__file__).resolve().parents[1] / "legacy" / "v1.0"
LOCALES = Path(__file__).resolve().parents[2] / "webroot" / "locales"
PLUGIN = '''
"""Waits: a job that lasts until there is a file beside the database, and fails where that says so."""

import logging

from soundwave_core import Job, hookimpl

REQUIRES = ("auth",)
log = logging.getLogger(__name__)


def wait_for_file(core):
    sign = core.config.data_dir / "go"
    log.info("waits for <b>%s</b>", sign.name)
    while not sign.is_file():
        if core.jobs.stopping.wait(0.05):
            return
    if sign.read_text() == "fail":
        raise RuntimeError("the file says so")


@hookimpl
def register_jobs(core):
    return [Job("waits.wait-for-file", wait_for_file, "Waits for a file.", cron="17 3 1 1 *")]
'''


@pytest.fixture
def with_a_long_job(server_process: ServerProcess, tmp_path: Path) -> Path:
    """The file that the job of a stranger's plugin waits for."""
    packages = tmp_path / "packages"
    (packages / "soundwave_waits-1.dist-info").mkdir(parents=True)
    (packages / "soundwave_waits.py").write_text(PLUGIN)
    (packages / "soundwave_waits-1.dist-info/METADATA").write_text("Name: soundwave-waits\nVersion: 1\n")
    entry = "[soundwave.plugins]\nwaits = soundwave_waits\n"
    (packages / "soundwave_waits-1.dist-info/entry_points.txt").write_text(entry)
    server_process.environ["PYTHONPATH"] = python_path(packages)
    return server_process.folder / "data" / "go"


def open_tab(page: Page, server: ServerProcess, tab: str) -> Locator:
    page.goto(f"{server.url}admin/?tab={tab}")
    panel = page.get_by_role("tabpanel")
    expect(panel.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
    return panel


def toast(page: Page, text: str) -> Locator:
    return page.locator("toast-stack").get_by_text(text)


def test_a_job_is_run_watched_and_paused(page: Page, server_process: ServerProcess, with_a_long_job: Path) -> None:
    enter(page, server_process.url)
    job = open_tab(page, server_process, "jobs").get_by_role("article", name="Waits for a file")
    expect(job).to_contain_text("Has not run yet")
    expect(job).to_contain_text("17 3 1 1 * (cron, UTC)")
    run = job.get_by_role("button", name="Run now: Waits for a file")
    run.click()
    expect(job.get_by_role("status").filter(has_text="Running")).to_be_visible()
    expect(run).to_be_disabled()
    expect(run).to_be_focused()
    job.get_by_text("Last runs and what they logged").click()
    expect(job.get_by_role("group", name="Log")).to_contain_text("INFO waits for <b>go</b>")
    with_a_long_job.write_text("")
    expect(toast(page, "Done: Waits for a file")).to_be_visible()
    expect(job).to_contain_text("just now, took")
    expect(run).to_be_enabled()

    with_a_long_job.write_text("fail")
    run.press("Enter")
    expect(toast(page, "Failed: Waits for a file")).to_be_visible()
    expect(job).to_contain_text("RuntimeError: the file says so")
    runs = job.get_by_role("list", name="Last runs").get_by_role("listitem")
    expect(runs).to_have_count(2)
    expect(runs.first).to_contain_text("Failed")
    expect(runs.last).to_contain_text("Done")

    job.get_by_role("button", name="Pause: ").click()
    expect(job).to_contain_text("when it is resumed")
    page.reload()
    expect(job).to_contain_text("Paused")
    job.get_by_role("button", name="Resume: ").click()
    expect(job).not_to_contain_text("Paused")
    expect(page.get_by_role("article", name="Reads the whole database")).to_contain_text(re.compile(r"daily at \d"))


def line_of(panel: Locator, name: str) -> Locator:
    return panel.locator("setting-line").filter(has_text=name)


def test_a_setting_is_found_changed_refused_and_reset(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    enter(page, server_process.url)
    panel = open_tab(page, server_process, "settings")
    registration = panel.get_by_role("region", name="Accounts").get_by_role("combobox", name="Who may register")
    expect(registration).to_have_value("closed")
    registration.select_option("invite")
    line_of(panel, "auth.registration").get_by_role("button", name="Save").click()
    expect(toast(page, "auth.registration was saved.")).to_be_visible()
    expect(registration).to_be_focused()

    complaints.allowed = ("422",)
    longest = panel.get_by_role("textbox", name="How many items of one list")
    line = line_of(panel, "downloads.longest_list")
    expect(line).to_contain_text("a whole number from 1 to 5000 · default: 500")
    longest.fill("many")
    longest.press("Enter")
    expect(line.get_by_role("alert")).to_have_text("This must be a whole number from 1 to 5000.")
    expect(longest).to_have_attribute("aria-invalid", "true")
    expect(longest).to_have_accessible_description(re.compile("This must be"))
    longest.fill("40")
    expect(line.get_by_role("alert")).to_have_count(0)
    longest.press("Enter")
    expect(line).to_contain_text("Changed here")
    longest.fill("7")
    line.get_by_role("button", name="Cancel").click()
    expect(longest).to_have_value("40")
    page.reload()
    expect(longest).to_have_value("40")
    line.get_by_role("button", name="Back to default").click()
    expect(longest).to_have_value("500")
    expect(line).not_to_contain_text("Changed here")

    hosts = panel.get_by_role("textbox", name="Host names")
    hosts.fill("unsaved")
    page.get_by_role("searchbox", name="Find a setting").fill("largest request")
    expect(panel.locator("setting-line")).to_have_count(1)
    expect(panel.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_role("searchbox", name="Find a setting").fill("host answers")
    expect(panel.locator("setting-line")).to_have_count(1)
    hosts.fill("music.example.org,radio.example.org")
    hosts.press("Enter")
    expect(hosts).to_have_value("music.example.org, radio.example.org")
    page.get_by_role("searchbox", name="Find a setting").fill("no such thing")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_what_the_environment_sets_is_locked(page: Page, server_process: ServerProcess) -> None:
    server_process.environ["SOUNDWAVE_DOWNLOADS_LONGEST_LIST"] = "77"
    enter(page, server_process.url)
    panel = open_tab(page, server_process, "settings")
    line = line_of(panel, "downloads.longest_list")
    expect(line.get_by_label("How many items of one list")).to_have_text("77")
    expect(line).to_contain_text("The environment variable SOUNDWAVE_DOWNLOADS_LONGEST_LIST sets this")
    expect(line.get_by_role("textbox")).to_have_count(0)
    expect(line_of(panel, "watchdog").get_by_label("Whether a server")).to_have_text("on")
    expect(line_of(panel, "watchdog")).to_contain_text("Set SOUNDWAVE_WATCHDOG and start the server again.")


def test_health_in_plain_words(page: Page, server_process: ServerProcess) -> None:
    enter(page, server_process.url)
    panel = open_tab(page, server_process, "health")
    expect(panel.get_by_role("heading", name="Everything is well")).to_be_visible()
    checks = panel.get_by_role("list", name="What was looked at").get_by_role("listitem")
    expect(checks.first).to_contain_text("Database: well")
    expect(panel.get_by_role("list", name="Plugins").get_by_role("listitem")).to_have_count(5)
    page.goto("about:blank")  # a page that is open asks on
    assert server_process.stop() == 0
    server_process.environ["SOUNDWAVE_SYSTEM_SMALLEST_FREE_BYTES"] = str(1 << 50)
    server_process.start()
    panel = open_tab(page, server_process, "health")
    expect(panel.get_by_role("heading", name="3 things need you")).to_be_visible()
    expect(checks.first).to_contain_text("Disk of the data: not well")
    expect(checks.first).to_contain_text("without room nothing can be saved")


def test_everything_has_words_in_romanian(page: Page, server_process: ServerProcess) -> None:
    """What the server says in English: its jobs, its settings, and what it looks at."""
    enter(page, server_process.url)
    said = {f"job.{task['id']}" for task in call(page, "GET", "api/task/")["results"]}
    said |= {f"setting.{setting['name']}" for setting in call(page, "GET", "api/appsettings/")["results"]}
    checks = [check["name"] for check in call(page, "GET", "api/health/")["checks"]]
    said |= {f"check.{name}" for name in checks if not name.startswith("plugin ")}
    assert len(said) > 50
    assert said - json.loads((LOCALES / "ro.json").read_text()).keys() == set()


def make_backup(page: Page, panel: Locator, count: int) -> Locator:
    """All of them, when the newest is good."""
    panel.get_by_role("button", name="Back up now").click()
    backups = panel.get_by_role("list", name="All backups").get_by_role("article")
    expect(backups).to_have_count(count)
    expect(backups.first).to_contain_text("Verified")
    return backups


def choose(page: Page, backup: Locator, action: str) -> None:
    backup.get_by_role("button", name="More for the backup").click()
    page.get_by_role("menuitem", name=action).click()


def test_a_backup_is_made_taken_along_and_brought_in(
    page: Page, server_process: ServerProcess, complaints: Complaints, tmp_path: Path
) -> None:
    server_process.environ["SOUNDWAVE_SYSTEM_BACKUP_SCHEDULE"] = "off"
    server_process.environ["SOUNDWAVE_BODY_LIMIT_BYTES"] = "16384"
    enter(page, server_process.url)
    panel = open_tab(page, server_process, "backups")
    expect(panel.get_by_role("heading", name="There is no verified backup yet")).to_be_visible()
    expect(panel).to_contain_text("Made by itself: off.")
    backups = make_backup(page, panel, 1)
    expect(panel.get_by_role("heading", name="The newest verified backup was made just now")).to_be_visible()
    with page.expect_download() as download:
        backups.first.get_by_role("button", name="Download").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert {"db.sqlite3", "manifest.json"} <= {Path(name).name for name in zipfile.ZipFile(file).namelist()}

    complaints.allowed = ("409",)
    choose(page, backups.first, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(toast(page, "This is the last")).to_be_visible()
    make_backup(page, panel, 2)
    choose(page, backups.last, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(backups).to_have_count(1)

    parts: list[str] = []
    page.on("request", lambda request: parts.append(request.url) if request.method == "PUT" else None)
    panel.get_by_label("Upload a backup").set_input_files(file)
    expect(toast(page, "The backup is here")).to_be_visible()
    assert len(parts) == -(-file.stat().st_size // 16384) > 1
    expect(backups).to_have_count(2)
    expect(backups.filter(has_text="Uploaded")).to_contain_text("Verified")

    file.write_bytes(b"no zip at all")
    panel.get_by_label("Upload a backup").set_input_files(file)
    expect(backups.filter(has_text="Failed")).to_contain_text("This file")
    choose(page, backups.filter(has_text="By hand"), "Test again")
    expect(toast(page, "The backup is being tested.")).to_be_visible()
    expect(backups.filter(has_text="By hand")).to_contain_text("Verified")


def test_a_damaged_backup_says_so(page: Page, server_process: ServerProcess) -> None:
    server_process.environ["SOUNDWAVE_SYSTEM_BACKUP_SCHEDULE"] = "off"
    enter(page, server_process.url)
    panel = open_tab(page, server_process, "backups")
    backups = make_backup(page, panel, 1)
    [copy] = (server_process.folder / "data" / "backups").glob("*/db.sqlite3")
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.chmod(0o600)
    copy.write_bytes(content)
    choose(page, backups.first, "Test again")
    expect(backups.first).to_contain_text("Damaged")
    expect(panel.get_by_role("heading", name="There is no verified backup yet")).to_be_visible()
    backups.first.get_by_role("button", name="More for the backup").click()
    expect(page.get_by_role("menuitem", name="Test again")).to_be_visible()
    expect(page.get_by_role("menuitem", name="Restore")).to_have_count(0)


def test_the_way_back(page: Page, server_process: ServerProcess, complaints: Complaints) -> None:
    server_process.environ["SOUNDWAVE_SYSTEM_BACKUP_SCHEDULE"] = "off"
    server_process.start()
    assert server_process.stop() == 0  # it has a port by now, which it asks for when it starts itself anew
    server_process.start()
    enter(page, server_process.url)
    backups = make_backup(page, open_tab(page, server_process, "backups"), 1)
    call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    choose(page, backups.first, "Restore")
    dialog = page.get_by_role("dialog", name="Go back to this backup?")
    expect(dialog).to_contain_text("Everybody is signed out, you too.")
    expect(dialog).to_contain_text("it stays on the server as a file")
    confirm = dialog.get_by_role("button", name="Restore")
    expect(dialog.get_by_label("Type “restore” to confirm")).to_be_focused()
    expect(confirm).to_be_disabled()
    dialog.get_by_label("Type “restore” to confirm").fill("restore")
    complaints.allowed = ("401", "net::ERR", "Failed to fetch", "Failed to load resource", "FetchEvent")
    confirm.click()
    expect(page.get_by_role("heading", name=re.compile("Preparing the backup|The server restarts"))).to_be_focused()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Administration", level=1)).to_be_visible()
    people = call(page, "GET", "api/user/admin/users/")["results"]
    assert [person["username"] for person in people] == ["alice"]
    assert list((server_process.folder / "data").glob("db.before-restore-*.sqlite3"))
    expect(open_tab(page, server_process, "backups").get_by_role("article").first).to_contain_text("Before a restore")


def test_what_the_old_server_brought(page: Page, new_server: ServerProcess) -> None:
    (new_server.folder / "data").mkdir()
    shutil.copy(OLD_SERVER / "db.sqlite3", new_server.folder / "data")
    new_server.environ["SOUNDWAVE_DISABLED_PLUGINS"] = "downloads"  # what was queued leads to real sites
    old = json.loads((OLD_SERVER / "expected.json").read_text())["users"]
    sign_in(page, new_server.url, "admin", next(user["password"] for user in old if user["username"] == "admin"))
    panel = open_tab(page, new_server, "backups")
    panel.get_by_text("Brought over from the old SoundWave").click()
    users = (
        panel.get_by_role("list", name="Brought over")
        .get_by_role("listitem")
        .filter(has=page.get_by_role("heading", name="Users", exact=True))
    )
    expect(users).to_contain_text(f"{len(old)} of {len(old)}")
    expect(panel.get_by_role("list", name="Brought over")).to_contain_text("Playlists")
