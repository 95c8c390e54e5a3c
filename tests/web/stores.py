"""Looks into what a browser has stored for the app, and puts something there, past the app."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# The user's database; it is not made where it is not there.
_USERS = "(await indexedDB.databases()).map(one => one.name).find(name => /^soundwave:.*:[0-9a-f]{32}$/.test(name))"
_DEVICE = "'soundwave:/'"
_OPEN = """name => new Promise((yes, no) => {
    const asked = indexedDB.open(name);
    asked.onsuccess = () => yes(asked.result);
    asked.onerror = () => no(asked.error);
})"""
# All of a store, or what has a key; [] where there is no such database.
STORE = f"""async ([store, key]) => {{
    const name = {_USERS};
    if (!name) return [];
    const db = await ({_OPEN})(name);
    try {{
        return await new Promise((yes, no) => {{
            const there = db.transaction(store).objectStore(store);
            const asked = key === null ? there.getAll() : there.get(key);
            asked.onsuccess = () => yes(asked.result);
            asked.onerror = () => no(asked.error);
        }});
    }} finally {{
        db.close();
    }}
}}"""
_PUT = """async ([store, value, ...key]) => {
    const db = await (OPEN)(NAME);
    const tx = db.transaction(store, 'readwrite');
    tx.objectStore(store).put(value, ...key);
    await new Promise((yes, no) => { tx.oncomplete = yes; tx.onabort = () => no(tx.error); });
    db.close();
}""".replace("OPEN", _OPEN)
_PUT_USERS, _PUT_DEVICES = _PUT.replace("NAME", _USERS), _PUT.replace("NAME", _DEVICE)
_TELL = f"""async store => {{
    const user = ({_USERS}).slice(-32);
    const channel = new BroadcastChannel('soundwave:/');
    channel.postMessage({{type: 'changed', user, stores: [store]}});
    channel.close();
    dispatchEvent(new Event('online'));
}}"""
# Addresses and true lengths of everything that is kept, whoever's it is.
KEPT = """async () => {
    const kept = {};
    for (const name of (await caches.keys()).filter(one => one.startsWith('soundwave-kept:'))) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
            const answer = await cache.match(request);  // none, where it goes at this moment
            if (answer) kept[new URL(request.url).pathname] = (await answer.blob()).size;
        }
    }
    return kept;
}"""


def rows(page: Page, store: str) -> list[dict[str, Any]]:
    """Everything in a store of the user's database."""
    return list(page.evaluate(STORE, [store, None]))


def row(page: Page, store: str, key: str) -> Any:
    """One thing of it; None where there is none."""
    return page.evaluate(STORE, [store, key])


def put_row(page: Page, store: str, value: object) -> None:
    """Into a store of the user's database, in the place of what has the same key."""
    page.evaluate(_PUT_USERS, [store, value])


def set_device_state(page: Page, key: str, value: object) -> None:
    """What the device remembers of itself, whoever uses it."""
    page.evaluate(_PUT_DEVICES, ["state", value, key])


def add_op(page: Page, number: int, **op: Any) -> None:
    """Something that was done here and waits to be told; the app hears of it where it runs."""
    op = {"id": f"{number:032x}", "at": "2026-01-01T00:00:00Z", **op}
    put_row(page, "outbox", {"id": op["id"], "op": op, "isSent": False})
    page.evaluate(_TELL, "outbox")


def kept(page: Page) -> dict[str, int]:
    """What this device has in its cache: path and bytes."""
    return dict(page.evaluate(KEPT))
