"""The articles that bench.py measures on: as many as wanted, of one length, no two alike."""

from __future__ import annotations

import itertools
import json
import random
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from stancekit.corpus import Article, Columns, Reader

AUTHORED = ("*.txt", "articles_*.jsonl", "humboldt.jsonl")  # in seeds/
ENDS = (r"(?<=\n\n)", r"(?<=\n)", r"(?<=[.!?] )")  # where a text may be cut: after a paragraph, a line, a sentence


@dataclass(frozen=True)
class Source:
    """Where articles come from; small, so that it can be sent to a process, which reads or makes them itself.

    Attributes:
        paths: files to cut; none: the paragraphs of the authored articles, shuffled.
        column: the column of the files with the texts.
        words: words of an article, about.
        seed: of the shuffling.
    """

    paths: tuple[str, ...] = ()
    column: str = "text"
    words: int = 750
    seed: int = 13

    def articles(self, count: int, first: int = 0) -> Iterator[str]:
        """`count` articles from the number `first` on: the same ones for the same numbers.

        A line with its number ends each: where the paragraphs were all used and come again, no article is one that was
        seen before, and nothing that a program remembers of one helps with another.
        """
        numbered = enumerate(cut(self._parts(), self.words))
        return (f"{piece}\n\nReport number {number}." for number, piece in itertools.islice(numbered, first, first + count))

    def _parts(self) -> Iterator[str]:
        """Paragraphs without end, a few of them in memory at a time."""
        pool = [] if self.paths else [part for text in authored() for part in parts(text, self.words // 3)]
        rng = random.Random(self.seed)
        while True:
            read = rng.sample(pool, len(pool)) if pool else self._of_files()
            empty = True
            for part in read:
                empty = False
                yield part
            if empty:
                sys.exit(f"error: no texts in column {self.column!r} of {', '.join(self.paths)}")

    def _of_files(self) -> Iterator[str]:
        found = Reader(Columns(self.column)).read(self.paths)
        return (part for item in found if isinstance(item, Article) for part in parts(item.text, self.words // 3))


def authored() -> list[str]:
    """The authored articles of this repository."""
    texts = []
    for path in (p for pattern in AUTHORED for p in sorted((ROOT / "seeds").glob(pattern))):
        text = path.read_bytes().decode("utf-8")
        texts += [text] if path.suffix == ".txt" else [json.loads(line)["text"] for line in text.split("\n") if line]
    return texts


def parts(text: str, most: int) -> list[str]:
    """The paragraphs of a text, each with what separates it from the next; its lines or sentences where they are longer than `most` words."""
    found: list[str] = []
    for end in ENDS:
        found = [part for part in re.split(end, text.rstrip() + "\n\n") if part.strip()]
        if max((len(part.split()) for part in found), default=0) <= most:
            break
    return found


def cut(found: Iterable[str], words: int) -> Iterator[str]:
    """Pieces of about `words` words, each ended where a part does that comes nearest; a short text goes on in the next one."""
    piece, have = "", 0
    for part in found:
        more = len(part.split())
        if piece and have + more / 2 > words:
            yield piece.strip()
            piece, have = "", 0
        piece, have = piece + part, have + more
    if piece:
        yield piece.strip()
