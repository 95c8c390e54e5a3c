"""Signing out where something is in the way; and what is said where the app cannot start."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from .browsers import UNANSWERED, Complaints
from .servers import ServerProcess
from .steps import PASSWORD, call, enter, wait_for_worker
from .test_signing_out import sign_out

SESSION_USER = "async () => (await (await fetch('api/session/')).json()).user"
# A device that has no room for one more word.
NO_ROOM = """() => {
    const {put} = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (value, key) {
        if (key === 'leaving') throw new DOMException('full', 'QuotaExceededError');
        return put.call(this, value, key);
    };
}"""
REFUSED = """
    const {fetch} = window;
    const answer = {status: 500, headers: {'Content-Type': 'application/problem+json'}};
    window.fetch = (asked, init) => !asked.url?.endsWith('/api/session/') ? fetch(asked, init) : Promise.resolve(
        new Response('{"code": "internal_error"}', answer));
"""


def open_account(page: Page) -> None:
    page.get_by_role("link", name="Account").first.click()
    expect(page.get_by_text("This device", exact=True)).to_be_visible()


def test_who_signs_out_without_a_server_is_signed_out_once_it_is_back_also_where_there_is_no_room_to_note_it(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = UNANSWERED
    enter(page, server_process.url)
    alice = call(page, "GET", "api/user/account/")["user"]["id"]
    wait_for_worker(page)
    open_account(page)
    page.evaluate(NO_ROOM)
    assert server_process.stop() == 0
    sign_out(page, server_process.url)
    assert page.evaluate("() => localStorage['soundwave:/.leaving']") == f'"{alice}"'
    server_process.start()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(SESSION_USER) is None
    assert page.evaluate("user => JSON.stringify(localStorage).includes(user)", alice) is False


def test_who_has_a_new_password_since_another_tab_signs_out_in_this_one(
    page: Page, context: BrowserContext, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = ("401", "403", "404")  # as of what was on its way then
    enter(page, server_process.url)
    open_account(page)
    second = complaints.watch(context.new_page())
    second.goto(server_process.url)
    words = {"old_password": PASSWORD, "new_password": "quite another good one"}
    call(second, "POST", "api/user/change-password/", words)
    sign_out(page, server_process.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate(SESSION_USER) is None


def test_a_server_that_answers_wrongly_is_not_said_to_be_away(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    complaints.allowed = ("500",)
    page.add_init_script(REFUSED)
    page.goto(server_process.url)
    expect(page.get_by_role("heading", name="The server answers, but not as it should")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_to_whom_it_knows_it_opens_all_the_same(
    page: Page, server_process: ServerProcess, complaints: Complaints
) -> None:
    """Nothing is sent without the token that only the session has."""
    complaints.allowed = ("500",)
    enter(page, server_process.url)
    page.add_init_script(REFUSED)
    page.goto(server_process.url)
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()
    expect(page.locator("side-bar offline-status")).to_have_text("Offline")
