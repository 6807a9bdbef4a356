"""Precision, recall and F1 of spans that overlap by at least half (intersection over union), as a local metric."""

import datasets
import evaluate


def _iou(a, b):
    inter = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return inter / max(1, max(a[1], b[1]) - min(a[0], b[0])) if inter else 0.0


class SpanF1(evaluate.Metric):
    """One reference and one prediction a text: a list of [start, end, kind]; `kinds` true: the kind must be equal."""

    def _info(self):
        spans = datasets.Sequence(datasets.Sequence(datasets.Value("int64")))
        return evaluate.MetricInfo(
            description=__doc__, citation="", features=datasets.Features({"predictions": spans, "references": spans})
        )

    def _compute(self, predictions, references, least=0.5, kinds=False):
        hits = n_p = n_r = 0
        for found, gold in zip(predictions, references, strict=True):
            n_p, n_r = n_p + len(found), n_r + len(gold)
            pairs = sorted(((-_iou(p, g), i, j) for i, p in enumerate(found) for j, g in enumerate(gold)), key=lambda x: x[0])
            used_p, used_g = set(), set()
            for negative, i, j in pairs:
                if -negative < least:
                    break
                if i in used_p or j in used_g or (kinds and found[i][2] != gold[j][2]):
                    continue
                used_p.add(i), used_g.add(j)
                hits += 1
        p, r = hits / max(1, n_p), hits / max(1, n_r)
        return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r) if p + r else 0.0}
