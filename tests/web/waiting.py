"""Waits for what a page can only say later: ``Page.wait_for_function`` takes any promise for a yes."""

from __future__ import annotations

from playwright.sync_api import Page

LIMIT = 120_000  # milliseconds until something must be so, on the busiest machine; a limit, not a wait
_LOOP = """async given => {
    const is = %s;
    const end = performance.now() + %d;
    while (!(await is(given))) {
        if (performance.now() > end) throw new Error('it never was so');
        await new Promise(done => setTimeout(done, 50));
    }
}"""


def wait_until(page: Page, script: str, given: object = None) -> None:
    """Until an async function in the page, called with ``given``, answers with a yes."""
    page.evaluate(_LOOP % (script, LIMIT), given)
