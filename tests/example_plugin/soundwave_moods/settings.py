"""What an owner may want otherwise."""

from __future__ import annotations

from soundwave_core import Setting

SETTINGS = (Setting("moods.words", tuple[str, ...], ("calm", "bright", "rainy"), "The words to choose from."),)
