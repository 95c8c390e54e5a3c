"""What users do at any page: settle in, sign in, ask for a link, listen."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from soundwave_core.testing import PASSWORD

__all__ = [
    "PASSWORD", "call", "download", "enter", "position", "set_up", "sign_in", "wait_for_worker", "wait_until_playing",
]  # fmt: skip


def set_up(page: Page, set_up_link: str) -> None:
    """The first user of a new server, by the link that it prints; she sees her library."""
    page.goto(set_up_link)
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create administrator").click()
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()


def enter(page: Page, url: str) -> None:
    """alice, who lives at ``server_process``, is signed in to stay, and sees her library."""
    wish = {"username": "alice", "password": PASSWORD, "remember": True}
    answer = page.context.request.post(f"{url}api/user/login/", data=wish)
    assert answer.ok, answer.text()
    page.goto(url)
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()


def call(page: Page, method: str, path: str, body: object = None) -> Any:
    """Ask the API as the page's user would, past the screens; the answer, which must be a good one."""
    status, answer = page.evaluate(
        """async ([method, path, body]) => {
            const session = await (await fetch('api/session/')).json();
            const headers = {'Content-Type': 'application/json', 'SoundWave-CSRF': session.csrf_token};
            const init = {method, headers, body: body === null ? undefined : JSON.stringify(body)};
            const response = await fetch(path, init);
            const text = await response.text();
            return [response.status, text ? JSON.parse(text) : null];
        }""",
        [method, path, body],
    )
    assert status < 300, answer
    return answer


def download(page: Page, url: str, *, follow: bool = False, is_refused: bool = False) -> None:
    """Ask for a link, and wait until the server took it (the field is empty again) or refused it."""
    page.get_by_role("link", name="Downloads").first.click()
    page.get_by_role("textbox", name="Link").fill(url)
    if follow:
        page.get_by_role("checkbox", name="Follow").check()
    page.get_by_role("button", name="Download", exact=True).click()
    expect(page.get_by_role("textbox", name="Link")).to_have_value(url if is_refused else "")


def position(page: Page) -> float:
    """Where the sound itself is, in seconds."""
    return float(page.evaluate("() => document.querySelector('audio').currentTime"))


def wait_until_playing(page: Page) -> None:
    page.wait_for_function(
        "() => { const a = document.querySelector('audio'); return !a.paused && a.currentTime > 0.2 }"
    )


def sign_in(page: Page, url: str, name: str = "alice", password: str = PASSWORD) -> None:
    """By the form, to stay signed in when the browser ends."""
    page.goto(f"{url}login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main navigation")).to_be_visible()


def wait_for_worker(page: Page) -> None:
    """Until the service worker has everything and this page is its."""
    page.evaluate("() => navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
