"""Layout: offsets, sentences, quotation marks of every style, headings, speaker turns."""

import time

import pytest

from stancekit.segment import segment


def quotes(text):
    return [text[q.start : q.end] for q in segment(text).quotes]


def sentences(text):
    return [text[s.start : s.end] for s in segment(text).sentences]


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\t", "\x00", "“", '"""', "’", "Q:", "A: ", "\ufeff", "😀", "\r\n\r\n"])
def test_odd_text_never_raises(text):
    layout = segment(text)
    assert all(0 <= s.start < s.end <= len(text) for s in layout.sentences)


def test_sentences_keep_abbreviations_and_offsets():
    text = "U.S. officials met Dr. Amadou Keita on Nov. 17.  He thanked them! Then Gen. Ruiz left for the U.N. headquarters."
    assert sentences(text) == [
        "U.S. officials met Dr. Amadou Keita on Nov. 17.",
        "He thanked them!",
        "Then Gen. Ruiz left for the U.N. headquarters.",
    ]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('She said: "We agree."', ["We agree."]),
        ("She said: “We agree.”", ["We agree."]),
        ("Elle a dit « oui » hier.", [" oui "]),
        ("Er sagte „wir kommen“ und ging.", ["wir kommen"]),
        ("‘We don’t want war,’ he said of the ministers’ plan.", ["We don’t want war,"]),
        ("It's the ministers' plan, isn't it?", []),
        ("He called it 'a mistake' and left.", ["a mistake"]),
        ('"One," he said. "Two."', ["One,", "Two."]),
        ("He opened “and never closed", ["and never closed"]),
        ("A stray closing mark” changes nothing.", []),
    ],
)
def test_quotation_marks(text, inside):
    assert quotes(text) == inside


def test_reopened_marks_make_one_quotation():
    text = "“We came in peace.\n\n“We leave in peace,” she said.\n\n“A new quotation.”"
    found = segment(text).quotes
    assert [q.group for q in found] == [1, 1, 2]
    assert [q.closed for q in found] == [False, True, True]


def test_turns_of_a_transcript():
    text = "SECRETARY OKELLO: Good morning. Thank you.\n\nQ: Will you sign?\n\nMS. DIAZ (via translation): We will."
    layout = segment(text)
    assert [t.label for t in layout.turns] == ["SECRETARY OKELLO", "Q", "MS. DIAZ (via translation)"]
    assert [text[t.start : t.end] for t in layout.turns] == ["Good morning. Thank you.", "Will you sign?", "We will."]
    assert [s.turn for s in layout.sentences] == [0, 0, 1, 2]


@pytest.mark.parametrize(
    "text", ["A man walked in. He sat down.\n\nA dog barked.", "WATCH: The signing in pictures\n\nThe deal was signed."]
)
def test_articles_have_no_turns(text):
    assert segment(text).turns == []


def test_headings():
    text = "Talks Resume in Nairobi\n\nThe ministers met again. They agreed.\n\nA Second Round\n\nIt starts today."
    layout = segment(text)
    assert [text[b.start : b.end] for b in layout.blocks if b.heading] == ["Talks Resume in Nairobi", "A Second Round"]


@pytest.mark.parametrize("piece", ["a ", "“", "the 'x' ", "He said “no” and ", 'He said: "', "Mr. ", "Q: yes\n", "A. B. "])
def test_time_grows_with_length_only(piece):
    text = piece * (300_000 // len(piece))
    start = time.perf_counter()
    segment(text)
    assert time.perf_counter() - start < 10


WRAPPED = """KAMPALA, 3 May - The president of the regional court, Judge Amina
Okello Diallo, said on Friday that the ruling would stand.
It was her first public
statement since March.

Two points:
- one thing
- two things
"""


def test_wrapped_lines_are_joined_and_lists_are_not():
    layout = segment(WRAPPED)
    assert len(layout.text) == len(WRAPPED)
    found = [WRAPPED[s.start : s.end] for s in layout.sentences]
    assert found[0].endswith("Judge Amina\nOkello Diallo, said on Friday that the ruling would stand.")
    assert found[1] == "It was her first public\nstatement since March."
    assert found[-2:] == ["- one thing", "- two things"]
    assert [b.heading for b in segment("A title\nThe text goes on.\nAnd on.").blocks] == [True, False, False]
