"""``python -m packages``: writes everything into one folder, or nothing."""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path

import click

from . import casaos, homeassistant, sbom, umbrel, unraid
from .source import ROOT, App, Place

WRITERS = {"unraid": unraid, "casaos": casaos, "homeassistant": homeassistant, "umbrel": umbrel}


@click.command()
@click.option("--image", default="")
@click.option("--digest", default="")
@click.option("--url", default="")
@click.option("--files", default="")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
def main(image: str, digest: str, url: str, files: str, target: Path) -> None:
    """Write the packages of this version for an image that is, or will be, at IMAGE@DIGEST."""
    app = App.read(Place.checked(image, digest, url, files))
    unfinished = target.with_name(f".{target.name}-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    for name, writer in WRITERS.items():
        writer.write(app, unfinished / name)
    sbom.write(unfinished / "sbom.cdx.json", _requirements())
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    click.echo(f"{app['name']} {app.version} for {', '.join(WRITERS)}, and its bill of materials: {target}")


def _requirements() -> list[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = setup["options"]["install_requires"].splitlines()
    return [line for line in lines if line and not line.startswith("#")]


main(prog_name="make packages")
