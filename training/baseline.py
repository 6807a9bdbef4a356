"""The baseline that every stance model is compared with: TF-IDF of words and holder-target frame, logistic regression.

python training/baseline.py --data statements_train.jsonl plv_train.jsonl --dev statements_dev.jsonl
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common  # says so where the extra is lacking
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union


def features(item: dict) -> str:
    """The statement, with the words around the target and the target's own words told apart from the rest."""
    text, span = item["text"], item["span"]
    if span is None:
        return text
    before, after = text[: span[0]].split()[-4:], text[span[1] :].split()[:4]
    near = [f"b_{w}" for w in before] + [f"t_{w}" for w in text[span[0] : span[1]].split()] + [f"a_{w}" for w in after]
    return f"{text} {' '.join(near)}"


def fit(train: list[dict], seed: int = 13):
    """A fitted scikit-learn pipeline: text features in, label out."""
    union = make_union(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"\S+"))
    model = make_pipeline(union, LogisticRegression(C=10, max_iter=2000, class_weight="balanced", random_state=seed))
    return model.fit([features(i) for i in train], [i["label"] for i in train])


def baseline(train: list[dict], dev: list[dict], labels: tuple[str, ...]) -> dict[str, float]:
    """Train on `train`, measure on `dev`: macro-F1 and F1 by label."""
    found = fit(train).predict([features(i) for i in dev])
    gold = [i["label"] for i in dev]
    scores = f1_score(gold, found, labels=list(labels), average=None, zero_division=0)
    return {"macro_f1": float(scores.mean()), **dict(zip(labels, map(float, scores), strict=True))}


if __name__ == "__main__":
    from train_stance import pairs

    from stancekit.labels import LABELS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--dev", nargs="+", required=True)
    arguments = parser.parse_args()
    result = baseline(pairs(common.read_rows(arguments.data)), pairs(common.read_rows(arguments.dev)), LABELS)
    print(json.dumps(result, indent=1))
