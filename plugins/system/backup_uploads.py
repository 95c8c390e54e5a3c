"""A backup that comes in from a browser: in parts, for proxies limit bodies, and below CACHE_DIR until it is whole."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from soundwave_core import BadRequest, Conflict, Invalid, NotFound, Unavailable

from .backup_shapes import UploadView

if TYPE_CHECKING:
    from soundwave_core import SoundWave

PART_BYTES = 1024**2
SPARE_BYTES = 64 * 1024**2  # of the disk, which the server goes on to need
MOST_AT_ONCE = 2
LIVE_SECONDS = 24 * 3600


@dataclass(slots=True)
class Upload:
    """One file on its way."""

    id: str
    path: Path
    size_bytes: int
    touched_at: float
    received_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Uploads:
    """``core.part(Uploads)``: they do not outlive the server; what a killed one left is cleared away."""

    def __init__(self, core: SoundWave) -> None:
        self._core = core
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()
        self._folder = core.config.cache_dir / "backup-uploads"
        shutil.rmtree(self._folder, ignore_errors=True)

    def begin(self, size_bytes: int) -> UploadView:
        """Conflict ``uploads_busy``; Unavailable ``disk_full`` where it would not fit, packed and unpacked."""
        self.sweep()
        with self._lock:
            if len(self._uploads) >= MOST_AT_ONCE:
                raise Conflict("Other uploads are not finished: end or remove one first.", code="uploads_busy")
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self._folder, self._core.config.data_dir):
                if size_bytes + SPARE_BYTES > shutil.disk_usage(folder).free:
                    raise Unavailable("There is not enough room for this file.", code="disk_full", status=507)
            id = self._core.clock.new_id()
            upload = Upload(id, self._folder / f"{id}.zip", size_bytes, self._core.clock.monotonic())
            os.close(os.open(upload.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._uploads[id] = upload
        return self.view(id)

    def put(self, id: str, offset: int, content: bytes) -> UploadView:
        """The next part; the last one may come again. Conflict ``part_misplaced``, Invalid ``upload_too_large``."""
        upload = self._get(id)
        if not content or len(content) > self.part_bytes:
            raise BadRequest(f"Send 1 to {self.part_bytes} bytes at once.", code="part_invalid")
        with upload.lock:
            if offset > upload.received_bytes or offset + len(content) < upload.received_bytes:
                raise Conflict(f"The next part begins at {upload.received_bytes}.", code="part_misplaced")
            if offset + len(content) > upload.size_bytes:
                raise Invalid("There is more than was announced.", code="upload_too_large")
            try:
                with upload.path.open("r+b") as file:
                    file.seek(offset)
                    file.write(content)
            except FileNotFoundError:
                raise _unknown() from None
            except OSError as error:
                raise Unavailable(f"It cannot be written ({error.strerror}).", code="disk_full", status=507) from error
            upload.received_bytes = offset + len(content)
            upload.touched_at = self._core.clock.monotonic()
        return self.view(id)

    def finish(self, id: str) -> Path:
        """The whole file, which is the caller's now. Conflict ``upload_incomplete``."""
        upload = self._get(id)
        with upload.lock:
            if upload.received_bytes != upload.size_bytes:
                sentence = f"{upload.size_bytes - upload.received_bytes} bytes are still missing."
                raise Conflict(sentence, code="upload_incomplete")
            if self._uploads.pop(id, None) is None:
                raise _unknown()
        return upload.path

    def remove(self, id: str) -> None:
        """Give it up."""
        upload = self._get(id)
        with upload.lock:
            self._uploads.pop(id, None)
            upload.path.unlink(missing_ok=True)

    def view(self, id: str) -> UploadView:
        """NotFound ``upload_not_found``."""
        upload = self._get(id)
        return UploadView(
            id=id, size_bytes=upload.size_bytes, received_bytes=upload.received_bytes, part_bytes=self.part_bytes
        )

    def sweep(self) -> None:
        """Remove those that nobody goes on with."""
        oldest = self._core.clock.monotonic() - LIVE_SECONDS
        for upload in list(self._uploads.values()):
            if upload.touched_at < oldest:
                self.remove(upload.id)

    @property
    def part_bytes(self) -> int:
        """What one request may bring."""
        return min(PART_BYTES, int(self._core.config["body_limit_bytes"]))

    def _get(self, id: str) -> Upload:
        upload = self._uploads.get(id)
        if upload is None:
            raise _unknown()
        return upload


def _unknown() -> NotFound:
    return NotFound("There is no such upload: begin a new one.", code="upload_not_found")
