"""Accounts: what an administrator does for others, and everybody for themselves."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Locator, Page, expect

from tests.site.server import Site

from .browsers import Complaints, new_context
from .servers import ServerProcess
from .steps import PASSWORD, call, download, enter, sign_in

OTHER = "another good password"
PART = 50  # as many lines of the audit trail are shown at once
ONE_TRACK_ARRIVES = """async () => {
    for (let n = 0; n < 200; n++) {
        if ((await (await fetch('api/audio/usage/')).json()).tracks === 1) return true;
        await new Promise(done => setTimeout(done, 100));
    }
    return false;
}"""
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


def open_people(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}admin/?tab=people")
    expect(page.get_by_role("heading", name="People with an account")).to_be_visible()


def choose(page: Page, name: str, action: str) -> None:
    page.get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("menuitem", name=action, exact=True).click()


def line_of(page: Page, name: str) -> Locator:
    people = page.get_by_role("list", name="People with an account")
    return people.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_an_admin_adds_and_changes_somebody(
    page: Page, server_process: ServerProcess, browser: Browser, complaints: Complaints
) -> None:
    enter(page, server_process.url)
    open_people(page, server_process)
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Room for tracks (GB)").fill("2")
    page.get_by_role("button", name="Create account").click()
    expect(line_of(page, "bob")).to_contain_text("0 tracks · 0 byte of 2 GB")
    expect(line_of(page, "bob")).to_contain_text("never signed in")

    choose(page, "bob", "Change")
    dialog = page.get_by_role("dialog", name="Change bob")
    dialog.get_by_label("User name").fill("robert")
    dialog.get_by_label("Room for tracks (GB)").fill("")
    dialog.get_by_label("Administrator").check()
    dialog.get_by_role("button", name="Save").click()
    expect(line_of(page, "robert")).to_contain_text("Administrator")
    expect(line_of(page, "robert")).not_to_contain_text("of 2 GB")
    choose(page, "robert", "Change")
    page.get_by_role("dialog").get_by_label("Administrator").uncheck()
    page.get_by_role("dialog").get_by_label("May sign in").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(line_of(page, "robert")).to_contain_text("Disabled")
    choose(page, "robert", "Change")
    page.get_by_role("dialog").get_by_label("May sign in").check()
    page.get_by_role("button", name="Save").click()
    expect(line_of(page, "robert")).not_to_contain_text("Disabled")

    choose(page, "robert", "New password")
    page.get_by_role("dialog").get_by_label("New password").fill(OTHER)
    page.get_by_role("dialog").get_by_role("button", name="New password").click()
    expect(page.get_by_text("robert has a new password.")).to_be_visible()
    context = new_context(browser)
    sign_in(complaints.watch(context.new_page()), server_process.url, "robert", OTHER)
    context.close()
    choose(page, "alice", "Change")
    expect(page.get_by_role("dialog").get_by_label("May sign in")).to_have_count(0)


def test_who_goes_leaves_their_tracks_to_somebody(
    page: Page, server_process: ServerProcess, site: Site, browser: Browser, complaints: Complaints
) -> None:
    enter(page, server_process.url)
    for name in ("bob", "carol"):
        call(page, "POST", "api/user/admin/users/", {"username": name, "password": PASSWORD})
    context = new_context(browser)
    other = complaints.watch(context.new_page())
    sign_in(other, server_process.url, "bob")
    download(other, f"{site.url}/media/tone.mp3")
    assert other.evaluate(ONE_TRACK_ARRIVES)

    complaints.allowed = ("401",)  # the downloads' page of who is removed asks once more
    open_people(page, server_process)
    expect(line_of(page, "bob")).to_contain_text("1 track ·")
    choose(page, "bob", "Remove")
    dialog = page.get_by_role("dialog", name="Remove bob?")
    expect(dialog).to_contain_text("There is 1 track of theirs")
    dialog.get_by_label("Give them to somebody").check()
    dialog.get_by_label("Type “bob” to confirm").fill("bob")
    expect(dialog.get_by_role("button", name="Remove")).to_be_disabled()
    dialog.get_by_label("Who gets them").select_option(label="carol")
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("bob was removed.")).to_be_visible()
    expect(line_of(page, "bob")).to_have_count(0)

    other.reload()
    sign_in(other, server_process.url, "carol")
    assert other.evaluate(ONE_TRACK_ARRIVES)
    context.close()
    choose(page, "carol", "Remove")
    dialog = page.get_by_role("dialog", name="Remove carol?")
    expect(dialog.get_by_role("button", name="Remove")).to_be_disabled()
    dialog.get_by_label("Type “carol” to confirm").fill("carol")
    dialog.get_by_role("button", name="Remove").click()
    expect(line_of(page, "carol")).to_have_count(0)
    expect(line_of(page, "alice")).to_be_visible()


def test_the_audit_trail_is_read_and_filtered(page: Page, server_process: ServerProcess) -> None:
    enter(page, server_process.url)
    bob = call(page, "POST", "api/user/admin/users/", {"username": "bob", "password": PASSWORD})
    for gigabytes in range(PART):
        call(page, "PATCH", f"api/user/admin/users/{bob['id']}/", {"quota_bytes": gigabytes * 10**9})
    page.goto(f"{server_process.url}admin/?tab=audit")
    trail = page.get_by_role("list", name="Audit trail")
    expect(trail.get_by_role("listitem")).to_have_count(PART)
    expect(trail.get_by_role("listitem").first).to_contain_text("alice changed the account of bob")
    expect(trail.get_by_role("listitem").first).to_contain_text(f"room: {PART - 1} GB · 127.0.0.1")
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("status").filter(has_text=f"{PART + 4} entries")).to_be_visible()
    expect(trail.get_by_role("listitem")).to_have_count(PART + 4)
    expect(trail.get_by_role("listitem").last).to_contain_text("alice made an account")
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)

    page.get_by_role("combobox", name="What").select_option(label="Registrations")
    expect(trail.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("combobox", name="Who").select_option(label="bob")
    expect(page.get_by_role("heading", name="Nothing of the kind")).to_be_visible()
    page.get_by_role("combobox", name="What").select_option(label="Accounts made")
    expect(trail.get_by_role("listitem")).to_have_count(1)
    expect(trail).to_contain_text("alice made an account for bob")
    address = page.get_by_role("textbox", name="Address")
    address.fill("192.0.2.1")
    address.press("Enter")
    expect(page.get_by_role("heading", name="Nothing of the kind")).to_be_visible()
    address.fill("127.0.0.1")
    address.press("Enter")
    expect(trail.get_by_role("listitem")).to_have_count(1)
    page.get_by_label("To", exact=True).fill("2001-01-01")
    expect(page.get_by_role("heading", name="Nothing of the kind")).to_be_visible()


def test_an_invite_lets_one_person_in(
    page: Page, server_process: ServerProcess, browser: Browser, complaints: Complaints
) -> None:
    enter(page, server_process.url)
    open_people(page, server_process)
    expect(page.get_by_text(re.compile("Invites are accepted only while"))).to_be_visible()
    page.get_by_role("tab", name="Settings").click()
    page.get_by_role("combobox", name="Who may register").select_option("invite")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("auth.registration was saved.")).to_be_visible()
    page.get_by_role("tab", name="People").click()
    expect(page.get_by_text(re.compile("Invites are accepted only while"))).to_have_count(0)
    page.get_by_role("button", name="Create invite").click()
    link = page.get_by_text(re.compile(r"login/\?invite=")).inner_text()
    assert link.startswith(server_process.url)
    page.get_by_role("button", name="I have kept it").click()

    context = new_context(browser)
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
    enter(page, server_process.url)
    context = new_context(browser)
    other = complaints.watch(context.new_page())
    sign_in(other, server_process.url)
    page.get_by_role("link", name="Account").first.click()
    expect(page.get_by_text("This device", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Sign out .* on ")).click()
    expect(page.get_by_text(re.compile("was signed out"))).to_be_visible()
    other.reload()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

    sign_in(other, server_process.url)
    page.reload()
    page.get_by_role("button", name="Sign out all others").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out all others").click()
    expect(page.get_by_role("button", name=re.compile("^Sign out .* on "))).to_have_count(0)

    complaints.allowed = ("422", "401", "403", "429")
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
    enter(page, server_process.url)
    page.evaluate(ADD_AND_CANCEL, CANCELLED)
    page.get_by_role("link", name="Downloads").first.click()
    page.get_by_role("tab", name="Cancelled").click()
    cards = page.get_by_role("tabpanel", name="Cancelled").get_by_role("article")
    expect(cards).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(cards).to_have_count(CANCELLED)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
