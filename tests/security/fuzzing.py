"""Schemathesis at a served core: who asks, with whose ids, which checks, and what came of it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import pyotp
import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.hooks import unregister_all

from soundwave_auth import Users, avatars
from soundwave_auth.store import Avatars
from soundwave_core import transaction
from soundwave_core.testing import PASSWORD
from soundwave_library.store import Lyrics

from .household import PART, PICTURE, SITE, Household, Made, make_picture
from .throwaway import Person, Throwaways

SEED = 20260105
COOKIE = "soundwave_session"
LONGEST_SENTENCE = 300
DOWNLOAD_STATES = ("queued", "failed", "paused")
CODE = re.compile(r"[a-z][a-z0-9_]*")
# A request as the document wants it may still be refused with 422: no schema can say these. By code, with the reason.
NOT_IN_SCHEMAS = {
    "cursor_invalid": "a cursor comes from the list itself",
    "idempotency_key_reused": "it depends on what was sent before",
    "lyrics_empty": "one of three, in whichever field",
    "item_unknown": "it depends on what is there",
    "heir_invalid": "an heir must be there, and be another",
    "not_a_link": "what may be a host is more than a pattern",
    "password_too_long": "a schema counts characters, not bytes",
    "url_or_playlist": "one of the two, and not both: said with oneOf, no client's types could be read",
    "password_too_common": "it depends on the name, and on four million others",
    "username_invalid": "which letters can be told apart is more than a pattern",
}


@schemathesis.serializer(*avatars.TYPES)
def a_picture(context: Any, value: Any) -> bytes:
    """What is sent as a picture is one: bytes have no schema."""
    return PICTURE


@schemathesis.serializer("application/octet-stream")
def a_part(context: Any, value: Any) -> bytes:
    """A part of a file is not empty."""
    return PART


@schemathesis.check
def errors_are_problems(ctx: Any, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """Every refusal is problem+json with a code and one sentence, and says what the client should do next."""
    kind = (response.headers.get("content-type") or [""])[0].partition(";")[0]
    if case.path.startswith("/api/") and case.path != "/api/docs/":  # a page, whatever its address
        assert kind != "text/html", "an answer of the API is HTML"
    if response.status_code < 400:
        return
    assert kind == "application/problem+json", f"an error is {kind or 'nothing'}"
    problem = msgspec.json.decode(response.content)
    assert problem["status"] == response.status_code, "the problem has another status"
    assert CODE.fullmatch(problem["code"]), f"{problem['code']!r} is no code"
    sentence = problem["detail"]
    is_whole = sentence.endswith(".") or len(sentence) == LONGEST_SENTENCE
    assert is_whole and sentence.isprintable() and len(sentence) <= LONGEST_SENTENCE, f"{sentence!r} is no sentence"
    wanted = {401: "www-authenticate", 405: "allow", 429: "retry-after"}.get(response.status_code)
    assert wanted is None or response.headers.get(wanted), f"{response.status_code} without {wanted}"


@dataclass
class Findings:
    """What an attack did: cases by operation and by status, and what it found."""

    wanted: set[str]
    cases: Counter[str] = field(default_factory=Counter)
    carried_out: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.cases.total()

    def take(self, event: events.EngineEvent) -> None:
        if isinstance(event, events.NonFatalError):
            self.faults.setdefault((event.label, "error"), repr(event.value))
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished):
            self._take_scenario(event)

    def _take_scenario(self, event: events.ScenarioFinished) -> None:
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            case = recorder.cases[case_id].value
            if interaction.response is not None:
                self.cases[case.operation.label] += 1
                self.statuses[interaction.response.status_code] += 1
                is_itself = case.method.upper() == case.operation.method.upper()  # other methods are tried too
                self.carried_out[case.operation.label] += is_itself and interaction.response.status_code < 300
        for case_id, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    failure, sent = check.failure_info.failure, recorder.interactions.get(case_id)
                    label = recorder.cases[case_id].value.operation.label
                    self.faults.setdefault((label, failure.title), _told(failure, sent))

    def __str__(self) -> str:
        statuses = ", ".join(f"{status} x {count}" for status, count in sorted(self.statuses.items()))
        return f"{self.total} cases, {len(self.cases)}/{len(self.wanted)} operations; {statuses}"


def _told(failure: Failure, sent: Any) -> str:
    """A failure with the request that shows it."""
    if sent is None:
        return str(failure)
    request, response = sent.request, sent.response
    answer = f"{response.status_code} {response.content[:300]!r}" if response is not None else "no answer"
    return f"{failure}\n  {request.method} {request.uri} {request.body!r}\n  -> {answer}"


class Attack:
    """One identity's go at every operation."""

    def __init__(self, house: Household, url: str, *, is_admin: bool, is_curious: bool) -> None:
        self.house, self.url, self.is_admin, self.is_curious = house, url, is_admin, is_curious
        self.people = Throwaways(house)
        self.calls = 0
        self.good = Counter[tuple[str, str]]()  # cases as the document wants them, by operation

    @property
    def attacker(self) -> Person:
        return self.people.get("attacker", is_admin=self.is_admin)

    def run(self, document: dict[str, Any], examples: int) -> Findings:
        """All phases on every operation of the document."""
        schema = schemathesis.openapi.from_dict(document, config=self._config(examples))
        self._arm(schema)
        findings = Findings(
            {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
        )
        with self._hooked():
            for event in from_schema(schema).execute():
                findings.take(event)
        return findings

    def _config(self, examples: int) -> schemathesis.Config:
        learning = {"responses": self.is_curious}
        return schemathesis.Config.from_dict(
            {
                "seed": SEED,
                "base-url": self.url,
                "cache": {"enabled": False},
                "continue-on-failure": True,
                "suppress-health-check": ["all"],
                "generation": {"max-examples": examples, "database": "none", "no-shrink": True},
                # What it learns from answers and sources differs from run to run, for ids do.
                "analysis": {"constants": {"enabled": self.is_curious}},
                "phases": {
                    "examples": {"extra-data-sources": learning},
                    "coverage": {"extra-data-sources": learning},
                    "fuzzing": {"extra-data-sources": learning, "error-feedback": {"enabled": self.is_curious}},
                    "stateful": {"enabled": False},  # the document has no links
                },
            }
        )

    def _arm(self, schema: schemathesis.BaseSchema) -> None:
        attack = self

        @schema.auth(refresh_interval=None)
        class Cookie:
            """The attacker's session, where the case is to have one."""

            def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
                return attack.attacker.client.cookies[COOKIE]

            def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
                case.cookies = {**(case.cookies or {}), COOKIE: data}

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        """What is done around a request is hooked into all schemas or none."""
        for name in ("before_call", "after_call", "filter_failure"):
            schemathesis.hook(name)(partial(getattr(self, name)))  # it writes on what it is given: no method
        try:
            yield
        finally:
            unregister_all()

    # Around each request

    def before_call(self, context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
        if case.path.startswith("/api/user/"):
            self.house.clock.advance(100)  # longer than anyone is made to wait after a wrong password
        attacker = self.attacker
        if (case.cookies or {}).get(COOKIE) in self.people.cookies:  # made before that session ended, perhaps
            case.cookies = {**case.cookies, COOKIE: attacker.client.cookies[COOKIE]}
            case.headers.setdefault("Origin", self.url)
            case.headers.setdefault("SoundWave-CSRF", attacker.client.csrf_token)
        self.people.refresh_alice()
        self._fill(case, attacker)

    def after_call(
        self, context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
    ) -> None:
        core = self.house.core
        if case.path.startswith("/api/user/"):  # whatever the method was: a code may have been made for its body
            self.people.look_after()
        if case.path.startswith("/api/task/"):
            core.jobs.run_due()
        if case.path.startswith("/api/appsettings/") and case.method == "PATCH" and response.status_code == 200:
            stored = [info.name for info in core.config.describe() if info.source == "stored"]
            core.config.store(dict.fromkeys(stored), self.house.alice.user_id, core.clock)

    def filter_failure(
        self,
        context: schemathesis.HookContext,
        failure: Failure,
        case: schemathesis.Case,
        response: schemathesis.Response,
    ) -> bool:
        if "positive_data_acceptance" not in failure.checks or response.status_code != 422:
            return True
        return msgspec.json.decode(response.content)["code"] not in NOT_IN_SCHEMAS

    # Ids and secrets that are there

    def _fill(self, case: schemathesis.Case, attacker: Person) -> None:
        """Put real ids in the place of generated ones, three times in four: own ones, and other people's.

        Every second good case has nothing but one's own: chance alone would leave out an operation in some runs.
        """
        self.calls += 1
        words = repr((self.calls, case.method, case.path, case.path_parameters, case.query, case.body))
        dice = hashlib.sha256(words.encode("utf-8", "backslashreplace")).digest()
        if case.meta is None or case.meta.generation.mode.is_positive:
            self.good[case.method, case.path] += 1
            dice = b"\1" * 4 if self.good[case.method, case.path] % 2 else dice
        owner = attacker if dice[0] % 2 else self.people.get("neighbour")
        made: Made = {}
        meets_alice = self.house.alice.user_id in (case.path_parameters or {}).values()  # learnt from a list
        if meets_alice or (dice[1] % 4 and not _is_negative(case, ParameterLocation.PATH)):
            for name in re.findall(r"{(\w+)}", case.path):  # in this order: an item is made in its playlist
                made[name] = self.house.make(name, owner.client, made)
            self._enliven(made)
            case.path_parameters = {**(case.path_parameters or {}), **made}
        if dice[2] % 4 and not _is_negative(case, ParameterLocation.QUERY) and case.query:
            case.query = {**case.query, **self._real(case, case.query, owner, made)}
        if "track" in made and case.path.endswith("/lyrics/"):
            with transaction(self.house.core.db) as tx:
                Lyrics(tx).set(made["track"], self.house.clock.stamp(), plain="words", is_instrumental=0, source="x")
        if case.path.endswith("/avatar/"):
            self._show([attacker.client.user_id, *made.values()])
        if not _is_negative(case, ParameterLocation.BODY) and isinstance(case.body, dict):
            case.body = {**_as_written(case.body), **(self._real(case, case.body, owner, made) if dice[3] % 4 else {})}

    def _enliven(self, made: Made) -> None:
        """Downloads are in every state in turn, channels have a picture, and one of the app's files is meant."""
        if "download" in made:
            state = DOWNLOAD_STATES[self.calls % len(DOWNLOAD_STATES)]
            with transaction(self.house.core.db) as tx:
                tx.execute("UPDATE downloads SET state = :state WHERE uid = :uid", state=state, uid=made["download"])
        if "channel" in made:
            picture = make_picture(self.house)
            with transaction(self.house.core.db) as tx:
                tx.execute("UPDATE channels SET artwork_id = :id WHERE uid = :uid", id=picture, uid=made["channel"])
        if "file" in made and self.house.core.web.files:
            made["file"] = sorted(self.house.core.web.files)[0]

    def _show(self, user_ids: list[str]) -> None:
        """These people have a picture."""
        core = self.house.core
        with transaction(core.db):
            for user_id in user_ids:
                if Users(core).find(user_id) is not None:
                    Avatars(core).put(user_id, avatars.read(PICTURE))

    def _code(self, method: str) -> str:
        """A good code of the attacker's: of the second factor that is to be proved, or of the one that is on."""
        client = self.attacker.client
        if method == "PUT":
            return pyotp.TOTP(self.house.begin_second_factor(client)).at(self.house.clock.now())
        return self.house.turn_on_second_factor(client)[0]

    def _real(self, case: schemathesis.Case, given: Mapping[str, Any], owner: Person, made: Made) -> dict[str, Any]:
        """What is known under these names."""
        real: dict[str, Any] = {}
        for name in given:
            kind = {"after": "item", "to": "user"}.get(name, name)
            if kind in ("track", "playlist", "channel", "user", "item"):
                place = made if "playlist" in made else {"playlist": self.house.make("playlist", owner.client)}
                real[name] = self.house.make(kind, owner.client, place)
            elif name == "tracks" and isinstance(given[name], list):
                real[name] = [self.house.make("track", owner.client) for _ in given[name][:3]]
            elif name in ("password", "old_password"):
                real[name] = PASSWORD
            elif name == "username":
                is_known = case.path.endswith("/login/")
                real[name] = owner.name if is_known else f"newcomer {self.house.number()}"
            elif name == "invite_code":
                real[name] = self.house.alice.post("/api/user/admin/invites/", {}).json.code
            elif name == "code":
                real[name] = self._code(case.method)
            elif name == "backup":
                real[name] = self.house.make(name, owner.client)
            elif name == "url":
                real[name] = f"{SITE}{self.house.number()}"
        return real


def _as_written(body: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema counts 5.0 as an integer. Nobody writes one so, and we take it for a float."""
    return {n: int(v) if isinstance(v, float) and v.is_integer() else v for n, v in body.items()}


def _is_negative(case: schemathesis.Case, location: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(location)
