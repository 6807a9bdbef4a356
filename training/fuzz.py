"""Run the pipeline over whatever articles there are, and check what it promises of every input.

    python training/fuzz.py polnear_*.jsonl dev_articles/ raw/*.jsonl.gz [--extraction] [--threads 2]

Checked: no exception; as many documents out as in; every offset exact (`text[start:end]` is the statement, the target; the speaker
stands inside the text);
statements in text order, numbered from 0; known kinds; scores between 0 and 1. --extraction leaves out targets and stances
(who said what alone), which is several times as quick. Exit status 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tqdm import tqdm

import stancekit as sk
from stancekit.corpus import Article, Columns, Problem, Reader
from stancekit.segment import segment
from stancekit.speakers import Cast
from stancekit.statements import Unit, extract

KINDS = ("direct", "indirect", "mixed", "own")


def extraction(nlp: sk.Pipeline, texts: Sequence[str]) -> list[list[Unit]]:
    """Who said what in each text, without targets and stances."""
    layouts = [segment(t) for t in texts]
    found = nlp.attribution_model.find(layouts)
    return [extract(layout, spans, Cast(layout), None) for layout, spans in zip(layouts, found, strict=True)]


def faults(doc: sk.Document) -> Iterator[str]:
    """What is wrong with a document."""
    text, last = doc.text, -1
    for number, s in enumerate(doc):
        if s.id != number or s.start < last:
            yield f"statement {number} has number {s.id} and starts at {s.start}, after {last}"
        last = s.start
        if not 0 <= s.start < s.end <= len(text) or text[s.start : s.end] != s.text:
            yield f"statement {number}: the text at {s.start}:{s.end} is not its words"
        if s.speaker_start is not None and not 0 <= s.speaker_start < s.speaker_end <= len(text):
            yield f"statement {number}: speaker at {s.speaker_start}:{s.speaker_end}"
        if s.kind not in KINDS or not 0 <= s.score <= 1:
            yield f"statement {number}: kind {s.kind}, score {s.score}"
        for stance in s.stances:
            span = stance.target
            if span and span.start is not None and text[span.start : span.end] != span.text:
                yield f"statement {number}: the text at {span.start}:{span.end} is not its target"
            if stance.label not in sk.LABELS or not 0 <= stance.score <= 1:
                yield f"statement {number}: label {stance.label}, score {stance.score}"


def unit_faults(text: str, units: Sequence[Unit]) -> Iterator[str]:
    """What is wrong with extracted units, which have offsets alone."""
    for n, (unit, before) in enumerate(zip(units, [None, *units], strict=False)):
        if not 0 <= unit.start < unit.end <= len(text) or (before and unit.start < before.start) or unit.kind not in KINDS:
            yield f"statement {n}: {unit.kind} at {unit.start}:{unit.end}"
        if unit.speaker_span and not 0 <= unit.speaker_span[0] < unit.speaker_span[1] <= len(text):
            yield f"statement {n}: speaker at {unit.speaker_span}"


def check(nlp: sk.Pipeline, batch: Sequence[Article], alone: bool) -> Iterator[tuple[str, str]]:
    """(article, fault) of a batch; where it raises, of each article by itself."""
    texts = [a.text for a in batch]
    try:
        found = extraction(nlp, texts) if alone else list(nlp.pipe(texts, batch_size=len(texts)))
        if len(found) != len(texts):
            yield batch[0].doc_id, f"{len(texts)} articles in, {len(found)} out"
        for article, made in zip(batch, found, strict=False):
            for fault in unit_faults(article.text, made) if alone else faults(made):
                yield article.doc_id, fault
    except Exception as error:  # whatever it is, it is what is looked for
        if len(batch) == 1:
            yield batch[0].doc_id, f"{type(error).__name__}: {error}"
        else:
            for article in batch:
                yield from check(nlp, [article], alone)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--id-column")
    parser.add_argument("--extraction", action="store_true")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--part", default="1/1", metavar="I/N", help="only every Nth article, from the Ith on")
    a = parser.parse_args(argv)
    first, step = map(int, a.part.split("/"))
    nlp = sk.load(threads=a.threads)
    items = Reader(Columns(a.text_column, a.id_column)).read(a.inputs)
    items = itertools.islice(items, first - 1, None, step)
    articles = words = wrong = unread = 0
    start = time.perf_counter()
    bar = tqdm(unit=" articles", file=sys.stderr, disable=not sys.stderr.isatty())
    while batch := list(itertools.islice(items, 16)):
        good = [x for x in batch if isinstance(x, Article)]
        unread += sum(isinstance(x, Problem) for x in batch)
        for name, fault in check(nlp, good, a.extraction) if good else ():
            wrong += 1
            print(f"{name}: {fault}")
        articles, words = articles + len(good), words + sum(len(x.text.split()) for x in good)
        bar.update(len(batch))
    bar.close()
    seconds = time.perf_counter() - start
    what = "extraction alone" if a.extraction else "the whole pipeline"
    print(
        f"{articles} articles, {words} words, {what}: {wrong} faults; {unread} rows could not be read; {words / seconds:.0f} words a second"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
