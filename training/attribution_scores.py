"""How good predicted attributions are: the measures that are usual for PolNeAR.

What fills a role (source, cue, content) is compared as the set of words that its spans cover, so that marks and commas at its
edges do not matter. Two fillers match if they share at least half of the words of the larger one; exact: all of them. Attributions
are paired one to one within an article, from the largest overlap of their contents down.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from stancekit.labels import ROLES

WORD = re.compile(r"\w+")
MARK = re.compile(r"\w+|[\"“”„‟«»\n]")

Filler = frozenset[int]
Found = dict[str, Filler]


def fillers(text: str, attributions: Sequence[dict]) -> list[Found]:
    """The words of each role, as their offsets; of a role without words (a colon), its characters."""
    places = [m.span() for m in WORD.finditer(text)]
    out = []
    for attribution in attributions:
        found = {}
        for role in ROLES:
            spans = attribution.get(role) or []
            words = {a for s, e in spans for a, b in places if a < e and b > s}
            found[role] = frozenset(words or {i for s, e in spans for i in range(s, e) if not text[i].isspace()})
        if found["content"]:
            out.append(found)
    return out


def quoted_words(text: str) -> set[int]:
    """The offsets of the words between double quotation marks; an open quotation ends with its paragraph."""
    out: set[int] = set()
    inside = False
    for m in MARK.finditer(text):
        mark = m.group()
        if mark == '"':
            inside = not inside
        elif mark in "“„‟«":
            inside = True
        elif mark in "”»\n":
            inside = False
        elif inside:
            out.add(m.start())
    return out


def overlap(a: Filler, b: Filler) -> float:
    """Shared words, as a share of the larger filler; two empty ones are the same."""
    return len(a & b) / max(len(a), len(b)) if a or b else 1.0


def half(a: Filler, b: Filler) -> bool:
    return overlap(a, b) >= 0.5


def pairs(gold: Sequence[Found], found: Sequence[Found], allowed: Callable[[Found, Found], bool], role: str = "content"):
    """One-to-one pairs of allowed attributions, by falling overlap of a role."""
    scored = [
        (overlap(g[role], f[role]), -i, -j)
        for i, g in enumerate(gold)
        for j, f in enumerate(found)
        if g[role] & f[role] and allowed(g, f)
    ]
    left, right = set(), set()
    for _, i, j in sorted(scored, reverse=True):
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            yield -i, -j


def counts(gold: Sequence[Found], found: Sequence[Found]) -> Counter[str]:
    """Matches in one article, and how many there could be."""
    n: Counter[str] = Counter({"gold": len(gold), "found": len(found)})
    n["full"] = len(list(pairs(gold, found, lambda g, f: all(half(g[r], f[r]) for r in ROLES))))
    n["content exact"] = len(list(pairs(gold, found, lambda g, f: g["content"] == f["content"])))
    for i, j in pairs(gold, found, lambda g, f: half(g["content"], f["content"])):
        n["content"] += 1
        n["speaker"] += half(gold[i]["source"], found[j]["source"])
    return n


def score(rows: Sequence[dict], predicted: Sequence[Sequence[dict]]) -> dict[str, float]:
    """F1 of complete attributions, of those whose content has quotation marks, and of contents; accuracy of matched speakers.

    Args:
        rows: documents with `text` and gold `attributions`.
        predicted: the attributions found in each.
    """
    total: Counter[str] = Counter()
    quoted: Counter[str] = Counter()
    for row, made in zip(rows, predicted, strict=True):
        gold, found = fillers(row["text"], row["attributions"]), fillers(row["text"], made)
        total.update(counts(gold, found))
        inside = quoted_words(row["text"])
        quoted.update(counts(*([a for a in side if a["content"] & inside] for side in (gold, found))))
    return dict(figures(total, quoted))


def figures(total: Counter[str], quoted: Counter[str]) -> Iterator[tuple[str, float]]:
    def f1(n: Counter[str], what: str) -> float:
        return 2 * n[what] / max(1, n["gold"] + n["found"])

    yield "full", f1(total, "full")
    yield "full_quoted", f1(quoted, "full")
    yield "content", f1(total, "content")
    yield "content_exact", f1(total, "content exact")
    yield "speaker", total["speaker"] / max(1, total["content"])
