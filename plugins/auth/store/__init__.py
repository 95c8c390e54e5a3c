"""Users, and all that lets them in. The only place with SQL.

Methods that write are called inside ``transaction()``; what they change is not seen before it ends.
"""

from .audit import AuditFilter, AuditRow, AuditTrail
from .avatars import AvatarRow, Avatars
from .codes import InviteRow, Invites, SetupCodes
from .credentials import GoneRow, SessionRow, Sessions, TokenRow, Tokens
from .legacy_accounts import LegacyAccounts
from .second_factors import FactorRow, RecoveryCodes, SecondFactors
from .throttles import KnownDevices, ThrottleRow, Throttles
from .user_config import UserConfig
from .users import LAST, NewUser, UserRow, Users

__all__ = [
    "LAST",
    "AuditFilter",
    "AuditRow",
    "AuditTrail",
    "AvatarRow",
    "Avatars",
    "FactorRow",
    "GoneRow",
    "InviteRow",
    "Invites",
    "KnownDevices",
    "LegacyAccounts",
    "NewUser",
    "RecoveryCodes",
    "SecondFactors",
    "SessionRow",
    "Sessions",
    "SetupCodes",
    "ThrottleRow",
    "Throttles",
    "TokenRow",
    "Tokens",
    "UserConfig",
    "UserRow",
    "Users",
]
