"""What is done about backups: one job does it all, one thing after another, so that nothing meets in the folder."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundwave_core import (
    Conflict,
    RestoreNote,
    SoundWaveError,
    Verification,
    find_fault,
    from_stamp,
    sweep_trials,
    take_in_backup,
    to_stamp,
    write_restore_note,
)

from . import backup_child as child
from .backup_desk import Desk, Kind, Wish
from .backup_downloads import Downloads
from .backup_look import write_the_media
from .backup_uploads import Uploads

if TYPE_CHECKING:
    from soundwave_core import Actor, Backup, SoundWave

log = logging.getLogger(__name__)

JOB = "system.back-up"
NEWEST_READ_AGAIN = timedelta(days=1)
OTHERS_READ_AGAIN = timedelta(days=7)
TRIED_AGAIN = timedelta(hours=6)  # what could not be tried: the disk was full, say
MOST_AT_ONCE = 2  # for one due moment: another where the first is damaged, and then it waits for the next one
SUNDAY = 6


def work(core: SoundWave) -> None:
    """What was wished for, what is due, what was not tried out or read for long; then what is not needed goes.

    The last failure is raised at the end: the run shows it, and nothing else was left undone for it.
    """
    core.backups.sweep()
    failures, before = [], {backup.id for backup in core.backups.list()}
    for step in (_fulfil_wishes, _read_again, _back_up_if_due, _test_the_untested, _fulfil_wishes):
        if core.part(Desk).restarting or core.jobs.stopping.is_set():
            break  # what else there is to do, the next start does
        if (failure := _attempt(step, core)) is not None:
            failures.append(failure)
    core.backups.rotate([backup.id for backup in core.backups.list() if backup.id not in before])
    core.part(Uploads).sweep()
    core.part(Downloads).sweep()
    sweep_trials(core)
    if failures:
        raise failures[-1]


def wish(core: SoundWave, kind: Kind, id: str, **more: Any) -> None:
    """Have the job do something soon. Conflict ``backup_running`` where that one is being worked on."""
    core.part(Desk).put(Wish(kind, id, **more))
    try:
        core.jobs.run_soon(JOB)
    except Conflict:  # it runs already, and looks at the desk once more before it ends, or after
        core.jobs.nudge(JOB)


def look_after_start(core: SoundWave) -> None:
    """A backup that this start has made, before a migration say, is tried out soon, not at the next hour."""
    if any(_is_to_be_tried(core, backup) for backup in core.backups.list()):
        core.jobs.nudge(JOB)


def back_up(core: SoundWave, why: Any, id: str | None = None) -> Backup:
    """Make a backup now, not tried out. Raises OSError and SoundWaveError; then nothing is left of it."""
    backup = core.backups.make(core.db, why, id=id, media=_media_of(core))
    log.info("the backup %s has %.1f MB", backup.id, backup.size_bytes / 1e6)
    return backup


def test(core: SoundWave, id: str) -> Backup:
    """Try a backup out in a process of its own, and keep what came of it. SoundWaveError where that could not be."""
    found = child.run(core, Verification, "verify-backup", "--json", str(core.backups.get(id).path))
    at = core.clock.stamp()
    backup = core.backups.note(id, verification=Verification(at=at, verdict=found.verdict, sentence=found.sentence))
    level = {"verified": logging.INFO, "unverified": logging.WARNING}.get(backup.state, logging.ERROR)
    log.log(level, "the backup %s is %s: %s", id, backup.state, backup.sentence)
    return backup


def latest_due(schedule: str, hour: int, now: datetime) -> datetime | None:
    """The last moment, up to ``now``, at which a backup was due; in the time zone of ``now``."""
    if schedule == "off":
        return None
    moment = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    moment -= timedelta(days=1) if moment > now else timedelta()
    if schedule == "weekly":
        moment -= timedelta(days=(moment.weekday() - SUNDAY) % 7)
    return moment


def _fulfil_wishes(core: SoundWave) -> None:
    failures = [failure for wish in core.part(Desk).take_all() if (failure := _fulfil(core, wish))]
    if failures:
        raise failures[-1]


def _fulfil(core: SoundWave, wish: Wish) -> Exception | None:
    try:
        if wish.kind == "make":
            back_up(core, "manual", wish.id)
            test(core, wish.id)
        elif wish.kind == "test":
            test(core, wish.id)
        elif wish.kind == "take in" and wish.path is not None:
            _take_in(core, wish.id, wish.path)
        elif wish.kind == "restore" and wish.actor is not None:
            _restore(core, wish.id, wish.actor)
    except (OSError, SoundWaveError) as error:
        core.part(Desk).fail(wish, _sentence(error))
        return error
    core.part(Desk).clear(wish)
    return None


def _attempt(step: Any, core: SoundWave) -> Exception | None:
    try:
        step(core)
    except (OSError, SoundWaveError) as error:
        if core.jobs.stopping.is_set():  # no fault of anything
            log.warning("%s", _sentence(error))
            return None
        log.error("%s", _sentence(error))
        return error
    return None


def _take_in(core: SoundWave, id: str, path: Path) -> None:
    try:
        take_in_backup(core.backups, path, id)
    finally:
        path.unlink(missing_ok=True)
    backup = test(core, id)
    if backup.state == "damaged":
        sentence = backup.sentence
        core.backups.remove(id)
        raise SoundWaveError(f"The file was not kept. {sentence}", code="backup_damaged")


def _restore(core: SoundWave, id: str, actor: Actor) -> None:
    try:
        back_up(core, "before-restore")
    except SoundWaveError as error:  # of a damaged database, say: the file itself is kept anyway
        log.warning("no backup was made before the restore: %s", error.sentence)
    words = ("--actor-id", actor.id, "--actor-name", actor.name)
    note = child.run(core, RestoreNote, "prepare-restore", *words, str(core.backups.get(id).path))
    write_restore_note(core.config.data_dir, note)
    log.warning("%s restores the backup %s of %s: starting again", actor.name, id, note.made_at)
    core.part(Desk).restarting = id
    if core.server is not None:
        core.server.restart()


def _back_up_if_due(core: SoundWave) -> None:
    now = core.clock.now().astimezone()
    due = latest_due(core.config["system.backup_schedule"], core.config["system.backup_hour"], now)
    if due is None:
        return
    scheduled = (backup for backup in core.backups.list() if backup.why == "scheduled")
    states = [one.state for one in scheduled if to_stamp(due) <= one.saved_at <= core.clock.stamp()]
    if len(states) < MOST_AT_ONCE and all(state == "damaged" for state in states):
        back_up(core, "scheduled")


def _test_the_untested(core: SoundWave) -> None:
    for backup in core.backups.list():
        if _is_to_be_tried(core, backup):
            test(core, backup.id)


def _is_to_be_tried(core: SoundWave, backup: Backup) -> bool:
    if backup.state != "unverified":
        return False
    tried = backup.manifest and backup.manifest.verification
    return not tried or tried.at <= to_stamp(core.clock.now() - TRIED_AGAIN) or tried.at > core.clock.stamp()


def _read_again(core: SoundWave) -> None:
    """Every byte of the newest verified one once a day, and of another once a week; only one in a run."""
    verified = [backup for backup in core.backups.list() if backup.state == "verified"]
    for number, backup in enumerate(verified):
        checked_at = backup.manifest and backup.manifest.checked_at
        age = core.clock.now() - from_stamp(checked_at or backup.saved_at)
        if age >= (OTHERS_READ_AGAIN if number else NEWEST_READ_AGAIN):
            fault = find_fault(backup)
            found = Verification(at=core.clock.stamp(), verdict="damaged", sentence=fault) if fault else None
            core.backups.note(backup.id, verification=found)
            if fault:
                raise SoundWaveError(f"The backup {backup.id} is damaged: {fault}", code="backup_damaged")
            return


def _media_of(core: SoundWave) -> Any:
    return (lambda part: write_the_media(core, part)) if core.config["system.backup_media"] != "none" else None


def _sentence(error: Exception) -> str:
    if isinstance(error, SoundWaveError):
        return error.sentence
    return f"It could not be written ({getattr(error, 'strerror', None) or error})."
