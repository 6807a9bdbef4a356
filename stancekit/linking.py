"""Which cue goes with which content, and which source with which cue: a scored linker over the spans of an article.

Every content is scored against the cues near it, every cue against the sources near it, by logistic regressions over what
stands between the two and around them (as O'Keefe et al. 2012 do for quotations and speakers). The weights are fitted on
annotated articles (`training/train_attribution.py`) and saved in the attribution checkpoint.
"""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from .segment import Layout

Features = dict[str, float]
Weights = Mapping[str, float]

REACH = 2  # sentences between two spans that may go together
MOST = 8  # spans looked at on each side
SIZES = (1, 5, 15, 40, 100, 250)  # characters, the upper ends of classes of distance
RELATIVE = ("who", "which", "that")
PRONOUNS = ("he", "she", "they", "it", "we", "i", "you")
MARKS = "\"“”„«»'‘’`"


class Part(Protocol):
    """A labelled span of an article: source, cue or content."""

    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102


def rare(name: str) -> str:
    """The feature that stands for a cue word too rare to have a weight of its own."""
    return f"{name.partition('=')[0]}=?" if " cue=" in name else name


def score(features: Features, weights: Weights) -> float:
    """Log-odds that two spans go together."""
    return sum(value * (weights[name] if name in weights else weights.get(rare(name), 0.0)) for name, value in features.items())


def _size(gap: int) -> str:
    return str(bisect.bisect_left(SIZES, gap))


class Scene:
    """The spans of one article, in text order, with what the features need to know of each."""

    def __init__(self, layout: Layout, parts: Sequence[Part]) -> None:
        self.layout, self.text, self.parts = layout, layout.text, parts
        starts = [s.start for s in layout.sentences]
        blocks = [b.start for b in layout.blocks]
        self.first = [bisect.bisect_right(starts, p.start) - 1 for p in parts]
        self.last = [bisect.bisect_right(starts, p.end - 1) - 1 for p in parts]
        self.block = [(bisect.bisect_right(blocks, p.start) - 1, bisect.bisect_right(blocks, p.end - 1) - 1) for p in parts]
        self.by_kind = {kind: [i for i, p in enumerate(parts) if p.kind == kind] for kind in ("source", "cue", "content")}
        self.places = {kind: [parts[i].start for i in found] for kind, found in self.by_kind.items()}

    def count(self, kind: str, start: int, end: int) -> int:
        """How many spans of a kind begin in ``text[start:end]``."""
        found = self.places[kind]
        return bisect.bisect_left(found, end) - bisect.bisect_left(found, start)

    def near(self, i: int, kind: str) -> list[int]:
        """The spans of a kind within `REACH` sentences of span `i`: of each of its ends, the `MOST` nearest on either side.

        The limit keeps the work linear where a text has no sentences to speak of.
        """
        found, places = self.by_kind[kind], self.places[kind]
        ends = (bisect.bisect_left(places, self.parts[i].start), bisect.bisect_left(places, self.parts[i].end))
        chosen = sorted({n for at in ends for n in range(max(0, at - MOST), min(len(found), at + MOST))})
        low, high = self.first[i] - REACH, self.last[i] + REACH
        return [j for j in (found[n] for n in chosen) if self.first[j] <= high and self.last[j] >= low]

    def cues(self, i: int) -> list[int]:
        """The cues that content `i` may go with.

        A quotation that ended in a full stop does not take its cue from the sentence after it (in PolNeAR train about one
        pair in a hundred does).
        """
        end = self.parts[i].end
        ended = re.search(r"\.[\"”»’']$", self.text[max(0, end - 2) : end + 1].rstrip())
        return [j for j in self.near(i, "cue") if not (ended and self.first[j] > self.last[i])]

    def _side(self, i: int, j: int) -> str:
        """Where `j` stands seen from `i`: before it, after it, or in it."""
        a, b = self.parts[i], self.parts[j]
        return "before" if b.end <= a.start else "after" if b.start >= a.end else "in"

    def _gap(self, i: int, j: int) -> tuple[int, int]:
        a, b = self.parts[i], self.parts[j]
        return (b.end, a.start) if b.end <= a.start else (a.end, max(a.end, b.start))

    def _between(self, i: int, j: int, side: str) -> Features:
        """What both kinds of pairs share: distance, and what stands in between."""
        low, high = self._gap(i, j)
        gap = self.text[low:high]
        far = self.first[i] - self.last[j] if side == "before" else self.first[j] - self.last[i]
        blocks = self.block[i][0] - self.block[j][1] if side == "before" else self.block[j][0] - self.block[i][1]
        out = {
            f"{side}": 1.0,
            f"{side} sentences={max(0, min(far, 2))}": 1.0,
            f"{side} blocks={max(0, min(blocks, 2))}": 1.0,
            f"{side} size={_size(len(gap))}": 1.0,
            f"{side} distance": math.log1p(len(gap)) / 5,
        }
        for kind in self.by_kind:
            out[f"{side} {kind}s={min(2, self.count(kind, low, high))}"] = 1.0
        if not any(c.isalnum() for c in gap):
            out[f"{side} bare"] = 1.0
        out[f"{side} commas={min(2, gap.count(','))}"] = 1.0
        if ":" in gap or (side == "before" and self.text.endswith(":", 0, self.parts[j].end)):
            out[f"{side} colon"] = 1.0
        if re.search(r"[.!?]", gap):
            out[f"{side} stop"] = 1.0
        return out

    def cue_features(self, i: int, j: int) -> Features:
        """Of content `i` and cue `j`."""
        side = self._side(i, j)
        a, b, text = self.parts[i], self.parts[j], self.text
        out = self._between(i, j, side)
        quoted = "quoted" if text[a.start] in MARKS or self.layout.quote_at(a.start) >= 0 else "plain"
        ends = text[max(a.start, a.end - 8) : a.end].rstrip(MARKS + " ")[-1:]
        beyond = text[a.end : a.end + 3].lstrip(MARKS)[:1]
        ends = ends if ends in ",.?!-—–" else beyond if beyond in ",.?!-—–" else "word"
        same = self.first[j] == (self.last[i] if side == "after" else self.first[i])
        out[f"{side} {quoted} ends={ends} same={same:d}"] = 1.0
        taken_after = any(
            k != i and 0 <= self.parts[k].start - b.end <= 20 and self.first[k] == self.last[j] for k in self._contents(b.end, 20)
        )
        taken_before = any(
            self.parts[k].kind == "content" and k != i and 0 <= b.start - self.parts[k].end <= 40
            for k in range(max(0, j - 4), j)
        )  # fmt: skip
        out[f"{side} {quoted} taken={taken_before:d}{taken_after:d} same={same:d}"] = 1.0
        after = text[b.end : b.end + 6].lstrip()
        then = (
            "that" if after.startswith("that ") else "mark" if after[:1] in MARKS else after[:1] if after[:1] in ":,." else "word"
        )
        out[f"{side} then={then}"] = out[f"{side} {quoted} ends={ends} same={same:d} then={then}"] = 1.0
        words = text[b.start : b.end].lower().split()
        out[f"{side} cue={words[0] if words else ''}"] = 1.0
        starts = text[a.start].isupper() or text[a.start] in MARKS
        out[f"{side} capital={starts:d} same={same:d}"] = 1.0
        return out

    def _contents(self, start: int, room: int) -> list[int]:
        found = self.places["content"]
        low, high = bisect.bisect_left(found, start), bisect.bisect_right(found, start + room)
        return self.by_kind["content"][low:high]

    def source_features(self, contents: Sequence[int], anchor: int, j: int) -> Features:
        """Of source `j` and a cue (or a content without one) at `anchor` that has the `contents`."""
        side = self._side(anchor, j)
        a, b, text = self.parts[anchor], self.parts[j], self.text
        out = self._between(anchor, j, side)
        said = text[b.start : b.end].lower()
        what = "relative" if said in RELATIVE else "pronoun" if said in PRONOUNS else "name"
        out[f"{side} {what}"] = 1.0
        out[f"{side} {what} size={_size(self._gap(anchor, j)[1] - self._gap(anchor, j)[0])}"] = 1.0
        held = any(self.parts[k].start <= b.start and b.end <= self.parts[k].end for k in contents)
        inside = any(self.parts[k].start <= b.start < self.parts[k].end for k in self.by_kind["content"][self._upto(b.start)])
        out[f"{side} inside={held:d}{inside:d} {a.kind}"] = 1.0
        order = "".join(sorted({("c" if self.parts[k].end <= a.start else "k") for k in contents} or {"-"}))
        same = self.first[j] == self.first[anchor]
        out[f"{side} order={order} {a.kind} same={same:d}"] = 1.0
        middle = any(min(a.end, b.end) <= self.parts[k].start < max(a.start, b.start) for k in contents)
        out[f"{side} middle={middle:d}"] = 1.0
        gap = self._gap(anchor, j)[1] - self._gap(anchor, j)[0]
        rival = any(
            k != anchor and self._gap(j, k)[1] - self._gap(j, k)[0] < gap and self.first[k] == self.first[j]
            for k in self.near(j, "cue")
        )
        out[f"{side} rival={rival:d} {what}"] = 1.0
        if text[max(0, b.start - 3) : b.start].lower() == "by ":
            out[f"{side} by"] = 1.0
        if text[max(0, a.end) : a.end + 4].lower().startswith((" by ", " to ")):
            out[f"{side} cue by"] = 1.0
        words = text[a.start : a.end].lower().split() if a.kind == "cue" else [""]
        out[f"{side} cue={words[0] if words else ''}"] = 1.0
        return out

    def _upto(self, offset: int) -> slice:
        """The contents that may hold the character at `offset`: those that begin shortly before it."""
        high = bisect.bisect_right(self.places["content"], offset)
        return slice(max(0, high - 4), high)


def link(layout: Layout, parts: Sequence[Part], weights: Mapping[str, Weights]) -> list[tuple[list[int], int | None, int | None]]:
    """Tie contents to cues and cues to sources.

    Args:
        layout: the article.
        parts: its spans, in text order.
        weights: of the pairs of "cue" and content, and of "source" and cue.

    Returns:
        (contents, source, cue) of each attribution, as numbers in `parts`; by the place of the first content.
    """
    scene = Scene(layout, parts)
    cue, source = weights["cue"], weights["source"]
    return tie(
        scene,
        lambda i, j: score(scene.cue_features(i, j), cue) - cue.get("least", 0.0),
        lambda members, anchor, j: score(scene.source_features(members, anchor, j), source) - source.get("least", 0.0),
    )


def tie(
    scene: Scene, cue_score: Callable[[int, int], float], source_score: Callable[[Sequence[int], int, int], float]
) -> list[tuple[list[int], int | None, int | None]]:
    """What `link` does, by any scores: a content takes its best cue, contents of one cue their best source, if above 0.

    Args:
        scene: the spans of an article.
        cue_score: of a content and a cue.
        source_score: of the contents, what they are anchored at (their cue, or the first of them), and a source.
    """
    by_cue: dict[int, list[int]] = {}
    groups: list[tuple[list[int], int | None]] = []
    for i in scene.by_kind["content"]:
        cue = _best((cue_score(i, j), -j) for j in scene.cues(i))
        if cue is not None and cue in by_cue:
            by_cue[cue].append(i)
            continue
        members = [i]
        groups.append((members, cue))
        if cue is not None:
            by_cue[cue] = members
    out = []
    for members, cue in groups:
        anchor = members[0] if cue is None else cue
        out.append((members, _best((source_score(members, anchor, j), -j) for j in scene.near(anchor, "source")), cue))
    return out


def _best(scored: Iterable[tuple[float, int]]) -> int | None:
    """The span (given as a negative number, so that of equals the first wins) with the highest score, if that is above 0."""
    best = max(scored, default=(0.0, 0))
    return -best[1] if best[0] > 0 else None
