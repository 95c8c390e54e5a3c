"""Accounts: what an administrator does for others, and everybody for themselves."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from .conftest import Complaints, ServerProcess
from .test_story import PASSWORD, set_up

OTHER = "another good password"
CANCELLED = 51
ADD_AND_CANCEL = """async count => {
    const session = await (await fetch('api/session/')).json();
    const headers = {'Content-Type': 'application/json', 'SoundWave-CSRF': session.csrf_token};
    const post = (path, body) => fetch('api/playlist/downloads/' + path, {method: 'POST', headers, body});
    for (let n = 0; n < count; n++) {
        const url = `http://127.0.0.1:9/${n}.mp3`;
        const {id} = await (await post('', JSON.stringify({url}))).json();
        await post(`${id}/cancel/`);
    }
}"""


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(f"{url}login/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Library", level=1)).to_be_visible()


def open_people(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}admin/?tab=people")
    expect(page.get_by_role("heading", name="People with an account")).to_be_visible()


def choose(page: Page, name: str, action: str) -> None:
    page.get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def test_an_admin_adds_changes_and_removes_somebody(page: Page, server_process: ServerProcess) -> None:
    set_up(page, server_process)
    open_people(page, server_process)
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    people = page.get_by_role("list", name="People with an account")
    bob = people.get_by_role("listitem").filter(has=page.get_by_role("heading", name="bob"))
    expect(bob).to_be_visible()
    choose(page, "bob", "Make administrator")
    expect(bob).to_contain_text("Administrator")
    choose(page, "bob", "No longer administrator")
    expect(bob).not_to_contain_text("Administrator")
    choose(page, "bob", "Disable")
    expect(bob).to_contain_text("Disabled")
    choose(page, "bob", "Enable")
    expect(bob).not_to_contain_text("Disabled")
    choose(page, "bob", "Remove")
    page.get_by_role("dialog", name="Remove bob?").get_by_role("button", name="Remove").click()
    expect(people.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("button", name="More for alice")).to_have_count(0)


def test_an_invite_lets_one_person_in(
    page: Page, server_process: ServerProcess, browser: Browser, complaints: Complaints
) -> None:
    set_up(page, server_process)
    open_people(page, server_process)
    expect(page.get_by_text(re.compile("Invites are accepted only while"))).to_be_visible()
    page.get_by_role("tab", name="Settings").click()
    page.get_by_role("textbox", name=re.compile(r"auth\.registration")).fill("invite")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("auth.registration was saved.")).to_be_visible()
    page.get_by_role("tab", name="People").click()
    expect(page.get_by_text(re.compile("Invites are accepted only while"))).to_have_count(0)
    page.get_by_role("button", name="Create invite").click()
    link = page.get_by_text(re.compile(r"login/\?invite=")).inner_text()
    assert link.startswith(server_process.url)
    page.get_by_role("button", name="I have kept it").click()

    context = browser.new_context(locale="en-GB")
    guest = complaints.watch(context.new_page())
    guest.goto(link)
    guest.get_by_label("User name").fill("carol")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Create account").click()
    expect(guest.get_by_role("heading", name="Library", level=1)).to_be_visible()
    context.close()

    open_people(page, server_process)
    expect(page.get_by_role("heading", name="carol")).to_be_visible()
    invites = page.get_by_role("list", name="Invites")
    expect(invites).to_contain_text("used")
    invites.get_by_role("button", name=re.compile("^Withdraw")).click()
    expect(invites).to_have_count(0)


def test_a_new_password_and_the_other_devices(
    page: Page, server_process: ServerProcess, browser: Browser, complaints: Complaints
) -> None:
    set_up(page, server_process)
    context = browser.new_context(locale="en-GB")
    other = complaints.watch(context.new_page())
    sign_in(other, server_process.url, "alice", PASSWORD)
    page.get_by_role("link", name="Account").first.click()
    expect(page.get_by_text("This device", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Sign out .* on ")).click()
    expect(page.get_by_text(re.compile("was signed out"))).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

    sign_in(other, server_process.url, "alice", PASSWORD)
    page.reload()
    page.get_by_role("button", name="Sign out all others").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out all others").click()
    expect(page.get_by_role("button", name=re.compile("^Sign out .* on "))).to_have_count(0)

    complaints.allowed = ("422", "401", "403")
    page.get_by_label("Present password").fill("wrong wrong wrong")
    page.get_by_label("New password").fill(OTHER)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text(re.compile("The password was changed"))).to_be_visible()
    page.get_by_role("textbox", name="What is it for?").fill("script")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_text(re.compile("^swt_"))).to_be_visible()
    sign_in(other, server_process.url, "alice", OTHER)
    context.close()


def test_a_long_list_of_downloads_shows_more(page: Page, server_process: ServerProcess) -> None:
    set_up(page, server_process)
    page.evaluate(ADD_AND_CANCEL, CANCELLED)
    page.get_by_role("link", name="Downloads").first.click()
    page.get_by_role("tab", name="Cancelled").click()
    cards = page.get_by_role("tabpanel", name="Cancelled").get_by_role("article")
    expect(cards).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(cards).to_have_count(CANCELLED)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
