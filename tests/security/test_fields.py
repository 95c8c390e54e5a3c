"""What nobody may write is not written: every body, with every column's name and every word of privilege added.

Asked by an admin who has just signed in, so that only the field itself can be what is refused.
"""

from __future__ import annotations

import typing
from typing import Any

import msgspec
from security.household import Household
from security.rows import changed, columns, stored

from soundwave_core.routing import RouteEntry
from soundwave_core.testing import PASSWORD, Client

PRIVILEGES = (
    "is_admin", "isAdmin", "admin", "role", "roles", "is_staff", "is_superuser", "superuser", "permissions", "scopes",
    "owner", "owner_id", "user", "user_id", "id", "ID", "_id", "uid", "pk", "rev", "state", "status", "created_at",
    "quota_bytes", "password_hash", "token_hash", "session_id", "csrf_token", "local_path", "path", "file_path",
    "__class__", "__proto__", "constructor", "$where",
)  # fmt: skip
JSON_TYPES: tuple[Any, ...] = (None, True, False, 1, -1.5, "admin", ["admin"], {"is_admin": True})
ID = "0" * 32


def writable(house: Household) -> list[RouteEntry]:
    return [entry for entry in house.core.routes.routes() if entry.route.body is not None]


def valid(kind: Any) -> Any:
    """The least that a body of this type must have, so that nothing but the added field is wrong."""
    hints = typing.get_type_hints(kind, include_extras=True)
    needed = [field for field in msgspec.structs.fields(kind) if field.required]
    return {field.encode_name: example(field.encode_name, hints[field.name]) for field in needed}


def example(name: str, kind: Any) -> Any:
    usual = (PASSWORD, "http://example.org/a", ID, [ID], 1, True, None, {}, ["read"], "ready")
    for one in (f"a {name} of good length", "backup-20260101-000000-000-manual", *usual):
        try:
            msgspec.convert(one, kind)
        except msgspec.ValidationError:
            continue
        return one
    raise AssertionError(f"give an example of {name}, which is {kind}")


def test_a_field_that_is_not_listed_is_refused(house: Household) -> None:
    entries = writable(house)
    paths = {entry.label: house.path_to(entry.rule, house.alice) for entry in entries}
    names = sorted({*columns(house.core), *PRIVILEGES})
    before, accepted, tried = stored(house.core), [], 0
    for entry in entries:
        route, least = entry.route, valid(entry.route.body)
        known = {field.encode_name for field in msgspec.structs.fields(route.body)}
        for name in set(names) - known:
            for value in JSON_TYPES if name in PRIVILEGES else ("x",):
                answer = house.alice.request(route.method, paths[entry.label], json=least | {name: value})
                tried += 1
                if answer.status != 422 or answer.json["code"] != "invalid":
                    accepted.append(f"{entry.label} {name}={value!r}: {answer.status} {answer.body[:100]!r}")
    print(f"{tried} bodies: {len(entries)} routes, {len(names)} names")
    assert accepted == []
    assert changed(before, stored(house.core)) == set()


def test_nor_within_a_list_or_twice(house: Household) -> None:
    """One level deeper, and as the second of two of the same name."""
    alice, title = house.alice, b'"title":"a"'
    for body in (b'{%s,"title":{"is_admin":true}}' % title, b'[{%s,"user_id":"x"}]' % title):
        assert alice.request("POST", "/api/playlist/", body=body).status == 422
    wish = b'{"username":"dave","password":"a long password","is_admin":false,"IS_ADMIN":true}'
    assert alice.request("POST", "/api/user/admin/users/", body=wish).status == 422


def test_a_query_names_no_column(house: Household) -> None:
    """Every list; a name is one that is listed, and a value is one of those that are listed."""
    wrong = []
    for entry in house.core.routes.routes():
        if entry.route.query is None or entry.rule.wildcards:
            continue
        known = {field.encode_name for field in msgspec.structs.fields(entry.route.query)}
        for name in {*columns(house.core), *PRIVILEGES, "order_by", "sort", "filter", "where", "user_id__ne"} - known:
            answer = house.alice.get(
                f"{entry.rule.text}?q=a&{name}=1" if "q" in known else f"{entry.rule.text}?{name}=1"
            )
            if (answer.status, answer.json["code"]) != (422, "query_invalid"):
                wrong.append(f"{entry.rule.text}?{name} {answer.status}")
        for ordering in ("password_hash", "user_id", "-title", "title;", "1", "(SELECT 1)", "t.title"):
            if "ordering" in known and house.alice.get(f"{entry.rule.text}?ordering={ordering}").status != 422:
                wrong.append(f"{entry.rule.text}?ordering={ordering}")
    assert wrong == []


def test_what_registers_is_a_user(house: Household) -> None:
    """Whatever the newcomer says of themselves."""
    assert house.alice.patch("/api/appsettings/", {"values": {"auth.registration": "open"}}).status == 200
    for number, name in enumerate(("is_admin", "role", "state", "quota_bytes", "id", "user_id")):
        wish = {"username": f"new {number}", "password": PASSWORD}
        client = Client(house.core, address=f"10.3.0.{number}")
        assert client.post("/api/user/register/", wish | {name: True}).status == 422
        answer = client.register(f"new {number}")
        assert (answer.status, answer.json.user.is_admin) == (201, False)
    assert house.alice.patch("/api/appsettings/", {"values": {"auth.registration": "closed"}}).status == 200
