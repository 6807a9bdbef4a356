"""Train the stance classifier: a statement with a marked target, and optionally a holder, to a label.

    python training/train_stance.py configs/stance/base.yaml --data statements_train.jsonl plv_train.jsonl --dev statements_dev.jsonl

Data: JSONL, either statements {"text", "stances": [{"holder", "target", "start", "end", "label"}]} or one pair a line
{"text", "label", "target", "target_span", "source"}. Rows whose label is null are left out, unless they have "scores", the
probabilities that a teacher gives each label (distill.py): those are learnt as they are (Hinton et al. 2015). A row with a label and
scores (candidates.py --teach) is learnt with both, and counts as two.
"""

from __future__ import annotations

import difflib
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
import torch
import variants
from baseline import baseline
from config import TrainConfig, read_config
from datasets import Dataset
from sklearn.metrics import confusion_matrix
from torch.nn.functional import cross_entropy
from transformers import DataCollatorWithPadding, Trainer

from stancekit import checkpoints
from stancekit import labels as scheme
from stancekit.stance import MARKERS, Encoder, locate

IGNORE = -100
SHOWN = 3  # rows that a message names
READER = checkpoints.READER.strip()  # the auxiliary column whose outputs are kept, because the library uses them
ANY = "*"  # as `labels`: whatever labels the train rows have


def found_labels(rows: list[dict], column: str) -> tuple[str, ...]:
    """The labels of rows, in the library's order if they are its own, else alphabetically."""
    entries = [(s, "label") for r in rows for s in r.get("stances", [])] + [(r, column) for r in rows if "stances" not in r]
    found = {str(e[name]) for e, name in entries if e.get(name) is not None}
    return tuple(label for label in scheme.LABELS if label in found) if found <= set(scheme.LABELS) else tuple(sorted(found))


def hold_back(rows: list[dict], config: TrainConfig) -> tuple[list[dict], list[dict]]:
    """Train and dev rows where no dev file is given: a share of each label's texts, all rows of a text on one side."""
    by_text: dict[str, list[dict]] = {}
    for row in rows:
        by_text.setdefault(row["text"].strip(), []).append(row)
    by_label: dict[str, list[str]] = {}
    for text, group in by_text.items():
        if gold := [r for r in group if not r.get("scores")]:  # a teacher's answers are no measure
            by_label.setdefault(str(gold[0].get(config.label_column) or ""), []).append(text)
    rng, dev = random.Random(config.seed), set()
    for texts in by_label.values():
        rng.shuffle(texts)
        dev |= set(texts[: round(config.dev_share * len(texts))])
    print(f"no dev file: {len(dev)} of {len(by_text)} texts are held back to measure on", file=sys.stderr)
    return [r for t, g in by_text.items() if t not in dev for r in g], [r for t, g in by_text.items() if t in dev for r in g]


def pairs(
    rows: list[dict], labels: tuple[str, ...] | None = None, auxiliary: str = "", unique: bool = False, column: str = "label"
) -> list[dict]:
    """Rows to (text, target, holder, label) pairs; a label outside `labels` stops the run.

    A row without a label is left out, unless it has an auxiliary one; with `unique`, a pair that was there before too. What is
    odd about the rows (pairs that stand there twice, with two labels, or with a target that is not in their text) is said.
    """
    out: list[dict] = []
    unknown: dict[str, str] = {}
    seen: set[tuple] = set()
    labelled: dict[tuple, str] = {}  # the first label of a pair
    twice, torn, outside = 0, [], []
    for row in rows:
        entries = row.get("stances")
        if entries is None:
            span = row.get("target_span")
            entries = [{"holder": row.get("holder") or row.get("source"), "target": row.get("target"),
                        "start": span[0] if span else None, "end": span[1] if span else None, "label": row.get(column), "scores": row.get("scores")}]  # fmt: skip
        for entry in entries:
            second = row.get(auxiliary) if auxiliary else None
            if entry.get("label") is None and second is None and not entry.get("scores"):
                continue
            if labels and (foreign := set(entry.get("scores") or ()) - set(labels)):
                sys.exit(f"error: row {named(row)}: scores for {', '.join(sorted(foreign))}; the labels are {', '.join(labels)}")
            if labels and entry["label"] not in (*labels, None):
                unknown[entry["label"]] = named(row)
                continue
            span = (entry["start"], entry["end"]) if entry.get("start") is not None else None
            if span and not 0 <= span[0] < span[1] <= len(row["text"]):
                sys.exit(f"error: row {named(row)}: target span {span} lies outside its text")
            key = (row["text"], span or entry.get("target"), entry.get("holder"))
            if unique and (*key, entry["label"], second) in seen:
                twice += 1
                continue
            if entry["label"] is not None and labelled.setdefault(key, entry["label"]) != entry["label"]:
                torn.append(f"{named(row)}: {labelled[key]} and {entry['label']}")
            seen.add((*key, entry["label"], second))
            if span is None and entry.get("target") and locate(row["text"], entry["target"]) is None:
                outside.append(named(row))
            out.append(
                {"text": row["text"], "span": span, "target": entry.get("target"), "holder": entry.get("holder"),
                 "context": row.get("context") or "", "label": entry["label"], "auxiliary": second, "file": row["file"],
                 "scores": entry.get("scores")}
            )  # fmt: skip
    if unique:
        for count, first, what in (
            (twice, [], "pairs left out that were there before"),
            (len(torn), torn, "pairs are there with two labels, and are learnt with both"),
            (len(outside), outside, "targets do not stand in their text, and are not marked in it"),
        ):
            if count:
                print(
                    f"{count} {what}" + (f" ({'; '.join(first[:SHOWN])}{', …' * (count > SHOWN)})" if first else ""),
                    file=sys.stderr,
                )
    if unknown:
        label, where = next(iter(unknown.items()))
        near = difflib.get_close_matches(label, labels or (), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(labels or ())}"
        sys.exit(f"error: unknown label {label!r} (row {where}); {hint} (another label set goes into the config's labels)")
    return out


def named(row: dict) -> str:
    """How a message calls a row."""
    return str(row.get("id") or repr(row["text"][:40]))


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
                        "context": row.get("context") or "", "label": next(iter(found), scheme.NEUTRAL), "auxiliary": None, "scores": None, "file": row["file"]})  # fmt: skip
    return out


def encode(items: list[dict], encoder: Encoder, labels: tuple[str, ...], second: tuple[str, ...] = ()) -> Dataset:
    """Pairs to classifier inputs; labels are (number, auxiliary number, teacher's score of each label).

    A number is IGNORE where a pair has no such label; the scores are all 0 where no teacher gave them.
    """
    out: dict[str, list] = {"input_ids": [], "token_type_ids": [], "attention_mask": [], "labels": []}
    for item in items:
        made = encoder.encode(item["text"], item["span"] or item["target"], item["holder"], item["context"])
        out["input_ids"].append(made.ids)
        out["token_type_ids"].append(made.types)
        out["attention_mask"].append([1] * len(made.ids))
        scores = item.get("scores") or {}
        out["labels"].append(
            [
                float(labels.index(item["label"]) if item["label"] is not None else IGNORE),
                float(second.index(item["auxiliary"]) if item["auxiliary"] in second else IGNORE),
                *(float(scores.get(label, 0.0)) for label in labels),
            ]
        )
    return Dataset.from_dict(out)


class TwoHeads(Trainer):
    """Learns from labels, a teacher's scores and auxiliary labels; the classifier's first `main` outputs are the real labels."""

    def __init__(self, *args, main: int, smoothing: float, weights: torch.Tensor | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.main, self.smoothing, self.weights = main, smoothing, weights

    def compute_loss(self, model, inputs, return_outputs=False, **_):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        logits = outputs.logits.float()
        loss = logits.sum() * 0.0  # a batch may lack one of the two kinds of label
        main, second = logits[:, : self.main], logits[:, self.main :]
        gold, auxiliary, taught = labels[:, 0].long(), labels[:, 1].long(), labels[:, 2:]
        options = {"ignore_index": IGNORE, "label_smoothing": self.smoothing}
        if count := int((gold != IGNORE).sum() + taught.any(-1).sum()):  # a pair with both kinds counts as two
            by_teacher = cross_entropy(main, taught, reduction="none")[taught.any(-1)].sum()
            loss = loss + (cross_entropy(main, gold, self.weights, reduction="sum", **options) + by_teacher) / count
        if bool((auxiliary != IGNORE).any()):
            loss = loss + cross_entropy(second, auxiliary, **options)
        return (loss, outputs) if return_outputs else loss


def drop_auxiliary(model: torch.nn.Module, labels: tuple[str, ...]) -> None:
    """Cut the classifier down to the real labels, in place."""
    head = model.classifier if isinstance(model.classifier, torch.nn.Linear) else model.classifier.out_proj
    head.weight = torch.nn.Parameter(head.weight[: len(labels)].detach().clone())
    head.bias = torch.nn.Parameter(head.bias[: len(labels)].detach().clone())
    head.out_features = len(labels)
    model.config.num_labels = model.num_labels = len(labels)
    model.config.id2label, model.config.label2id = common.label_maps(labels).values()


def balance(items: list[dict], labels: tuple[str, ...]) -> torch.Tensor:
    """What each label counts so that all count the same: n / (k n_label), as scikit-learn's "balanced"."""
    counts = [sum(i["label"] == label for i in items) for label in labels]
    return torch.tensor([sum(counts) / (len(labels) * n) for n in counts])


def fit_temperature(logits: np.ndarray, gold: np.ndarray) -> float:
    """The temperature that minimises the negative log-likelihood on dev (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    def loss(log_t: float) -> float:
        return float(-log_softmax(logits / np.exp(log_t), axis=-1)[np.arange(len(gold)), gold].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-1.5, 2.0), method="bounded").x))


def main(argv: list[str] | None = None) -> dict[str, float]:
    config = read_config(argv, __doc__)
    train_rows = common.read_rows(config.train, config.limit)
    if config.dev:
        dev_rows = common.read_rows(config.dev, config.limit)
        train_rows = common.check_overlap(train_rows, dev_rows, config.drop_overlap)
    else:
        train_rows, dev_rows = hold_back(train_rows, config)
    labels = tuple(config.labels) or scheme.LABELS
    if labels == (ANY,):
        labels = found_labels(train_rows, config.label_column)
    if config.variant not in ("", *variants.VARIANTS):
        sys.exit(f"error: unknown variant {config.variant!r}: allowed are {', '.join(variants.VARIANTS)}")
    if len(labels) < 2:
        sys.exit(
            f"error: the column {config.label_column!r} has {f'only the label {labels[0]!r}' if labels else 'no labels'}: two or more are needed to learn from"
        )
    column = config.label_column
    train, dev = pairs(train_rows, labels, config.auxiliary, unique=True, column=column), pairs(dev_rows, labels, column=column)
    dev = [p for p in dev if p["label"] is not None]  # what only a teacher labelled is no measure
    second = tuple(sorted({p["auxiliary"] for p in train} - {None}))
    if config.auxiliary and not second:
        print(f"no train row has the auxiliary column {config.auxiliary!r}: trained without it", file=sys.stderr)
    common.check_labels(train, dev, labels)
    if config.whole_sentences:
        train += [p for p in whole_sentences(train_rows) if p["label"] in labels]
    train = common.weigh(train, config.weights, config.seed)
    if foreign := next((label for label in labels if label.startswith(checkpoints.READER)), None):
        sys.exit(f"error: a label cannot begin with {checkpoints.READER!r}, found {foreign!r}: second outputs are named so")
    kept = config.auxiliary == READER and bool(second)
    if kept and set(second) != set(labels):
        sys.exit(
            f"error: the column {READER!r} holds {', '.join(second)}; what a reader names has the labels {', '.join(labels)}"
        )
    model, tokenizer = common.start(config, "stance", (*labels, *(f"{config.auxiliary} {s}" for s in second)))
    form = variants.PairEncoder if config.variant == variants.PAIR else Encoder
    encoder = form(common.plain_tokenizer(tokenizer), config.max_length, config.context)
    if config.variant == variants.POOLED:
        if not hasattr(model, "bert"):
            sys.exit(f"error: the variant {variants.POOLED!r} is written for BERT encoders, found {type(model).__name__}")
        model.bert.pooler = variants.TargetPooler(model.bert, encoder.t1, encoder.t2)
    metric = common.load_metric("label_f1")

    def metrics(prediction) -> dict[str, float]:
        found = metric.compute(
            predictions=prediction.predictions[:, : len(labels)].argmax(-1),
            references=prediction.label_ids[:, 0].astype(int),
            labels=list(range(len(labels))),
        )
        return {"macro_f1": found["macro_f1"], "accuracy": found["accuracy"], **dict(zip(labels, found["f1"], strict=True))}

    trainer = common.trainer(
        config, model, tokenizer, encode(train, encoder, labels, second), encode(dev, encoder, labels),
        DataCollatorWithPadding(tokenizer), metrics, cls=TwoHeads, main=len(labels), smoothing=config.label_smoothing,
        weights=balance(train, labels) if config.balanced else None,
    )  # fmt: skip
    figures = common.fit(trainer, config)
    output = trainer.predict(trainer.eval_dataset)
    logits, gold = output.predictions[:, : len(labels)], output.label_ids[:, 0].astype(int)
    temperature = fit_temperature(logits, gold)
    if second and not kept:
        drop_auxiliary(trainer.model, labels)
    figures["tfidf_macro_f1"] = baseline([p for p in train if p["label"]], dev, labels)["macro_f1"]
    extra = {"task": "stance", "max_length": config.max_length, "context": config.context, "markers": list(MARKERS),
             "temperature": round(temperature, 4),
             "confusion": {"labels": list(labels), "rows": confusion_matrix(
                 gold, logits.argmax(-1), labels=range(len(labels))).tolist()}}  # fmt: skip
    common.save(trainer, tokenizer, config, extra, figures, {"train": len(train), "dev": len(dev)})
    return figures


if __name__ == "__main__":
    main()
