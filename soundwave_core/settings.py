"""The core's own settings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from .records import Setting
from .values import Network

_Base = Meta(pattern=r"^(/[\w~-][\w.~-]*)*\Z", description="empty or a path such as /audio")
_Url = Meta(pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?\Z", description="empty or like https://my.house")
_Origin = Meta(
    pattern=r"^[a-z][a-z0-9+.-]*://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?\Z",
    description="an origin such as https://app.example.org: no path, lower case",
)
_Log = Literal["debug", "info", "warning", "error"]


def _fixed(name: str, type_: Any, default: Any, description: str) -> Setting:
    """A setting that is needed before the database is open."""
    return Setting(name, type_, default, description, is_stored=False)


CORE_SETTINGS = (
    _fixed("host", Annotated[str, Meta(pattern=r"^\S+$", description="a host name or an address")],
           "127.0.0.1", "The address to listen on; 0.0.0.0 for all."),
    _fixed("port", Annotated[int, Meta(ge=0, le=65535)], 8889, "The port to listen on; 0 takes a free one."),
    _fixed("threads", Annotated[int, Meta(ge=2, le=64)], 8, "How many requests are worked on at once."),
    _fixed("base_path", Annotated[str, _Base], "", "The path that a proxy puts SoundWave under."),
    _fixed("trusted_proxies", tuple[Network, ...], (), "Proxies whose X-Forwarded headers are believed."),
    _fixed("ingress_proxies", tuple[Network, ...], (), "Home Assistant's ingress: its X-Ingress-Path is believed."),
    _fixed("log_level", _Log, "info", "How much is logged."),
    _fixed("log_format", Literal["text", "json"], "text", "Lines of the log for people, or one JSON object each."),
    _fixed("watchdog", bool, True, "Whether a server that is stuck ends itself, to be started again."),
    _fixed("data_on_network", bool, False, "Opens the database on a network share too, where it may be damaged."),
    _fixed("plugins", tuple[str, ...], (), "Only these plugins, and auth and library; empty for all."),
    _fixed("disabled_plugins", tuple[str, ...], (), "Plugins that are not loaded."),
    _fixed("job_threads", Annotated[int, Meta(ge=1, le=16)], 4, "How many jobs run at once."),
    Setting("allowed_hosts", tuple[str, ...], (), "Host names that SoundWave answers to, beside local ones."),
    Setting("cors_origins", tuple[Annotated[str, _Origin], ...], (),
            "Other sites whose scripts may use the API, with tokens; each exactly as its browser sends it."),
    Setting("connections_per_address", Annotated[int, Meta(ge=16, le=2000)], 128,
            "How many connections one address may hold; trusted proxies hold as many as they like."),
    Setting("public_url", Annotated[str, _Url], "", "The address that people open, for links."),
    Setting("body_limit_bytes", Annotated[int, Meta(ge=1024, le=16 * 1024**2)], 1024**2,
            "The largest request body."),
)  # fmt: skip
