"""What a model reaches on a file: the embedded one, or any checkpoint.

    python training/evaluate.py stance --data plv_test.jsonl --bootstrap 1000
    python training/evaluate.py target --data statements_dev.jsonl --model runs/target
    python training/evaluate.py attribution --data polnear_dev.jsonl --out pred.jsonl
    python training/evaluate.py pipeline --data articles/ --gold gold.jsonl

stance: precision, recall and F1 of each label, macro-F1 over the labels that occur in the gold (an answer outside them
counts as wrong), confusion matrix, bootstrap interval, expected calibration error, accuracy of the most confident 80 %;
with --train FILE… the TF-IDF baseline beside it. target: span F1 at half overlap. attribution: F1 of complete attributions, of those with
quotation marks and of contents, at half overlap, and accuracy of speakers; with --out the spans, in the form
{"id", "attributions": [{"source", "cue", "content"}]}. pipeline: labels every .txt of a folder and scores the records.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import attribution_scores
import common
import numpy as np
from evaluate_model import expected_calibration_error, target_f1
from sklearn.metrics import confusion_matrix, f1_score, precision_recall_fscore_support

import stancekit as sk
from stancekit import checkpoints
from stancekit.attribution import AttributionModel
from stancekit.backends import open_backend
from stancekit.evaluation import read_records, score, summary
from stancekit.labels import NEUTRAL, POLARITY
from stancekit.segment import segment


def outside(rows: list[dict], files: list[str]) -> list[dict]:
    """The rows whose text is in none of the files, marks and case aside."""

    def words(text: str) -> str:
        return " ".join(re.findall(r"\w+", text.lower()))

    seen = {words(row["text"]) for row in common.read_rows(files)}
    return [row for row in rows if words(row["text"]) not in seen]


def polarity_rows(rows: list[dict]) -> list[dict]:
    """Rows of polarity sets as rows with our labels; no polarity (UNSCon: no negative evaluation) counts as neutral."""
    stance = {"positive": "support", "negative": "condemn", "neutral": NEUTRAL, None: NEUTRAL}
    if unknown := {row.get("polarity") for row in rows} - set(stance):
        raise ValueError(f"unknown polarity {', '.join(map(repr, unknown))}: allowed are positive, negative, neutral and nothing")
    return [{**row, "label": stance[row.get("polarity")]} for row in rows]


def fold(labels: list[str], known: set[str]) -> list[str]:
    """Stances as polarity (`labels.POLARITY`); a side that the file does not `know` counts as neutral."""
    found = [POLARITY[label] for label in labels]
    return [label if label in known else NEUTRAL for label in found]


def evaluate_stance(
    rows: list[dict], model: str | None, train: list[str], bootstrap: int, seed: int, column: str, polarity: bool = False
) -> dict:
    from baseline import features, fit
    from train_stance import pairs

    nlp = sk.load(stance=model)
    items = pairs(polarity_rows(rows) if polarity else rows, nlp.labels, column=column)
    classifier = nlp.stance_model  # not nlp.stance: rows may have a context
    inputs = [classifier.encoder.encode(i["text"], i["span"] or i["target"], i["holder"], i["context"]) for i in items]
    found = [classifier.stance(row) for row in classifier.reliable(classifier.probabilities(inputs))]
    gold, best = [i["label"] for i in items], [s.label for s in found]
    names = list(nlp.labels)
    known = {POLARITY[label] for label in gold} if polarity else set(gold)
    if polarity:
        gold, best, names = fold(gold, known), fold(best, known), ["positive", "negative", NEUTRAL]
    labels = [label for label in names if label in known]
    p, r, f, n = precision_recall_fscore_support(gold, best, labels=labels, zero_division=0)
    macro = float(f.mean())
    confidence, right = np.array([s.score for s in found]), np.array([a == b for a, b in zip(gold, best, strict=True)])
    sure = np.argsort(-confidence)[: int(0.8 * len(items))]
    out = {"rows": len(items), "macro_f1": macro, "accuracy": float(right.mean()), "ece": expected_calibration_error(confidence, right),
           "accuracy_of_surest_80": float(right[sure].mean())}  # fmt: skip
    print(f"{len(items)} rows, macro-F1 {macro:.4f}, accuracy {right.mean():.4f}")
    if bootstrap:
        rng = random.Random(seed)
        draws = []
        for _ in range(bootstrap):
            pick = [rng.randrange(len(items)) for _ in items]
            draws.append(
                f1_score([gold[i] for i in pick], [best[i] for i in pick], labels=labels, average="macro", zero_division=0)
            )
        low, high = np.quantile(draws, [0.025, 0.975])
        out["interval"] = [float(low), float(high)]
        print(f"95 % bootstrap interval of macro-F1 {low:.4f} to {high:.4f} ({bootstrap} draws, seed {seed})")
    for i, label in enumerate(labels):
        out[label] = float(f[i])
        print(f"  {label:10} precision {p[i]:.3f}  recall {r[i]:.3f}  F1 {f[i]:.3f}  rows {n[i]}")
    print(f"expected calibration error {out['ece']:.3f}; accuracy of the surest 80 %: {out['accuracy_of_surest_80']:.4f}")
    print("confusion (rows: gold, columns: " + ", ".join(names) + ")")
    for label, row in zip(names, confusion_matrix(gold, best, labels=names), strict=True):
        print(f"  {label:10}", *(f"{v:5d}" for v in row))
    if train:
        guess = list(fit(pairs(common.read_rows(train), nlp.labels, column=column)).predict([features(i) for i in items]))
        guess = fold(guess, known) if polarity else guess
        out["baseline_macro_f1"] = float(f1_score(gold, guess, labels=labels, average="macro", zero_division=0))
        print(f"TF-IDF + logistic regression on the same rows: macro-F1 {out['baseline_macro_f1']:.4f}")
    return out


def evaluate_target(rows: list[dict], model: str | None, article: bool = False) -> dict:
    figures = target_f1(open_backend(checkpoints.resolve(model, "target")), rows, article)
    print(", ".join(f"{k} {v:.4f}" for k, v in figures.items()))
    return figures


def evaluate_attributions(rows: list[dict], model: str | None, out: Path | None) -> dict:
    """Find the attributions of documents, into `out` if one is given, and score them if the documents have gold ones."""
    tagger = AttributionModel(open_backend(checkpoints.resolve(model, "attribution")))
    made: list[list[dict]] = []
    for at in range(0, len(rows), 16):
        for found in tagger.find([segment(r["text"]) for r in rows[at : at + 16]]):
            made.append(
                [
                    {"source": [[a.source.start, a.source.end]] if a.source else [], "cue": [[a.cue.start, a.cue.end]] if a.cue else [],
                     "content": [[c.start, c.end] for c in a.contents]}
                    for a in found
                ]
            )  # fmt: skip
    if out:
        lines = [json.dumps({"id": row["id"], "attributions": spans}) for row, spans in zip(rows, made, strict=True)]
        out.write_text("\n".join([*lines, ""]), encoding="utf-8")
    figures: dict = {"documents": len(rows), "attributions": sum(map(len, made))}
    if all("attributions" in row for row in rows):
        figures |= attribution_scores.score(rows, made)
    print(", ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items()))
    return figures


def evaluate_pipeline(folder: Path, model: str | None, gold: Path, out: Path | None) -> dict:
    files = sorted(folder.glob("*.txt")) if folder.is_dir() else [folder]
    nlp = sk.load(model)
    docs = list(nlp.pipe((f.read_bytes().decode("utf-8") for f in files), doc_ids=[f.stem for f in files]))
    records = {d.doc_id: d.to_records() for d in docs}
    if out:
        out.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for d in records.values() for r in d), encoding="utf-8")
    figures = score(read_records(gold), records)
    print(summary(figures))
    return figures


def main(argv: list[str] | None = None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=[*checkpoints.TASKS, "pipeline"])
    parser.add_argument("--data", nargs="+", required=True, help="data files (pipeline: a folder of .txt files, or one)")
    parser.add_argument(
        "--model", help="checkpoint folder or Hub id (pipeline: a folder with one a task); without it, the embedded model"
    )
    parser.add_argument("--train", nargs="+", default=[], help="stance: training data for the baseline")
    parser.add_argument("--gold", type=Path, help="pipeline: gold records")
    parser.add_argument("--out", type=Path, help="attribution, pipeline: where the predictions go")
    parser.add_argument("--bootstrap", type=int, default=0, metavar="N", help="stance: draws for the interval")
    parser.add_argument("--label-column", default="label", metavar="NAME", help="stance: the column with the gold label")
    parser.add_argument(
        "--polarity", action="store_true", help="stance: compare with the column polarity (support and cooperate are positive)"
    )
    parser.add_argument(
        "--leave-out",
        nargs="+",
        default=[],
        metavar="FILE",
        help="stance: leave rows out whose text stands in one of these files too",
    )
    parser.add_argument(
        "--articles",
        action="store_true",
        help="target: read the statements as those of articles (TargetModel.scores), not as single sentences",
    )
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--json", action="store_true", help="also print the figures as JSON")
    a = parser.parse_args(argv)
    try:
        if a.task == "pipeline":
            if a.gold is None:
                parser.error("pipeline needs --gold")
            figures = evaluate_pipeline(Path(a.data[0]), a.model, a.gold, a.out)
        elif a.task == "stance":
            rows = common.read_rows(a.data)
            rows = outside(rows, a.leave_out) if a.leave_out else rows
            figures = evaluate_stance(rows, a.model, a.train, a.bootstrap, a.seed, a.label_column, a.polarity)
        elif a.task == "target":
            figures = evaluate_target(common.read_rows(a.data), a.model, a.articles)
        else:
            figures = evaluate_attributions(common.read_rows(a.data), a.model, a.out)
    except ValueError as error:
        sys.exit(f"error: {error}")
    if a.json:
        print(json.dumps(figures, indent=1))
    return figures


if __name__ == "__main__":
    main()
