"""CasaOS and ZimaOS: a compose file that says in ``x-casaos`` how the shop shows it.

Fields in the order of IceWhaleTech/CasaOS-AppStore, CONTRIBUTING.md section 4 (read at commit 0392292a).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .compose import service
from .files import write_icon, write_yaml
from .source import App


def write(app: App, folder: Path) -> None:
    write_icon(folder / "icon.png")
    write_yaml(folder / "docker-compose.yml", _compose(app))


def _compose(app: App) -> dict[str, Any]:
    port = str(app["port"])
    variables = [(variable, value) for variable, value in app.variables("casaos") if value]
    own = service(app, "casaos", app.image) | {
        "container_name": app["id"],
        "cap_add": app["capabilities"],
        "ports": [{"target": app["port"], "published": port, "protocol": "tcp"}],
        "environment": {variable["name"]: value for variable, value in variables},
        "x-casaos": {
            "envs": [_told(variable["name"], variable["description"]) for variable, _ in variables],
            "volumes": [_told(folder["path"], folder["description"]) for folder in app["folders"]],
            "ports": [_told(port, "The page, and what apps talk to.")],
        },
    }
    return {"name": app["id"], "services": {app["id"]: own}, "x-casaos": _shop(app)}


def _told(what: str, description: str) -> dict[str, Any]:
    return {"container": what, "description": {"en_US": description}}


def _shop(app: App) -> dict[str, Any]:
    return {
        "id": app["casaos"]["id"], "main": app["id"], "index": "/", "port_map": str(app["port"]), "scheme": "http",
        "title": {"en_US": app["name"]}, "icon": f"{app.place.files}/casaos/icon.png",
        "tagline": {"en_US": app["tagline"]}, "description": {"en_US": app["description"]},
        "tips": {"before_install": {"en_US": app["first_start"]}},
        "author": app["developer"], "developer": app["developer"], "category": app["casaos"]["category"],
        "architectures": app["architectures"], "version": app.version, "website": app.place.url,
        "repo": app.place.url, "support": app.place.url, "docs": app.place.url,
    }  # fmt: skip
