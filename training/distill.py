"""Label unlabelled text with a teacher, for the student to learn from (Hinton et al. 2015).

    python training/distill.py runs/teacher --texts raw/*.jsonl.gz polnear_train.jsonl --pairs dse_train.jsonl \\
        --keep-out statements_dev.jsonl plv_test.jsonl articles/ --out distilled.jsonl

From articles (`--texts`) the embedded pipeline takes statements, their holders and their targets, more of them than it would
report; from `--pairs` ({"text", "source", "target", "target_span"}) the pairs are taken as they are. A text that shares
eight words in a row with a file (or a folder of .txt files) that is kept out is left out. Out come rows of one pair, with
"scores": the teacher's probability of each label.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from tqdm import tqdm

import stancekit as sk
from stancekit.segment import segment

WORD = re.compile(r"\w+")
RUN = 8  # words
MAX_CHARS = 6_000  # of an article: enough of each, and all of them get their turn
EAGER = -1.5  # added to the target tagger's log-probability of no target: finds also what it would not report


def runs(text: str) -> set[int]:
    """The runs of `RUN` words in a text, hashed; of a shorter text, all of its words."""
    words = WORD.findall(text.lower())
    if len(words) < RUN:
        return {hash(tuple(words))}
    return {hash(tuple(words[i : i + RUN])) for i in range(len(words) - RUN + 1)}


def read(path: Path) -> Iterator[dict]:
    """The rows of a .jsonl or .jsonl.gz file, or the texts of a folder."""
    if path.is_dir():
        yield from ({"text": file.read_text(encoding="utf-8")} for file in sorted(path.glob("*.txt")))
    elif path.suffix == ".txt":
        yield {"text": path.read_text(encoding="utf-8")}
    else:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def sample(paths: list[Path], kept_out: set[int], limit: int, rng: random.Random) -> list[dict]:
    """Rows of the files, as many of each, none of which shares a run of words with what is kept out."""
    out = []
    for path in paths:
        rows = [r for r in read(path) if isinstance(r.get("text"), str) and r["text"].strip()]
        rng.shuffle(rows)
        found: list[dict] = []
        for row in rows:
            if len(found) >= max(1, limit // len(paths)):
                break
            if not runs(row["text"][:MAX_CHARS]) & kept_out:
                found.append(row)
        print(f"{path.name}: {len(found)} of {len(rows)} rows", file=sys.stderr)
        out += found
    return out


def statement_pairs(nlp: sk.Pipeline, texts: list[str], most: int, rng: random.Random) -> list[dict]:
    """(statement, target, holder) of articles, at most `most` of each article."""
    nlp.target_model.outside_bias += EAGER
    out = []
    for document in tqdm(nlp.pipe(texts), total=len(texts), unit="article", file=sys.stderr):
        found = [
            {"text": s.text, "source": t.holder, "target_span": [t.target.start - s.start, t.target.end - s.start]}
            for s in document.statements
            for t in s.stances
            if t.target and t.target.start is not None and s.start <= t.target.start < t.target.end <= s.end
        ]
        out += rng.sample(found, min(most, len(found)))
    return out


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path, help="a stance checkpoint")
    parser.add_argument("--texts", nargs="*", type=Path, default=[])
    parser.add_argument("--pairs", nargs="*", type=Path, default=[])
    parser.add_argument("--keep-out", nargs="*", type=Path, default=[], metavar="FILE")
    parser.add_argument("--articles", type=int, default=1000, help="how many articles")
    parser.add_argument("--per-article", type=int, default=8, help="pairs of one article, at most")
    parser.add_argument("--rows", type=int, default=4000, help="how many rows of --pairs")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    rng = random.Random(a.seed)
    kept_out = {run for path in a.keep_out for row in read(path) for run in runs(row["text"])}
    items = []
    if a.texts:
        texts = [row["text"][:MAX_CHARS] for row in sample(a.texts, kept_out, a.articles, rng)]
        items += statement_pairs(sk.load(), [t for t in texts if segment(t).sentences], a.per_article, rng)
    if a.pairs:
        items += [r for r in sample(a.pairs, kept_out, a.rows, rng) if r.get("target_span")]
    if not items:
        sys.exit("error: nothing to label: give --texts or --pairs")
    teacher = sk.load(stance=a.teacher).stance_model
    inputs = [teacher.encoder.encode(i["text"], tuple(i["target_span"]), i.get("source")) for i in items]
    size = 512
    with a.out.open("w", encoding="utf-8") as out:
        for at in tqdm(range(0, len(items), size), unit="batch", file=sys.stderr):
            with torch.autocast("cpu", dtype=torch.bfloat16):  # moves a probability by less than a hundredth, in half the time
                rows = teacher.probabilities(inputs[at : at + size])
            for item, row in zip(items[at : at + size], rows, strict=True):
                scores = {label: round(float(p), 4) for label, p in zip(teacher.labels, row, strict=True)}
                row = {"text": item["text"], "source": item.get("source"), "target_span": item["target_span"], "scores": scores}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(items)} pairs in {a.out}")
    return len(items)


if __name__ == "__main__":
    main()
