"""A Home Assistant add-on («app» since 2026.2) in a repository of its own, from the same image as everything else.

What the Supervisor accepts: home-assistant/supervisor, supervisor/addons/validate.py and options.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from soundwave_core import Setting
from soundwave_core.options import option_key

from .files import write_icon, write_text, write_yaml
from .source import ROOT, App, form_of


def write(app: App, folder: Path) -> None:
    own = folder / app["homeassistant"]["slug"]
    repository = {"name": app["name"], "url": app.place.url, "maintainer": app["developer"]}
    write_yaml(folder / "repository.yaml", repository)
    write_text(folder / "README.md", app.text("homeassistant-repository.md"))
    write_yaml(own / "config.yaml", _config(app))
    write_yaml(own / "translations" / "en.yaml", _english(app))
    write_yaml(own / "translations" / "ro.yaml", _romanian(app))
    write_text(own / "README.md", app.text("homeassistant-readme.md"))
    write_text(own / "DOCS.md", app.text("homeassistant-docs.md"))
    write_text(own / "CHANGELOG.md", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    write_icon(own / "icon.png", pixels=128)
    write_icon(own / "logo.png", pixels=100, wide=250)


def _config(app: App) -> dict[str, Any]:
    """Nothing that is the Supervisor's default already; ``options`` are none, so that Administration keeps its say."""
    facts = app["homeassistant"]
    port = f"{app['port']}/tcp"
    return {
        "name": app["name"], "version": app.version, "slug": facts["slug"], "description": app["tagline"],
        "url": app.place.url, "arch": [facts["machines"][name] for name in app["architectures"]],
        "image": app.place.image, "init": False, "stage": "experimental",
        "ports": {port: None}, "ports_description": {port: _port(app)},
        "ingress": True, "ingress_port": app["port"], "ingress_stream": True,
        "panel_icon": facts["icon"], "panel_title": app["name"], "panel_admin": False,
        "map": [{"type": "media", "read_only": False}], "tmpfs": True, "timeout": app["stop_seconds"],
        "environment": _environment(app),
        "backup_pre": facts["backup_pre"], "backup_post": facts["backup_post"],
        "backup_exclude": [f"*_{facts['slug']}/cache"],
        "schema": {option_key(setting.name): _schema(setting) for setting in _shown(app)},
    }  # fmt: skip


def _environment(app: App) -> dict[str, str]:
    facts = app["homeassistant"]
    folders = {folder["variable"]: there for folder, there in app.folders("homeassistant")}
    options = f"{facts['folders']['data']}/options.json"
    own = {"SOUNDWAVE_OPTIONS_FILE": options, "SOUNDWAVE_INGRESS_PROXIES": facts["ingress_proxy"]}
    return folders | {"HOME": folders["CACHE_DIR"]} | own


def _shown(app: App) -> list[Setting]:
    hidden = {app.setting(name).name for name in app["homeassistant"]["hidden"]}
    return [setting for setting in app.settings.values() if setting.name not in hidden]


def _schema(setting: Setting) -> str | list[str]:
    """Its type in the Supervisor's words. All are optional: what is not chosen is not in options.json.

    Texts have no lengths: the Supervisor compares the text itself with them (``vol.Range``), and refuses all.
    """
    form = form_of(setting)
    if form.get("type") == "array":
        return [f"{_word(form['items'])}?"]
    return ("password" if setting.is_secret else _word(form)) + "?"


def _word(form: dict[str, Any]) -> str:
    if "enum" in form:
        return f"list({'|'.join(map(str, form['enum']))})"
    if form["type"] == "boolean":
        return "bool"
    if form["type"] in ("integer", "number"):
        word = "int" if form["type"] == "integer" else "float"
        low, high = form.get("minimum"), form.get("maximum")
        return word if low is None and high is None else f"{word}({_bound(low)},{_bound(high)})"
    return f"match({form['pattern']})" if "pattern" in form else "str"


def _bound(number: float | None) -> str:
    """Only digits can stand there; what is below zero is left to SoundWave."""
    return "" if number is None or number < 0 else str(number)


def _port(app: App) -> str:
    return "The page without Home Assistant around it; apps on phones need it, with HTTPS in front"


def _english(app: App) -> dict[str, Any]:
    options = {
        option_key(setting.name): {"name": _title(setting), "description": setting.description}
        for setting in _shown(app)
    }
    return {"configuration": options, "network": {f"{app['port']}/tcp": _port(app)}}


def _romanian(app: App) -> dict[str, Any]:
    """The most important ones; Home Assistant shows the rest in English."""
    words = dict(app["homeassistant"]["ro"])
    network = {f"{app['port']}/tcp": words.pop("network")}
    settings = {app.setting(name): text for name, text in words.items()}
    options = {
        option_key(setting.name): {"name": _title(setting), "description": text} for setting, text in settings.items()
    }
    return {"configuration": options, "network": network}


def _title(setting: Setting) -> str:
    room, _, name = setting.name.rpartition(".")
    words = name.replace("_", " ").replace("-", " ").capitalize()
    return f"{room.capitalize()}: {words.lower()}" if room else words
