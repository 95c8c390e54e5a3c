"""Nothing is written but inside ``transaction()``, and nothing slow or strange happens in there."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from house.tree import CORE, PLUGINS, ensure_none, modules, short, tree_of

from soundwave_core import Clock, Database, SoundWave
from soundwave_downloads.source_store import Sources
from soundwave_downloads.store import Downloads
from soundwave_library import Channels, Playlists, Plays

ID = "0" * 31 + "1"
CLOCK = Clock()
WRITES: dict[str, Callable[[Database], Any]] = {
    "execute": lambda db: db.execute("DELETE FROM entries"),
    "execute_many": lambda db: db.execute_many("DELETE FROM entries WHERE track_id = :id", [{"id": 1}]),
    "a write in value()": lambda db: db.value("DELETE FROM entries RETURNING user_id"),
    "a write in row()": lambda db: db.row("INSERT INTO counters VALUES ('x', 1) RETURNING value"),
    "a write in rows()": lambda db: db.rows("UPDATE counters SET value = 7 RETURNING value"),
    "a write in json()": lambda db: db.json("UPDATE counters SET value = 7 RETURNING value"),
    "next_rev": lambda db: db.next_rev(),
    "bury": lambda db: db.bury("track", ID, None),
    "on_commit": lambda db: db.on_commit(lambda: None),
    "table insert": lambda db: db["counters"].insert({"name": "x", "value": 1}),
    "table update": lambda db: db["counters"].update({"name": "rev", "value": 1}, ["name"]),
    "table delete": lambda db: db["counters"].delete(name="rev"),
    "Playlists.create": lambda db: Playlists(db).create(ID, "Mix", CLOCK),
    "Channels.add": lambda db: Channels(db).add("A", "https://example.org/", CLOCK),
    "Plays.add": lambda db: Plays(db).add(ID, ID, CLOCK.stamp(), CLOCK, uid=None, seconds=None),
    "Downloads.remove": lambda db: Downloads(db).remove(1),
    "Sources.remove": lambda db: Sources(db).remove("channel", ID),
}
# What waits for others, or runs others' code: the one writer must not.
FORBIDDEN_INSIDE = {
    "announce", "collect", "connect", "decide", "join", "resolve", "run_soon", "sleep", "transaction", "urlopen",
    "wait",
}  # fmt: skip


def test_a_write_outside_a_transaction_raises(core: SoundWave) -> None:
    before, wrong = core.db.rows("SELECT name, value FROM counters"), []
    for name, write in WRITES.items():
        try:
            write(core.db)
            wrong.append(f"{name} was let through")
        except RuntimeError as error:
            if "transaction()" not in str(error):
                wrong.append(f"{name}: {error}")
    ensure_none(wrong)
    assert core.db.rows("SELECT name, value FROM counters") == before


def test_nothing_else_happens_inside_a_transaction() -> None:
    """Lexically; what is deeper shows at run time: a hook that writes would nest, and nesting raises."""
    wrong = []
    for path in modules(CORE, PLUGINS):
        for block in ast.walk(tree_of(path)):
            if not isinstance(block, ast.With) or not any(is_transaction(item) for item in block.items):
                continue
            inner = ast.Module([*block.body], [])
            for call in (node for node in ast.walk(inner) if isinstance(node, ast.Call)):
                name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                if name in FORBIDDEN_INSIDE:
                    wrong.append(f"{short(path)}:{call.lineno} calls {name} inside transaction()")
    ensure_none(wrong)


def is_transaction(item: ast.withitem) -> bool:
    call = item.context_expr
    return isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == "transaction"


def test_only_transaction_begins_and_commits() -> None:
    wrong = [
        f"{short(path)}:{node.lineno}"
        for path in modules(CORE, PLUGINS)
        if path.name not in ("database.py", "database_file.py", "migrations.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and node.value.split(" ")[0] in ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT")
    ]  # fmt: skip
    ensure_none(wrong)
