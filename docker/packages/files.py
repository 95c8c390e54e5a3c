"""What every writer writes with: YAML and XML that people can read, and pictures made of the app's own icon."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import click
import yaml
from imageio_ffmpeg import get_ffmpeg_exe

from .source import ROOT

MADE = "Written by `make packages` from docker/packages/app.toml."
ICON = ROOT / "webroot" / "icons" / "icon-512.png"
WHOLE_ICON = ROOT / "webroot" / "icons" / "icon-maskable-512.png"  # for shops that round the corners themselves


class _Dumper(yaml.SafeDumper):
    """Lists stand in from their key, and a text of several lines is one that can be read."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else '"' if text[:1].isdigit() or text == "" else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    write_text(path, f"# {MADE}\n{text}")


def write_xml(path: Path, root: ET.Element) -> None:
    root.insert(0, ET.Comment(f" {MADE} "))
    ET.indent(root)
    write_text(path, '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n")


def write_icon(path: Path, *, source: Path = ICON, pixels: int = 256, wide: int | None = None) -> None:
    """A square picture, or one on clear ground that is ``wide``. ClickException where ffmpeg cannot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = f"scale={pixels}:{pixels}:flags=lanczos,format=rgba"
    if wide:
        steps += f",pad={wide}:{pixels}:(ow-iw)/2:0:color=0x00000000"
    ffmpeg = shutil.which("ffmpeg") or get_ffmpeg_exe()
    command = [ffmpeg, "-v", "error", "-y", "-i", source, "-vf", steps, "-frames:v", "1", "-bitexact", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"ffmpeg cannot make {path.name}: {done.stderr.strip()}")
