import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training"))

import attribution_scores as scores

TEXT = "“We will not pay,” Ana Ruiz said. Mali denied that it had sent troops to the border."


def span(words):
    at = TEXT.index(words)
    return [[at, at + len(words)]]


def attribution(source, cue, content):
    return {"source": span(source), "cue": span(cue), "content": span(content)}


GOLD = [
    attribution("Ana Ruiz", "said", "“We will not pay,”"),
    attribution("Mali", "denied", "that it had sent troops to the border"),
]


@pytest.mark.parametrize(
    ("found", "figures"),
    [
        (GOLD, {"full": 1, "full_quoted": 1, "content": 1, "content_exact": 1, "speaker": 1}),
        ([], {"full": 0, "full_quoted": 0, "content": 0, "content_exact": 0, "speaker": 0}),
        # marks do not matter; six of the seven words are enough for a match, and not exact; the wrong source spoils one of the two
        (
            [attribution("Ana Ruiz", "said", "We will not pay"), attribution("Ana Ruiz", "denied", "it had sent troops to the border")],
            {"full": 0.5, "full_quoted": 1, "content": 1, "content_exact": 0.5, "speaker": 0.5},
        ),
        # two of the seven words are too few, and one attribution too many: 1 match of 2 and 3
        (
            [GOLD[0], attribution("Mali", "denied", "the border"), attribution("Mali", "denied", "sent troops")],
            {"full": 0.4, "full_quoted": 1, "content": 0.4, "content_exact": 0.4, "speaker": 1},
        ),
    ],
)  # fmt: skip
def test_attributions_are_scored(found, figures):
    assert scores.score([{"text": TEXT, "attributions": GOLD}], [found]) == pytest.approx(figures)


def test_an_open_quotation_ends_with_its_paragraph():
    words = {"a “b\nc” d": "b", 'a "b c" d': "bc", "«b» c “d e": "bde"}
    for text, quoted in words.items():
        assert "".join(text[i] for i in sorted(scores.quoted_words(text))) == quoted
