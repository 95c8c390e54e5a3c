"""The description that the server gives of itself is valid, and complete."""

from __future__ import annotations

import msgspec
from openapi_spec_validator import OpenAPIV31SpecValidator

from soundwave_core import SoundWave
from soundwave_core.testing import Cast


def test_the_served_document_is_valid_and_covers_every_route(core: SoundWave, cast: Cast) -> None:
    answer = cast.bob.get("/api/openapi.json")
    assert answer.status == 200
    document = msgspec.json.decode(answer.body)
    assert document["openapi"].startswith("3.1")
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    described = {
        (method.upper(), operation["operationId"], operation["x-permission"])
        for operations in document["paths"].values()
        for method, operation in operations.items()
    }
    entries = core.routes.routes()
    assert len(described) == len(entries)
    assert sorted((method, permission) for method, _, permission in described) == sorted(
        (entry.route.method, entry.route.permission.name) for entry in entries
    )
    paths = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    assert paths == {without_filters(entry.rule.text) for entry in entries}


def without_filters(rule: str) -> str:
    """A rule with its wildcards' filters left out."""
    parts = rule.split("/")
    return "/".join(f"<{part[1:].partition(':')[0]}>" if part.startswith("<") else part for part in parts)
