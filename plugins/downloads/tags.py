# mypy: disable-error-code="no-untyped-call"
"""Tags, read from what came and written by us: title, artist, album, cover. Other tags stay."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
from mutagen.flac import FLAC
from mutagen.flac import Picture as FlacPicture
from mutagen.id3 import APIC, ID3, TALB, TIT2, TPE1, ID3NoHeaderError
from mutagen.mp4 import MP4, MP4Cover
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from .faults import Fault
from .images import Picture, picture_of
from .media import UNREADABLE
from .text import clean_line

_FRONT_COVER = 3  # of the picture types that ID3, FLAC and Ogg share
_MP4_FORMATS = {"image/jpeg": MP4Cover.FORMAT_JPEG, "image/png": MP4Cover.FORMAT_PNG}


@dataclass(frozen=True, slots=True)
class Tags:
    """What is written into a file; None leaves it out."""

    title: str | None = None
    artist: str | None = None
    album: str | None = None
    cover: Picture | None = None


def read_tags(path: Path) -> Tags:
    """What the file says of itself; what cannot be read is None."""
    try:
        easy: Any = mutagen.File(path, easy=True)
        said = {name: _first(easy, name) for name in ("title", "artist", "album")}
    except UNREADABLE:
        said = {}
    return Tags(**said, cover=_embedded(path))


def _first(easy: Any, name: str) -> str | None:
    values = easy.get(name) if easy is not None and easy.tags is not None else None
    return clean_line(values[0]) if isinstance(values, list) and values else None


def _embedded(path: Path) -> Picture | None:
    try:
        for data in _pictures(path):
            picture = picture_of(data)
            if picture is not None:
                return picture
    except UNREADABLE:
        pass
    return None


def _pictures(path: Path) -> list[bytes]:
    match path.suffix:
        case ".mp3":
            return [bytes(frame.data) for frame in ID3(path).getall("APIC")]
        case ".m4a":
            return [bytes(cover) for cover in MP4(path).get("covr", [])]
        case ".flac":
            return [bytes(picture.data) for picture in FLAC(path).pictures]
        case ".opus" | ".ogg":
            blocks = _ogg(path).get("metadata_block_picture", [])
            return [bytes(FlacPicture(base64.b64decode(block)).data) for block in blocks]
    return []


def _ogg(path: Path) -> OggOpus | OggVorbis:
    return OggOpus(path) if path.suffix == ".opus" else OggVorbis(path)


def write_tags(path: Path, tags: Tags) -> None:
    """Sets what is not None. A picture that the file brought along stays. WAV is left as it is.

    Raises Fault(damaged) where the file cannot be written to.
    """
    try:
        match path.suffix:
            case ".mp3":
                _write_mp3(path, tags)
            case ".m4a":
                _write_m4a(path, tags)
            case ".flac":
                _write_flac(path, tags)
            case ".opus" | ".ogg":
                _write_ogg(path, tags)
    except UNREADABLE:
        raise Fault("damaged") from None


def _write_mp3(path: Path, tags: Tags) -> None:
    try:
        id3 = ID3(path)
    except ID3NoHeaderError:
        id3 = ID3()
    for frame, value in ((TIT2, tags.title), (TPE1, tags.artist), (TALB, tags.album)):
        if value:
            id3.setall(frame.__name__, [frame(encoding=3, text=[value])])
    if tags.cover is not None and not id3.getall("APIC"):
        cover = tags.cover
        id3.add(APIC(encoding=3, mime=cover.mime, type=_FRONT_COVER, desc="Cover", data=cover.data))
    id3.save(path, v2_version=4)


def _write_m4a(path: Path, tags: Tags) -> None:
    file = MP4(path)
    if file.tags is None:
        file.add_tags()
    for key, value in (("\xa9nam", tags.title), ("\xa9ART", tags.artist), ("\xa9alb", tags.album)):
        if value:
            file[key] = [value]
    if tags.cover is not None and tags.cover.mime in _MP4_FORMATS and not file.get("covr"):
        file["covr"] = [MP4Cover(tags.cover.data, imageformat=_MP4_FORMATS[tags.cover.mime])]
    file.save()


def _write_flac(path: Path, tags: Tags) -> None:
    file = FLAC(path)
    if file.tags is None:
        file.add_tags()
    _set_comments(file, tags)
    if tags.cover is not None and not file.pictures:
        file.add_picture(_flac_picture(tags.cover))
    file.save()


def _write_ogg(path: Path, tags: Tags) -> None:
    file = _ogg(path)
    _set_comments(file, tags)
    if tags.cover is not None and not file.get("metadata_block_picture"):
        block = base64.b64encode(_flac_picture(tags.cover).write()).decode("ascii")
        file["metadata_block_picture"] = [block]
    file.save()


def _set_comments(file: FLAC | OggOpus | OggVorbis, tags: Tags) -> None:
    for key, value in (("title", tags.title), ("artist", tags.artist), ("album", tags.album)):
        if value:
            file[key] = [value]


def _flac_picture(cover: Picture) -> FlacPicture:
    picture = FlacPicture()
    picture.type, picture.mime, picture.desc = _FRONT_COVER, cover.mime, "Cover"
    picture.width, picture.height, picture.depth = cover.width, cover.height, 24
    picture.data = cover.data
    return picture
