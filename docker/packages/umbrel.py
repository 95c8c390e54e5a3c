"""Umbrel: a shop of one's own with one app in it.

Fields as in getumbrel/umbrel-apps (README.md and published apps); how the app_proxy forwards is read from
getumbrel/umbrel, containers/app-proxy/utils/proxy.js at commit 33bbfd53: Host as it came, X-Forwarded-* set anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .compose import service
from .files import WHOLE_ICON, write_icon, write_text, write_yaml
from .source import App


def write(app: App, folder: Path) -> None:
    facts = app["umbrel"]
    own = folder / facts["app"]
    write_yaml(folder / "umbrel-app-store.yml", {"id": facts["store"], "name": app["name"]})
    write_yaml(own / "umbrel-app.yml", _manifest(app))
    write_yaml(own / "docker-compose.yml", _compose(app))
    write_icon(own / "icon.png", source=WHOLE_ICON)
    for name in app["folders"]:  # Umbrel copies them as its own user, which the server runs as
        write_text(own / name["id"] / ".gitkeep", "")


def _manifest(app: App) -> dict[str, Any]:
    facts = app["umbrel"]
    return {
        "manifestVersion": 1, "id": facts["app"], "category": facts["category"], "name": app["name"],
        "version": app.version, "tagline": app["tagline"], "description": app.overview,
        "releaseNotes": f"Version {app.version}: see {app.place.url}", "developer": app["developer"],
        "website": app.place.url, "dependencies": [], "repo": app.place.url, "support": app.place.url,
        "port": app["port"], "icon": f"{app.place.files}/umbrel/{facts['app']}/icon.png", "gallery": [], "path": "",
        "defaultUsername": "", "defaultPassword": "", "backupIgnore": ["cache"], "submitter": app["developer"],
        "submission": app.place.url,
    }  # fmt: skip


def _compose(app: App) -> dict[str, Any]:
    facts = app["umbrel"]
    own = service(app, "umbrel", f"{app.image}@{app.place.digest}") | {
        "user": facts["user"],
        # Umbrel's proxy ends in its own network; without its word everybody would have one address.
        "environment": {"SOUNDWAVE_TRUSTED_PROXIES": facts["network"]},
    }
    proxy = {
        "APP_HOST": f"{facts['app']}_{facts['service']}_1",
        "APP_PORT": app["port"],
        "PROXY_AUTH_ADD": "false",  # SoundWave asks itself who is there; its apps could not fill in Umbrel's form
    }
    return {"services": {"app_proxy": {"environment": proxy}, facts["service"]: own}}
