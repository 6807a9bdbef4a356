"""A spaCy component (extra ``spacy``); spaCy finds it by the entry point of this package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from .pipeline import Pipeline, load
from .types import Document


class SpacyComponent:
    """``spacy_nlp.add_pipe("stancekit")``: statements and stances of a spaCy document.

    After it, ``doc._.stancekit`` is the `Document`, and ``doc.spans["statements"]`` and ``doc.spans["targets"]`` hold the
    statements (label: their kind) and targets (label: the stance) as spaCy spans, moved outwards to whole tokens.

    Args:
        name: of the component.
        speaker: who speaks, if the texts are one speaker's own words.
        models: arguments for `stancekit.load`.
    """

    def __init__(self, name: str, speaker: str | None = None, models: dict[str, Any] | None = None) -> None:
        self.name, self.speaker = name, speaker
        self.nlp: Pipeline = load(**(models or {}))
        if not Doc.has_extension("stancekit"):
            Doc.set_extension("stancekit", default=None)

    def __call__(self, doc: Any) -> Any:
        """The document, marked."""
        return self._mark(doc, self.nlp(doc.text, speaker=self.speaker))

    def pipe(self, stream: Iterable[Any], batch_size: int = 32) -> Iterator[Any]:
        """Many documents, worked on together."""
        batch: list[Any] = []
        for doc in stream:
            batch.append(doc)
            if len(batch) >= batch_size:
                yield from self._label(batch)
                batch = []
        yield from self._label(batch)

    def _label(self, batch: list[Any]) -> Iterator[Any]:
        found = self.nlp.pipe([d.text for d in batch], batch_size=max(1, len(batch)), speakers=[self.speaker] * len(batch))
        for doc, labelled in zip(batch, found, strict=True):
            yield self._mark(doc, labelled)

    @staticmethod
    def _mark(doc: Any, labelled: Document) -> Any:
        doc._.stancekit = labelled
        spans = [(s.start, s.end, s.kind) for s in labelled]
        doc.spans["statements"] = [doc.char_span(a, b, label=k, alignment_mode="expand") for a, b, k in spans]
        targets = [(t.target, t.label) for s in labelled for t in s.stances if t.target and t.target.start is not None]
        doc.spans["targets"] = [doc.char_span(t.start, t.end, label=k, alignment_mode="expand") for t, k in targets]
        return doc


@Language.factory("stancekit", default_config={"speaker": None, "models": {}})
def make_component(nlp: Language, name: str, speaker: str | None, models: dict[str, Any]) -> SpacyComponent:
    """What spaCy calls for ``add_pipe("stancekit", config={"speaker": …, "models": {…}})``."""
    return SpacyComponent(name, speaker, models)
