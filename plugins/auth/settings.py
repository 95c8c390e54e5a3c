"""What an owner may want otherwise."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from soundwave_core import Setting

Policy = Literal["closed", "invite", "open"]

SETTINGS = (
    Setting(
        "auth.registration",
        Policy,
        "closed",
        "Who may register: nobody (closed), holders of an invite (invite), or everybody (open).",
    ),
    Setting(
        "auth.bcrypt_cost",
        Annotated[int, Meta(ge=4, le=16)],
        12,
        "Work per password: each step doubles the time of a sign-in. 12 takes about a quarter second.",
        is_stored=False,
    ),
    Setting(
        "auth.admin_username",
        str,
        "",
        "The first admin's name: one start on a new data directory makes this admin, without a set-up link.",
        is_stored=False,
        variable_name="SOUNDWAVE_ADMIN_USERNAME",
    ),
    Setting(
        "auth.admin_password",
        str,
        "",
        "The first admin's password, which counts at that one start only.",
        is_secret=True,
        is_stored=False,
        variable_name="SOUNDWAVE_ADMIN_PASSWORD",
    ),
    Setting(
        "auth.legacy_secret_key",
        str,
        "",
        "The DJANGO_SECRET_KEY of an old server whose second factors are to be imported; none leaves them out.",
        is_secret=True,
        is_stored=False,
        variable_name="SOUNDWAVE_LEGACY_SECRET_KEY",
    ),
)
