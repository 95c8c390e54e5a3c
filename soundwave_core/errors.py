"""The family of errors: each has a status, a stable code and one clear sentence.

They become RFC 9457 problem+json in ``http.py`` and a line on the shell in ``cli.py``.
"""

from __future__ import annotations

from collections.abc import Sequence


class SoundWaveError(Exception):
    """The family. ``headers`` go out with the answer (Retry-After, WWW-Authenticate)."""

    status = 500
    code = "internal_error"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        status: int | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.headers = tuple(headers)


class BadRequest(SoundWaveError):
    """The request cannot be read."""

    status, code = 400, "bad_request"


class Unauthorized(SoundWaveError):
    """Nobody is signed in, or the credential is no good."""

    status, code = 401, "unauthorized"

    def __init__(self, sentence: str = "Sign in first.", *, code: str | None = None) -> None:
        super().__init__(sentence, code=code, headers=[("WWW-Authenticate", 'Bearer realm="SoundWave"')])


class Forbidden(SoundWaveError):
    """Signed in, but not allowed."""

    status, code = 403, "forbidden"


class NotFound(SoundWaveError):
    """Not there, or not there for this actor."""

    status, code = 404, "not_found"


class Conflict(SoundWaveError):
    """The request is fine, the state of things is not."""

    status, code = 409, "conflict"


class TooLarge(SoundWaveError):
    """The body is over the limit."""

    status, code = 413, "body_too_large"


class Invalid(SoundWaveError):
    """The body or the query was read and is wrong."""

    status, code = 422, "invalid"


class TooMany(SoundWaveError):
    """Too many at once; ``seconds`` becomes Retry-After."""

    status, code = 429, "too_many_requests"

    def __init__(self, sentence: str, seconds: int, *, code: str | None = None) -> None:
        super().__init__(sentence, code=code, headers=[("Retry-After", str(seconds))])


class Unavailable(SoundWaveError):
    """The server cannot do this now."""

    status, code = 503, "unavailable"


class StartError(SoundWaveError):
    """The server must not start: one sentence says why and what to do."""

    code = "start_refused"


class PluginError(SoundWaveError):
    """A plugin handed in something wrong; it is withdrawn with this sentence as its reason."""

    code = "plugin_failed"
