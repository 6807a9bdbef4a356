"""Fit how the target tagger and the stance classifier decide together, and save it in the stance checkpoint.

    python training/calibrate.py stancekit/models --dev calibration.jsonl article_statements_dev.jsonl --pairs statements_dev.jsonl calibration.jsonl

From --dev, statements of whole articles with their stances, come the weights of the `selection` (which of the tagger's candidates are reported: stancekit/selection.py),
how much the tagger's expected stance counts beside the classifier's (`prior_weight`), how much the
classifier's second outputs do (`reader_weight`, where it has them) and what odds a candidate must have (`shift`), all for the F1 of (target, stance) tuples. A tuple is right if its stance is, and its span overlaps the
gold span by at least half of their union. Each fifth of the documents is measured with the weights fitted on the other four (cross-fitting: Chernozhukov et al. 2018); what is saved is fitted on all. The other
settings are chosen by the figures on all, so these are somewhat optimistic: beside them stands what is reached where four fifths choose too.
The two models should have learnt from none of these statements: they are surer of what they know. The F1 hardly moves over a wide range of shifts, from many stances to few: of those within a quarter of a point of the
best, which dev cannot tell apart, the most precise is kept. In whole articles every mistake of the extraction adds wrong stances, and no right ones.
For the targets that are reported, and for pairs that a user gives (fitted on --pairs), `pooled_reliability` and `reliability` say how often an answer of a
given probability is right (`stancekit.stance.mended`); a target where no gold span lies should be neutral.
The statements should be those of whole articles, one after the other: how many targets a reader names there decides what is reported.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
from card import write_card

import stancekit as sk
from stancekit import checkpoints
from stancekit.evaluation import iou
from stancekit.labels import STANCES
from stancekit.selection import Selection, expected, features
from stancekit.stance import Curve, StanceModel, mended
from stancekit.targets import Target

READER_WEIGHTS = (0.0, 0.3, 0.5, 0.7)
WEIGHTS = (0.5, 0.7, 0.9)
SHIFTS = tuple(float(x) for x in np.arange(-2.0, 1.01, 0.1).round(2))
NULL = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
PENALTY = 0.3  # C of the regression
BINS = 12  # of dev pairs, for the reliability of answers
SLOPE = 0.05
ALIKE = 0.0025  # of F1: settings that close are told apart by their precision
FOLDS = 5  # of the documents

# a row, its candidates, what the classifier says of each, and its second outputs, if it has them
Candidates = list[tuple[dict, list, np.ndarray, np.ndarray | None]]
# a row that has candidates, these, and of each its pooled probabilities, its features, and whether the expected stance is that of a gold span at its place
Described = list[tuple[dict, list, np.ndarray, list[dict[str, float]], list[bool]]]


def gold(row: dict) -> list[dict]:
    """A row's stances that name a target."""
    return [s for s in row["stances"] if s.get("start") is not None and s["label"] in STANCES]


def near(row: dict, target: Target) -> list[str]:
    """The gold labels at a candidate's place, the nearest first."""
    found = [(iou((target.start, target.end), (s["start"], s["end"])), s["label"]) for s in gold(row)]
    return [label for overlap, label in sorted(found, key=lambda f: -f[0]) if overlap >= 0.5]


def candidates(nlp: sk.Pipeline, rows: list[dict]) -> Candidates:
    """The candidates of each row, and what the classifier says of them."""
    found, model = nlp.target_model.candidates([r["text"] for r in rows]), nlp.stance_model
    inputs = [
        model.encoder.encode(r["text"], (t.start, t.end), r.get("holder"), r.get("context") or "")
        for r, ts in zip(rows, found, strict=True)
        for t in ts
    ]
    (said, read), at, out = model.judge(inputs), 0, []
    for row, ts in zip(rows, found, strict=True):
        mine = slice(at, at + len(ts))
        out.append((row, ts, said[mine], read[mine] if read is not None else None))
        at = mine.stop
    return out


def described(stance: StanceModel, found: Candidates) -> Described:
    """What the selection learns from: the rows that have candidates."""
    neutral, out = stance.labels.index("neutral"), []
    for row, targets, said, read in found:
        if targets:
            pooled = stance.pooled(targets, said, read)
            right = [stance.labels[expected(p, neutral)] in near(row, t) for t, p in zip(targets, pooled, strict=True)]
            out.append((row, targets, pooled, features(row["text"], targets, said, pooled, stance.labels, read), right))
    return out


def fit(rows: Described) -> dict[str, float]:
    """The weights of the selection by feature, with its "bias"."""
    from sklearn.linear_model import LogisticRegression

    x = [v for *_, values, _ in rows for v in values]
    y = [r for *_, right in rows for r in right]
    if len(set(y)) < 2:
        sys.exit("error: the statements to fit on have no stance that a candidate matches, or no candidate that matches none")
    names = list(x[0])
    table = np.array([[values[name] for name in names] for values in x])
    spread = table.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)  # so that the penalty weighs all features alike
    model = LogisticRegression(C=PENALTY, max_iter=2000).fit(table / scale, y)
    weights = dict(zip(names, (model.coef_[0] / scale).round(4).tolist(), strict=True))
    return {"bias": round(float(model.intercept_[0]), 4), **weights}


def folds(rows: list[dict]) -> dict[str, int]:
    """The fold of each text: documents (by "doc"; a text without one is its own) are dealt to `FOLDS` in turn."""
    documents = list(dict.fromkeys(row.get("doc") or row["text"] for row in rows))
    number = {name: n % FOLDS for n, name in enumerate(documents)}
    out: dict[str, int] = {}
    for row in rows:  # a text that two documents have goes with the first
        out.setdefault(row["text"], number[row.get("doc") or row["text"]])
    return out


def crosswise(rows: Described, fold: dict[str, int]) -> list[dict[str, float]]:
    """The weights for each fold, fitted on the others."""
    return [fit([row for row in rows if fold[row[0]["text"]] != k]) for k in range(FOLDS)]


def reported(
    selection: Selection, labels: tuple[str, ...], described_rows: list, shift: float
) -> list[list[tuple[Target, np.ndarray]]]:
    """The targets of each row that are reported at a shift, with their probabilities."""
    selection.shift, out = shift, []
    for _, targets, pooled, odds in described_rows:
        rows = selection.rows(odds, pooled, labels)
        out.append([(targets[i], rows[i]) for i in selection.choose(targets, rows, labels)])
    return out


def scores(counts: np.ndarray) -> tuple[float, float, float]:
    """F1, precision and recall from how many answers are right, given, and gold."""
    right, given, wanted = counts
    return 2 * right / max(1, given + wanted), right / max(1, given), right / max(1, wanted)


@dataclass
class Found:
    """What settings reach: by fold, how many answers are right, given, and gold, shape (FOLDS, 3)."""

    settings: dict
    counts: np.ndarray

    def figures(self, of: np.ndarray | None = None) -> tuple[float, float, float]:
        """F1, precision and recall over all folds, or over those marked in `of`."""
        return scores(self.counts[slice(None) if of is None else of].sum(axis=0))


def search(nlp: sk.Pipeline, dev: Candidates, fold: dict[str, int]) -> list[Found]:
    """What every two weights and shift reach."""
    metric, stance = common.load_metric("span_f1"), nlp.stance_model
    bare = [(fold[row["text"]], len(gold(row))) for row, ts, *_ in dev if not ts]
    unasked = np.array([[0, 0, sum(n for f, n in bare if f == k)] for k in range(FOLDS)])
    out = []
    for weights in itertools.product(WEIGHTS, READER_WEIGHTS if stance.reader_order else (0.0,)):
        stance.prior_weight, stance.reader_weight = weights
        asked = described(stance, dev)
        odds = [Selection(w).odds for w in crosswise(asked, fold)]
        rows = [(row, ts, pooled, [odds[fold[row["text"]]](f) for f in values]) for row, ts, pooled, values, _ in asked]
        answers = [[[s["start"], s["end"], STANCES.index(s["label"])] for s in gold(row)] for row, *_ in rows]
        selection = Selection(fit(asked))
        for shift in SHIFTS:
            said = [
                [[t.start, t.end, STANCES.index(stance.labels[int(row.argmax())])] for t, row in found if stance.labels[int(row.argmax())] in STANCES]
                for found in reported(selection, stance.labels, rows, shift)
            ]  # fmt: skip
            counts = unasked.copy()
            for k in range(FOLDS):
                mine = [i for i, (row, *_) in enumerate(rows) if fold[row["text"]] == k]
                if not mine:
                    continue
                figures = metric.compute(predictions=[said[i] for i in mine], references=[answers[i] for i in mine], kinds=True)
                given = sum(len(said[i]) for i in mine)
                right = round(figures["precision"] * given)  # the metric gives rates alone
                counts[k] += [right, given, sum(len(answers[i]) for i in mine)]
            settings = {
                "prior_weight": stance.prior_weight,
                "reader_weight": stance.reader_weight,
                "selection": {"weights": selection.weights, "shift": shift},
            }
            out.append(Found(settings, counts))
    return out


def best(results: list[Found], of: np.ndarray | None = None) -> Found:
    """The most precise of those whose F1 is within `ALIKE` of the highest."""
    top = max(r.figures(of)[0] for r in results)
    return max((r for r in results if r.figures(of)[0] >= top - ALIKE), key=lambda r: r.figures(of)[1])


def chosen_crosswise(results: list[Found]) -> tuple[float, float, float]:
    """F1, precision and recall where each fold is measured with what the others choose."""
    every = np.arange(FOLDS)
    return scores(sum(best(results, every != k).counts[k] for k in range(FOLDS)))


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


def reliability(found: np.ndarray, answers: np.ndarray, texts: list[str]) -> tuple[Curve, float, float]:
    """The curve (see `curve`) of answers, and their expected calibration error without and with one.

    The error with a curve is measured on each half of the texts by the curve of the other half.

    Args:
        found: probabilities, shape (answers, labels).
        answers: the numbers of the right labels.
        texts: what each is about.
    """
    from evaluate_model import expected_calibration_error

    top, right, least = found.max(axis=1), found.argmax(axis=1) == answers, 1 / found.shape[1]
    if len(set(texts)) < 2 * BINS:
        sys.exit(f"error: only {len(set(texts))} dev statements have an answer to measure: {2 * BINS} or more are needed")
    number = {text: n for n, text in enumerate(dict.fromkeys(texts))}
    half, after = np.array([number[text] % 2 == 0 for text in texts]), np.zeros(len(texts))
    for part in (half, ~half):
        after[part] = mended(found[part], curve(top[~part], right[~part], least)).max(axis=1)
    return curve(top, right, least), expected_calibration_error(top, right), expected_calibration_error(after, right)


def of_pairs(stance: StanceModel, rows: list[dict]) -> tuple[Curve, float, float]:
    """`reliability` of the classifier on given pairs."""
    from train_stance import pairs

    items = [i for i in pairs(rows, stance.labels) if i["label"] is not None]
    found = stance.probabilities(
        [stance.encoder.encode(i["text"], i["span"] or i["target"], i["holder"], i["context"]) for i in items]
    )
    return reliability(found, np.array([stance.labels.index(i["label"]) for i in items]), [i["text"] for i in items])


def of_targets(stance: StanceModel, dev: Candidates, fold: dict[str, int]) -> tuple[Curve, float, float]:
    """`reliability` of the targets that are reported, those of each fold by weights fitted on the others.

    The right answer is neutral where no gold span lies.
    """
    stance.pooled_reliability, fitted_on_all = None, stance.selection
    parts, chosen = crosswise(described(stance, dev), fold), []
    for row, ts, said, read in dev:
        if ts:
            stance.selection = Selection(parts[fold[row["text"]]], fitted_on_all.shift)
            chosen += [(row, t, p) for t, p in stance.select(row["text"], ts, said, read)]
    stance.selection = fitted_on_all
    answers = np.array([stance.labels.index((near(row, t) or ["neutral"])[0]) for row, t, _ in chosen])
    return reliability(
        np.array([p for *_, p in chosen]).reshape(-1, len(stance.labels)), answers, [row["text"] for row, *_ in chosen]
    )


def null_threshold(nlp: sk.Pipeline, dev: Candidates, precision: float) -> tuple[float, float]:
    """The lowest threshold at which stances of statements without a target are as often right as those with one.

    Returns:
        The threshold (1.0: none are given) and the share of right ones with it; as it was, where dev has no such statement.
    """
    stance = nlp.stance_model
    bare = [row for row, ts, *_ in dev if not ts]
    if not bare:
        return stance.null_threshold, 0.0
    inputs = [stance.encoder.encode(r["text"], None, r.get("holder"), r.get("context") or "") for r in bare]
    given = [
        (float(row.max()), stance.labels[int(row.argmax())], {s["label"] for s in r["stances"]})
        for row, r in zip(stance.probabilities(inputs), bare, strict=True)
    ]
    for threshold in NULL:
        right = [label in found for score, label, found in given if score >= threshold and label in STANCES]
        if right and sum(right) / len(right) >= precision:
            return threshold, sum(right) / len(right)
    return 1.0, 0.0


def write(folder: Path, values: dict[str, object]) -> None:
    """Add settings to a checkpoint, and to its card."""
    path = folder / checkpoints.SETTINGS
    settings = json.loads(path.read_text(encoding="utf-8")) | values
    for name in ("neutral_bias", "pooled_temperature"):  # of calibrations as they once were
        settings.pop(name, None)
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(folder)


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, help="folder with the checkpoints target/ and stance/")
    parser.add_argument("--dev", nargs="+", required=True, help="statements of whole articles")
    parser.add_argument(
        "--pairs",
        nargs="*",
        default=[],
        help="statements whose pairs the reliability of answers is fitted on; those of --dev where left out",
    )
    parser.add_argument("--dry-run", action="store_true", help="print only")
    a = parser.parse_args(argv)
    nlp = sk.load(target=a.models / "target", stance=a.models / "stance")
    if set(nlp.labels) != {*STANCES, "neutral"}:
        sys.exit(f"error: {a.models / 'stance'} has the labels {', '.join(nlp.labels)}; only the library's own five combine")
    if {*nlp.target_model.kinds, "neutral"} != set(nlp.labels):
        sys.exit(
            f"error: {a.models / 'target'} tags {', '.join(nlp.target_model.kinds)}, not the stances: the two do not combine"
        )
    dev_rows = common.read_rows(a.dev)
    dev, fold = candidates(nlp, dev_rows), folds(dev_rows)
    results = search(nlp, dev, fold)
    found = best(results)
    settings, (f1, precision, recall) = found.settings, found.figures()
    chosen = f"prior_weight {settings['prior_weight']}, reader_weight {settings['reader_weight']}, shift {settings['selection']['shift']}"
    print(f"{chosen}: tuple F1 {f1:.4f} (P {precision:.3f} R {recall:.3f}; at most {max(r.figures()[0] for r in results):.4f})")
    crossed = chosen_crosswise(results)
    print("chosen on four fifths of the documents, measured on the fifth: tuple F1 {:.4f} (P {:.3f} R {:.3f})".format(*crossed))
    stance = nlp.stance_model
    stance.prior_weight, stance.reader_weight = settings["prior_weight"], settings["reader_weight"]
    stance.selection = Selection(**settings["selection"])
    pooled_reliability, before, after = of_targets(stance, dev, fold)
    least, share = null_threshold(nlp, dev, precision)
    print(f"statements without a target: {share:.3f} of the stances are right at a threshold of {least}")
    print(f"expected calibration error of the scores {before:.3f}, by their reliability: {after:.3f}")
    reliable, raw, mended_error = of_pairs(stance, common.read_rows(a.pairs or a.dev))
    print(f"expected calibration error of given pairs {raw:.3f}, by their reliability: {mended_error:.3f}")
    if not a.dry_run:
        fitted = {
            "tuple_f1": round(f1, 4),
            "tuple_f1_chosen_crosswise": round(crossed[0], 4),
            "ece": round(after, 4),
            "ece_of_given_pairs": round(mended_error, 4),
            "dev": [Path(p).name for p in a.dev],
        }
        write(a.models / "stance", {**settings, "pooled_reliability": pooled_reliability, "null_threshold": least, "reliability": reliable, "calibrated": fitted})  # fmt: skip
    return {
        "tuple_f1": f1,
        "prior_weight": settings["prior_weight"],
        "reader_weight": settings["reader_weight"],
        "shift": settings["selection"]["shift"],
    }


if __name__ == "__main__":
    main()
