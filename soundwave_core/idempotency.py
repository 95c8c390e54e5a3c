"""Writes that may be sent twice: ``Idempotency-Key`` (IETF draft-ietf-httpapi-idempotency-key-header-07).

The key is written in the same transaction as the change, the answer right after. A resend gets the stored
answer; the same key with another body is refused; a key still at work is refused for now. A refusal is kept
only where something had been changed before it: otherwise trying again is harmless.

A body may hold a password, and a hash of it is quickly undone. So what tells bodies apart is keyed by the key
itself, of which only a hash is stored.

Addresses in an answer begin with the prefix that its request came under. A resend may come under another one, so
they are kept without it, behind a sign that JSON never holds.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bottle
import msgspec

from . import answers
from .database import transaction
from .errors import BadRequest, Conflict, Invalid, SoundWaveError

if TYPE_CHECKING:
    from .app import SoundWave
    from .http import Request

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
KEPT_DAYS = 7
LONGEST_ANSWER = 32 * 1024
MOST_OF_A_USER = 1000  # so that nobody fills the disk with answers to small requests
_PREFIX_SIGN = "\0"
_ADDRESS = rb'("(?:\w+_url|next|previous)":")'
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class StoredAnswer(msgspec.Struct, frozen=True):
    """An answer as it is kept beside its key."""

    headers: list[tuple[str, str]]
    body: bytes

    def put_away(self, prefix: str) -> StoredAnswer:
        """Without this prefix before its addresses."""
        return self._with(f"{prefix}/", f"{_PREFIX_SIGN}/")

    def taken_out(self, prefix: str) -> StoredAnswer:
        """With this prefix before them."""
        return self._with(f"{_PREFIX_SIGN}/", f"{prefix}/")

    def _with(self, before: str, after: str) -> StoredAnswer:
        headers = [
            (name, value.replace(before, after, 1) if name == "Location" and value.startswith(before) else value)
            for name, value in self.headers
        ]
        addresses = re.compile(_ADDRESS + re.escape(before.encode()))
        return StoredAnswer(headers, addresses.sub(lambda found: found[1] + after.encode(), self.body))


class Running:
    """The keys at work now, by user."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self, user_id: str, key: str) -> Iterator[None]:
        """Hold the key, or Conflict where another request does."""
        with self._lock:
            if (user_id, key) in self._keys:
                raise Conflict("A request with this key is still at work.", code="idempotency_key_busy")
            self._keys.add((user_id, key))
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard((user_id, key))


class Operation:
    """One write with a key: the key goes into its first transaction, the answer follows."""

    def __init__(self, request: Request, user_id: str, key: str, fingerprint: str) -> None:
        self._core = core = request.core
        self._prefix = request.prefix
        self._row = {"u": user_id, "k": key, "h": fingerprint, "at": core.clock.stamp()}
        self._is_kept = False

    def run(self, call: Callable[[], bottle.HTTPResponse]) -> bottle.HTTPResponse:
        """Do the write and keep its answer, a refusal too, but no fault of the server and no secret."""
        try:
            with self._core.db.before_commit(self._keep_key):
                response = call()
        except SoundWaveError as refusal:
            if refusal.status < 500:
                self._keep_answer(answers.problem(refusal))
            raise
        if not _is_secret(response):
            self._keep_answer(response)
        return response

    def _keep_key(self) -> None:
        self._core.db.execute(
            "INSERT OR IGNORE INTO operations (user_id, key, request_hash, created_at) VALUES (:u, :k, :h, :at)",
            **self._row,
        )
        self._core.db.execute(
            """DELETE FROM operations WHERE rowid IN
                (SELECT rowid FROM operations WHERE user_id = :u AND kind = 'request'
                ORDER BY rowid DESC LIMIT -1 OFFSET :most)""",
            u=self._row["u"],
            most=MOST_OF_A_USER,
        )
        self._is_kept = True

    def _keep_answer(self, response: bottle.HTTPResponse) -> None:
        if isinstance(response.body, bytes) and len(response.body) <= LONGEST_ANSWER:
            answer = StoredAnswer(list(response.headerlist), response.body).put_away(self._prefix)
            kept = msgspec.json.encode(answer)
            self._change("status = :status, answer = :answer", status=response.status_code, answer=kept)

    def _change(self, values: str, **params: Any) -> None:
        """The change itself is stored by now: its answer goes out even if this fails."""
        if not self._is_kept:
            return
        where = {"u": self._row["u"], "k": self._row["k"]}
        try:
            with transaction(self._core.db) as tx:
                tx.execute(f"UPDATE operations SET {values} WHERE user_id = :u AND key = :k", **params, **where)
        except SoundWaveError as error:
            log.warning("the answer to a write with a key is not kept: %s", error.sentence)


def once(core: SoundWave, request: Request, run: Callable[[], bottle.HTTPResponse]) -> bottle.HTTPResponse:
    """Run a write; with a key, only the first time."""
    key = request.headers.get(HEADER)
    if key is None or request.actor is None:
        return run()
    if not _KEY.fullmatch(key):
        raise BadRequest(f"{HEADER} is 1 to 200 printable characters.", code="idempotency_key_invalid")
    user_id, fingerprint = request.actor.id, _fingerprint(request, key)
    name = hashlib.sha256(key.encode()).hexdigest()
    with core.running_keys.claim(user_id, name):
        stored = core.db.row("SELECT * FROM operations WHERE user_id = :u AND key = :k", u=user_id, k=name)
        if stored is not None:
            return _again(stored, fingerprint, request.prefix)
        return Operation(request, user_id, name, fingerprint).run(run)


def _fingerprint(request: Request, key: str) -> str:
    line = f"{request.method} {request.path}?{request.environ.get('QUERY_STRING', '')}\n".encode()
    return hmac.new(key.encode(), line + request.raw_body, hashlib.sha256).hexdigest()


def _is_secret(response: bottle.HTTPResponse) -> bool:
    """Answers with a cookie or a fresh token are shown once, and stored nowhere."""
    cached = response.get_header("Cache-Control", "")
    return "no-store" in cached or response.get_header("Set-Cookie") is not None


def _again(stored: dict[str, Any], fingerprint: str, prefix: str) -> bottle.HTTPResponse:
    if stored["request_hash"] != fingerprint:
        raise Invalid("This key was used for another request.", code="idempotency_key_reused")
    if stored["answer"] is None:
        raise Conflict("This request was carried out; its answer was not kept.", code="already_applied")
    kept = msgspec.json.decode(stored["answer"], type=StoredAnswer).taken_out(prefix)
    response = bottle.HTTPResponse(kept.body, stored["status"])
    for name, value in kept.headers:
        response.add_header(name, value)
    return response


def sweep(core: SoundWave) -> None:
    """Forget keys that nobody will send again."""
    with transaction(core.db) as tx:
        tx.execute(
            "DELETE FROM operations WHERE kind = 'request' AND created_at < :before",
            before=core.clock.stamp_before(days=KEPT_DAYS),
        )
