"""Train the stance classifier: a statement with a marked target, and optionally a holder, to a label.

    python training/train_stance.py configs/stance/base.yaml --data statements_train.jsonl plv_train.jsonl --dev statements_dev.jsonl

Data: JSONL, either statements {"text", "stances": [{"holder", "target", "start", "end", "label"}]} or one pair a line
{"text", "label", "target", "target_span", "source"}. Rows whose label is null are left out.
"""

from __future__ import annotations

import difflib
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
from baseline import baseline
from config import read_config
from datasets import Dataset
from sklearn.metrics import confusion_matrix
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding

from stancekit import labels as scheme
from stancekit.stance import MARKERS, Encoder


def pairs(rows: list[dict], labels: tuple[str, ...] | None = None) -> list[dict]:
    """Rows to (text, target, holder, label) pairs; a label outside `labels` stops the run."""
    out: list[dict] = []
    unknown: dict[str, str] = {}
    for row in rows:
        entries = row.get("stances")
        if entries is None:
            span = row.get("target_span")
            entries = [{"holder": row.get("source") or row.get("holder"), "target": row.get("target"),
                        "start": span[0] if span else None, "end": span[1] if span else None, "label": row.get("label")}]  # fmt: skip
        for entry in entries:
            if entry.get("label") is None:
                continue
            if labels and entry["label"] not in labels:
                unknown[entry["label"]] = row.get("id", row["text"][:40])
                continue
            span = (entry["start"], entry["end"]) if entry.get("start") is not None else None
            out.append(
                {"text": row["text"], "span": span, "target": entry.get("target"), "holder": entry.get("holder"),
                 "context": row.get("context") or "", "label": entry["label"], "file": row["file"]}
            )  # fmt: skip
    if unknown:
        label, where = next(iter(unknown.items()))
        near = difflib.get_close_matches(label, labels or (), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(labels or ())}"
        sys.exit(f"error: unknown label {label!r} (row {where}); {hint} (another label set goes into the config's labels)")
    return out


def whole_sentences(rows: list[dict]) -> list[dict]:
    """Pairs without a target, for statements whose stances agree (an empty or neutral list: neutral)."""
    out = []
    for row in rows:
        if "stances" not in row:
            continue
        found = {s["label"] for s in row["stances"]} - {scheme.NEUTRAL}
        if len(found) <= 1:
            holders = [s["holder"] for s in row["stances"] if s.get("holder")]
            out.append({"text": row["text"], "span": None, "target": None, "holder": holders[0] if holders else None,
                        "context": row.get("context") or "", "label": next(iter(found), scheme.NEUTRAL), "file": row["file"]})  # fmt: skip
    return out


def weigh(items: list[dict], weights: dict[str, float], seed: int) -> list[dict]:
    """Repeat (or thin out) the pairs of a file by its weight."""
    rng = random.Random(seed)
    out = []
    for item in items:
        weight = weights.get(item["file"], 1.0)
        out += [item] * (int(weight) + (rng.random() < weight % 1))
    return out


def encode(items: list[dict], encoder: Encoder, labels: tuple[str, ...]) -> Dataset:
    """Pairs to classifier inputs."""
    out: dict[str, list] = {"input_ids": [], "token_type_ids": [], "attention_mask": [], "labels": []}
    for item in items:
        made = encoder.encode(item["text"], item["span"] or item["target"], item["holder"], item["context"])
        out["input_ids"].append(made.ids)
        out["token_type_ids"].append(made.types)
        out["attention_mask"].append([1] * len(made.ids))
        out["labels"].append(labels.index(item["label"]))
    return Dataset.from_dict(out)


def fit_temperature(logits: np.ndarray, gold: np.ndarray) -> float:
    """The temperature that minimises the negative log-likelihood on dev (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_t: float) -> float:
        return float(-log_softmax(logits / np.exp(log_t), axis=-1)[np.arange(len(gold)), gold].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-1.5, 2.0), method="bounded").x))


def main(argv: list[str] | None = None) -> dict[str, float]:
    config = read_config(argv, __doc__)
    train_rows, dev_rows = common.read_rows(config.train, config.limit), common.read_rows(config.dev, config.limit)
    train_rows = common.check_overlap(train_rows, dev_rows, config.drop_overlap)
    labels = tuple(config.labels) or scheme.LABELS
    train, dev = pairs(train_rows, labels), pairs(dev_rows, labels)
    common.check_labels(train, dev, labels)
    if config.whole_sentences:
        train += [p for p in whole_sentences(train_rows) if p["label"] in labels]
    train = weigh(train, config.weights, config.seed)
    tokenizer = AutoTokenizer.from_pretrained(config.base)
    encoder = Encoder(common.plain_tokenizer(tokenizer), config.max_length, config.context)
    model = AutoModelForSequenceClassification.from_pretrained(config.base, num_labels=len(labels), **common.label_maps(labels))
    metric = common.load_metric("label_f1")

    def metrics(prediction) -> dict[str, float]:
        found = metric.compute(
            predictions=prediction.predictions.argmax(-1), references=prediction.label_ids, labels=list(range(len(labels)))
        )
        return {"macro_f1": found["macro_f1"], "accuracy": found["accuracy"], **dict(zip(labels, found["f1"], strict=True))}

    trainer = common.trainer(
        config, model, tokenizer, encode(train, encoder, labels), encode(dev, encoder, labels),
        DataCollatorWithPadding(tokenizer), metrics,
    )  # fmt: skip
    figures = common.fit(trainer, config)
    output = trainer.predict(trainer.eval_dataset)
    temperature = fit_temperature(output.predictions, output.label_ids)
    figures["tfidf_macro_f1"] = baseline(train, dev, labels)["macro_f1"]
    extra = {"task": "stance", "max_length": config.max_length, "context": config.context, "markers": list(MARKERS),
             "temperature": round(temperature, 4),
             "confusion": {"labels": list(labels), "rows": confusion_matrix(
                 output.label_ids, output.predictions.argmax(-1), labels=range(len(labels))).tolist()}}  # fmt: skip
    common.save(trainer, tokenizer, config, extra, figures, {"train": len(train), "dev": len(dev)})
    return figures


if __name__ == "__main__":
    main()
