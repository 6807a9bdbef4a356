"""Targets: the spans inside a statement that a stance is directed at."""

from __future__ import annotations

from collections.abc import Sequence

from .backends import Backend
from .tagging import Tagged, Tagger, spans_of, split_words

# Punctuation and white space that the tagger may take in at a span's edge.
EDGE = ' \t\r\n,;:."“”„«»()[]'


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


class TargetModel:
    """The target tagger. Its kinds are stances: which stance it expects of the span, a prior for the classifier."""

    def __init__(self, backend: Backend) -> None:
        self.tagger = Tagger(backend)
        self.kinds = tuple(label[2:] for label in backend.labels[1::2])

    def find(self, texts: Sequence[str]) -> list[list[Tagged]]:
        """Target spans of each statement, in text order; offsets are in the statement's own text."""
        split = [split_words(text) for text in texts]
        out = []
        for text, (_, spans), scores in zip(texts, split, self.tagger.scores([words for words, _ in split]), strict=True):
            found = []
            for tagged in spans_of(scores, spans, self.kinds):
                start, end = trim(text, tagged.start, tagged.end)
                if start < end:
                    found.append(Tagged(start, end, tagged.kind, tagged.score))
            out.append(found)
        return out
