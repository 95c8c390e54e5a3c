"""Forms and dialogs: what is on its way is waited for, and the keyboard always has a place."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from .browsers import Complaints
from .servers import ServerProcess
from .steps import PASSWORD, call, enter
from .test_people import choose, line_of, open_people
from .test_second_factor import REFUSED, code, open_account, turn_on

OLD_SESSIONS = "DELETE FROM sessions"
REMEMBERED = "() => Object.entries(localStorage).map(entry => entry.join('='))"


@pytest.fixture
def bob(page: Page, server_process: ServerProcess) -> str:
    """His id; alice looks at the people with an account."""
    enter(page, server_process.url)
    user = call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    open_people(page, server_process)
    return str(user["id"])


def test_who_cancels_too_late_sees_what_was_saved(page: Page, bob: str) -> None:
    held: list[Route] = []
    page.route(f"**/api/user/admin/users/{bob}/", lambda route: held.append(route))
    choose(page, "bob", "Change")
    dialog = page.get_by_role("dialog", name="Change bob")
    dialog.get_by_label("User name").fill("robert")
    with page.expect_request(f"**/api/user/admin/users/{bob}/"):
        dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_disabled()
    dialog.get_by_role("button", name="Cancel").click(force=True)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    held[0].continue_()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("bob was changed.")).to_be_visible()
    expect(line_of(page, "robert")).to_be_visible()


def test_a_dialog_from_a_menu_gives_the_focus_back(page: Page, bob: str) -> None:
    menu = page.get_by_role("button", name="More for bob")
    for action in ("Change", "New password", "Remove"):
        choose(page, "bob", action)
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(menu).to_be_focused()
    choose(page, "bob", "Change")
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_a_list_that_cannot_be_read_again_says_so(page: Page, bob: str, complaints: Complaints) -> None:
    complaints.allowed = ("Failed to load resource",)
    problem = {"status": 500, "content_type": "application/problem+json", "body": "{}"}
    # Of the context: the worker may be the one that asks.
    page.context.route("**/api/user/admin/users/?*", lambda route: route.fulfill(**problem))
    choose(page, "bob", "Change")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The server answered 500.")).to_be_visible()
    expect(line_of(page, "bob")).to_be_visible()


def test_the_focus_goes_through_the_second_factor(page: Page, server_process: ServerProcess) -> None:
    enter(page, server_process.url)
    card = open_account(page, server_process)
    begin = card.get_by_role("button", name="Set it up")
    begin.click()
    expect(card.get_by_label("Code from your app")).to_be_focused()
    card.get_by_role("button", name="Cancel").click()
    expect(begin).to_be_focused()
    _, codes = turn_on(card)
    first = card.get_by_role("button", name=re.compile("^Copy|^Save as a file")).first
    expect(first).to_be_focused()
    card.get_by_role("button", name="I have kept them").click()
    renew = card.get_by_role("button", name="New recovery codes")
    expect(renew).to_be_focused()

    def give(action: str, proof: str) -> None:
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_label("Code from your app")).to_be_focused()
        dialog.get_by_role("button", name="Use a recovery code").click()
        expect(dialog.get_by_label("Recovery code")).to_be_focused()
        dialog.get_by_label("Recovery code").fill(proof)
        dialog.get_by_role("button", name=action).click()

    move = card.get_by_role("button", name="Move to another app")
    move.click()
    give("Go on", codes[0])
    expect(card.get_by_label("Code from your app")).to_be_focused()
    card.get_by_role("button", name="Cancel").click()
    expect(renew).to_be_focused()
    renew.click()
    give("New recovery codes", codes[1])
    expect(first).to_be_focused()
    fresh = card.get_by_role("list", name="Recovery codes").get_by_role("listitem").first.inner_text()
    card.get_by_role("button", name="I have kept them").click()
    expect(renew).to_be_focused()
    off = card.get_by_role("button", name="Turn off")
    off.click()
    page.keyboard.press("Escape")
    expect(off).to_be_focused()
    off.click()
    give("Turn off", fresh)
    expect(begin).to_be_focused()


def test_what_is_put_away_hands_the_focus_on(page: Page, server_process: ServerProcess) -> None:
    enter(page, server_process.url)
    open_account(page, server_process)
    page.get_by_role("textbox", name="What is it for?").fill("script")
    page.get_by_role("button", name="Create token").click()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.locator("token-list").get_by_role("checkbox").first).to_be_focused()
    open_people(page, server_process)
    page.get_by_role("button", name="Create invite").click()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.locator("admin-invites").get_by_role("combobox")).to_be_focused()


def test_back_from_the_code_is_the_password(page: Page, server_process: ServerProcess, complaints: Complaints) -> None:
    enter(page, server_process.url)
    turn_on(open_account(page, server_process))
    page.goto("about:blank")
    page.context.clear_cookies()
    complaints.allowed = REFUSED
    page.goto(f"{server_process.url}login/")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Code from your app")).to_be_focused()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("Password")).to_be_focused()


def test_a_second_factor_of_another_tab_is_asked_for_with_the_password(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    enter(page, server_process.url)
    open_account(page, server_process)
    form = page.locator("password-form")
    expect(form.get_by_label("Present password")).to_be_visible()
    other = complaints.watch(page.context.new_page())
    secret, _ = turn_on(open_account(other, server_process))
    complaints.allowed = REFUSED
    form.get_by_label("Present password").fill(PASSWORD)
    form.get_by_label("New password").fill("another good password")
    form.get_by_role("button", name="Change password").click()
    expect(form.get_by_label("Code from your app")).to_be_visible()
    form.get_by_label("Code from your app").fill(code(secret, steps_ahead=1))
    form.get_by_role("button", name="Change password").click()
    expect(page.get_by_text(re.compile("The password was changed"))).to_be_visible()


def test_a_session_that_ended_with_no_page_open_leaves_nothing(page: Page, server_process: ServerProcess) -> None:
    enter(page, server_process.url)
    alice = call(page, "GET", "api/user/account/")["user"]["id"]
    page.get_by_role("link", name="Account").first.click()
    page.get_by_role("button", name="Dark").click()
    page.get_by_role("button", name="Română").click()
    expect(page.get_by_role("heading", name="Cont", level=1)).to_be_visible()
    page.evaluate("id => localStorage.setItem(`soundwave:/.position.${id}`, '7')", alice)
    page.goto("about:blank")
    server_process.wait_in_no_time(OLD_SESSIONS)
    page.goto(server_process.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "system")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    kept = page.evaluate(REMEMBERED)
    assert [
        entry for entry in kept if alice in entry or "alice" in entry or "theme" in entry or "language" in entry
    ] == []
