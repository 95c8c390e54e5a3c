"""The app around the main job: it opens with the server stopped, lives under a prefix, and looks right everywhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.site.server import Site

from .browsers import UNANSWERED, Complaints
from .proxy import PrefixProxy
from .servers import ServerProcess
from .steps import PASSWORD, call, download, enter, set_up, wait_for_worker, wait_until_playing


def test_the_app_opens_with_the_server_stopped(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    enter(page, server_process.url)
    wait_for_worker(page)
    names = page.evaluate("() => caches.keys()")
    assert names
    assert all(name.startswith("soundwave-") for name in names)
    assert server_process.stop() == 0
    complaints.allowed = UNANSWERED
    page.goto(f"{server_process.url}playlists/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    silence = page.get_by_text("The server does not answer")
    expect(silence.first).to_be_visible()
    server_process.start()
    expect(silence).to_have_count(0)  # it asks again by itself, every 30 seconds at the least
    expect(page.get_by_role("heading", name="Playlists", level=1)).to_be_visible()


def test_no_answer_of_the_api_is_ever_stored(page: Page, server_process: ServerProcess) -> None:
    enter(page, server_process.url)
    wait_for_worker(page)
    stored = page.evaluate(
        """async () => {
            const urls = [];
            for (const name of await caches.keys())
                for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
            return urls;
        }"""
    )
    assert "/" in {path for path in stored if path == "/"}
    assert [path for path in stored if path.startswith("/api/")] == []


def test_under_a_path_prefix(
    context: BrowserContext, complaints: Complaints, new_server: ServerProcess, site: Site
) -> None:
    new_server.environ["SOUNDWAVE_TRUSTED_PROXIES"] = "127.0.0.1/32"
    code = new_server.set_up_link.partition("code=")[2]
    with PrefixProxy(new_server.url, "/audio") as proxy:
        page = complaints.watch(context.new_page())
        set_up(page, f"{proxy.url}setup?code={code}")
        assert page.url == proxy.url
        cookies = context.cookies()
        assert {cookie["name"] for cookie in cookies} == {"soundwave_session", "soundwave_device"}
        assert {cookie["path"] for cookie in cookies} <= {"/audio/", "/audio"}
        download(page, f"{site.url}/media/tone.mp3")
        page.get_by_role("tab", name="Completed").click()
        expect(page.get_by_role("tabpanel", name="Completed").get_by_role("article")).to_have_count(1)
        page.get_by_role("link", name="Library").first.click()
        page.get_by_role("button", name=re.compile("^Play: ")).first.click()
        wait_until_playing(page)
        wait_for_worker(page)
        assert page.evaluate("async () => (await navigator.serviceWorker.ready).scope") == proxy.url
        page.goto(f"{proxy.url}api/docs/")
        expect(page.get_by_text("/api/playlist/downloads/").first).to_be_visible()


PAGES = {
    "": "Library", "playlists/": "Playlists", "downloads/": "Downloads", "channels/": "Channels",
    "account/": "Account", "admin/": "Administration", "admin/?tab=people": "Administration",
    "admin/?tab=audit": "Administration", "admin/?tab=jobs": "Administration", "admin/?tab=settings": "Administration",
    "admin/?tab=backups": "Administration", "admin/?tab=health": "Administration", "api/docs/": "API",
}  # fmt: skip


@pytest.mark.parametrize("width", [360, 1440])
def test_every_screen_fits_and_complains_of_nothing(
    page: Page, server_process: ServerProcess, site: Site, width: int
) -> None:
    enter(page, server_process.url)
    download(page, f"{site.url}/feed.xml", follow=True)
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed")).to_contain_text("The Test Podcast")
    page.set_viewport_size({"width": width, "height": 800})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for path, heading in PAGES.items():
            page.goto(server_process.url + path)
            expect(page.get_by_role("heading", name=re.compile(heading), level=1)).to_be_visible()
            wide = page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide, f"{path} is wider than {width} px"


def test_a_user_sees_no_administration(page: Page, server_process: ServerProcess, complaints: Complaints) -> None:
    enter(page, server_process.url)
    call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    page.get_by_role("link", name="Account").first.click()
    page.get_by_role("button", name="Sign out").first.click()
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    navigation = page.get_by_role("navigation", name="Main navigation")
    expect(navigation.get_by_role("link", name="Library")).to_be_visible()
    expect(navigation.get_by_role("link", name="Administration")).to_have_count(0)
    wait_for_worker(page)  # without it the server refuses the page itself
    page.goto(f"{server_process.url}admin/")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
