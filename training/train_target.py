"""Train the target tagger: the spans of a statement that a stance is directed at.

    python training/train_target.py configs/target/base.yaml --data statements_train.jsonl --dev statements_dev.jsonl

Data: JSONL, a statement a line: {"text", "stances": [{"start", "end", "label", …}]}, or rows with "target_span" and
"label" (the public sets). Neutral entries are left out: what the tagger finds is what a stance is taken on. Rows with "tags" instead, a teacher's
probabilities of each label for each word (distill.py), are learnt as they are (Hinton et al. 2015).
Readers of whole articles name fewer and other targets than those of single sentences: files named by the setting `articles` are
learnt as a second way to read, told from the first by the segment number (the way BERT tells a second sentence).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
from config import TrainConfig, read_config
from datasets import Dataset
from tag_data import SoftCollator, windows
from torch.nn.functional import cross_entropy
from transformers import Trainer

from stancekit import tagging
from stancekit.labels import STANCES

LABELS = tagging.bio(STANCES)


def spans(row: dict) -> list[tuple[int, int, int]]:
    """The row's targets (start, end, number of the stance), in text order; of two that start together the longer one first.

    A tagger cannot say that one span lies within another: it learns the first one (see `tagging.gold_labels`).
    """
    if "stances" in row:
        found = [(s["start"], s["end"], s["label"]) for s in row["stances"] if s.get("start") is not None]
    else:
        found = [(*row["target_span"], row["label"])] if row.get("target_span") and row.get("label") else []
    return sorted(
        ((s, e, STANCES.index(label)) for s, e, label in found if label in STANCES), key=lambda span: (span[0], -span[1])
    )


def expected(row: dict, words: list[str], places: tagging.Spans) -> np.ndarray:
    """How likely each label is for each word, shape (words, labels): a teacher's "tags" (distill.py), or 1 for the gold label."""
    if "tags" not in row:
        return np.eye(len(LABELS))[tagging.gold_labels(places, spans(row))]
    tags = np.asarray(row["tags"], dtype=float)
    if tags.shape != (len(words), len(LABELS)):
        sys.exit(f"error: row {row['text'][:40]!r}: tags of shape {tags.shape}, not {(len(words), len(LABELS))} (words, labels)")
    return tags


def article_files(config: TrainConfig, files: set[str]) -> set[str]:
    """The data files that the setting `articles` names; all of them must be there, or none (the config is then used with other data)."""
    named = files & set(config.articles)
    if named and (missing := set(config.articles) - named):
        sys.exit(
            f"error: the setting `articles` names {', '.join(sorted(missing))}, but no data file has that name; there are {', '.join(sorted(files))}"
        )
    return named


def encode(rows: list[dict], tokenizer, config: TrainConfig) -> Dataset:
    """Statements to token ids and, for the first token of each word, label probabilities; 0 throughout for other tokens."""
    out: dict[str, list] = {"input_ids": [], "labels": [], "token_type_ids": []}
    plain, ends = common.plain_tokenizer(tokenizer), (tokenizer.cls_token_id, tokenizer.sep_token_id)
    for row in rows:
        words, places = tagging.split_words(row["text"])
        soft = (1 - config.label_smoothing) * expected(row, words, places) + config.label_smoothing / len(LABELS)
        pieces = tagging.pieces(plain, words)
        for ids, labels in windows(pieces, soft.tolist(), [0.0] * len(LABELS), config.max_length - 2, config.overlap, ends):
            out["input_ids"].append(ids)
            out["labels"].append(labels)
            out["token_type_ids"].append([int(row["file"] in config.articles)] * len(ids))
    return Dataset.from_dict(out)


class SoftTagger(Trainer):
    """Cross-entropy to label probabilities, over the tokens that have any."""

    def compute_loss(self, model, inputs, return_outputs=False, **_):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        counted = labels.sum(-1) > 0
        loss = cross_entropy(outputs.logits.float()[counted], labels[counted])
        return (loss, outputs) if return_outputs else loss


def metrics(prediction) -> dict[str, float]:
    """Span F1 (at least half overlap) over words: with the stance of the span, and without."""
    metric = common.load_metric("span_f1")
    found, gold = [], []
    for logits, labels in zip(prediction.predictions, prediction.label_ids, strict=True):
        keep = labels.sum(-1) > 0
        places = [(i, i + 1) for i in range(int(keep.sum()))]
        best = tagging.spans_of(tagging.log_softmax(logits[keep]), places, STANCES)
        found.append([[t.start, t.end, STANCES.index(t.kind)] for t in best])
        exact = tagging.spans_of(np.log(np.eye(logits.shape[-1])[labels[keep].argmax(-1)] + 1e-12), places, STANCES)
        gold.append([[t.start, t.end, STANCES.index(t.kind)] for t in exact])
    out = {}
    for name, kinds in (("span", False), ("tuple", True)):
        for key, value in metric.compute(predictions=found, references=gold, kinds=kinds).items():
            out[f"{name}_{key}"] = value
    return out


def main(argv: list[str] | None = None) -> dict[str, float]:
    config = read_config(argv, __doc__)
    train, dev = common.read_rows(config.train, config.limit), common.read_rows(config.dev, config.limit)
    articles = article_files(config, {row["file"] for row in (*train, *dev)})
    train = common.check_overlap(train, dev, config.drop_overlap)
    train = common.weigh(train, config.weights, config.seed)
    model, tokenizer = common.start(config, "target", LABELS)
    if articles and getattr(model.config, "type_vocab_size", 0) < 2:
        sys.exit(f"error: {config.base} knows no segments, so it cannot learn `articles` apart; leave the setting out")
    if not articles and common.settings_of(config.base, "target").get("article_segment"):
        print(
            "the base reads statements of articles in a way of its own, which is not kept: no data file is named by `articles`",
            file=sys.stderr,
        )
    trainer = common.trainer(
        config, model, tokenizer, encode(train, tokenizer, config), encode(dev, tokenizer, config),
        SoftCollator(tokenizer.pad_token_id), metrics, cls=SoftTagger,
    )  # fmt: skip
    figures = common.fit(trainer, config)
    extra = {"task": "target", "max_length": config.max_length, "overlap": config.overlap}
    if articles:
        extra["article_segment"] = 1
    common.save(trainer, tokenizer, config, extra, figures, {"train": len(train), "dev": len(dev)})
    return figures


if __name__ == "__main__":
    main()
