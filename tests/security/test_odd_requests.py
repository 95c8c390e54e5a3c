"""What a generator that keeps to JSON and UTF-8 never writes, sent to every operation of the document."""

from __future__ import annotations

import base64
import gzip
import itertools
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from house.tree import ensure_none

from soundwave_core.testing import PASSWORD, Client, ClientAnswer

from .household import SITE, Household, Made, open_house
from .throwaway import Throwaways

DEEP = 20_000
VALUES = (
    rb'"a\u0000b"', rb'"\ud800"', rb'"\udfff\ud800"', b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', rb'"a\nb"',
    b'"' + b"x" * 100_000 + b'"', "\u202eevil".encode().join([b'"'] * 2), b'""', b'" "',
    b"1" + b"0" * 400, b"-" + b"9" * 30, b"9223372036854775808", b"1e400", b"-1e-400", b"1.5", b"NaN", b"Infinity",
    b"null", b"true", b"[]", b"{}", b'{"$ne": null}', b'{"gt": 1}', b'["a", ["b"]]',
    b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP,
)  # fmt: skip
BODIES = (
    b"", b" ", b"null", b"[]", b'"x"', b"1", b"{", b"{}}", b"{} {}", b"{'a': 1}", b"{/**/}", b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"), b"\x00", b"[" * DEEP, b'{"a":' * DEEP, b'{"x": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"\\u0000": 1}', b'{"\xff": 1}', b"a=b&c=d", gzip.compress(b"{}"),
)  # fmt: skip
KINDS = (
    "", "text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/xml", "application/json-patch+json", "application/jsonx", ";", "application/json\xff",
)  # fmt: skip
SEGMENTS = (
    "%00", "..", "%2e%2e", "%2e%2e%2fx", "%ff", "%0a", "a%0d%0ab", "%20", "x" * 5000, "%EF%BC%90" * 32, "%", "%zz",
    "null", "-1", "0", "'%20or%20'1'='1", "*", "$ne", "%F0%9F%8E%B5", "{track}",
)  # fmt: skip
CURSORS = (b"[]", b"[null]", b"[1e308,1]", b"[1e400]", rb'["\u0000"]', b'[[1]]', b"[-1]", b"[9223372036854775808]",
           b'["a","b","c","d"]', b"{}", b"null", b"\xff", b"[" * DEEP, b'[true]', rb'["\ud800"]')  # fmt: skip
QUERIES = (
    "=", "&&", "%FF=1", "%00=1", "x=%00", "%zz", "x=%", "a;b", "[]=1", "x[a]=1", "&".join(["a=1"] * 3000),
    "%ED%A0%80=1",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "M-SEARCH")


class Operations:
    """Every operation of the served document, with what is right for it."""

    def __init__(self, house: Household) -> None:
        self.house, self.people = house, Throwaways(house)
        self.document = msgspec.json.decode(house.alice.get("/api/openapi.json").body)
        self.wrong: list[str] = []
        self.count = 0

    @property
    def client(self) -> Client:
        return self.people.get("odd one", is_admin=True).client

    def __iter__(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method.upper(), path, operation

    def path(self, template: str, **odd: str) -> str:
        """The path of things that are there, but for what is odd."""
        made: Made = {}
        for name in re.findall(r"{(\w+)}", template):
            made[name] = self.house.make(name, self.client, made)
        return template.format(**(made | odd))

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema or "anyOf" in schema:
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            else:
                schema = {**schema["anyOf"][0], **{k: v for k, v in schema.items() if k != "anyOf"}}
        return schema

    def body(self, operation: dict[str, Any]) -> dict[str, Any] | None:
        """A body as it should be."""
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        schema = self.resolve(content["application/json"]["schema"])
        return {name: self.value(name, part) for name, part in schema.get("properties", {}).items()}

    def value(self, name: str, schema: dict[str, Any]) -> Any:
        schema, real = self.resolve(schema), {"url": f"{SITE}{self.house.number()}", "after": None, "tracks": []}
        if name in real:
            return real[name]
        if "password" in name:
            return PASSWORD
        if name in ("track", "playlist", "to"):
            return self.house.make("user" if name == "to" else name, self.client)
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type")
        plain = {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": False, "object": {}, "null": None}
        if kind == "array":
            return [self.value("", schema.get("items", {}))]
        return plain.get(kind, f"A name {self.house.number()}")

    def send(self, method: str, path: str, wanted: set[int], told: str, **given: Any) -> ClientAnswer:
        """Ask, and note what is none of ``wanted``, or no problem+json, or a fault of the server."""
        self.count += 1
        if path.startswith("/api/user/") and method not in ("GET", "HEAD"):
            self.house.clock.advance(100)  # longer than anyone is made to wait after a wrong password
        self.people.refresh_alice()
        answer = self.client.request(method, path, **given)
        kind = answer.headers.get("Content-Type", "")
        if answer.status not in wanted or answer.status >= 500:
            self.wrong.append(f"{method} {path[:120]} with {told}: {answer.status} {answer.body[:200]!r}")
        elif answer.status >= 400 and answer.body and kind != "application/problem+json":
            self.wrong.append(f"{method} {path[:120]} with {told}: {answer.status} is {kind}")
        if method not in ("GET", "HEAD", "OPTIONS"):
            self.people.look_after()
        return answer

    def done(self, what: str) -> None:
        print(f"{self.count} {what}")
        ensure_none(self.wrong)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Household]:
    with open_house(tmp_path_factory.mktemp("odd"), SOUNDWAVE_AUTH_REGISTRATION="invite") as it:
        yield it


@pytest.fixture
def operations(house: Household) -> Operations:
    return Operations(house)


def documented(operation: dict[str, Any]) -> set[int]:
    return {int(status) for status in operation["responses"]}


def told(content: bytes) -> str:
    return repr(content[:40])


def test_odd_values_in_every_field(operations: Operations) -> None:
    for method, template, operation in operations:
        for name in operations.body(operation) or {}:
            for odd in VALUES:
                fields = operations.body(operation) or {}
                rest = b"".join(b"," + msgspec.json.encode({n: v})[1:-1] for n, v in fields.items() if n != name)
                body = b"{" + msgspec.json.encode(name) + b":" + odd + rest + b"}"
                what = f"{name} = {told(odd)}"
                operations.send(method, operations.path(template), documented(operation), what, body=body)
    operations.done("odd values")


def test_odd_bodies_and_types(operations: Operations) -> None:
    for method, template, operation in operations:
        good = operations.body(operation)
        if good is None:
            continue
        path, refused = operations.path(template), documented(operation) & {400, 403, 409, 415, 422}
        for body in BODIES:
            operations.send(method, path, refused | ({200} if body == b"{}" else set()), told(body), body=body)
        for kind in KINDS:
            headers = {"Content-Type": kind}
            operations.send(method, path, {415}, kind, body=msgspec.json.encode(good), headers=headers)
        twice = b'{"x":1,"x":2,' + msgspec.json.encode(good)[1:]
        operations.send(method, path, refused, "a name twice", body=twice)
        packed = gzip.compress(msgspec.json.encode(good))
        operations.send(method, path, {415}, "gzip", body=packed, headers={"Content-Encoding": "gzip"})
    operations.done("odd bodies and types")


def test_odd_paths(operations: Operations) -> None:
    for method, template, _ in operations:
        for name, odd in itertools.product(re.findall(r"{(\w+)}", template), SEGMENTS):
            path = operations.path(template, **{name: odd})
            operations.send(method, path, {404, 405, 415}, odd[:40])  # null may be a task's name, without a body
        if "{" in template:
            path = operations.path(template)
            for odd in (path.upper(), f"{path}%0A", f"{path}%00", f"{path}/", f"/{path}", f"/.{path}", f"/x/..{path}"):
                operations.send(method, odd, {404, 405}, "an odd spelling")
    operations.done("odd paths")


def test_odd_queries(operations: Operations) -> None:
    for method, template, operation in operations:
        path, body = operations.path(template), operations.body(operation)
        names = [part["name"] for part in operation.get("parameters", ()) if part.get("in") == "query"]
        odd = list(QUERIES) if names else []
        for name in names:
            odd += [f"{name}=1&{name}=1", name, f"{name}=%00", f"{name}=%ED%A0%80", f"{name}={'9' * 40}", f"{name}[]=1"]
        if "cursor" in names:
            odd += [f"cursor={base64.urlsafe_b64encode(cursor).decode().rstrip('=')}" for cursor in CURSORS]
        for query in odd:
            path = operations.path(template) if method == "DELETE" else path
            operations.send(method, f"{path}?{query}", documented(operation), query[:40], json=body)
    operations.done("odd queries")


def test_other_methods(operations: Operations) -> None:
    for template, methods in operations.document["paths"].items():
        path, known = operations.path(template), {name.upper() for name in methods}
        for method in METHODS:
            if method in known:
                continue
            is_head = method == "HEAD" and "GET" in known
            wanted = {200, 404, 422} if is_head else {200, 204, 405} if method == "OPTIONS" else {405, 501}
            answer = operations.send(method, path, wanted, "this method")
            if answer.status == 405 and not known <= set(answer.headers.get("Allow", "").split(", ")):
                operations.wrong.append(f"{method} {path}: Allow is {answer.headers.get('Allow')}")
            if is_head and answer.body:
                operations.wrong.append(f"HEAD {path} has a body")
    operations.done("other methods")
