"""All plugins have the same rooms, and their READMEs tell the truth. The example plugin is held to it as well."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import soundwave_moods
from house.tree import (
    EXAMPLE,
    NAMES,
    PLUGINS,
    ensure_none,
    first_cells,
    functions,
    hook_calls,
    modules,
    section,
    short,
    tracked,
    tree_of,
)

from soundwave_core import Job, Page, SoundWave
from soundwave_core.plugins import PluginRecord

LARGEST_HOOK = 3  # statements: a hook says where the work is done, and does none
CATCH_ALLS = {"base", "common", "helpers", "lib", "misc", "models", "tools", "util", "utils"}
STATIC = {".js", ".css", ".svg", ".png", ".json", ".woff2"}
PLUGIN_NAMES = (*NAMES, "moods")


@dataclass(frozen=True)
class Room:
    """A plugin's folder, its README, and what it handed to the core."""

    name: str
    folder: Path
    readme: str
    record: PluginRecord

    def handed(self, what: str) -> list[Any]:
        return list(getattr(self.record.contributions, what))


@pytest.fixture(scope="module")
def core() -> SoundWave:
    """A server with the example plugin, put together but not started."""
    extra = {"moods": soundwave_moods}
    return SoundWave({"SOUNDWAVE_PLUGINS": ",".join(PLUGIN_NAMES)}, plugins=extra, is_manual=True).assemble()


@pytest.fixture(params=PLUGIN_NAMES)
def room(request: pytest.FixtureRequest, core: SoundWave) -> Room:
    name = request.param
    folder = EXAMPLE / "soundwave_moods" if name == "moods" else PLUGINS / name
    readme = (EXAMPLE if name == "moods" else folder) / "README.md"
    return Room(name, folder, readme.read_text(), core.plugins.records[name])


def test_a_plugin_has_known_files_only(room: Room) -> None:
    wrong = []
    for path in (p for p in tracked() if room.folder in p.parents):
        inner = path.relative_to(room.folder)
        is_static = inner.parts[0] == "static" and path.suffix in STATIC
        is_code = path.suffix == ".py" and path.stem not in CATCH_ALLS and len(inner.parts) <= 2
        is_data = inner.name in ("README.md", "py.typed") or (path.suffix == ".txt" and len(inner.parts) == 1)
        if not (is_static or is_code or is_data):
            wrong.append(short(path))
        if path.suffix == ".py" and not path.read_text().strip():
            wrong.append(f"{short(path)} is empty")
    ensure_none(wrong)


def test_init_is_a_table_of_contents(room: Room) -> None:
    """Imports, constants, hooks of at most three statements, and small private helpers."""
    wrong = []
    for node in tree_of(room.folder / "__init__.py").body:
        if isinstance(node, ast.FunctionDef):
            statements = [s for s in node.body if not isinstance(s, ast.Expr) or not isinstance(s.value, ast.Constant)]
            is_hook = [ast.unparse(decorator) for decorator in node.decorator_list] == ["hookimpl"]
            if len(statements) > LARGEST_HOOK or not (is_hook or node.name.startswith("_")):
                wrong.append(f"{node.name} does too much, or is no hook")
        elif isinstance(node, ast.If):
            if ast.unparse(node.test) != "TYPE_CHECKING":
                wrong.append(f"line {node.lineno}")
        elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign | ast.Expr):
            wrong.append(f"line {node.lineno}: {type(node).__name__}")
        elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant):
            wrong.append(f"line {node.lineno}: something happens at import")
    ensure_none(wrong)


def test_hooks_are_in_init_only(room: Room) -> None:
    wrong = [
        f"{short(path)}: {function.name}"
        for path in modules(room.folder)
        if path != room.folder / "__init__.py"
        for function in functions(path)
        if any(ast.unparse(decorator) == "hookimpl" for decorator in function.decorator_list)
    ]
    ensure_none(wrong)


def test_the_readme_says_what_it_is_for(room: Room) -> None:
    assert room.readme.startswith(f"# {'soundwave-moods' if room.name == 'moods' else room.name}\n")
    assert len(room.readme.split("\n## ")[0].split()) >= 10


def test_the_readme_has_each_route(room: Room) -> None:
    told = set(re.findall(r"^\| `([A-Z]+) (/\S*)` \| (\w+)", section(room.readme, "Routes"), re.M))
    real = {(route.method, route.rule, route.permission.name) for route in room.handed("routes")}
    assert told == real
    pages = re.search(r"^Pages?:(.*?)(?:\n\n|\Z)", section(room.readme, "Routes"), re.M | re.S)
    paths = {view.path for view in room.handed("ui") if isinstance(view, Page)}
    assert set(re.findall(r"`(/[^`]*)`", pages[1] if pages else "")) == paths


def test_the_readme_has_each_setting(room: Room) -> None:
    text = section(room.readme, "Settings")
    assert set(first_cells(text)) == {setting.name for setting in room.handed("settings")}
    ensure_none(s.variable for s in room.handed("settings") if f"`{s.variable}`" not in text)


def test_the_readme_has_each_table(room: Room) -> None:
    sql = "\n".join(step.sql for step in room.handed("migrations"))
    tables = set(re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", sql))
    assert set(first_cells(section(room.readme, "Tables"))) == tables


def test_the_readme_has_each_job(room: Room) -> None:
    register: Callable[..., list[Job]] = getattr(room.record.module, "register_jobs", lambda core: [])
    assert set(first_cells(section(room.readme, "Jobs"))) == {job.id for job in register(core=None)}


def test_the_readme_has_each_hook(room: Room) -> None:
    """First what it implements, resources in brackets; then, after "It", what it announces and asks."""
    text = section(room.readme, "Hooks")
    implemented, _, called = re.sub(r"\s+", " ", text).partition(" It ")
    hooks = {
        function.name
        for function in functions(room.folder / "__init__.py")
        if any(ast.unparse(decorator) == "hookimpl" for decorator in function.decorator_list)
    }
    kinds = {kind.name for kind in room.handed("resources")}
    in_brackets = {name for group in re.findall(r"\(([^)]*)\)", implemented) for name in re.findall(r"`(\w+)`", group)}
    outside = set(re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", implemented)))
    assert (outside, in_brackets) == (hooks, kinds)
    real = {hook for path in modules(room.folder) for _, hook in hook_calls(path)}
    assert set(re.findall(r"`(\w+)`", called)) == real


def test_the_readme_has_each_command(room: Room) -> None:
    register: Callable[[], list[click.Command]] = getattr(room.record.module, "register_commands", list)
    text = section(room.readme, "Commands")
    told = {words.split()[0] for words in re.findall(r"`soundwave ([^`]+)`", text)}
    assert told == {str(command.name) for command in register()}
    for command in register():
        names = list(command.commands) if isinstance(command, click.Group) else []
        ensure_none(name for name in names if f"soundwave {command.name} {name}" not in text)


def test_plugins_need_auth_and_library_only(room: Room) -> None:
    allowed = set() if room.name in ("auth", "library") else {"auth", "library"}
    assert set(room.record.requires) <= allowed
