"""JSON schemas of bodies, answers and queries, from their msgspec types, under stable names.

msgspec names two plugins' ``Track`` by their modules, and lists a field with a default as optional even where
it is always sent. Here ours keep their short names whoever else is installed, third parties' carry their
package's name, and an answer requires every field that is always there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from .errors import PluginError

PREFIX = "#/components/schemas/"
OURS = frozenset(f"soundwave_{name}" for name in ("core", "auth", "library", "downloads", "offline", "system"))
NAMED = (inspect.StructType, inspect.DataclassType, inspect.TypedDictType, inspect.NamedTupleType)
Schema = dict[str, Any]


class Schemas:
    """The schemas of all types that a set of routes uses; ``answers`` are those that only we write."""

    def __init__(self, answers: Iterable[Any], inputs: Iterable[Any]) -> None:
        written = _named_types(answers)
        read = _named_types(inputs)
        self._answers = {cls: info for cls, info in written.items() if cls not in read}
        self._names = _names([*written, *(cls for cls in read if cls not in written)])
        self.components: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type; what it names goes to ``components``."""
        schema, named = self._generate(kind)
        for cls, component in named.items():
            if cls in self._answers:
                _require_all(self._answers[cls], component)
            self.components[self._names[cls]] = component
        return schema

    def fields(self, kind: Any) -> Iterator[tuple[str, Schema, bool]]:
        """Name, schema and need of each field of a Struct that is itself no component (a query)."""
        _, named = self._generate(kind)
        own = named.pop(kind)
        self.components.update((self._names[cls], component) for cls, component in named.items())
        for name, schema in own["properties"].items():
            yield name, _without_null(schema), name in own.get("required", ())

    def _generate(self, kind: Any) -> tuple[Schema, dict[Any, Schema]]:
        """The type's schema and those that it refers to, all references under our names."""
        try:
            (schema,), components = msgspec.json.schema_components([kind], ref_template=PREFIX + "{name}")
        except (TypeError, KeyError) as error:
            raise PluginError(f"The type {kind} has no JSON schema: {error}.") from error
        classes = {}
        for cls in _named_types([kind]):
            bare = _normal(_class_name(cls))
            classes[bare if bare in components else _normal(f"{cls.__module__}.{cls.__qualname__}")] = cls
        renamed = {PREFIX + name: PREFIX + self._names[cls] for name, cls in classes.items()}
        return _rename(schema, renamed), {classes[name]: _rename(c, renamed) for name, c in components.items()}


def _named_types(kinds: Iterable[Any]) -> dict[Any, inspect.Type]:
    """Every type within these that a schema refers to by name, in the order of meeting."""
    found: dict[Any, inspect.Type] = {}
    waiting = list(inspect.multi_type_info(kinds))[::-1]
    while waiting:
        info = waiting.pop()
        if isinstance(info, (*NAMED, inspect.EnumType)):
            if info.cls in found:
                continue
            found[info.cls] = info
        waiting.extend(_parts(info))
    return found


def _parts(info: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(info, NAMED):
        yield from (field.type for field in info.fields)
    for attribute in ("type", "item_type", "key_type", "value_type"):
        if isinstance(part := getattr(info, attribute, None), inspect.Type):
            yield part
    for attribute in ("types", "item_types"):
        yield from getattr(info, attribute, ())


def _names(classes: Iterable[Any]) -> dict[Any, str]:
    """A name for each class: short where it can be, with the package or the whole module where it must."""
    names: dict[Any, str] = {}
    left = list(classes)
    for spell in (_short_name, _package_name, _module_name):
        groups: dict[str, list[Any]] = {}
        for cls in left:
            groups.setdefault(spell(cls), []).append(cls)
        names.update((group[0], name) for name, group in groups.items() if len(group) == 1)
        left = [cls for group in groups.values() if len(group) > 1 for cls in group]
    if left:
        raise PluginError(f"Two types are both called {_module_name(left[0])}.")
    return names


def _short_name(cls: Any) -> str:
    packages = [part.__module__.split(".")[0] for part in (cls, *getattr(cls, "__args__", ()))]
    strangers = [package for package in packages if package not in OURS and package != "builtins"]
    return (_camel(strangers[0]) if strangers else "") + _normal(_class_name(cls))


def _package_name(cls: Any) -> str:
    return _camel(cls.__module__.split(".")[0]) + _normal(_class_name(cls))


def _module_name(cls: Any) -> str:
    return _normal(f"{cls.__module__}.{cls.__qualname__}")


def _camel(package: str) -> str:
    return "".join(word.capitalize() for word in package.removeprefix("soundwave_").split("_"))


def _class_name(cls: Any) -> str:
    """As msgspec spells it: ``Page[Track]``."""
    if not hasattr(cls, "__origin__"):
        return str(cls.__name__)
    arguments = (arg.__name__ if isinstance(arg, type) else repr(arg) for arg in cls.__args__)
    return f"{cls.__origin__.__name__}[{', '.join(arguments)}]"


def _normal(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9.\-_]", "_", name)


def _rename(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _rename(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_rename(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


def _require_all(info: inspect.Type, schema: Schema) -> None:
    """An answer's fields are all there, but for those that may be UNSET or that the type omits."""
    if not isinstance(info, inspect.StructType) or schema["type"] != "object":
        return
    omits = getattr(info.cls, "__origin__", info.cls).__struct_config__.omit_defaults
    required = [info.tag_field] if info.tag_field is not None else []
    for field in info.fields:
        has_default = (field.default, field.default_factory) != (msgspec.NODEFAULT, msgspec.NODEFAULT)
        if field.required or (has_default and not omits):
            required.append(field.encode_name)
    schema["required"] = required
    for field_schema in schema["properties"].values():
        field_schema.pop("default", None)


def _without_null(schema: Schema) -> Schema:
    """A query has no null: what is not given is not there."""
    rest = {key: value for key, value in schema.items() if key != "anyOf" and (key, value) != ("default", None)}
    if "enum" in rest:
        rest["enum"] = [value for value in rest["enum"] if value is not None]
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        return {**choices[0], **rest}
    return {**rest, "anyOf": choices} if choices else rest
