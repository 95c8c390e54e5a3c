"""Hooks are described as they are, called as they are described, and each has a user and a test."""

from __future__ import annotations

import ast
import dataclasses
import re
import sys
from types import ModuleType

import pytest
from house.tree import CORE, EXAMPLE, PLUGINS, ROOT, ensure_none, functions, hook_calls, modules, tree_of

import soundwave_core
from soundwave_core import SoundWaveError
from soundwave_core.testing import MakeCore, make_cast

HOOKS_MD = (CORE / "HOOKS.md").read_text()
WAYS = ("collect", "decide", "announce")
PAST = re.compile(r"_(added|removed|changed|recorded|finished|failed|refused)$")
ARGUMENTS = {
    "core", "actor", "request", "download", "track_id", "playlist_id", "play_ids", "user_id", "heir_id", "names",
    "status", "code", "reason", "legacy", "report", "export", "given",
}  # fmt: skip


def specs() -> dict[str, ast.FunctionDef]:
    """Every hook, as hookspecs.py has it."""
    body = tree_of(CORE / "hookspecs.py").body
    return {
        node.name: node
        for node in body
        if isinstance(node, ast.FunctionDef) and any("hookspec" in ast.unparse(d) for d in node.decorator_list)
    }


def way_of(spec: ast.FunctionDef) -> str:
    """collect, decide or announce: the docstring's first word."""
    return (ast.get_docstring(spec) or "").partition(".")[0]


def signature(spec: ast.FunctionDef) -> str:
    returns = ast.unparse(spec.returns) if spec.returns else ""
    return f"def {spec.name}({ast.unparse(spec.args)}) -> {returns}"


def described() -> dict[str, str]:
    """What HOOKS.md says under each hook's heading."""
    return dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##)", HOOKS_MD + "\n##", re.M | re.S))


def implementations() -> set[str]:
    """The hooks that a bundled plugin implements."""
    return {
        function.name
        for path in modules(PLUGINS)
        for function in functions(path)
        if any(ast.unparse(decorator) == "hookimpl" for decorator in function.decorator_list)
    }


def test_there_are_hooks() -> None:
    assert len(specs()) > 20


def test_hooks_md_has_each_hook_and_no_other() -> None:
    assert list(described()) == list(specs())


@pytest.mark.parametrize("name", specs())
def test_signature_and_way_are_as_described(name: str) -> None:
    spec, text = specs()[name], described().get(name, "")
    assert f"```python\n{signature(spec)}\n```" in text
    assert re.search(r"^\*(\w+)\*[.,]", text, re.M), "no way to call it"
    assert re.search(r"^\*(\w+)\*", text, re.M)[1] == way_of(spec)


@pytest.mark.parametrize("name", specs())
def test_grammar(name: str) -> None:
    """register_* is collected; past tense announces; a question may be left open; core comes first."""
    spec = specs()[name]
    way, returns = way_of(spec), ast.unparse(spec.returns) if spec.returns else ""
    assert way in WAYS
    arguments = [argument.arg for argument in spec.args.args]
    assert set(arguments) <= ARGUMENTS
    assert "core" not in arguments or arguments[0] == "core"
    if name.startswith("register_"):
        assert way == "collect"
        assert returns.startswith("Sequence[")
    elif PAST.search(name):
        assert way == "announce"
        assert returns == "None"
    elif name.startswith(("import_", "export_")):  # they read or write, and have nothing to answer
        assert (way, returns) == ("decide", "None")
    elif way == "decide":
        assert returns.endswith("| None")
    else:
        assert name in ("startup", "shutdown", "health", "metrics", "offline_entries")


def test_hooks_are_called_as_described() -> None:
    wrong = [
        f"{path.name} calls {hook} by {way}"
        for path in modules(CORE, PLUGINS)
        for way, hook in hook_calls(path)
        if hook not in specs() or way_of(specs()[hook]) != way
    ]
    ensure_none(wrong)


def test_every_hook_is_called_by_somebody() -> None:
    called = {hook for path in modules(CORE, PLUGINS) for _, hook in hook_calls(path)}
    ensure_none(f"nothing calls {hook}" for hook in specs() if hook not in called)


def test_nobody_calls_pluggy_directly() -> None:
    """But the three ways themselves."""
    wrong = [
        f"{path}:{node.lineno}"
        for path in modules(CORE, PLUGINS)
        if path != CORE / "plugins.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr == "hook"
    ]
    ensure_none(wrong)


def test_every_hook_has_a_test() -> None:
    """Some test says the hook's name: as an implementation of its own, or to look at the call."""
    own = {ROOT / "tests/house/test_hooks.py"}
    words = {
        word
        for path in modules(ROOT / "tests")
        if path not in own and EXAMPLE / "soundwave_moods" not in path.parents
        for word in re.findall(r"\w+", path.read_text())
    }
    ensure_none(f"no test names {hook}" for hook in specs() if hook not in words)


def test_bundled_plugins_implement_what_there_is() -> None:
    assert implementations() <= set(specs())
    assert len(implementations()) >= 10


def test_hooks_md_has_each_record_with_its_fields() -> None:
    told = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", HOOKS_MD + "\n##", re.M | re.S))
    records = {
        name: [field.name for field in dataclasses.fields(value)]
        for name, value in vars(soundwave_core).items()
        if isinstance(value, type) and value.__module__ == "soundwave_core.records" and dataclasses.is_dataclass(value)
    }
    assert {name: re.findall(r"^\| `(\w+)` \|", text, re.M) for name, text in told.items()} == records


def test_hooks_md_has_each_error_with_its_status() -> None:
    """Those that are answered; StartError and PluginError are for the start."""
    told = {name: int(status) for name, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|$", HOOKS_MD, re.M)}
    family = {
        name: value.status
        for name, value in vars(soundwave_core).items()
        if isinstance(value, type) and issubclass(value, SoundWaveError) and value.status != 500
    }
    assert told == family


def test_the_plugin_in_hooks_md_runs(make_core: MakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    source = HOOKS_MD.partition("```python\n")[2].partition("```")[0]
    assert 25 <= len(source.splitlines()) <= 50
    module = ModuleType("soundwave_hello")
    monkeypatch.setitem(sys.modules, "soundwave_hello", module)  # msgspec looks up annotations there
    exec(compile(source, "HOOKS.md", "exec"), vars(module))
    core = make_core(plugins={"hello": module})
    cast = make_cast(core)
    for times in (1, 2):
        answer = cast.bob.get("/api/hello/").json
        assert (answer.text, answer.times) == ("Hello, bob", times)
    assert cast.nobody.get("/api/hello/").status == 401
