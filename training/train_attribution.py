"""Train the attribution tagger: source, cue and content spans in whole articles, and fit its linker.

    python training/train_attribution.py configs/attribution/base.yaml --data polnear_train.jsonl --dev polnear_dev.jsonl

Data: JSONL, a document a line: {"id", "text", "attributions": [{"source": [[s, e], …], "cue": …, "content": …}]}.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
from config import TrainConfig, read_config
from datasets import Dataset
from tag_data import windows
from train_linker import fit_linker
from transformers import DataCollatorForTokenClassification

from stancekit import attribution, tagging
from stancekit.labels import ROLES
from stancekit.segment import segment


def encode(rows: list[dict], tokenizer, config: TrainConfig) -> Dataset:
    """Documents to windows of token ids and labels; only the first token of a word carries its label."""
    out: dict[str, list] = {"input_ids": [], "attention_mask": [], "labels": []}
    plain, ends = common.plain_tokenizer(tokenizer), (tokenizer.cls_token_id, tokenizer.sep_token_id)
    for row in rows:
        words, spans = attribution.words(segment(row["text"]))
        marked = [(s, e, r) for r, role in enumerate(ROLES) for a in row["attributions"] for s, e in a.get(role) or []]
        gold = tagging.gold_labels(spans, marked)
        pieces = tagging.pieces(plain, words)
        for ids, labels in windows(pieces, gold, -100, config.max_length - 2, config.overlap, ends):
            for name, value in (("input_ids", ids), ("attention_mask", [1] * len(ids)), ("labels", labels)):
                out[name].append(value)
    return Dataset.from_dict(out)


def metrics(prediction) -> dict[str, float]:
    """Token F1 of each role over words (windows overlap, so this is a guide; evaluate.py gives the real figures)."""
    best, gold = prediction.predictions.argmax(-1), prediction.label_ids
    keep = gold >= 0
    best, gold = best[keep], gold[keep]
    out = {}
    for r, role in enumerate(ROLES):
        p, g = (best - 1) // 2 == r, (gold - 1) // 2 == r
        out[role] = float(2 * (p & g).sum() / max(1, p.sum() + g.sum()))
    out["f1"] = float(np.mean(list(out.values())))
    return out


def main(argv: list[str] | None = None) -> dict[str, float]:
    config = read_config(argv, __doc__)
    train, dev = common.read_rows(config.train, config.limit), common.read_rows(config.dev, config.limit)
    train = common.check_overlap(train, dev, config.drop_overlap)
    labels = tagging.bio(ROLES)
    model, tokenizer = common.start(config, "attribution", labels)
    trainer = common.trainer(
        config, model, tokenizer, encode(train, tokenizer, config), encode(dev, tokenizer, config),
        DataCollatorForTokenClassification(tokenizer), metrics,
    )  # fmt: skip
    figures = common.fit(trainer, config)
    linker, reached = fit_linker(train, dev, config.seed)
    figures |= reached
    extra = {"task": "attribution", "max_length": config.max_length, "overlap": config.overlap, "linker": linker}
    common.save(trainer, tokenizer, config, extra, figures, {"train": len(train), "dev": len(dev)})
    return figures


if __name__ == "__main__":
    main()
