"""Unraid Community Applications: a template and the profile of its repository.

Fields as its own documentation names them (ca.unraid.net/submit/help) and as published templates have them.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from soundwave_core import Setting

from .files import write_icon, write_xml
from .source import App, form_of, plain_default


def write(app: App, folder: Path) -> None:
    write_icon(folder / "icon.png")
    write_xml(folder / "templates" / "soundwave.xml", _template(app))
    write_xml(folder / "ca_profile.xml", _profile(app))


def _template(app: App) -> ET.Element:
    root = ET.Element("Container", version="2")
    home = f"{app.place.files}/unraid"
    fields = {
        "Name": app["name"], "Repository": app.image, "Registry": f"https://{app.place.image}", "Network": "bridge",
        "Shell": "sh", "Privileged": "false", "Support": app.place.url, "Project": app.place.url,
        "Overview": app.overview, "Category": app["unraid"]["category"],
        "WebUI": f"http://[IP]:[PORT:{app['port']}]/", "TemplateURL": f"{home}/templates/soundwave.xml",
        "Icon": f"{home}/icon.png", "ExtraParams": " ".join(_limits(app)), "PostArgs": "", "Requires": "",
        "Changes": f"Version {app.version}: see {app.place.url}",
    }  # fmt: skip
    for name, text in fields.items():
        ET.SubElement(root, name).text = str(text)
    root.extend(_configs(app))
    return root


def _limits(app: App) -> list[str]:
    """As compose.yaml has them; Unraid starts the container again itself."""
    added = (f"--cap-add={name}" for name in app["capabilities"])
    hard = ["--read-only", "--tmpfs=/tmp", "--security-opt=no-new-privileges:true", "--cap-drop=ALL"]
    return [*hard, *added, f"--stop-timeout={app['stop_seconds']}"]


def _configs(app: App) -> list[ET.Element]:
    port = str(app["port"])
    ports = [_config("Port", "Web page", port, port, "The page, and what apps talk to.", Mode="tcp", Required=True)]
    folders = [
        _config("Path", folder["name"], folder["path"], there, folder["description"], Mode="rw", Required=True)
        for folder, there in app.folders("unraid")
    ]
    own = [
        _config("Variable", variable["name"], variable["name"], value, variable["description"], Display="advanced")
        for variable, value in app.variables("unraid")
        if value
    ]
    shown = [_setting(app.setting(name)) for name in app["unraid"]["settings"]]
    return [*ports, *folders, *own, *shown]


def _setting(setting: Setting) -> ET.Element:
    """An empty variable is not set: the setting stays what Administration says."""
    choices = form_of(setting).get("enum", [])
    value = "|".join(["", *choices])  # a list of choices, of which the first is taken
    said = setting.description + (f" Default: {plain_default(setting)}." if plain_default(setting) else "")
    return _config(
        "Variable", setting.name, setting.variable, value, said, Display="advanced", Mask=setting.is_secret
    )  # fmt: skip


def _config(kind: str, name: str, target: str, value: str, description: str, **more: Any) -> ET.Element:
    fields = {"Mode": "", "Display": "always", "Required": False, "Mask": False} | more
    words = {key: str(word).lower() if isinstance(word, bool) else str(word) for key, word in fields.items()}
    named = {"Name": name, "Target": target, "Default": value, "Description": description, "Type": kind}
    element = ET.Element("Config", named | words)
    element.text = value.partition("|")[0]
    return element


def _profile(app: App) -> ET.Element:
    root = ET.Element("CommunityApplications")
    fields = {
        "Profile": app["description"], "Icon": f"{app.place.files}/unraid/icon.png", "WebPage": app.place.url,
        "Forum": app.place.url,
    }  # fmt: skip
    for name, text in fields.items():
        ET.SubElement(root, name).text = text
    return root
