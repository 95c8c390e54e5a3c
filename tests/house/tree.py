"""The repository as the house rules look at it: its files, and its Python read into syntax trees."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "soundwave_core"
PLUGINS = ROOT / "plugins"
EXAMPLE = ROOT / "tests/example_plugin"
NAMES = ("auth", "library", "downloads", "offline", "system")
MADE = frozenset({".git", ".venv", "node_modules", "dist", "build", "__pycache__", "results", "screenshots"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*folders: Path) -> list[Path]:
    """The Python files below these folders."""
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


@lru_cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def ensure_none(wrong: Iterable[object]) -> None:
    """Fail with the whole list, one a line."""
    found = "\n".join(str(one) for one in wrong)
    assert not found, f"\n{found}"


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tracked() -> list[Path]:
    """What git keeps, or would keep; without git, all but what is made."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [p for p in ROOT.rglob("*") if not MADE & set(p.relative_to(ROOT).parts)]
    return [path for path in paths if path.is_file()]


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Function))


def imports(path: Path) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Line, module and names of each import; a relative module keeps its dots."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield node.lineno, module, tuple(alias.name for alias in node.names)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line and content of each text in the code, f-strings without their values, docstrings left out."""
    tree = tree_of(path)
    left_out = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    left_out |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (str(p.value) if isinstance(p, ast.Constant) else "x" for p in node.values)
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node.lineno, node.value


def hook_calls(path: Path) -> Iterator[tuple[str, str]]:
    """The way and the hook of each ``plugins.announce("track_added", ...)``."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            way, first = node.func.attr, node.args[0] if node.args else None
            if way in ("collect", "decide", "announce") and isinstance(first, ast.Constant):
                yield way, str(first.value)


def section(text: str, title: str) -> str:
    """What stands under a second-level heading of a Markdown text; empty where there is none."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return found[1].strip() if found else ""


def first_cells(text: str) -> list[str]:
    """The code in the first cell of each row of the Markdown tables in a text."""
    cells = re.findall(r"^\| (`[^|]+`) \|", text, re.M)
    return [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]
