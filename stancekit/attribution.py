"""Attribution: the source, cue and content spans that a token classifier finds in an article, linked to each other.

The classifier reads words with quotation marks brought to one form and paragraph breaks marked (:func:`words`);
`linking` ties every content to the cue and source that go with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from . import checkpoints
from .backends import Backend
from .linking import link
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
    """The attribution tagger with the linker (the embedded model's, where the checkpoint brings none)."""

    def __init__(self, backend: Backend) -> None:
        self.tagger = Tagger(backend)
        self.linker = backend.settings.get("linker") or checkpoints.resolve(None, "attribution").settings.get("linker") or {}
        if {"cue", "source"} - set(self.linker):
            raise ValueError(
                f"the linker of {backend.checkpoint.folder} lacks weights for cue or source: fit it with training/train_linker.py"
            )
        self.roles = tuple(label[2:] for label in backend.labels[1::2])

    def find(self, layouts: Sequence[Layout]) -> list[list[Attribution]]:
        """The attributions of each article, by the place of their first content."""
        split = [words(layout) for layout in layouts]
        scores = self.tagger.scores([w for w, _ in split])
        found = [spans_of(s, spans, self.roles) for s, (_, spans) in zip(scores, split, strict=True)]
        return [self._link(layout, tagged) for layout, tagged in zip(layouts, found, strict=True)]

    def _link(self, layout: Layout, tagged: Sequence[Tagged]) -> list[Attribution]:
        return [
            Attribution(
                [tagged[i] for i in contents],
                tagged[source] if source is not None else None,
                tagged[cue] if cue is not None else None,
            )
            for contents, source, cue in link(layout, tagged, self.linker)
        ]
