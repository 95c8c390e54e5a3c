"""Users, and all that lets them in. The only place with SQL.

Methods that write are called inside ``transaction()``; what they change is not seen before it ends.
"""

from .codes import InviteRow, Invites, SetupCodes
from .credentials import SessionRow, Sessions, TokenRow, Tokens
from .users import LAST, UserRow, Users

__all__ = [
    "LAST",
    "InviteRow",
    "Invites",
    "SessionRow",
    "Sessions",
    "SetupCodes",
    "TokenRow",
    "Tokens",
    "UserRow",
    "Users",
]
