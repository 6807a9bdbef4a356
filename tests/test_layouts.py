"""Who says what, in every layout: the authored cases of layouts.txt, each right only if nothing is missing or too much.

A case: "### number category (speaker=Name)", then a text with its statements marked ⟦kind|speaker|words⟧. A statement is
right if its words are (punctuation at the ends aside), its kind, and its speaker ("" for unknown).
"""

import re

import pytest

from .conftest import ROOT

CASE = re.compile(r"^### (?P<name>\d+ \S+)(?: speaker=(?P<speaker>.+))?\n", re.MULTILINE)
MARK = re.compile(r"⟦(?P<kind>\w+)\|(?P<speaker>[^|]*)\|(?P<words>[^⟧]*)⟧")
ENDS = " \t\r\n.,;:!?…—–-\"“”„‘’'«»"
# Where the library goes wrong today; a case that is mended must leave this list.
KNOWN_FAILURES = {"74 narration"}  # an agreement that two sign is taken for their statement


def cases():
    text = (ROOT / "tests" / "layouts.txt").read_text(encoding="utf-8")
    found = list(CASE.finditer(text))
    for match, after in zip(found, [*found[1:], None], strict=True):
        marked = text[match.end() : after.start() if after else len(text)].strip("\n")
        plain, gold, at = "", [], 0
        for mark in MARK.finditer(marked):
            plain += marked[at : mark.start()]
            gold.append((mark["kind"], mark["speaker"], len(plain), len(plain) + len(mark["words"])))
            plain += mark["words"]
            at = mark.end()
        yield match["name"], match["speaker"], plain + marked[at:], gold


def same_name(found, gold):
    """Equal, or one is a part of the other ("Diallo", "Foreign Minister Amina Diallo")."""
    a, b = (set(re.findall(r"\w+", name.lower())) for name in (found or "", gold))
    return not a and not b if not (a and b) else a <= b or b <= a


def mistakes(nlp, text, speaker, gold):
    """What is wrong with a case, in words."""
    found = list(nlp(text, speaker=speaker))
    said = {(f.text.strip(ENDS), f.start + len(f.text) - len(f.text.lstrip(ENDS))): f for f in found}
    out = []
    for kind, who, start, end in gold:
        words = text[start:end]
        key = (words.strip(ENDS), start + len(words) - len(words.lstrip(ENDS)))
        statement = said.pop(key, None)
        if statement is None:
            out.append(f"missing: {words}")
        elif statement.kind != kind or not same_name(statement.speaker, who):
            out.append(f"{statement.kind} by {statement.speaker}, not {kind} by {who}: {words}")
    return out + [f"too much: {f.kind} by {f.speaker}: {f.text}" for f in said.values()]


CASES = list(cases())


@pytest.mark.parametrize(("name", "speaker", "text", "gold"), CASES, ids=[c[0].replace(" ", "-") for c in CASES])
def test_layout(nlp, name, speaker, text, gold):
    wrong = mistakes(nlp, text, speaker, gold)
    if name in KNOWN_FAILURES:
        assert wrong, f"{name} is right now: take it out of KNOWN_FAILURES"
        pytest.xfail("; ".join(wrong))
    assert not wrong, "\n".join(wrong)


def test_nine_in_ten_layouts_are_right():
    assert len(CASES) >= 60
    assert len(KNOWN_FAILURES) <= 0.1 * len(CASES)
    assert {c[0] for c in CASES} >= KNOWN_FAILURES
