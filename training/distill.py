"""Label unlabelled text with a teacher, for the student to learn from (Hinton et al. 2015).

    python training/distill.py runs/teacher --texts raw/*.jsonl.gz polnear_train.jsonl --pairs dse_train.jsonl \\
        --keep-out statements_dev.jsonl plv_test.jsonl articles/ --out distilled.jsonl

The teacher is a stance or a target checkpoint. A text that shares eight words in a row with a file (or a folder of .txt files)
that is kept out is left out.

stance: from articles (`--texts`) the embedded pipeline takes statements, their holders and their targets, more of them than it
would report; from `--pairs` ({"text", "source", "target", "target_span"}) the pairs are taken as they are; statements with "tags"
there (what this script writes for a target teacher) give a pair, without a holder, for each target that the tags hold. Out come
rows of one pair, with "scores": the teacher's probability of each label.
target: from articles come sentences, or the contents of "attributions" where rows have them; from `--pairs` their texts.
Out come statements with "tags": the teacher's probability of each label for each word. With `--as-articles` the articles give the statements
that the embedded pipeline finds in them, and the teacher reads all texts as statements of articles (`TargetModel.scores`). Of several
target teachers the mean probability is taken (an ensemble: Dietterich 2000).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
import torch
from tqdm import tqdm

import stancekit as sk
from stancekit import checkpoints
from stancekit.segment import segment
from stancekit.tagging import split_words

WORD = re.compile(r"\w+")
RUN = 8  # words
MAX_CHARS = 6_000  # of an article: enough of each, and all of them get their turn
EAGER = -1.5  # added to the target tagger's log-probability of no target: finds also what it would not report
LENGTHS = (5, 60)  # words of a statement to tag
SLICE = 512  # rows given to the teacher at once


def runs(text: str) -> set[int]:
    """The runs of `RUN` words in a text, hashed; of a shorter text, all of its words."""
    words = WORD.findall(text.lower())
    if len(words) < RUN:
        return {hash(tuple(words))}
    return {hash(tuple(words[i : i + RUN])) for i in range(len(words) - RUN + 1)}


def sample(paths: list[str], kept_out: set[int], limit: int, rng: random.Random) -> list[dict]:
    """Rows of the files, as many of each, none of which shares a run of words with what is kept out."""
    out = []
    for path in paths:
        rows = common.read_rows([path])
        rng.shuffle(rows)
        found: list[dict] = []
        for row in rows:
            if len(found) >= max(1, limit // len(paths)):
                break
            seen = row["text"] if "attributions" in row else row["text"][:MAX_CHARS]  # contents may stand anywhere
            if not runs(seen) & kept_out:
                found.append(row)
        print(f"{path}: {len(found)} of {len(rows)} rows", file=sys.stderr)
        out += found
    return out


def statement_pairs(nlp: sk.Pipeline, texts: list[str], most: int, rng: random.Random) -> list[dict]:
    """(statement, target, holder) of articles, at most `most` of each article."""
    nlp.target_model.outside_bias, nlp.stance_model.selection = EAGER, None  # every span is wanted, also one nobody would name
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


def tagged_pairs(rows: list[dict]) -> list[dict]:
    """(statement, target) of statements with a target teacher's tags, more targets than the teacher would report."""
    model = sk.load().target_model
    model.outside_bias = EAGER
    out = []
    for row in rows:
        text = row["text"]
        places, tags = split_words(text)[1], np.asarray(row["tags"], dtype=float)
        if tags.shape != (wanted := (len(places), 1 + 2 * len(model.kinds))):
            sys.exit(f"error: row {text[:40]!r}: tags of shape {tags.shape}, not {wanted} (words, labels)")
        found = model.decode(text, places, np.log(tags + 1e-4))  # tags are rounded to thousandths
        out += [{"text": text, "target_span": [t.start, t.end]} for t in found]
    return out


def stance_rows(teacher: Path, articles: list[dict], rows: list[dict], most: int, rng: random.Random) -> Iterator[dict]:
    """Pairs with the teacher's scores."""
    items = [r for r in rows if r.get("target_span")] + tagged_pairs([r for r in rows if "tags" in r])
    if articles:
        texts = [row["text"][:MAX_CHARS] for row in articles]
        items = statement_pairs(sk.load(), [t for t in texts if segment(t).sentences], most, rng) + items
    model = sk.load(stance=teacher).stance_model
    for at in tqdm(range(0, len(items), SLICE), unit="batch", file=sys.stderr):
        part = items[at : at + SLICE]
        inputs = [model.encoder.encode(i["text"], tuple(i["target_span"]), i.get("source")) for i in part]
        with torch.autocast(
            "cpu", torch.bfloat16, enabled=common.multiplies_in_bf16()
        ):  # moves a probability by less than a hundredth, in half the time
            found = model.probabilities(inputs)
        for item, row in zip(part, found, strict=True):
            scores = {label: round(float(p), 4) for label, p in zip(model.labels, row, strict=True)}
            yield {"text": item["text"], "source": item.get("source"), "target_span": item["target_span"], "scores": scores}


def sentences(articles: list[dict], most: int, rng: random.Random) -> list[str]:
    """Sentences of articles, or the contents of their "attributions", at most `most` of each."""
    out: list[str] = []
    for row in articles:
        text = row["text"]
        spans = [(a["content"][0][0], a["content"][-1][1]) for a in row.get("attributions") or [] if a.get("content")]
        if "attributions" not in row:
            spans = [(s.start, s.end) for s in segment(text[:MAX_CHARS]).sentences]
        found = [text[start:end].strip() for start, end in spans]
        out += rng.sample(found, min(most, len(found)))
    return out


def of_fair_length(texts: list[str]) -> list[str]:
    """Each text once, without the shortest and the longest."""
    return list(dict.fromkeys(t for t in texts if LENGTHS[0] <= len(WORD.findall(t)) <= LENGTHS[1]))


def found_statements(articles: list[dict], most: int, rng: random.Random) -> list[str]:
    """The statements that the embedded pipeline finds in articles, at most `most` of each."""
    texts = [row["text"][:MAX_CHARS] for row in articles]
    out: list[str] = []
    for document in tqdm(sk.load().pipe(texts), total=len(texts), unit="article", file=sys.stderr):
        found = [s.text for s in document.statements]
        out += rng.sample(found, min(most, len(found)))
    return out


def target_rows(teachers: list[Path], texts: list[str], article: bool) -> Iterator[dict]:
    """Statements with the teachers' tags: the mean of their probabilities."""
    models = [sk.load(target=teacher).target_model for teacher in teachers]
    for at in tqdm(range(0, len(texts), SLICE), unit="batch", file=sys.stderr):
        part = texts[at : at + SLICE]
        with torch.autocast("cpu", torch.bfloat16, enabled=common.multiplies_in_bf16()):
            found = [[np.exp(scores) for _, scores in model.scores(part, article)] for model in models]
        for text, *tags in zip(part, *found, strict=True):
            yield {"text": text, "tags": np.mean(tags, axis=0).round(3).tolist()}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teacher", type=Path, nargs="+", help="a stance checkpoint, or target checkpoints")
    parser.add_argument("--texts", nargs="*", default=[])
    parser.add_argument("--pairs", nargs="*", default=[])
    parser.add_argument("--keep-out", nargs="*", default=[], metavar="FILE")
    parser.add_argument("--articles", type=int, default=1000, help="how many articles")
    parser.add_argument("--per-article", type=int, default=8, help="pairs or statements of one article, at most")
    parser.add_argument("--rows", type=int, default=4000, help="how many rows of --pairs")
    parser.add_argument("--as-articles", action="store_true", help="target: label what a reader of the whole article names")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    try:
        tasks = [checkpoints.task_of(teacher) for teacher in a.teacher]
        for teacher, task in zip(a.teacher, tasks, strict=True):
            if task not in ("stance", "target"):
                raise ValueError(f"{teacher} serves the task {task}: a teacher is a stance or target checkpoint")
        if len(tasks) > 1 and "stance" in tasks:
            raise ValueError("only target checkpoints teach together; give one stance checkpoint")
        if len({checkpoints.read(teacher, task).labels for teacher, task in zip(a.teacher, tasks, strict=True)}) > 1:
            raise ValueError("the teachers tag different stances")
        if a.as_articles and "stance" in tasks:
            raise ValueError("--as-articles is for target checkpoints")
    except ValueError as error:
        sys.exit(f"error: {error}")
    if not a.texts and not a.pairs:
        sys.exit("error: nothing to label: give --texts or --pairs")
    rng = random.Random(a.seed)
    kept_out = {run for row in common.read_rows(a.keep_out) for run in runs(row["text"])} if a.keep_out else set()
    articles, rows = sample(a.texts, kept_out, a.articles, rng), sample(a.pairs, kept_out, a.rows, rng)
    if tasks[0] == "stance":
        found = stance_rows(a.teacher[0], articles, rows, a.per_article, rng)
    else:
        texts = (found_statements if a.as_articles else sentences)(articles, a.per_article, rng)
        found = target_rows(a.teacher, of_fair_length([row["text"] for row in rows] + texts), a.as_articles)
    count = 0
    with a.out.open("w", encoding="utf-8") as out:
        for row in found:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    if not count:
        sys.exit("error: nothing to label in these texts")
    print(f"{count} rows in {a.out}")
    return count


if __name__ == "__main__":
    main()
