"""What tests count, and not only whether they pass, is told at the end of every run, in whichever process they ran."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

Tell = Callable[[str], None]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """A line for the end of the run; of equal ones one stays."""
    return lambda line: record_property("told", line)


@pytest.fixture(scope="session")
def soak() -> bool:
    """Whether the long forms are wanted: ``make soak`` sets SOUNDWAVE_SOAK."""
    return os.environ.get("SOUNDWAVE_SOAK", "") not in ("", "0")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = {str(value) for report in reports for name, value in report.user_properties if name == "told"}
    if lines:
        terminalreporter.section("counted")
    for line in sorted(lines):
        terminalreporter.write_line(line)
