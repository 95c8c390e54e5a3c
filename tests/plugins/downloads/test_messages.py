"""What goes between the server and a worker fits."""

from __future__ import annotations

import msgspec

from soundwave_downloads.messages import LINE_LIMIT, LONGEST_DESCRIPTION, LONGEST_LIST, Item, Resolved


def test_the_longest_list_with_the_longest_descriptions_is_no_line_too_long() -> None:
    item = Item(url="https://example.org/" + "a" * 200, title="語" * 200, description="語" * LONGEST_DESCRIPTION)
    resolved = Resolved(id="1", kind="list", items=[item] * LONGEST_LIST)
    assert len(msgspec.json.encode(resolved)) < LINE_LIMIT
