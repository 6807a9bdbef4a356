"""Fit how the target tagger and the stance classifier decide together, on dev data, and save it in both checkpoints.

    python training/calibrate.py stancekit/models --data statements_dev.jsonl

Three numbers are chosen on a grid for the F1 of (target, stance) tuples: `outside_bias` (how readily the tagger takes a
word as no target), `prior_weight` (how much the tagger's expected stance counts beside the classifier's), `neutral_bias`
(what a neutral answer gains). A fourth, `pooled_temperature`, then makes the scores honest: it minimises the negative
log-likelihood of the found spans' labels (neutral where no gold span lies), and changes no label. For pairs that a user gives, `reliability`
says how often an answer of a given probability is right (`StanceModel.reliable`). A tuple is right if its
stance is, and its span overlaps the gold span by at least half of their union.
The F1 hardly moves over a wide range of settings, from many stances to few: of those within half a point of the best, which dev cannot
tell apart, the most precise is kept. In whole articles every mistake of the extraction adds wrong stances, and no right ones.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
from card import write_card

import stancekit as sk
from stancekit import checkpoints
from stancekit.evaluation import iou
from stancekit.labels import STANCES
from stancekit.tagging import log_softmax

OUTSIDE = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
WEIGHTS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
NULL = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
NEUTRAL = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
BINS = 12  # of dev pairs, for the reliability of answers
SLOPE = 0.05
ALIKE = 0.005  # of F1: settings that close are told apart by their precision


def tuples(rows: list[dict]) -> list[list[list[int]]]:
    """Gold (start, end, stance number) of each row."""
    return [
        [[s["start"], s["end"], STANCES.index(s["label"])] for s in r["stances"] if s.get("start") is not None and s["label"] in STANCES]
        for r in rows
    ]  # fmt: skip


def search(nlp: sk.Pipeline, rows: list[dict]) -> list[tuple[float, dict[str, float], dict[str, float]]]:
    """(F1, settings, figures) of every point of the grid."""
    texts, gold = [r["text"] for r in rows], tuples(rows)
    holders = [next((s["holder"] for s in r["stances"] if s.get("holder")), None) for r in rows]
    metric = common.load_metric("span_f1")
    target, stance = nlp.target_model, nlp.stance_model
    scored = target.scores(texts)
    cache: dict[tuple[int, int, int], np.ndarray] = {}
    out = []
    for outside in OUTSIDE:
        target.outside_bias = outside
        found = [target.decode(text, *row) for text, row in zip(texts, scored, strict=True)]
        new = [(i, t) for i, ts in enumerate(found) for t in ts if (i, t.start, t.end) not in cache]
        inputs = [stance.encoder.encode(texts[i], (t.start, t.end), holders[i], rows[i].get("context") or "") for i, t in new]
        for (i, t), row in zip(new, stance.probabilities(inputs), strict=True):
            cache[i, t.start, t.end] = row
        for weight, neutral in itertools.product(WEIGHTS, NEUTRAL):
            stance.prior_weight, stance.neutral_bias = weight, neutral
            answers: list[list[list[int]]] = []
            for i, ts in enumerate(found):
                best = [(t, stance.labels[int(stance.combine(cache[i, t.start, t.end], t.prior).argmax())]) for t in ts]
                answers.append([[t.start, t.end, STANCES.index(label)] for t, label in best if label in STANCES])
            figures = metric.compute(predictions=answers, references=gold, kinds=True)
            settings = {"outside_bias": outside, "prior_weight": weight, "neutral_bias": neutral}
            out.append((figures["f1"], settings, figures))
    return out


def pooled_temperature(nlp: sk.Pipeline, rows: list[dict]) -> tuple[float, float, float]:
    """The temperature of the pooled scores, and their expected calibration error before and after."""
    from evaluate_model import expected_calibration_error
    from train_stance import fit_temperature

    target, stance = nlp.target_model, nlp.stance_model
    stance.pooled_temperature = 1.0
    logs, gold = [], []
    for row, found in zip(rows, target.find([r["text"] for r in rows]), strict=True):
        holder = next((s["holder"] for s in row["stances"] if s.get("holder")), None)
        inputs = [stance.encoder.encode(row["text"], (t.start, t.end), holder, row.get("context") or "") for t in found]
        for t, scores in zip(found, stance.probabilities(inputs), strict=True):
            logs.append(np.log(stance.combine(scores, t.prior) + 1e-12))
            near = [
                s for s in row["stances"] if s.get("start") is not None and iou((t.start, t.end), (s["start"], s["end"])) >= 0.5
            ]
            gold.append(stance.labels.index(near[0]["label"] if near else "neutral"))
    logits, answers = np.array(logs), np.array(gold)
    temperature = fit_temperature(logits, answers)
    errors = []
    for t in (1.0, temperature):
        p = np.exp(log_softmax(logits / t))
        errors.append(expected_calibration_error(p.max(-1), p.argmax(-1) == answers))
    return temperature, errors[0], errors[1]


def curve(top: np.ndarray, right: np.ndarray, least: float) -> tuple[list[float], list[float]]:
    """Points of a curve from the probability of an answer (`least` or more) to its accuracy.

    The answers are put in `BINS` of equal size by their probability; the accuracies (by the rule of
    succession: no bin is always right) are made to ascend (isotonic regression), with a slight slope where they would be flat.
    """
    from sklearn.isotonic import IsotonicRegression

    bins = [b for b in np.array_split(np.argsort(top, kind="stable"), BINS) if len(b)]
    said = np.array([top[b].mean() for b in bins])
    true = (
        IsotonicRegression().fit(said, [(right[b].sum() + 1) / (len(b) + 2) for b in bins], [len(b) for b in bins]).predict(said)
    )
    said, true = np.array([least, *said, 1.0]), np.array([min(least, true[0]), *true, true[-1]])
    return said.round(4).tolist(), ((1 - SLOPE) * true + SLOPE * said).round(4).tolist()


def reliability(nlp: sk.Pipeline, rows: list[dict]) -> tuple[tuple[list[float], list[float]], float, float]:
    """The curve (see `curve`) of the classifier on given pairs, and its expected calibration error without and with one.

    The error with a curve is measured on each half of the texts by the curve of the other half.
    """
    from evaluate_model import expected_calibration_error
    from train_stance import pairs

    stance = nlp.stance_model
    items = [i for i in pairs(rows, stance.labels) if i["label"] is not None]
    inputs = [stance.encoder.encode(i["text"], i["span"] or i["target"], i["holder"], i["context"]) for i in items]
    found = stance.probabilities(inputs)
    top, right = found.max(axis=1), found.argmax(axis=1) == [stance.labels.index(i["label"]) for i in items]
    least = 1 / len(stance.labels)
    number = {text: n for n, text in enumerate(dict.fromkeys(i["text"] for i in items))}
    half, after = np.array([number[i["text"]] % 2 == 0 for i in items]), np.zeros(len(items))
    for part in (half, ~half):
        stance.reliability = curve(top[~part], right[~part], least)
        after[part] = stance.reliable(found[part]).max(axis=1)
    stance.reliability = curve(top, right, least)
    return stance.reliability, expected_calibration_error(top, right), expected_calibration_error(after, right)


def null_threshold(nlp: sk.Pipeline, rows: list[dict], precision: float) -> tuple[float, float]:
    """The lowest threshold at which stances of statements without a target are as often right as those with one.

    Returns:
        The threshold (1.0: none are given) and the share of right ones with it; as it was, where dev has no such statement.
    """
    stance = nlp.stance_model
    bare = [r for r, found in zip(rows, nlp.target_model.find([r["text"] for r in rows]), strict=True) if not found]
    if not bare:
        return stance.null_threshold, 0.0
    holders = [next((s["holder"] for s in r["stances"] if s.get("holder")), None) for r in bare]
    inputs = [stance.encoder.encode(r["text"], None, h, r.get("context") or "") for r, h in zip(bare, holders, strict=True)]
    given = [
        (float(row.max()), stance.labels[int(row.argmax())], {s["label"] for s in r["stances"]})
        for row, r in zip(stance.probabilities(inputs), bare, strict=True)
    ]
    for threshold in NULL:
        right = [label in gold for score, label, gold in given if score >= threshold and label in STANCES]
        if right and sum(right) / len(right) >= precision:
            return threshold, sum(right) / len(right)
    return 1.0, 0.0


def write(folder: Path, values: dict[str, object]) -> None:
    """Add settings to a checkpoint, and to its card."""
    path = folder / checkpoints.SETTINGS
    settings = json.loads(path.read_text(encoding="utf-8")) | values
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(folder)


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, help="folder with the checkpoints target/ and stance/")
    parser.add_argument("--data", nargs="+", required=True, help="dev statements")
    parser.add_argument("--dry-run", action="store_true", help="print only")
    a = parser.parse_args(argv)
    nlp = sk.load(target=a.models / "target", stance=a.models / "stance")
    if set(nlp.labels) != {*STANCES, "neutral"}:
        sys.exit(f"error: {a.models / 'stance'} has the labels {', '.join(nlp.labels)}; only the library's own five combine")
    rows = common.read_rows(a.data)
    results = search(nlp, rows)
    top = max(f1 for f1, _, _ in results)
    f1, settings, figures = max((r for r in results if r[0] >= top - ALIKE), key=lambda r: r[2]["precision"])
    plain = next(r for r in results if not any(r[1].values()))
    print(f"without: tuple F1 {plain[0]:.4f} (P {plain[2]['precision']:.3f} R {plain[2]['recall']:.3f})")
    print(f"with {settings}: tuple F1 {f1:.4f} (P {figures['precision']:.3f} R {figures['recall']:.3f})")
    nlp.target_model.outside_bias = settings["outside_bias"]
    nlp.stance_model.prior_weight, nlp.stance_model.neutral_bias = settings["prior_weight"], settings["neutral_bias"]
    temperature, before, after = pooled_temperature(nlp, rows)
    least, share = null_threshold(nlp, rows, figures["precision"])
    print(f"statements without a target: {share:.3f} of the stances are right at a threshold of {least}")
    print(f"expected calibration error of the scores {before:.3f}, with temperature {temperature:.3f}: {after:.3f}")
    reliable, raw, mended = reliability(nlp, rows)
    print(f"expected calibration error of given pairs {raw:.3f}, by their reliability: {mended:.3f}")
    if not a.dry_run:
        write(a.models / "target", {"outside_bias": settings["outside_bias"]})
        fitted = {
            "tuple_f1_without": round(plain[0], 4),
            "tuple_f1": round(f1, 4),
            "ece": round(after, 4),
            "ece_of_given_pairs": round(mended, 4),
            "data": [Path(p).name for p in a.data],
        }
        write(a.models / "stance", {k: v for k, v in settings.items() if k != "outside_bias"}
              | {"pooled_temperature": round(temperature, 4), "null_threshold": least, "reliability": reliable, "calibrated": fitted})  # fmt: skip
    return {"tuple_f1": f1, **settings}


if __name__ == "__main__":
    main()
