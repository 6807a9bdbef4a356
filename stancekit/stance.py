"""Stance: (statement, target, holder) to calibrated label scores.

This module owns the classifier's input form, for training and for inference alike:

    [CLS] holder [SEP] words before the target [T] target [/T] words after it [SEP]

A holder that is named in the statement is marked there too ([H] … [/H]). A target that does not stand in the statement
is written into the first segment; without a target the markers are empty, and the label is that of the sentence as a
whole. A statement too long for the model loses words at the end that is farther from the target; a target longer than
half of the model's window loses its middle. Either is reported (`Encoded.truncated`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from .backends import Backend, special_tokens
from .labels import NEUTRAL
from .selection import Selection, features
from .tagging import SURROGATE, WORD, Scores, log_softmax
from .targets import Target
from .types import Span, Stance

# Tokens that every BERT vocabulary keeps free; training gives them their meaning.
MARKERS = ("[unused1]", "[unused2]", "[unused3]", "[unused4]", "[unused5]")
MAX_HOLDER, MAX_TARGET = 16, 64  # tokens
Curve = tuple[list[float], list[float]]
SEEN = 1000  # characters: how far around the target `evidence` asks


@dataclass(frozen=True, slots=True)
class Encoded:
    """A classifier input: token ids, segment numbers, and whether words (of statement, target or holder) were left out."""

    ids: list[int] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    truncated: bool = False


def locate(text: str, target: str | None) -> tuple[int, int] | None:
    """Where `target` stands in `text` as whole words: exactly, else with case ignored; None if nowhere."""
    if not target or not target.strip():
        return None
    pattern = r"(?<!\w)" + re.escape(target.strip()) + r"(?!\w)"
    match = re.search(pattern, text) or re.search(pattern, text, re.IGNORECASE)
    return match.span() if match else None


class Encoder:
    """Makes classifier inputs; `tokenizer` is a `tokenizers.Tokenizer`."""

    def __init__(self, tokenizer: object, max_length: int = 128, context: int = 0, markers: Sequence[str] = MARKERS) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.context = context  # tokens of the preceding text that the model sees; 0: none
        lookup = tokenizer.token_to_id  # type: ignore[attr-defined]
        found = [lookup(name) for name in markers]
        if None in found:
            raise ValueError(f"the tokenizer lacks one of the tokens {', '.join(markers)}")
        special = special_tokens(tokenizer)
        self.cls, self.sep, self.between = special.cls, special.sep, special.between
        self.t1, self.t2, self.h1, self.h2, self.c1 = found

    def _ids(self, text: str) -> list[int]:
        text = SURROGATE.sub("\ufffd", text)
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids  # type: ignore[attr-defined]
        return ids

    def _marked(self, text: str, holder: str | None) -> list[int]:
        """Token ids of a piece of the statement, with the holder marked where it is named."""
        at = locate(text, holder)
        if at is None:
            return self._ids(text)
        return [*self._ids(text[: at[0]]), self.h1, *self._ids(text[at[0] : at[1]]), self.h2, *self._ids(text[at[1] :])]

    def encode(
        self, text: str, target: tuple[int, int] | str | None = None, holder: str | None = None, context: str = ""
    ) -> Encoded:
        """One input.

        Args:
            text: the statement.
            target: its target: (start, end) in `text`, or words, or None.
            holder: whose stance is asked for, if known.
            context: the text before the statement; used if the model was trained with it.
        """
        span = locate(text, target) if isinstance(target, str) else target
        named = self._ids(holder) if holder else []
        first, cut_first = named[:MAX_HOLDER], len(named) > MAX_HOLDER
        if span is None:
            words = self._ids(target) if isinstance(target, str) else []
            first, cut_first = [*first, self.t1, *words[:MAX_TARGET], self.t2], cut_first or len(words) > MAX_TARGET
            left, middle, right = self._marked(text, holder), [], []
        else:
            left, right = self._marked(text[: span[0]], holder), self._ids(text[span[1] :])
            if self.h1 not in left:
                right = self._marked(text[span[1] :], holder)
            middle = [self.t1, *self._ids(text[span[0] : span[1]]), self.t2]
            if len(middle) > self.max_length // 2:  # a very long target keeps its beginning and its end
                keep = self.max_length // 4
                middle, cut_first = [*middle[:keep], *middle[-keep:]], True
        if self.context and context:
            first = [*first, self.c1, *self._ids(context[-6 * self.context :])[-self.context :]]
        left, right, cut = _fit(
            left, right, self.max_length - 2 - len(self.between) - len(first) - len(middle), keep_left=span is None
        )
        second = [*left, *middle, *right]
        ids = [self.cls, *first, *self.between, *second, self.sep]
        return Encoded(ids, [0] * (len(ids) - len(second) - 1) + [1] * (len(second) + 1), cut or cut_first)


def _fit(left: list[int], right: list[int], room: int, keep_left: bool) -> tuple[list[int], list[int], bool]:
    """Shorten both sides to `room` tokens, taking from the longer side first, away from the target."""
    room = max(room, 0)
    if len(left) + len(right) <= room:
        return left, right, False
    if keep_left:
        return left[:room], [], True
    n_right = min(len(right), max(room // 2, room - len(left)))
    n_left = room - n_right
    return left[len(left) - n_left :] if n_left else [], right[:n_right], True


def mended(rows: Scores, curve: Curve | None) -> Scores:
    """Probabilities whose best one says how often such answers are right.

    Isotonic regression of the best label's probability (Zadrozny and Elkan 2002), which a temperature alone cannot mend;
    the other labels keep their proportions, and the best label stays the best. Without a curve the rows come back as they were.

    Args:
        rows: probabilities, shape (answers, labels).
        curve: probabilities of the best label, and how often it was right; both ascending (`training/calibrate.py`).
    """
    if curve is None or not len(rows):
        return rows
    best = rows.argmax(axis=1)
    rows = rows.clip(1e-9)  # where the best label has all, something to share out
    rows = rows / rows.sum(axis=1, keepdims=True)
    top, second = rows.max(axis=1), np.sort(rows, axis=1)[:, -2]
    least = second / (1 - top + second) + 1e-6  # below it, the second label would overtake
    new = np.maximum(np.interp(top, *curve), least)
    result: Scores = rows * ((1 - new) / (1 - top))[:, None]
    result[np.arange(len(rows)), best] = new
    return result


class StanceModel:
    """The stance classifier with its calibration.

    Args:
        backend: the checkpoint.
        least: by label, the score below which a stance is given as neutral (see `thresholds`).
    """

    def __init__(self, backend: Backend, least: Mapping[str, float] | None = None) -> None:
        self.backend = backend
        self.labels = backend.labels
        self.least = dict(least or {})
        settings = backend.settings
        self.encoder = Encoder(
            backend.tokenizer, int(settings["max_length"]), int(settings.get("context", 0)), settings.get("markers", MARKERS)
        )
        self.temperature = float(settings.get("temperature", 1.0))
        self.null_threshold = float(settings.get("null_threshold", 0.6))
        # How much the target tagger's expectation counts, which candidates are reported, and how sure; see training/calibrate.py.
        self.prior_weight = float(settings.get("prior_weight", 0.0))
        self.reader_weight = float(settings.get("reader_weight", 0.0))
        self.reader_order = [backend.checkpoint.reader.index(label) for label in self.labels] if backend.checkpoint.reader else []
        self.selection = Selection(**settings["selection"]) if settings.get("selection") else None
        # Of given pairs, and of reported targets: the probability of an answer, and how often such answers were right on dev.
        self.reliability: Curve | None = settings.get("reliability")
        self.pooled_reliability: Curve | None = settings.get("pooled_reliability")

    def probabilities(self, inputs: Sequence[Encoded]) -> Scores:
        """Probabilities at the checkpoint's temperature, shape (inputs, labels)."""
        if not inputs:
            return np.zeros((0, len(self.labels)))
        logits = np.stack(self.backend.run([e.ids for e in inputs], [e.types for e in inputs]))
        result: Scores = np.exp(log_softmax(logits / self.temperature))
        return result

    def judge(self, inputs: Sequence[Encoded]) -> tuple[Scores, Scores | None]:
        """Probabilities as `probabilities` gives them, and those of what a reader of whole articles would name.

        A noun phrase may be one that a stance bears on, and still not what the statement is about: a reader takes no notice of it, and it
        is neutral in the second array. Both have the shape (inputs, labels); the second is None where the checkpoint has no such outputs.
        """
        if not self.reader_order or not inputs:
            return self.probabilities(inputs), None
        n = len(self.labels)
        logits = np.stack(self.backend.run([e.ids for e in inputs], [e.types for e in inputs], second=True))
        first, second = logits[:, :n] / self.temperature, logits[:, n:][:, self.reader_order]
        return np.exp(log_softmax(first)), np.exp(log_softmax(second))

    def reliable(self, rows: Scores) -> Scores:
        """Probabilities of given pairs whose best one says how often such answers were right on dev (see `mended`).

        Args:
            rows: the classifier's probabilities, shape (pairs, labels).
        """
        return mended(rows, self.reliability)

    def pool(self, row: Scores, prior: Mapping[str, float], reading: Scores | None = None) -> Scores:
        """Probabilities of a found target, from the classifier's, the target tagger's and the reader's.

        They are pooled log-linearly (Genest and Zidek 1986) with the weights of the checkpoint, and renormalised. A tagger of other
        labels than the classifier's says nothing; without its word and a reader's the row comes back as it was.

        Args:
            row: the classifier's probabilities, shape (labels,).
            prior: the tagger's probabilities, by label.
            reading: the reader's probabilities (see `judge`), shape (labels,).
        """
        said = (
            [(np.array([prior[label] for label in self.labels]) + 1e-4, self.prior_weight)]
            if set(prior) == set(self.labels)
            else []
        )
        if reading is not None:
            said.append((reading + 1e-9, self.reader_weight))
        if not any(weight for _, weight in said):
            return row
        pooled = np.log(row + 1e-9)
        for other, weight in said:
            pooled = (1 - weight) * pooled + weight * np.log(other)
        result: Scores = np.exp(log_softmax(pooled))
        return result

    def pooled(self, found: Sequence[Target], rows: Scores, readings: Scores | None = None) -> Scores:
        """What `pool` makes of each candidate, shape (candidates, labels)."""
        read = readings if readings is not None else [None] * len(found)
        return np.array([self.pool(row, t.prior, r) for t, row, r in zip(found, rows, read, strict=True)])

    def selects(self, kinds: Iterable[str]) -> bool:
        """Whether the model chooses among the candidates of a tagger of these kinds; one with other labels takes what the tagger finds."""
        return self.selection is not None and {*kinds, NEUTRAL} == set(self.labels)

    def select(
        self, text: str, found: Sequence[Target], rows: Scores, readings: Scores | None = None
    ) -> list[tuple[Target, Scores]]:
        """The targets of a statement that are reported, with their probabilities.

        Args:
            text: the statement.
            found: its candidates, or where the checkpoint has no selection, its targets.
            rows: the classifier's probabilities of each, shape (candidates, labels).
            readings: the reader's (see `judge`), likewise.
        """
        if not found:
            return []
        if self.selection is None or not self.selects(found[0].prior):
            return list(zip(found, self.reliable(self.pooled(found, rows)), strict=True))
        pooled = self.pooled(found, rows, readings)
        odds = [self.selection.odds(f) for f in features(text, found, rows, pooled, self.labels, readings)]
        chances = self.selection.rows(odds, pooled, self.labels)
        chosen = self.selection.choose(found, chances, self.labels)
        return [(found[i], row) for i, row in zip(chosen, mended(chances[chosen], self.pooled_reliability), strict=True)]

    def stance(self, row: Scores, target: Span | None = None, holder: str | None = None, country: str | None = None) -> Stance:
        """A row of probabilities as a `Stance`."""
        best = int(row.argmax())
        if row[best] < self.least.get(self.labels[best], 0.0):
            best = self.labels.index(NEUTRAL)
        scores = {label: float(p) for label, p in zip(self.labels, row, strict=True)}
        return Stance(self.labels[best], float(row[best]), scores, target, holder, country)

    def evidence(
        self, text: str, target: tuple[int, int] | str | None = None, holder: str | None = None
    ) -> list[tuple[Span, float]]:
        """How much each word of a statement outside its target speaks for the label that the classifier gives.

        Every word is left out in turn (occlusion: Zeiler and Fergus 2014; Li, Monroe and Jurafsky 2016): what the label's
        log-odds lose by it is the word's weight. Costs one classification a word.

        Returns:
            (word, weight) of each word, in text order; weights above 0 speak for the label. Words more than `SEEN` characters
            from the target (without one, from the beginning) are left out.
        """
        place = locate(text, target) if isinstance(target, str) else target
        words = [(m.start(), m.end()) for m in WORD.finditer(text)]
        middle = place[0] if place else 0  # far from it, the classifier sees nothing
        words = [
            w
            for w in words
            if abs(w[0] - middle) < SEEN and text[w[0]].isalnum() and not (place and place[0] < w[1] and w[0] < place[1])
        ]
        inputs = [self.encoder.encode(text, place or target, holder)]
        for start, end in words:
            cut = text[:start] + text[end:]
            moved = (place[0] - end + start, place[1] - end + start) if place and place[0] >= end else place
            inputs.append(self.encoder.encode(cut, moved or target, holder))
        rows = self.probabilities(inputs).clip(1e-6, 1 - 1e-6)
        odds = np.log(rows / (1 - rows))[:, int(rows[0].argmax())]
        return [(Span(s, e, text[s:e]), float(odds[0] - o)) for (s, e), o in zip(words, odds[1:], strict=True)]


def thresholds(least: float | Mapping[str, float], labels: Sequence[str]) -> dict[str, float]:
    """Thresholds by label, checked.

    Raises:
        ValueError: one lies outside 0 to 1 or is of an unknown label, or the labels have no neutral one to fall back to.
    """
    found = dict(least) if isinstance(least, Mapping) else dict.fromkeys(labels, least)
    for label, value in found.items():
        if not isinstance(value, int | float):
            raise TypeError(f"abstain_below is a number from 0 to 1, or one for each label, found {value!r}")
        if label not in labels:
            raise ValueError(f"abstain_below: unknown label {label!r}: allowed are {', '.join(labels)}")
        if not 0 <= value <= 1:
            raise ValueError(f"abstain_below must lie between 0 and 1, found {value}")
    if any(found.values()) and NEUTRAL not in labels:
        raise ValueError(f"abstain_below gives unsure stances as neutral, but the model's labels are {', '.join(labels)}")
    return found
