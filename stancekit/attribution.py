"""Attribution: the source, cue and content spans that a token classifier finds in an article, linked to each other.

The classifier reads words with quotation marks brought to one form and paragraph breaks marked (:func:`words`);
:func:`link` ties every content to the cue and source that go with it.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .backends import Backend
from .segment import Layout
from .tagging import Tagged, Tagger, spans_of, split_words

BREAK = "¶"  # stands for a paragraph break in the classifier's input


@dataclass(slots=True)
class Attribution:
    """Content with the source and cue that go with it (None where the text has none)."""

    contents: list[Tagged] = field(default_factory=list)
    source: Tagged | None = None
    cue: Tagged | None = None

    @property
    def score(self) -> float:
        """Mean probability of the contents' labels."""
        return sum(c.score for c in self.contents) / max(1, len(self.contents))


def words(layout: Layout) -> tuple[list[str], list[tuple[int, int]]]:
    """The classifier's input words and where each stands; a paragraph break has an empty span.

    Marks that open or close a quotation are given as “ and ”, and apostrophes as ', whatever their style in the text.
    """
    text = layout.text
    opening = {q.outer_start for q in layout.quotes}
    closing = {q.end for q in layout.quotes if q.closed}
    out: list[str] = []
    spans: list[tuple[int, int]] = []
    for block in layout.blocks:
        if out:
            out.append(BREAK)
            spans.append((block.start, block.start))
        for word, span in zip(*split_words(text, block.start, block.end), strict=True):
            if span[0] in opening:
                word = "“"
            elif span[0] in closing:
                word = "”"
            elif word in "‘’":
                word = "'"
            out.append(word)
            spans.append(span)
    return out, spans


class AttributionModel:
    """The attribution tagger with the linker."""

    def __init__(self, backend: Backend) -> None:
        self.tagger = Tagger(backend)
        self.roles = tuple(label[2:] for label in backend.labels[1::2])

    def find(self, layouts: Sequence[Layout]) -> list[list[Attribution]]:
        """The attributions of each article, by the place of their first content."""
        split = [words(layout) for layout in layouts]
        scores = self.tagger.scores([w for w, _ in split])
        found = [spans_of(s, spans, self.roles) for s, (_, spans) in zip(scores, split, strict=True)]
        return [link(layout, tagged) for layout, tagged in zip(layouts, found, strict=True)]


def link(layout: Layout, tagged: Sequence[Tagged]) -> list[Attribution]:
    """Tie contents to cues and cues to sources.

    A content takes the cue of its own sentence that is nearest, other contents in between counting against it; where
    its sentence has none, that of the neighbouring sentence in the same block if it touches ("…," he said. "…").
    Contents of one cue make one attribution.
    """
    at = [layout.sentence_at(t.start) for t in tagged]
    cues = [i for i, t in enumerate(tagged) if t.kind == "cue"]
    sources = [i for i, t in enumerate(tagged) if t.kind == "source"]
    contents = [i for i, t in enumerate(tagged) if t.kind == "content"]
    places = {kind: sorted((at[j], j) for j in members) for kind, members in (("cue", cues), ("source", sources))}

    def between(kind: str, first: int, last: int) -> list[int]:
        """The spans of a kind whose sentences are first … last, in text order."""
        found = places[kind]
        low, high = bisect.bisect_left(found, (first, -1)), bisect.bisect_right(found, (last, len(tagged)))
        return sorted(j for _, j in found[low:high])

    by_cue: dict[int, Attribution] = {}
    out: list[Attribution] = []
    for i in contents:
        last = layout.sentence_at(tagged[i].end - 1)
        near = [j for j in between("cue", at[i] - 1, last + 1) if _same_block(layout, at[i], at[j], last)]
        if 0 <= last < len(layout.sentences) - 1 and _ended(layout, tagged[i].end, layout.sentences[last + 1].start):
            near = [j for j in near if at[j] <= last]
        cue = min(near, key=lambda j: _cost(tagged, at, i, j, last), default=None)
        if cue is not None and _cost(tagged, at, i, cue, last) > 400:
            cue = None
        if cue is not None and cue in by_cue:
            by_cue[cue].contents.append(tagged[i])
            continue
        anchor = cue if cue is not None else i
        reach = between("source", at[anchor], at[anchor]) if cue is not None else between("source", at[i], max(at[i], last))
        source = min(reach, key=lambda j: _cost(tagged, at, anchor, j, at[anchor]), default=None)
        found = Attribution([tagged[i]], tagged[source] if source is not None else None, tagged[cue] if cue is not None else None)
        if cue is not None:
            by_cue[cue] = found
        out.append(found)
    return out


def _same_block(layout: Layout, a: int, b: int, last: int) -> bool:
    if min(a, b) < 0:
        return a == b
    blocks = {layout.sentences[a].block, layout.sentences[last].block}
    return layout.sentences[b].block in blocks


def _ended(layout: Layout, end: int, following: int) -> bool:
    """Whether a quotation ends in a full stop that the next sentence, beginning with a new subject, does not belong to."""
    text = layout.text
    tail = text[max(0, end - 2) : following].strip()
    return bool(re.search(r"[.!?…][\"”»’']$", tail)) and not (text[following].islower() or text[following] in "\"“«‘'")


def _cost(tagged: Sequence[Tagged], at: Sequence[int], i: int, j: int, last: int) -> float:
    """How far apart two spans are: characters between them, plus what speaks against tying them."""
    a, b = tagged[i], tagged[j]
    gap = max(0, max(a.start, b.start) - min(a.end, b.end))
    between = sum(1 for k in range(min(i, j) + 1, max(i, j)) if tagged[k].kind == a.kind and tagged[k].kind == "content")
    outside = not at[i] <= at[j] <= last
    crossed = sum(1 for k in range(min(i, j) + 1, max(i, j)) if tagged[k].kind == b.kind)
    return gap + 60 * between + 150 * outside + 40 * crossed
