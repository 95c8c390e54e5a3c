"""Backups as they are shown, and whether all is well with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from soundwave_core import HealthCheck, Metric, from_stamp, pending_restore

from .backup_desk import Desk
from .backup_shapes import BackupMedia, BackupView, RestoreView

if TYPE_CHECKING:
    from soundwave_core import Backup, SoundWave

    from .backup_desk import Wish

OLDEST_DAYS = {"daily": 3, "weekly": 16}  # a missed one is no alarm yet


def views(core: SoundWave) -> list[BackupView]:
    """What is being made, what could not be, and every backup; the newest first."""
    desk, there = core.part(Desk), {backup.id: view(core, backup) for backup in core.backups.list()}
    for wish in (*desk.open(), *desk.failed):
        if wish.id not in there and wish.kind in ("make", "take in"):
            there[wish.id] = wished(core, wish)
    return sorted(there.values(), key=lambda one: one.id, reverse=True)


def view(core: SoundWave, backup: Backup) -> BackupView:
    """A backup that is there; ``running`` while it is made, tested or read in."""
    is_running = any(wish.id == backup.id and wish.kind != "restore" for wish in core.part(Desk).open())
    manifest = backup.manifest
    media = manifest and manifest.media
    return BackupView(
        id=backup.id, made_at=backup.made_at, why=backup.why, state="running" if is_running else backup.state,
        sentence="It is being tried out." if is_running else backup.sentence, size_bytes=backup.size_bytes,
        media=BackupMedia(
            kind=media.kind, count=media.count, size_bytes=media.size_bytes, missing=media.missing,
            sentence=media.sentence,
        ) if media else None,
        app_version=manifest.app_version if manifest else None,
        verified_at=manifest.verification.at if manifest and manifest.verification else None,
    )  # fmt: skip


def wished(core: SoundWave, wish: Wish) -> BackupView:
    """One that is not there, or not yet."""
    why = core.part(Desk).failed.get(wish)
    return BackupView(
        id=wish.id, made_at=core.backups.moment_of(wish.id), why="uploaded" if wish.path else "manual",
        state="failed" if why else "running", sentence=why or "It is being made.", size_bytes=0, media=None,
        app_version=None, verified_at=None,
    )  # fmt: skip


def restore_view(core: SoundWave) -> RestoreView:
    """How the last wish to restore goes."""
    desk = core.part(Desk)
    for wish in desk.open():
        if wish.kind == "restore":
            return RestoreView(state="preparing", backup=wish.id, sentence="The backup is being prepared.")
    if pending_restore(core.config.data_dir) is not None:
        return RestoreView(state="restarting", backup=desk.restarting, sentence="The next start brings it.")
    for wish, sentence in desk.failed.items():
        if wish.kind == "restore":
            return RestoreView(state="failed", backup=wish.id, sentence=sentence)
    return RestoreView(state="none", backup=None, sentence="")


def check_backups(core: SoundWave) -> list[HealthCheck]:
    """None is damaged, and one that was tried out is as new as the schedule promises."""
    backups = core.backups.list()
    damaged = [backup.id for backup in backups if backup.state == "damaged"]
    if damaged:
        return [HealthCheck("backups", False, f"damaged: {', '.join(damaged)}")]
    newest = _newest(backups)
    schedule = core.config["system.backup_schedule"]
    if newest is None:
        return [HealthCheck("backups", not backups or schedule == "off", f"{len(backups)}, none made here is verified")]
    days = _age_seconds(core, newest) / 86400
    is_new = days <= OLDEST_DAYS.get(schedule, days)
    return [HealthCheck("backups", is_new, f"{len(backups)}, the newest verified one is {days:.1f} days old")]


def backup_metrics(core: SoundWave) -> Iterator[Metric]:
    """How many there are, and how old the newest good one is."""
    backups = core.backups.list()
    states = [backup.state for backup in backups]
    counts: dict[tuple[str, ...], float] = {(s,): states.count(s) for s in ("verified", "unverified", "damaged")}
    yield Metric("backups", "gauge", "Backups by what is known of them.", counts, ["state"])
    newest = _newest(backups)
    if newest is not None:
        age = _age_seconds(core, newest)
        yield Metric("backup_age_seconds", "gauge", "The age of the newest verified backup.", age)


def _newest(backups: list[Backup]) -> Backup | None:
    """The verified one with the newest data; an uploaded one is another day's, or another server's."""
    good = (backup for backup in backups if backup.state == "verified" and backup.why != "uploaded")
    return max(good, key=lambda backup: backup.made_at, default=None)


def _age_seconds(core: SoundWave, backup: Backup) -> float:
    return (core.clock.now() - from_stamp(backup.made_at)).total_seconds()
