"""Figures: what a round gave each side, the medians and ratios, the table and the JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

SUBJECT = "soundwave"
YARDSTICKS = ("bare", "nginx")


@dataclass
class Figure:
    """One quantity, measured on each side in turn. ``rounds``: what each round gave, by side.

    ``goal`` is a ratio to the first of the ``yardsticks``: at least (rates) or at most (seconds, memory:
    ``is_less_better``).
    """

    label: str
    unit: str
    is_less_better: bool = False
    goal: float | None = None
    yardsticks: tuple[str, ...] = YARDSTICKS
    rounds: dict[str, list[float]] = field(default_factory=dict)
    generator_loads: dict[str, list[float]] = field(default_factory=dict)

    def add(self, side: str, value: float | None, generator_load: float | None = None) -> None:
        if value is not None:
            self.rounds.setdefault(side, []).append(value)
        if generator_load is not None:
            self.generator_loads.setdefault(side, []).append(generator_load)

    def ratio(self, other: str) -> float | None:
        """The median over the rounds of ours to theirs: the two of a round had the same machine."""
        ours, theirs = self.rounds.get(SUBJECT, []), self.rounds.get(other, [])
        pairs = [mine / its for mine, its in zip(ours, theirs, strict=False) if its]
        return median(pairs) if pairs else None

    @property
    def is_met(self) -> bool | None:
        ratio = self.ratio(self.yardsticks[0])
        if self.goal is None or ratio is None:
            return None
        return ratio <= self.goal if self.is_less_better else ratio >= self.goal

    def plain(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "unit": self.unit,
            "is_less_better": self.is_less_better,
            "medians": {side: _short(median(values)) for side, values in self.rounds.items()},
            "ratios": {side: _short(self.ratio(side)) for side in self.yardsticks},
            "goal": self.goal,
            "is_met": self.is_met,
            "rounds": {side: [_short(value) for value in values] for side, values in self.rounds.items()},
            "generator_load": {side: _short(median(loads)) for side, loads in self.generator_loads.items()},
        }


def machine() -> dict[str, Any]:
    """What the absolute figures hang on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    except OSError:
        model = ""
    return {
        "system": platform.platform(),
        "cpu": model or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def table(figures: Mapping[str, Figure]) -> str:
    """For people: medians of each side, ratios to the others, the goal. All figures have the same yardsticks."""
    yardsticks = next(iter(figures.values())).yardsticks
    head = ["", "unit", SUBJECT, *yardsticks, *(f"/ {side}" for side in yardsticks), "goal"]
    lines = [head, *(_row(figure) for figure in figures.values())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _row(figure: Figure) -> list[str]:
    cells = [_text(median(figure.rounds[s]) if s in figure.rounds else None) for s in (SUBJECT, *figure.yardsticks)]
    ratios = [_text(figure.ratio(side)) for side in figure.yardsticks]
    goal = ""
    if figure.goal is not None:
        sign = "<=" if figure.is_less_better else ">="
        goal = f"{sign} {figure.goal} {'met' if figure.is_met else 'MISSED'}"
    return [figure.label, figure.unit, *cells, *ratios, goal]


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    words = [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
    words += [cell.rjust(width) for cell, width in zip(line[2:-1], widths[2:-1], strict=True)]
    return "  ".join([*words, line[-1]]).rstrip()


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _short(value: float | None) -> float | None:
    """Four digits: more would be noise."""
    return None if value is None else float(f"{value:.4g}")
