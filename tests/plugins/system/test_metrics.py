"""What Prometheus reads: every room's numbers, in its formats, for an admin's token that can do nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from core.toys import toy
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from soundwave_core import Job, Metric, SoundWave, __version__
from soundwave_core.records import MOST_VALUES
from soundwave_core.testing import Cast, Client, ClientAnswer, Listening, MakeCore, VirtualClock, make_cast
from tests.plugins.downloads.stub import SITE, StubWorker, ask, drain, failure

METRICS = "/metrics"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
ROOM = {"SOUNDWAVE_SYSTEM_SMALLEST_FREE_BYTES": "0"}
Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scrape(client: Client, **headers: str) -> ClientAnswer:
    answer = client.get(METRICS, **headers)
    assert answer.status == 200, answer.body
    return answer


def numbers(client: Client) -> Numbers:
    families = list(read_text(scrape(client).body.decode()))
    assert len({family.name for family in families}) == len(families)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def number(client: Client, name: str, **labels: str) -> float:
    return numbers(client)[name, frozenset(labels.items())]


def counting(answer: Callable[[], Any]) -> dict[str, ModuleType]:
    return {"toy": toy(metrics=answer)}


@pytest.fixture
def core(make_core: MakeCore) -> SoundWave:
    return make_core(**ROOM)


def test_an_admins_token_that_only_reads_is_enough(core: SoundWave, cast: Cast) -> None:
    def token(client: Client, *scopes: str) -> str:
        return str(client.post("/api/user/tokens/", {"name": "x", "scopes": list(scopes)}).json.token)

    tokens = {"reads": token(cast.alice, "read"), "plays": token(cast.alice, "play"), "bob": token(cast.bob, "read")}
    answers = {name: Client(core).get(METRICS, Authorization=f"Bearer {value}") for name, value in tokens.items()}
    assert {name: answer.status for name, answer in answers.items()} == {"reads": 200, "plays": 403, "bob": 403}
    assert (cast.nobody.get(METRICS).status, cast.bob.get(METRICS).status) == (401, 403)
    reader = {"Authorization": f"Bearer {tokens['reads']}"}
    assert Client(core).get("/api/task/", **reader).json["code"] == "admin_only"
    assert Client(core).post("/api/playlist/", {"title": "Mix"}, **reader).json["code"] == "scope_missing"
    assert cast.alice.get("/metrics/").status == 404


def test_both_formats_can_be_read(cast: Cast) -> None:
    plain, open_ = scrape(cast.alice), scrape(cast.alice, Accept=OPENMETRICS)
    assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert open_.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert plain.headers["Cache-Control"] == "no-store"
    names = {family.name for family in read_text(plain.body.decode())}
    assert names == {family.name for family in read_openmetrics(open_.body.decode())}
    assert {
        "soundwave_info", "soundwave_healthy", "soundwave_requests", "soundwave_request_seconds", "soundwave_threads",
        "soundwave_database_bytes", "soundwave_database_wal_bytes", "soundwave_disk_free_bytes", "soundwave_job_runs",
        "soundwave_downloads_items", "soundwave_library_tracks", "soundwave_auth_users", "soundwave_auth_sessions",
        "process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds",
    } <= names  # fmt: skip


def test_the_numbers_are_right(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    cast.nobody.get("/nothing/")
    before = number(cast.alice, "soundwave_requests_total", method="GET", status="4xx")
    cast.nobody.get("/nothing/")
    clock.advance(60)
    playlist = cast.bob.post("/api/playlist/", {"title": "Mix"}).json.id
    assert number(cast.alice, "soundwave_requests_total", method="GET", status="4xx") == before + 1
    found = numbers(cast.alice)

    def of(name: str, **labels: str) -> float:
        return found[f"soundwave_{name}", frozenset(labels.items())]

    assert of("uptime_seconds") == 60
    assert of("healthy") == 1
    assert of("requests_in_progress") == 1
    assert of("info", version=__version__, python=__import__("platform").python_version()) == 1
    assert of("request_seconds_bucket", le="+Inf") == of("request_seconds_count") >= 10
    assert of("database_revision") == core.db.rev() > 0
    assert of("database_bytes") == core.db.path.stat().st_size
    assert of("plugins", status="enabled") == len(core.plugins.records)
    assert of("library_playlists") == 1
    assert of("library_tracks") == 0
    assert of("auth_users", state="active") == of("auth_sessions") == 3
    assert of("auth_users", state="disabled") == of("auth_tokens") == 0
    for folder in ("data", "media", "cache"):
        assert 0 < of("disk_free_bytes", folder=folder) < of("disk_bytes", folder=folder)
    cast.bob.delete(f"/api/playlist/{playlist}/")
    assert number(cast.alice, "soundwave_library_playlists") == 0


def test_jobs_are_counted_by_how_they_end(make_core: MakeCore, clock: VirtualClock) -> None:
    faults = [None, OSError("no"), None]

    def work(core: Any) -> None:
        if (fault := faults.pop(0)) is not None:
            raise fault

    jobs = [Job("toy.work", work, "Works.", every_seconds=60)]
    core = make_core(plugins={"toy": toy(register_jobs=lambda core: jobs)}, **ROOM)
    alice = make_cast(core).alice

    def after_a_run() -> dict[str, float]:
        clock.advance(60)
        core.jobs.run("toy.work")
        found = numbers(alice)
        names = ("job_last_success_timestamp_seconds", "job_failed", "job_running", "job_paused")
        told = {name: found[f"soundwave_{name}", frozenset({("job", "toy.work")})] for name in names}
        for state in ("done", "failed"):
            labels = frozenset({("job", "toy.work"), ("state", state)})
            told[state] = found.get(("soundwave_job_runs_total", labels), 0)
        return told

    first, second, third = after_a_run(), after_a_run(), after_a_run()
    started = clock.now().timestamp() - 120
    common = {"job_running": 0.0, "job_paused": 0.0}
    assert first == common | {
        "job_last_success_timestamp_seconds": started, "job_failed": 0, "done": 1, "failed": 0,
    }  # fmt: skip
    assert second == first | {"job_failed": 1, "failed": 1}
    assert third == second | {"job_last_success_timestamp_seconds": started + 120, "job_failed": 0, "done": 2}
    core.jobs.pause("toy.work")
    assert number(alice, "soundwave_job_paused", job="toy.work") == 1


def test_downloads_are_counted(core: SoundWave, cast: Cast, clock: VirtualClock) -> None:
    worker = StubWorker()
    ask(cast.bob, "song")
    clock.advance(30)
    assert number(cast.alice, "soundwave_downloads_waiting_seconds") == 30
    assert number(cast.alice, "soundwave_downloads_links") == 1
    drain(core, worker)
    found = numbers(cast.alice)
    assert found["soundwave_downloads_done_total", frozenset()] == 1
    assert found["soundwave_downloads_fetched_bytes_total", frozenset()] > 0
    assert found["soundwave_downloads_waiting_seconds", frozenset()] == 0
    assert found["soundwave_downloads_items", frozenset({("state", "done")})] == 1
    assert found["soundwave_library_tracks", frozenset()] == 1
    worker.faults[f"{SITE}/gone"] = failure("not_found", "never")
    ask(cast.carol, "gone")
    drain(core, worker)
    assert number(cast.alice, "soundwave_downloads_failed_total", code="not_found") == 1


def test_a_socket_has_connections(server: Listening) -> None:
    alice = make_cast(server.core).alice
    assert number(alice, "soundwave_connections") == number(alice, "soundwave_requests_waiting") == 0


def test_nobodys_name_is_in_it(cast: Cast) -> None:
    cast.bob.post("/api/playlist/", {"title": "Secret songs"})
    body = scrape(cast.alice).body
    for word in (b"alice", b"bob", b"carol", b"Secret", cast.bob.user_id.encode()):
        assert word not in body


def test_a_plugins_numbers_bear_its_name(make_core: MakeCore) -> None:
    metrics = [
        Metric("rhymes", "counter", "Rhymes \\ made\nso far.", 7),
        Metric("lines", "gauge", "Lines.", {('odd "one"\n',): 2, ("even",): 3.5}, labels=["kind"]),
    ]
    alice = make_cast(make_core(plugins=counting(lambda: metrics), **ROOM)).alice
    found = numbers(alice)
    assert found["soundwave_toy_rhymes_total", frozenset()] == 7
    assert found["soundwave_toy_lines", frozenset({("kind", 'odd "one"\n')})] == 2
    assert found["soundwave_toy_lines", frozenset({("kind", "even")})] == 3.5
    assert found["soundwave_metrics_failed", frozenset({("plugin", "toy")})] == 0


def fail() -> None:
    raise OSError("no lyrics here")


@pytest.mark.parametrize(
    "answer",
    [
        fail,
        lambda: ["no metric"],
        lambda: 7,
        lambda: [Metric("lines", "gauge", "Lines.", "many")],
        lambda: [Metric("lines", "gauge", "Lines.", 1), Metric("lines", "gauge", "Lines.", 2)],
    ],
)
def test_a_plugin_that_cannot_count_spoils_nothing(make_core: MakeCore, answer: Callable[[], Any]) -> None:
    found = numbers(make_cast(make_core(plugins=counting(answer), **ROOM)).alice)
    assert found["soundwave_metrics_failed", frozenset({("plugin", "toy")})] == 1
    assert found["soundwave_metrics_failed", frozenset({("plugin", "library")})] == 0
    assert found["soundwave_library_tracks", frozenset()] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Lines"}, {"name": "a-b"}, {"name": ""}, {"kind": "histogram"}, {"labels": ["kind"]},
        {"values": {("a",): 1}}, {"values": {("a", "b"): 1}, "labels": ["kind"]}, {"labels": ["Kind"], "values": {}},
        {"values": {(str(n),): n for n in range(MOST_VALUES + 1)}, "labels": ["track"]},
    ],
)  # fmt: skip
def test_a_metric_that_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="metric"):
        Metric(**{"name": "lines", "kind": "gauge", "description": "Lines.", "values": 1, **wrong})


def test_it_writes_nothing(core: SoundWave, cast: Cast) -> None:
    scrape(cast.alice)
    before = core.db.value("PRAGMA data_version"), core.db.path.with_name("db.sqlite3-wal").stat().st_size
    scrape(cast.alice)
    cast.nobody.get("/api/health/")
    after = core.db.value("PRAGMA data_version"), core.db.path.with_name("db.sqlite3-wal").stat().st_size
    assert before == after


def test_what_it_looks_like_is_in_the_description(cast: Cast) -> None:
    document = json.loads(cast.alice.get("/api/openapi.json").body)
    assert "get" in document["paths"]["/metrics"]
