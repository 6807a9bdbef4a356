"""Targets: the spans inside a statement that a stance is directed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .backends import Backend
from .labels import NEUTRAL
from .tagging import Scores, Spans, Tagger, spans_of, split_words

# Punctuation and white space that the tagger may take in at a span's edge.
EDGE = ' \t\r\n,;:."“”„«»()[]-–—'

# Words that no target ends in: the tagger broke off there.
OPEN = frozenset(
    "a an the of to in for on at by from with and or nor against between into about toward towards as that than who which whose during its his her "
    "their our".split()
)
# A span of such words alone is a slip of the tagger: it names nothing.
BARE = frozenset(
    "a an the of to in on at by for from with and or but as that than is are was be been not will would its his her their our".split()
)


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Take punctuation off both ends of a span, but keep a bracket or mark whose partner is inside."""
    while start < end and text[start] in EDGE and not (text[start] in "([" and ")]"["([".index(text[start])] in text[start:end]):
        start += 1
    while end > start and text[end - 1] in EDGE:
        if text[end - 1] in ")]" and "(["[")]".index(text[end - 1])] in text[start:end]:
            break
        if text[end - 1] == "." and end - start > 2 and text[end - 3] == "." and text[end - 2].isalpha():
            break  # "the U.S."
        end -= 1
    return start, end


def closed(text: str, start: int, end: int) -> tuple[int, int]:
    """Take words off the end that no target ends in ("the rights of those who")."""
    while len(words := text[start:end].rsplit(None, 1)) == 2 and words[1].lower() in OPEN:
        start, end = trim(text, start, start + len(words[0]))
    return start, end


@dataclass(frozen=True, slots=True)
class Target:
    """A target span in its statement, with what the tagger expects of it: kinds (stances) to probabilities."""

    start: int
    end: int
    score: float
    prior: dict[str, float]


class TargetModel:
    """The target tagger. Its kinds are stances: which stance it expects of the span, a prior for the classifier."""

    def __init__(self, backend: Backend) -> None:
        self.tagger = Tagger(backend)
        self.kinds = tuple(label[2:] for label in backend.labels[1::2])
        # Added to the log-probability of "no target", fitted on dev (training/calibrate.py): below 0 finds more spans.
        self.outside_bias = float(backend.settings.get("outside_bias", 0.0))

    def scores(self, texts: Sequence[str]) -> list[tuple[Spans, Scores]]:
        """Words (spans) and label log-probabilities of each statement."""
        split = [split_words(text) for text in texts]
        found = self.tagger.scores([words for words, _ in split])
        return [(spans, scores) for (_, spans), scores in zip(split, found, strict=True)]

    def find(self, texts: Sequence[str]) -> list[list[Target]]:
        """Target spans of each statement, in text order; offsets are in the statement's own text."""
        return [self.decode(text, *row) for text, row in zip(texts, self.scores(texts), strict=True)]

    def decode(self, text: str, spans: Spans, scores: Scores) -> list[Target]:
        """The targets of one statement, from its words and their scores (see `scores`)."""
        biased = scores.copy()
        biased[:, :1] += self.outside_bias
        out = []
        for tagged in spans_of(biased, spans, self.kinds):
            start, end = closed(text, *trim(text, tagged.start, tagged.end))
            if start < end and not set(text[start:end].lower().split()) <= BARE:
                inside = [i for i, (s, e) in enumerate(spans) if tagged.start <= s < e <= tagged.end]
                mean = np.exp(scores[inside]).mean(axis=0)
                prior = {NEUTRAL: float(mean[0])}
                prior |= {kind: float(mean[1 + 2 * k] + mean[2 + 2 * k]) for k, kind in enumerate(self.kinds)}
                out.append(Target(start, end, tagged.score, prior))
        return out
