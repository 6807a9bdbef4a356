"""Per-label precision, recall and F1, macro-F1 and accuracy, as a local `evaluate` metric."""

import datasets
import evaluate
from sklearn.metrics import precision_recall_fscore_support


class LabelF1(evaluate.Metric):
    """Labels as integers; `labels` names the ones that count (their order is that of the output)."""

    def _info(self):
        return evaluate.MetricInfo(
            description=__doc__,
            citation="",
            features=datasets.Features({"predictions": datasets.Value("int64"), "references": datasets.Value("int64")}),
        )

    def _compute(self, predictions, references, labels=None):
        labels = labels if labels is not None else sorted(set(references))
        p, r, f, n = precision_recall_fscore_support(references, predictions, labels=labels, zero_division=0)
        hits = sum(a == b for a, b in zip(predictions, references, strict=True))
        return {
            "macro_f1": float(f.mean()),
            "accuracy": hits / max(1, len(references)),
            "precision": p.tolist(),
            "recall": r.tolist(),
            "f1": f.tolist(),
            "support": n.tolist(),
        }
