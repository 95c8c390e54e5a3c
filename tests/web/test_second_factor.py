"""The second factor in the app, the password that is asked for again, and who tried too often."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, Locator, Page, expect

from .browsers import Complaints, new_context
from .servers import ServerProcess
from .steps import PASSWORD, enter

STEP = 30
AGE_SESSIONS = "UPDATE sessions SET auth_at = '2020-01-01T00:00:00.000Z'"
LEAVE_THREE_CODES = "DELETE FROM recovery_codes WHERE id <= (SELECT max(id) - 3 FROM recovery_codes)"
REFUSED = ("401", "403", "429")
GUESS_AT_MANY = """async count => {
    const headers = {'Content-Type': 'application/json'};
    for (let n = 0; n < count; n++) {
        const body = JSON.stringify({username: `nobody${n}`, password: 'wrong wrong wrong'});
        await fetch('api/user/login/', {method: 'POST', headers, body});
    }
}"""


def code(secret: str, steps_ahead: int = 0) -> str:
    """What the app shows now, or in half a minute: a step is good once, and its neighbours are let through."""
    return pyotp.TOTP(secret).at(time.time() + steps_ahead * STEP)


def open_account(page: Page, server: ServerProcess) -> Locator:
    page.goto(f"{server.url}account/")
    return page.locator("second-factor-card")


def turn_on(card: Locator) -> tuple[str, list[str]]:
    """The secret and the recovery codes, which stay on the screen."""
    card.get_by_role("button", name="Set it up").click()
    expect(card.get_by_role("img", name="Picture for the authenticator app")).to_be_visible()
    secret = card.locator("code").inner_text().replace(" ", "")
    card.get_by_label("Code from your app").fill(code(secret))
    card.get_by_role("button", name="Turn on").click()
    codes = card.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    return secret, codes.all_inner_texts()


def give_password(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}login/")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Code from your app")).to_be_focused()


def expect_inside(page: Page) -> None:
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()


def test_signing_in_with_a_second_factor(
    page: Page, server_process: ServerProcess, browser: Browser, complaints: Complaints, tmp_path: Path
) -> None:
    enter(page, server_process.url)
    card = open_account(page, server_process)
    secret, codes = turn_on(card)
    with page.expect_download() as saved:
        card.get_by_role("button", name="Save as a file").click()
    saved.value.save_as(tmp_path / "codes.txt")
    assert all(one in (tmp_path / "codes.txt").read_text() for one in codes)
    card.get_by_role("button", name="I have kept them").click()
    expect(card).to_contain_text("10 recovery codes are left")
    expect(page.get_by_text(codes[0])).to_have_count(0)

    complaints.allowed = REFUSED
    context = new_context(browser)
    other = complaints.watch(context.new_page())
    give_password(other, server_process)
    other.get_by_label("Code from your app").fill("000000")
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("alert")).to_contain_text("This code is wrong")
    expect(other.get_by_label("Code from your app")).to_be_empty()
    other.get_by_label("Code from your app").fill(code(secret, steps_ahead=1))
    other.get_by_role("button", name="Sign in").click()
    expect_inside(other)
    context.close()

    context = new_context(browser)
    other = complaints.watch(context.new_page())
    give_password(other, server_process)
    other.get_by_role("button", name="Back").click()
    expect(other.get_by_label("Password")).to_have_value(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    other.get_by_role("button", name="Use a recovery code").click()
    other.get_by_label("Recovery code").fill(codes[0].lower())
    other.get_by_role("button", name="Sign in").click()
    expect_inside(other)
    context.close()
    page.reload()
    expect(card).to_contain_text("9 recovery codes are left")


def test_the_password_is_asked_for_again(page: Page, server_process: ServerProcess, complaints: Complaints) -> None:
    enter(page, server_process.url)
    card = open_account(page, server_process)
    _, codes = turn_on(card)
    complaints.allowed = ("Failed to load resource", "net::ERR")  # what needs the password anew is refused first
    server_process.wait_in_no_time(AGE_SESSIONS, LEAVE_THREE_CODES)
    card = open_account(page, server_process)
    expect(card).to_contain_text("3 recovery codes are left. Make new ones before they run out.")

    page.get_by_role("textbox", name="What is it for?").fill("script")
    page.get_by_role("button", name="Create token").click()
    dialog = page.get_by_role("dialog", name="Is it still you?")
    expect(dialog.get_by_label("Password")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Nothing was changed: it was not confirmed.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)

    page.get_by_role("button", name="Create token").click()
    dialog.get_by_label("Password").fill("wrong wrong wrong")
    dialog.get_by_role("button", name="Use a recovery code").click()
    dialog.get_by_label("Recovery code").fill(codes[-1])
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The password is wrong")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text(re.compile("^swt_"))).to_be_visible()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="I have kept it").click()

    card.get_by_role("button", name="New recovery codes").click()
    dialog = page.get_by_role("dialog", name="New recovery codes?")
    dialog.get_by_role("button", name="Use a recovery code").click()
    dialog.get_by_label("Recovery code").fill(codes[-2])
    dialog.get_by_role("button", name="New recovery codes").click()
    renewed = card.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(renewed).to_have_count(10)
    fresh = renewed.first.inner_text()
    card.get_by_role("button", name="I have kept them").click()
    card.get_by_role("button", name="Turn off").click()
    dialog = page.get_by_role("dialog", name="Turn the second factor off?")
    dialog.get_by_role("button", name="Use a recovery code").click()
    dialog.get_by_label("Recovery code").fill(fresh)
    dialog.get_by_role("button", name="Turn off").click()
    expect(card.get_by_role("button", name="Set it up")).to_be_visible()


def test_who_tried_too_often_is_told_how_long_to_wait(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = REFUSED
    page.clock.install()
    page.goto(f"{server_process.url}login/")
    page.evaluate(GUESS_AT_MANY, 10)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    alert = page.get_by_role("alert")
    expect(alert).to_have_text(re.compile("Too many sign-ins were tried. Try again in a few seconds."))
    page.clock.fast_forward(20_000)
    expect(alert).to_have_text(re.compile("You can try again now."))
    assert [url for url in asked if url.endswith("/login/")] == [f"{server_process.url}api/user/login/"]
