"""Patterns are compared exactly, and read as ``re`` reads them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundwave_core.errors import PluginError
from soundwave_core.patterns import Relation, relation
from soundwave_core.rules import FILTERS

ID, NAME, INT = FILTERS["id"], FILTERS["name"], FILTERS["int"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a|b", "[ab]", Relation.SAME),
        (r"\d+", "[0-9]+", Relation.SAME),
        ("(?:ab)*", "(ab|abab)*", Relation.SAME),
        ("a{2,3}", "aa|aaa", Relation.SAME),
        ("a{2,}", "aaa*", Relation.SAME),
        ("[a-]", "a|-", Relation.SAME),
        ("[^/]+", r"[^/]*\.[^/]*", Relation.AROUND),
        ("pause|resume", "[a-z]+", Relation.WITHIN),
        (r"[a-z]+\.xml", "[^/]+", Relation.WITHIN),
        (ID, INT, Relation.APART),
        (ID, NAME, Relation.CROSSING),
        (NAME, INT, Relation.APART),
        ("pause|resume", "cancel|retry", Relation.APART),
        ("a.*", ".*b", Relation.CROSSING),
        ("(a|b)*a(a|b)", "(a|b)*b(a|b)", Relation.APART),
        (r"\.", ".", Relation.WITHIN),
        (r"[\d_]x?", r"\wx?", Relation.WITHIN),
    ],
)
def test_relation_is_exact_and_turns_round(first: str, second: str, expected: Relation) -> None:
    turned = {Relation.WITHIN: Relation.AROUND, Relation.AROUND: Relation.WITHIN}
    assert relation(first, second) is expected
    assert relation(second, first) is turned.get(expected, expected)


@pytest.mark.parametrize(
    "pattern",
    [
        "^a",
        "a$",
        "a*?",
        "a++",
        "(?=a)",
        "(?i)a",
        r"\ba",
        r"(a)\1",
        "a{,3}",
        "(a",
        "a)",
        "[a",
        "[]a]",
        "*",
        "[z-a]",
        "a\\",
    ],
)
def test_what_cannot_be_compared_is_refused(pattern: str) -> None:
    with pytest.raises(PluginError, match="cannot be compared"):
        relation(pattern, "a")


def test_a_pair_that_would_take_for_ever_is_refused() -> None:
    with pytest.raises(PluginError, match="too intricate"):
        relation("(a{149})+b", "(a{151})+c")


LETTERS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", r"\.", "[a-c]", r"\w"])
PATTERNS = st.recursive(
    LETTERS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}"])).map(lambda p: f"(?:{p[0]}){p[1]}"),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(PATTERNS, st.text("abc._\n", max_size=5))
def test_patterns_are_read_as_re_reads_them(pattern: str, text: str) -> None:
    is_match = re.fullmatch(pattern, text, re.ASCII) is not None
    exactly = "".join(f"[{char}]" for char in text)
    assert (relation(exactly, pattern) in (Relation.SAME, Relation.WITHIN)) is is_match


@settings(deadline=None)
@given(PATTERNS, PATTERNS, st.lists(st.text("abc._", max_size=5), min_size=1, max_size=20))
def test_no_text_contradicts_the_relation(first: str, second: str, texts: list[str]) -> None:
    how = relation(first, second)
    for text in texts:
        in_first, in_second = (re.fullmatch(p, text, re.ASCII) is not None for p in (first, second))
        if in_first and in_second:
            assert how is not Relation.APART
        if in_first and not in_second:
            assert how not in (Relation.WITHIN, Relation.SAME)
        if in_second and not in_first:
            assert how not in (Relation.AROUND, Relation.SAME)
