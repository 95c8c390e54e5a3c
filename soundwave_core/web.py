"""Serves the built web app and the plugins' static files, each with its revision, and the shell at every page."""

from __future__ import annotations

import hashlib
import html
import logging
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from .encoding import accepts
from .errors import NotFound, Unavailable
from .front import PAGE_POLICY
from .permissions import AdminOnly, Public, may_use
from .plugins import PluginRecord
from .records import Actor, Answer, FileAnswer, Page, PrecacheEntry, Raw, Route, Slot

if TYPE_CHECKING:
    from .app import SoundWave
    from .http import Request

log = logging.getLogger(__name__)

HERE = Path(__file__).resolve().parent
IMMUTABLE = ("Cache-Control", "public, max-age=31536000, immutable")
REVALIDATE = ("Cache-Control", "no-cache")
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".md": "text/markdown"}


class BuiltFile(msgspec.Struct, frozen=True):
    """One line of build.json, which the web build writes."""

    path: str
    revision: str
    size: int
    is_immutable: bool


class Build(msgspec.Struct, frozen=True):
    """build.json: what the web build made."""

    files: list[BuiltFile]


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """A page as the app sees it. ``module`` is None for bundled ones: webroot has their element."""

    path: str
    title: str
    element: str
    module: str | None
    icon: str | None
    order: int
    plugin: str


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """A place in someone else's page."""

    place: str
    element: str
    module: str
    plugin: str


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file under /static/, as it is on the disk."""

    path: Path
    revision: str
    is_immutable: bool = False

    @property
    def content_type(self) -> str:
        suffix = self.path.suffix
        kind = TYPES.get(suffix) or mimetypes.guess_type(self.path.name)[0] or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def find_dist() -> Path | None:
    """The built app: inside the wheel, else in the checkout."""
    for folder in (HERE / "dist", HERE.parent / "webroot" / "dist"):
        if (folder / "build.json").is_file():
            return folder
    return None


class Web:
    """The static side of the server, filled at start: what plugins added is kept with their names."""

    def __init__(self) -> None:
        self.files: dict[str, StaticFile] = {}
        self.ui: list[tuple[str, Page | Slot]] = []
        self.entries: list[tuple[str, PrecacheEntry]] = []
        self._shell = ""
        self.worker = b""

    def load_build(self, dist: Path | None = None) -> None:
        """Read the build; without one the API runs alone and says so."""
        dist = dist or find_dist()
        if dist is None:
            log.warning("the web app is not built, only the API is served: run `make build`")
            return
        build = msgspec.json.decode((dist / "build.json").read_bytes(), type=Build)
        for file in build.files:
            self.files[file.path] = StaticFile(dist / file.path, file.revision, file.is_immutable)
        self._shell = (dist / "index.html").read_text()
        self.worker = (dist / "service-worker.js").read_bytes()

    def load_static(self, record: PluginRecord) -> None:
        """Read a plugin's folder ``static/``. Only a package has one: beside a module it is somebody else's."""
        for package in getattr(record.module, "__path__", ()):
            self._load_folder(record, Path(package) / "static")

    def _load_folder(self, record: PluginRecord, folder: Path) -> None:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()):
            revision = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
            self.files[f"plugins/{record.name}/{path.relative_to(folder).as_posix()}"] = StaticFile(path, revision)

    def withdraw(self, plugin: str) -> None:
        self.ui = [(name, view) for name, view in self.ui if name != plugin]
        self.files = {p: f for p, f in self.files.items() if not p.startswith(f"plugins/{plugin}/")}
        self.entries = [(name, entry) for name, entry in self.entries if name != plugin]

    def pages_for(self, actor: Actor | None) -> list[PageView]:
        """The pages this actor may see, in their order."""
        pages = [(name, view) for name, view in self.ui if isinstance(view, Page)]
        return [
            PageView(
                path=page.path, title=page.title, element=page.element, icon=page.icon, order=page.order,
                module=page.module, plugin=name,
            )
            for name, page in sorted(pages, key=lambda pair: (pair[1].order, pair[1].path))
            if may_use(actor, page.permission)
        ]  # fmt: skip

    def page_paths(self) -> list[str]:
        """Where the shell is served to anybody, sorted: "/", "/playlist/"."""
        paths = (view.path for _, view in self.ui if isinstance(view, Page))
        return sorted(path for path in paths if not path.startswith("/api/"))

    def slots_for(self, actor: Actor | None) -> list[SlotView]:
        return [
            SlotView(place=slot.place, element=slot.element, module=slot.module, plugin=name)
            for name, slot in self.ui
            if isinstance(slot, Slot) and may_use(actor, slot.permission)
        ]

    def shell(self, prefix: str) -> bytes:
        """index.html with the base of this request."""
        if not self._shell:
            raise Unavailable("The web app is not built on this server.", code="not_built")
        base = html.escape(prefix + "/", quote=True)
        return self._shell.replace('<base href="/">', f'<base href="{base}">', 1).encode()

    def precache(self) -> list[PrecacheEntry]:
        """Every file of the shell and of the plugins, each of them seen on the disk."""
        entries = []
        if self._shell:
            entries.append(PrecacheEntry("./", hashlib.sha256(self._shell.encode()).hexdigest()[:32]))
        for path, file in sorted(self.files.items()):
            if path in ("index.html", "build.json", "service-worker.js") or path.endswith(".map"):
                continue
            if not file.path.is_file():
                log.warning("static file %s is missing and left out of the precache", path)
                continue
            entries.append(PrecacheEntry(f"static/{quote(path)}", None if file.is_immutable else file.revision))
        return entries + [entry for _, entry in self.entries]


def page_route(page: Page) -> Route:
    """The shell at a page's path. It holds no secrets, so it is Public but for the admin's."""
    permission = page.permission if page.permission is AdminOnly or page.path.startswith("/api/") else Public
    return Route("GET", page.path, get_shell, permission, answer=Raw)


def get_shell(core: SoundWave, request: Request) -> Raw:
    """The app shell: one page of HTML that draws every screen."""
    headers = [("Content-Security-Policy", PAGE_POLICY), REVALIDATE, ("Vary", "X-Forwarded-Prefix, X-Ingress-Path")]
    return Raw(core.web.shell(request.prefix), "text/html; charset=utf-8", headers)


def is_navigation(request: Request) -> bool:
    """Whether a browser asks for one of the pages, to show it."""
    accepted, mode = request.headers.get("Accept") or "", request.headers.get("Sec-Fetch-Mode")
    is_page = request.method == "GET" and request.route.handler is get_shell
    return is_page and "text/html" in accepted and mode in (None, "navigate")


def to_login(request: Request) -> str:
    """Where somebody signs in first; ``next`` is the page below the prefix, and never another site's."""
    query = request.environ.get("QUERY_STRING", "")
    wanted = f"{request.path}?{query}" if query else request.path
    return f"{request.prefix}/login/?next={quote(wanted)}"


def get_static(core: SoundWave, request: Request) -> FileAnswer | Answer:
    """A file of the app or of a plugin, compressed at build time where that helps."""
    file = core.web.files.get(request.params["file"])
    if file is None:
        raise NotFound("There is no such file.", code="file_not_found")
    path, revision, headers = file.path, file.revision, [IMMUTABLE if file.is_immutable else REVALIDATE]
    for encoding, suffix in ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if packed.is_file() and accepts(request, encoding):
            path, revision = packed, f"{revision}-{encoding}"
            headers.append(("Content-Encoding", encoding))
            break
    headers.append(("Vary", "Accept-Encoding"))
    return FileAnswer(path, revision, file.content_type, headers=headers)


def get_manifest(core: SoundWave, request: Request) -> Raw:
    """The web app manifest; its addresses are relative, so it is right under any prefix."""
    icons = [
        {"src": f"static/{path}", "sizes": sizes, "type": kind, "purpose": purpose}
        for path, sizes, kind, purpose in (
            ("icons/icon.svg", "any", "image/svg+xml", "any"),
            ("icons/icon-192.png", "192x192", "image/png", "any"),
            ("icons/icon-512.png", "512x512", "image/png", "any"),
            ("icons/icon-maskable-512.png", "512x512", "image/png", "maskable"),
        )
        if path in core.web.files
    ]
    manifest = {
        "id": "./", "name": "SoundWave", "short_name": "SoundWave", "start_url": "./", "scope": "./",
        "description": "Your household's audio, with or without a network.", "display": "standalone",
        "background_color": "#14161c", "theme_color": "#14161c", "categories": ["music"], "icons": icons,
    }  # fmt: skip
    body = msgspec.json.encode(manifest)
    return Raw(body, "application/manifest+json", [REVALIDATE])


ROUTES = [
    Route("GET", "/static/<file:file>", get_static, Public, answer=FileAnswer),
    Route("GET", "/manifest.webmanifest", get_manifest, Public, answer=Raw),
]
