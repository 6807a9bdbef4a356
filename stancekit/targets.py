"""Targets: the spans inside a statement that a stance is directed at."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

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


# How much is added to the log-probability of "no target" when candidates are looked for, and what may stand between two that are
# also taken as one: "[a ceasefire], [an end to the war]".
EAGERNESS = (0.5, -0.5, -1.5)
JOINT = re.compile(r"[\s,;]*(?:(?:and|or|as well as)[\s,]*)?(?:(?:to|for|of|the|a|an|its|their|our)\s*)?", re.IGNORECASE)
LONGEST_JOINT = 20  # characters


@dataclass(frozen=True, slots=True)
class Target:
    """A target span in its statement, with what the tagger expects of it: kinds (stances) to probabilities.

    Of a candidate, `eager` is the highest of `EAGERNESS` at which the tagger finds it; one that was joined from two has the
    lower one of theirs.
    """

    start: int
    end: int
    score: float
    prior: dict[str, float]
    eager: float = 0.0


class TargetModel:
    """The target tagger. Its kinds are stances: which stance it expects of the span, a prior for the classifier."""

    def __init__(self, backend: Backend) -> None:
        self.tagger = Tagger(backend)
        self.kinds = tuple(label[2:] for label in backend.labels[1::2])
        # Added to the log-probability of "no target" by `find`: below 0 finds more spans.
        self.outside_bias = float(backend.settings.get("outside_bias", 0.0))
        # Segment number by which the model reads as readers of whole articles do, who name fewer targets; 0: it knows one way only.
        self.article_segment = int(backend.settings.get("article_segment", 0))

    def scores(self, texts: Sequence[str], article: bool = False) -> list[tuple[Spans, Scores]]:
        """Words (spans) and label log-probabilities of each statement.

        Args:
            texts: statements.
            article: look for what readers of the whole article would name, not for every target in the sentence; no difference
                where the model was not taught both.
        """
        split = [split_words(text) for text in texts]
        found = self.tagger.scores([words for words, _ in split], self.article_segment if article else 0)
        return [(spans, scores) for (_, spans), scores in zip(split, found, strict=True)]

    def find(self, texts: Sequence[str], article: bool = False) -> list[list[Target]]:
        """Target spans of each statement, in text order; offsets are in the statement's own text. `article`: see `scores`."""
        return [self.decode(text, *row) for text, row in zip(texts, self.scores(texts, article), strict=True)]

    def candidates(self, texts: Sequence[str]) -> list[list[Target]]:
        """Spans of each statement of an article that may be targets, in text order; they may overlap. More than `find` gives."""
        return [self.propose(text, *row) for text, row in zip(texts, self.scores(texts, article=True), strict=True)]

    def propose(self, text: str, spans: Spans, scores: Scores) -> list[Target]:
        """The candidates of one statement, from its words and their scores (see `scores`)."""
        found: dict[tuple[int, int], Target] = {}
        for bias in EAGERNESS:
            for t in self.decode(text, spans, scores, bias):
                found.setdefault((t.start, t.end), replace(t, eager=bias))
        single = sorted(found.values(), key=lambda t: (t.start, t.end))
        starts = [t.start for t in single]
        for a in single:
            for b in single[bisect.bisect_left(starts, a.end) : bisect.bisect_right(starts, a.end + LONGEST_JOINT)]:
                if JOINT.fullmatch(text, a.end, b.start):
                    prior = {kind: (p + b.prior[kind]) / 2 for kind, p in a.prior.items()}
                    both = Target(a.start, b.end, min(a.score, b.score), prior, min(a.eager, b.eager))
                    found.setdefault((both.start, both.end), both)
        return sorted(found.values(), key=lambda t: (t.start, t.end))

    def decode(self, text: str, spans: Spans, scores: Scores, bias: float | None = None) -> list[Target]:
        """The targets of one statement, from its words and their scores (see `scores`); by the checkpoint's `outside_bias`, or another."""
        out = []
        for tagged in spans_of(scores, spans, self.kinds, self.outside_bias if bias is None else bias):
            start, end = closed(text, *trim(text, tagged.start, tagged.end))
            if start < end and not set(text[start:end].lower().split()) <= BARE:
                inside = [i for i, (s, e) in enumerate(spans) if tagged.start <= s < e <= tagged.end]
                mean = np.exp(scores[inside]).mean(axis=0)
                prior = {NEUTRAL: float(mean[0])}
                prior |= {kind: float(mean[1 + 2 * k] + mean[2 + 2 * k]) for k, kind in enumerate(self.kinds)}
                out.append(Target(start, end, tagged.score, prior))
        return out
