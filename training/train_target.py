"""Train the target tagger: the spans of a statement that a stance is directed at.

    python training/train_target.py configs/target/base.yaml --data statements_train.jsonl --dev statements_dev.jsonl

Data: JSONL, a statement a line: {"text", "stances": [{"start", "end", "label", …}]}, or rows with "target_span" and
"label" (the public sets). Neutral entries are left out: what the tagger finds is what a stance is taken on.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
from config import TrainConfig, read_config
from datasets import Dataset
from transformers import DataCollatorForTokenClassification

from stancekit import tagging
from stancekit.labels import STANCES


def spans(row: dict) -> list[tuple[int, int, int]]:
    """The row's targets (start, end, number of the stance), in text order."""
    if "stances" in row:
        found = [(s["start"], s["end"], s["label"]) for s in row["stances"] if s.get("start") is not None]
    else:
        found = [(*row["target_span"], row["label"])] if row.get("target_span") and row.get("label") else []
    return sorted((s, e, STANCES.index(label)) for s, e, label in found if label in STANCES)


def encode(rows: list[dict], tokenizer, config: TrainConfig) -> Dataset:
    """Statements to token ids and labels; only the first token of a word carries its label."""
    out: dict[str, list] = {"input_ids": [], "attention_mask": [], "labels": []}
    plain = common.plain_tokenizer(tokenizer)
    for row in rows:
        words, places = tagging.split_words(row["text"])
        gold = tagging.gold_labels(places, spans(row))
        ids, labels = [tokenizer.cls_token_id], [-100]
        for tokens, label in zip(tagging.pieces(plain, words), gold, strict=True):
            ids += tokens
            labels += [label] + [-100] * (len(tokens) - 1) if tokens else []
        ids, labels = ids[: config.max_length - 1] + [tokenizer.sep_token_id], labels[: config.max_length - 1] + [-100]
        for name, value in (("input_ids", ids), ("attention_mask", [1] * len(ids)), ("labels", labels)):
            out[name].append(value)
    return Dataset.from_dict(out)


def metrics(prediction) -> dict[str, float]:
    """Span F1 (at least half overlap) over words: with the stance of the span, and without."""
    metric = common.load_metric("span_f1")
    found, gold = [], []
    for logits, labels in zip(prediction.predictions, prediction.label_ids, strict=True):
        keep = labels >= 0
        places = [(i, i + 1) for i in range(int(keep.sum()))]
        best = tagging.spans_of(tagging.log_softmax(logits[keep]), places, STANCES)
        found.append([[t.start, t.end, STANCES.index(t.kind)] for t in best])
        exact = tagging.spans_of(np.log(np.eye(logits.shape[-1])[labels[keep]] + 1e-12), places, STANCES)
        gold.append([[t.start, t.end, STANCES.index(t.kind)] for t in exact])
    out = {}
    for name, kinds in (("span", False), ("tuple", True)):
        for key, value in metric.compute(predictions=found, references=gold, kinds=kinds).items():
            out[f"{name}_{key}"] = value
    return out


def main(argv: list[str] | None = None) -> dict[str, float]:
    config = read_config(argv, __doc__)
    train, dev = common.read_rows(config.train, config.limit), common.read_rows(config.dev, config.limit)
    train = common.check_overlap(train, dev, config.drop_overlap)
    labels = tagging.bio(STANCES)
    model, tokenizer = common.start(config, "target", labels)
    trainer = common.trainer(
        config, model, tokenizer, encode(train, tokenizer, config), encode(dev, tokenizer, config),
        DataCollatorForTokenClassification(tokenizer), metrics,
    )  # fmt: skip
    figures = common.fit(trainer, config)
    extra = {"task": "target", "max_length": config.max_length, "overlap": config.overlap}
    common.save(trainer, tokenizer, config, extra, figures, {"train": len(train), "dev": len(dev)})
    return figures


if __name__ == "__main__":
    main()
