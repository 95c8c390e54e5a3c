"""A track whose file is not there: it is shown, named as missing, not played, and passed over."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.site.server import Site

from .servers import ServerProcess
from .steps import call, download, enter, wait_until_playing


def test_a_missing_track_is_named_and_passed_over(page: Page, server_process: ServerProcess, site: Site) -> None:
    enter(page, server_process.url)
    download(page, f"{site.url}/feed.xml", follow=True)
    link = page.get_by_role("navigation").get_by_role("link", name="The Test Podcast")
    expect(link).to_be_visible()
    page.get_by_role("tab", name="Completed").click()
    expect(page.get_by_role("tabpanel", name="Completed")).to_contain_text("The Test Podcast")
    playlist = call(page, "GET", "api/playlist/")["results"][0]["id"]
    first, second = (item["track"] for item in call(page, "GET", f"api/playlist/{playlist}/")["items"][:2])
    for path in (server_process.folder / "audio").rglob(f"*{first['id'][-8:]}*"):
        path.unlink()
    call(page, "POST", "api/task/library.check-files/run/")
    page.wait_for_function(
        "async path => (await (await fetch(path)).json()).items[0].track.is_missing", arg=f"api/playlist/{playlist}/"
    )
    link.click()
    row = page.get_by_role("main").get_by_role("button", name=re.compile(f"^{first['title']} File missing"))
    expect(row).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_role("main").get_by_role("button", name=re.compile("^Play: Episode"))).to_have_count(4)
    row.click(force=True)
    expect(page.get_by_text("Its file is missing on the server.")).to_be_visible()
    assert page.evaluate("() => document.querySelector('audio')?.paused ?? true")
    page.get_by_role("button", name="Play all").click()
    wait_until_playing(page)
    expect(page.get_by_role("region", name="Player")).to_contain_text(second["title"])
