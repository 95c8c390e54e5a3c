"""The bill of materials: what SoundWave installs, in CycloneDX, each with the SHA-256 of the archive it comes from.

cyclonedx-py reads this environment; what only tests need is left out, and pip says which archive each version is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .files import write_text

PROGRAM = "soundwave"


def write(path: Path, requirements: list[str]) -> None:
    """``requirements``: setup.cfg's install_requires. ClickException where a tool fails."""
    bill = json.loads(_run("cyclonedx_py", "environment", "--output-reproducible", "--no-validate", sys.executable))
    known: dict[str, Any] = {canonicalize_name(component["name"]): component for component in bill["components"]}
    edges = _edges([Requirement(line) for line in requirements])
    needed = sorted(edges.keys() - {PROGRAM})
    hashes = _hashes([known[name] for name in needed])
    for name in needed:
        known[name]["hashes"] = [{"alg": "SHA-256", "content": hashes[name]}]
    refs = {name: known[name]["bom-ref"] for name in edges}
    bill["metadata"]["component"] = known[PROGRAM] | {"type": "application"}
    bill["components"] = [known[name] for name in needed]
    bill["dependencies"] = [
        {"ref": refs[name], "dependsOn": sorted(refs[other] for other in edges[name])} for name in (PROGRAM, *needed)
    ]
    for component in (bill["metadata"]["component"], *bill["components"]):
        _leave_out_this_machine(component)
    write_text(path, json.dumps(bill, indent=2, ensure_ascii=False) + "\n")


def _edges(requirements: list[Requirement]) -> dict[str, set[str]]:
    """What needs what, from SoundWave on, on a machine such as this one and with no more extras than were asked for."""
    edges: dict[str, set[str]] = {PROGRAM: set()}
    waiting = [(PROGRAM, one) for one in requirements if _is_for_here(one, "")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        needing, needed = waiting.pop()
        name = canonicalize_name(needed.name)
        edges.setdefault(name, set())
        edges[needing].add(name)
        for extra in {"", *needed.extras} - {extra for known, extra in seen if known == name}:
            seen.add((name, extra))
            own = map(Requirement, metadata.requires(name) or ())
            waiting += [(name, one) for one in own if _is_for_here(one, extra)]
    return edges


def _is_for_here(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _run(module: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"{module} {arguments[0]} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout


def _hashes(components: list[dict[str, Any]]) -> dict[str, str]:
    """By canonical name: of the archive that pip takes for exactly this version, on a machine such as this one."""
    wanted = [f"{component['name']}=={component['version']}" for component in components]
    options = ("--quiet", "--disable-pip-version-check", "--dry-run", "--ignore-installed", "--no-deps")
    report = json.loads(_run("pip", "install", *options, "--report", "-", *wanted))
    archives = {
        canonicalize_name(one["metadata"]["name"]): one["download_info"]["archive_info"] for one in report["install"]
    }
    return {name: archive["hashes"]["sha256"] for name, archive in archives.items()}


def _leave_out_this_machine(component: dict[str, Any]) -> None:
    """Where an archive lay when it was installed here is nobody's business, and would be in nobody else's bill."""
    known = [link for link in component.get("externalReferences", []) if link["url"].startswith("https://")]
    component["externalReferences"] = known
    component["properties"] = [p for p in component.get("properties", []) if "://" not in p.get("value", "")]
    for empty in ("externalReferences", "properties"):
        if not component[empty]:
            del component[empty]
