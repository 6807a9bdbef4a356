"""Records, frames and their round trip."""

import json

import pytest

from stancekit import Document, Span, Stance, Statement
from stancekit.labels import COLOURS, DEFINITIONS, LABELS, check_label
from stancekit.types import FRAME_COLUMNS

TEXT = "Peru rejects the levy."


@pytest.fixture
def doc():
    stance = Stance("reject", 0.9, {"reject": 0.9, "neutral": 0.1}, Span(13, 21, "the levy"), "Peru")
    return Document(
        TEXT, (Statement(0, 0, 22, TEXT, "indirect", "Peru", 0, 4, "rejects", (stance,)), Statement(1, 0, 4, "Peru", "own")), "d1"
    )


def test_record_has_the_contract_keys(doc):
    record = doc.to_records()[0]
    assert {
        "doc_id",
        "id",
        "start",
        "end",
        "text",
        "kind",
        "speaker",
        "speaker_start",
        "speaker_end",
        "cue",
        "stances",
        "truncated",
    } <= set(record)
    assert {"holder", "target", "start", "end", "label", "score", "scores", "country", "reported", "name"} == set(
        record["stances"][0]
    )
    json.dumps(record)


def test_round_trip(doc):
    assert Document.from_records(TEXT, json.loads(json.dumps(doc.to_records()))) == doc


def test_records_of_another_text_are_refused(doc):
    with pytest.raises(ValueError, match="is not"):
        Document.from_records("Chile rejects the levy.", doc.to_records())


def test_frame_has_one_row_a_stance_and_neutral_for_none(doc):
    frame = doc.to_frame()
    assert list(frame.columns) == FRAME_COLUMNS
    assert list(frame.label) == ["reject", "neutral"]
    assert list(Document("").to_frame().columns) == FRAME_COLUMNS


def test_labels():
    assert set(COLOURS) == set(DEFINITIONS) == set(LABELS)
    with pytest.raises(ValueError, match="allowed are support, condemn"):
        check_label("oppose")
