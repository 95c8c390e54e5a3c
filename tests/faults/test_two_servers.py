"""Two servers on one directory: the second is told who was first, and what a dead one left behind stops nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from faults.furnished import Furnished
from faults.serving import Home, refusal, serving

Tell = Callable[[str], None]


def test_the_second_names_the_first_and_does_no_harm(furnished: Furnished, tell: Tell) -> None:
    with serving(furnished.home) as first:
        second = refusal(furnished.home)
        assert second.exit_code == 1
        assert f"{furnished.home.data} is in use by another SoundWave (process {first.process.pid})" in second.sentence
        alice = first.browser(furnished.members["alice"])
        assert alice.send("POST", "/api/playlist/", {"title": "still mine"}).status == 201
        assert (furnished.home.data / "control.json").exists(), "the second one took the first one's control file"
    tell(f"two servers: the second ends after {second.seconds:.2f} s, naming the first")


def test_after_kill_9_the_next_one_starts(furnished: Furnished) -> None:
    """The system gave the lock back, whatever the file says."""
    with serving(furnished.home) as first:
        first.kill()
    assert (furnished.home.data / "lock").read_text() == str(first.process.pid)
    with serving(furnished.home) as second:
        assert second.stop() == 0


def test_a_lock_that_was_copied_is_nobodys(furnished: Furnished, tmp_path: Path) -> None:
    """A copy of the folders, made while a server runs on them, with its lock and its process number."""
    with serving(furnished.home) as first:
        copy = furnished.moved_to(tmp_path / "copy")
        assert (copy.home.data / "lock").read_text() == str(first.process.pid)
        assert (copy.home.data / "control.json").exists()
        with serving(copy.home) as second:
            bob = second.browser(copy.members["bob"])
            assert bob.get("/api/user/account/")["user"]["username"] == "bob"
            assert second.stop() == 0
        assert first.stop() == 0


def test_two_data_directories_do_not_share_their_media(furnished: Furnished, tmp_path: Path) -> None:
    """Each would take the other's files for left-overs."""
    furnished.moved_to(tmp_path / "other")
    shared = Home.within(tmp_path / "other", media=furnished.home.media)
    with serving(furnished.home) as first:
        second = refusal(shared)
        assert second.exit_code == 1
        assert f"{shared.media} is in use by another SoundWave (process {first.process.pid})" in second.sentence
        first.kill()
        with serving(shared) as third:
            assert third.stop() == 0
