"""What the library returns: frozen dataclasses, and their records.

All offsets are ``str`` offsets into the article exactly as it was given, end exclusive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .labels import NEUTRAL

if TYPE_CHECKING:
    import pandas as pd

FRAME_COLUMNS = [
    "doc_id", "id", "speaker", "holder", "label", "target", "score", "kind", "cue", "text",
    "start", "end", "target_start", "target_end", "country", "reported", "speaker_score", "target_name",
]  # fmt: skip


def arrow_schema() -> Any:
    """The `pyarrow.Schema` of the flat table (columns: `FRAME_COLUMNS`)."""
    import pyarrow as pa

    kinds = {"id": pa.int64(), "score": pa.float64(), "speaker_score": pa.float64(), "reported": pa.bool_()} | dict.fromkeys(
        ("start", "end", "target_start", "target_end"), pa.int64()
    )
    return pa.schema([(c, kinds.get(c, pa.string())) for c in FRAME_COLUMNS])


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of an article: its offsets and its words. Offsets are None for words that stand outside the text."""

    start: int | None
    end: int | None
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Stance:
    """One stance of one holder toward one target.

    Attributes:
        label: one of the labels of the stance model (by default `stancekit.labels.LABELS`).
        score: calibrated probability of `label`. A target found in an article and a pair that is given (`Pipeline.stance`) are
            calibrated apart: their scores are not the same for the same words.
        scores: calibrated probability of every label.
        target: what the stance is directed at, or None where it is not named.
        holder: whose stance it is, or None.
        country: the holder's country as an ISO 3166-1 alpha-3 code, or None where it is not known or not one.
        reported: whether the statement tells the stance of another party than its speaker's ("Corbu said that Kyiv rejects talks").
        name: what the target is called where its words are not its name: what a pronoun stands for ("it": "the peace plan"), a
            country's one name ("Moscow": "Russia"); None where the words must do, and where nothing tells what a pronoun stands for.
    """

    label: str
    score: float
    scores: Mapping[str, float] = field(default_factory=dict)
    target: Span | None = None
    holder: str | None = None
    country: str | None = None
    reported: bool = False
    name: str | None = None

    def to_record(self) -> dict[str, Any]:
        """The stance as in the record format (a dict that json can write)."""
        target = self.target
        return {
            "holder": self.holder,
            "target": target.text if target else None,
            "start": target.start if target else None,
            "end": target.end if target else None,
            "label": self.label,
            "score": round(self.score, 4),
            "scores": {k: round(v, 4) for k, v in self.scores.items()},
            "country": self.country,
            "reported": self.reported,
            "name": self.name,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Stance:
        """The inverse of `to_record`."""
        target = record.get("target")
        span = None if target is None else Span(record.get("start"), record.get("end"), target)
        label = record["label"]
        score, scores = float(record.get("score", 1.0)), dict(record.get("scores", {}))
        reported = bool(record.get("reported", False))
        return cls(label, score, scores, span, record.get("holder"), record.get("country"), reported, record.get("name"))


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence or clause that the article attributes to a speaker.

    Attributes:
        id: number of the statement in its article, from 0.
        start, end, text: where it stands, and its words.
        kind: "direct" (inside quotation marks), "indirect" (reported), "mixed" (reported, with a quoted fragment) or
            "own" (of a transcript turn, speech or official statement).
        speaker: resolved name, or None.
        speaker_start, speaker_end: where the article names the speaker of this statement, or None.
        cue: the reporting words ("said", "condemned"), or None.
        score: how sure the extraction is, 0 to 1.
        speaker_score: how sure it is who speaks, 0 to 1: the tagger's probability of the source's words (1 where the caller or a
            turn's label names the speaker; 0.6 where a rule finds one, as in a statement's byline; 0.5 where it is the nearest one); None without a speaker.
            How the name was resolved ("he") is not in it.
        truncated: whether something of the statement was too long for a model's window.
        country: the country the speaker speaks for, as an ISO 3166-1 alpha-3 code, or None.
    """

    id: int
    start: int
    end: int
    text: str
    kind: str
    speaker: str | None = None
    speaker_start: int | None = None
    speaker_end: int | None = None
    cue: str | None = None
    stances: tuple[Stance, ...] = ()
    score: float = 1.0
    truncated: bool = False
    country: str | None = None
    speaker_score: float | None = None

    def to_record(self, doc_id: str) -> dict[str, Any]:
        """The statement in the record format (a dict that json can write)."""
        return {
            "doc_id": doc_id,
            "id": self.id,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "kind": self.kind,
            "speaker": self.speaker,
            "speaker_start": self.speaker_start,
            "speaker_end": self.speaker_end,
            "cue": self.cue,
            "score": round(self.score, 4),
            "stances": [s.to_record() for s in self.stances],
            "truncated": self.truncated,
            "country": self.country,
            "speaker_score": None if self.speaker_score is None else round(self.speaker_score, 4),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Statement:
        """The inverse of `to_record`."""
        return cls(
            id=record.get("id", 0),
            start=record["start"],
            end=record["end"],
            text=record["text"],
            kind=record["kind"],
            speaker=record.get("speaker"),
            speaker_start=record.get("speaker_start"),
            speaker_end=record.get("speaker_end"),
            cue=record.get("cue"),
            stances=tuple(Stance.from_record(s) for s in record.get("stances") or []),
            score=float(record.get("score", 1.0)),
            truncated=bool(record.get("truncated", False)),
            country=record.get("country"),
            speaker_score=record.get("speaker_score"),
        )

    def to_rows(self, doc_id: str) -> list[dict[str, Any]]:
        """One flat dict per stance (see `Document.to_rows`)."""
        rows = []
        for stance in self.stances or (None,):
            target = stance.target if stance else None
            rows.append(
                {
                    "doc_id": doc_id,
                    "id": self.id,
                    "speaker": self.speaker,
                    "holder": stance.holder if stance else None,
                    "label": stance.label if stance else NEUTRAL,
                    "target": target.text if target else None,
                    "score": round(stance.score, 4) if stance else None,
                    "kind": self.kind,
                    "cue": self.cue,
                    "text": self.text,
                    "start": self.start,
                    "end": self.end,
                    "target_start": target.start if target else None,
                    "target_end": target.end if target else None,
                    "country": stance.country if stance else self.country,
                    "reported": stance is not None and stance.reported,
                    "speaker_score": None if self.speaker_score is None else round(self.speaker_score, 4),
                    "target_name": stance.name if stance else None,
                }
            )
        return rows


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """An article with its statements, in text order."""

    text: str
    statements: tuple[Statement, ...] = ()
    doc_id: str = ""

    def __repr__(self) -> str:
        return f"<Document {self.doc_id!r}: {len(self.text)} characters, {len(self.statements)} statements>"

    def __iter__(self) -> Iterator[Statement]:
        return iter(self.statements)

    def __len__(self) -> int:
        return len(self.statements)

    def to_records(self) -> list[dict[str, Any]]:
        """One dict per statement, in the record format."""
        return [s.to_record(self.doc_id) for s in self.statements]

    @classmethod
    def from_records(cls, text: str, records: list[dict[str, Any]]) -> Document:
        """Rebuild a document from its text and records.

        Raises:
            ValueError: a record's text is not what stands at its offsets.
        """
        for r in records:
            if text[r["start"] : r["end"]] != r["text"]:
                raise ValueError(f"record {r.get('id')}: the text at {r['start']}:{r['end']} is not {r['text'][:40]!r}")
        doc_id = records[0]["doc_id"] if records else ""
        return cls(text, tuple(Statement.from_record(r) for r in records), doc_id)

    def to_rows(self) -> list[dict[str, Any]]:
        """One flat dict per stance, with the keys of `FRAME_COLUMNS`; a statement without a stance is one neutral row without a score."""
        return [row for s in self.statements for row in s.to_rows(self.doc_id)]

    def to_frame(self) -> pd.DataFrame:
        """A pandas DataFrame, one row per stance (columns: `FRAME_COLUMNS`)."""
        import pandas as pd

        frame = pd.DataFrame(self.to_rows(), columns=FRAME_COLUMNS)
        for column in ("target_start", "target_end"):
            frame[column] = frame[column].astype("Int64")
        for column in ("score", "speaker_score"):
            frame[column] = frame[column].astype("float64")
        frame["reported"] = frame["reported"].astype(bool)
        return frame

    def _repr_html_(self) -> str:
        from .display import fragment

        return fragment(self)
