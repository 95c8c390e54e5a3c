"""A setting's value: from text by its declared type, and back to plain JSON values."""

from __future__ import annotations

import ipaddress
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

import msgspec
from msgspec import inspect

_WORDS = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(("false", "0", "no", "off"), False)
_SEQUENCES = (list, tuple, set, frozenset)


class Network(str):
    """One range of addresses (``192.168.1.0/24``) or one address, checked; ``ip_network`` reads it."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, ipaddress.ip_network(text, strict=False))


def parse(type_: Any, value: Any) -> Any:
    """``value`` as ``type_``; text is read as a person would write it. ValueError where it does not fit.

    A class that msgspec does not know is made from its text, and refuses with ValueError.
    """
    if isinstance(value, str):
        value = _from_text(type_, value)
    try:
        return msgspec.convert(value, type_, strict=False, dec_hook=lambda kind, text: kind(text))
    except msgspec.ValidationError as error:
        raise ValueError(f"does not fit: {error}") from None


def _from_text(type_: Any, text: str) -> Any:
    bare = _bare(type_)
    kind = get_origin(bare) or bare
    if kind is bool:
        return _WORDS.get(text.strip().lower(), text)
    if kind in _SEQUENCES:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is Literal and text not in get_args(bare):
        return text.strip().lower()
    return text if kind is str else text.strip()


def _bare(type_: Any) -> Any:
    """``type_`` without its bounds and without ``| None``."""
    while True:
        if get_origin(type_) is Annotated:
            type_ = get_args(type_)[0]
        elif get_origin(type_) in (Union, UnionType):
            members = [member for member in get_args(type_) if member is not type(None)]
            if len(members) != 1:
                return type_
            type_ = members[0]
        else:
            return type_


def to_plain(value: Any) -> Any:
    """``value`` as JSON can hold it: tuples become lists, classes of our own their text."""
    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=str))


def word_for(type_: Any) -> str:
    """The type's name for clients: boolean, integer, number, string, list or object."""
    info = _info(type_)
    if isinstance(info, inspect.BoolType):
        return "boolean"
    if isinstance(info, inspect.IntType):
        return "integer"
    if isinstance(info, inspect.FloatType):
        return "number"
    if isinstance(info, inspect.CollectionType):
        return "list"
    return "object" if isinstance(info, inspect.DictType | inspect.StructType) else "string"


def schema_of(type_: Any) -> dict[str, Any]:
    """The type as a JSON schema, whole in itself; a class of our own is a text."""
    (schema,), components = msgspec.json.schema_components(
        [type_], schema_hook=lambda kind: {"type": "string"}, ref_template="#/$defs/{name}"
    )
    return {**schema, "$defs": components} if components else schema


def expectation(type_: Any) -> str:
    """What a value must be, in words, without showing any value. A ``Meta(description=...)`` wins."""
    described = inspect.type_info(_without_none(type_))
    if isinstance(described, inspect.Metadata) and (described.extra_json_schema or {}).get("description"):
        return str((described.extra_json_schema or {})["description"])
    info = _info(type_)
    if isinstance(info, inspect.BoolType):
        return "true or false"
    if isinstance(info, inspect.IntType | inspect.FloatType):
        noun = "a whole number" if isinstance(info, inspect.IntType) else "a number"
        return noun + _bounds(info.ge, info.le, info.gt, info.lt)
    if isinstance(info, inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in info.values)
    if isinstance(info, inspect.CustomType) and info.cls is Network:
        return "an address or a network such as 192.168.1.0/24"
    if isinstance(info, inspect.CollectionType):
        return f"a list separated by commas, each {expectation(_item(type_))}"
    if isinstance(info, inspect.StrType):
        return "text" + (f" of the form {info.pattern}" if info.pattern else _lengths(info))
    return f"a value of the type {getattr(_bare(type_), '__name__', 'declared')}"


def _info(type_: Any) -> inspect.Type:
    info = inspect.type_info(_without_none(type_))
    return info.type if isinstance(info, inspect.Metadata) else info


def _without_none(type_: Any) -> Any:
    if get_origin(type_) in (Union, UnionType):
        members = [member for member in get_args(type_) if member is not type(None)]
        return members[0] if len(members) == 1 else type_
    return type_


def _item(type_: Any) -> Any:
    return (*get_args(_bare(type_)), str)[0]


def _bounds(ge: float | None, le: float | None, gt: float | None, lt: float | None) -> str:
    if ge is not None and le is not None:
        return f" from {ge} to {le}"
    limits = (("at least", ge), ("at most", le), ("more than", gt), ("less than", lt))
    return "".join(f" {words} {limit}" for words, limit in limits if limit is not None)


def _lengths(info: inspect.StrType) -> str:
    parts = _bounds(info.min_length, info.max_length, None, None)
    return f" of{parts} characters".replace(" of from", " of") if parts else ""
