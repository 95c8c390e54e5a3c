"""What must stand nowhere in the repository."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

from house.tree import CORE, EXAMPLE, PLUGINS, ROOT, Function, ensure_none, modules, short, tracked, tree_of

import soundwave_core

HERE = "tests/house/test_text.py"
TEXT = {
    ".css", ".html", ".json", ".js", ".md", ".mjs", ".py", ".sh", ".sql", ".svg", ".toml", ".ts", ".txt", ".cfg",
    ".yaml", ".yml", "",
}  # fmt: skip
MACHINE = re.compile(r"(?<![\w.$}/-])/(?:home|root|work)/")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|directives/unsafe|unsafe(?:HTML|SVG|Static)|style-?[mM]ap"
    r"|(?<![.\w-])style=[\"'$]|\beval\(|new Function\("
)
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|\son\w+=\"|<style\b|javascript:")


def lines(paths: list[Path], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{short(path)}:{number} {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def texts() -> list[Path]:
    return [path for path in tracked() if path.suffix in TEXT and short(path) != HERE]


def test_there_is_something_to_look_at() -> None:
    assert len(texts()) > 100


def test_no_path_of_anybodys_machine() -> None:
    ensure_none(lines(texts(), MACHINE))


def test_nothing_is_left_for_later() -> None:
    ensure_none(lines(texts(), UNFINISHED))


def test_templates_are_safe_under_trusted_types() -> None:
    scripts = [p for p in texts() if p.suffix in (".ts", ".js", ".html") and "tests/house" not in short(p)]
    ensure_none(lines(scripts, UNSAFE))


def test_pages_have_no_inline_script() -> None:
    pages = [p for p in texts() if p.suffix == ".html" and short(p).startswith(("webroot/", "plugins/"))]
    assert pages
    ensure_none(lines(pages, INLINE))


def test_the_lock_file_names_no_registry() -> None:
    """npm then takes packages from whatever registry the machine is set to; their hashes are what counts."""
    lock = json.loads((ROOT / "webroot/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    ensure_none(name for name, package in packages.items() if "resolved" in package)
    ensure_none(name for name, package in packages.items() if "integrity" not in package and not package.get("link"))


def test_nothing_private_is_committed() -> None:
    """No database but the one of invented people, no key, no environment, no media."""
    secret = re.compile(r"(\.sqlite3?(-wal|-shm)?|\.pem|\.key|\.env|control\.json|setup-link)$")
    found = (short(path) for path in tracked() if secret.search(path.name))
    ensure_none(name for name in found if name != "tests/legacy/v1.0/db.sqlite3")


def test_public_things_say_what_they_are() -> None:
    """Functions and classes that ``soundwave_core`` exports, and their public methods with a body worth a word."""
    wrong = []
    for name, value in vars(soundwave_core).items():
        if name.startswith("_") or not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        if not (value.__doc__ or "").strip() or (value.__doc__ or "").startswith(f"{name}("):
            wrong.append(name)
    ensure_none(wrong)


def test_public_definitions_say_what_they_are() -> None:
    """Functions and classes of every module; a hook implementation is described where its hook is."""
    wrong = [
        f"{short(path)}:{node.lineno} {node.name}"
        for path in modules(CORE, PLUGINS)
        for node in tree_of(path).body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node) and not (path.name == "__init__.py" and _is_hook(node))
    ]
    ensure_none(wrong)


def _is_hook(node: Function | ast.ClassDef) -> bool:
    return any(ast.unparse(decorator) == "hookimpl" for decorator in node.decorator_list)


def test_every_module_begins_with_a_sentence() -> None:
    wrong = [
        short(path)
        for path in modules(CORE, PLUGINS, EXAMPLE, ROOT / "tests")
        if path.read_text().strip() and not re.search(r"[.:?!]", ast.get_docstring(tree_of(path)) or "")
    ]
    ensure_none(wrong)
