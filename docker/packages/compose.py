"""The service as docker/compose.yaml has it, for the home servers that read compose files."""

from __future__ import annotations

from typing import Any

from .source import App


def service(app: App, package: str, image: str) -> dict[str, Any]:
    """Image, folders, limits; without what each package does in its own way: ports, user, variables."""
    return {
        "image": image,
        "restart": "unless-stopped",
        "stop_grace_period": f"{app['stop_seconds']}s",
        "volumes": [
            {"type": "bind", "source": there, "target": folder["path"]} for folder, there in app.folders(package)
        ],
        "read_only": True,
        "tmpfs": ["/tmp"],
        "security_opt": ["no-new-privileges:true"],
        "cap_drop": ["ALL"],
    }
