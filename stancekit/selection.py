"""Which of a statement's possible targets a stance is reported on, and how sure that is.

The tagger proposes more spans than a reader would name as targets: parts of a list, what a purpose or a consequence mentions. A logistic
regression over what the two models say of a candidate, where it stands and which candidates stand beside it gives the odds that a
reader takes the expected stance to be directed at it (as rerankers of n-best parses do: Collins and Koo 2005). Its weights are fitted on
statements of whole articles (`training/calibrate.py`) and saved in the stance checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from .labels import NEUTRAL
from .tagging import Scores
from .targets import Target

Features = dict[str, float]


def log_odds(p: float) -> float:
    """Log-odds of a probability, bounded."""
    return math.log(p + 1e-4) - math.log(1 - p + 1e-4)


def apart(a: Target, b: Target) -> bool:
    """Whether two candidates have no character in common."""
    return a.end <= b.start or b.end <= a.start


def features(
    text: str, found: Sequence[Target], rows: Scores, pooled: Scores, labels: Sequence[str], readings: Scores | None = None
) -> list[Features]:
    """What speaks for each candidate of one statement.

    Args:
        text: the statement.
        found: the candidates (`TargetModel.candidates`).
        rows: what the classifier says of each, shape (candidates, labels).
        pooled: the same, pooled with the tagger's expectation (`StanceModel.pool`).
        labels: the classifier's labels.
        readings: what the classifier's second outputs say of each, like `rows` (`StanceModel.judge`), if it has them.
    """
    neutral = list(labels).index(NEUTRAL)
    chance = [1 - float(row[neutral]) for row in pooled]
    out: list[Features] = []
    for i, t in enumerate(found):
        around = [chance[j] for j, o in enumerate(found) if j != i and o.start <= t.start and t.end <= o.end]
        inside = [chance[j] for j, o in enumerate(found) if j != i and t.start <= o.start and o.end <= t.end]
        out.append(
            {
                "stanced": log_odds(chance[i]),
                "classifier": log_odds(1 - float(rows[i][neutral])),
                "tagger": log_odds(1 - t.prior[NEUTRAL]),
                "certain": float(pooled[i].max()),
                "span": t.score,
                "eager": t.eager,
                "around": float(len(around)),
                "inside": float(len(inside)),
                "best around": max(around, default=0.0),
                "best inside": max(inside, default=0.0),
                "words": float(len(text[t.start : t.end].split())),
            }
        )
        if readings is not None:
            out[-1]["reader"] = log_odds(1 - float(readings[i][neutral]))
    return out


def expected(row: Scores, neutral: int) -> int:
    """The likeliest label that is not neutral."""
    return int(np.where(np.arange(len(row)) == neutral, -1.0, row).argmax())


class Selection:
    """The fitted regression.

    Args:
        weights: by feature; "bias" is added to each.
        shift: what is taken off the log-odds, fitted on dev: where a reader's odds are lower, no stance is reported.
    """

    def __init__(self, weights: Mapping[str, float], shift: float = 0.0) -> None:
        self.weights, self.shift = dict(weights), shift

    def odds(self, values: Features) -> float:
        """Log-odds that a reader takes the expected stance to be directed at the candidate."""
        return self.weights.get("bias", 0.0) + sum(self.weights.get(name, 0.0) * value for name, value in values.items())

    def rows(self, odds: Sequence[float], pooled: Scores, labels: Sequence[str]) -> Scores:
        """Label probabilities of each candidate: the odds decide about neutral, the pooled rows about the rest."""
        neutral = list(labels).index(NEUTRAL)
        out = pooled.clip(1e-9)
        out[:, neutral] = 0.0
        chance = 1 / (1 + np.exp(self.shift - np.asarray(odds, dtype=np.float64)))
        out *= (chance / out.sum(axis=1))[:, None]
        out[:, neutral] = 1 - chance
        result: Scores = out
        return result

    @staticmethod
    def choose(found: Sequence[Target], rows: Scores, labels: Sequence[str]) -> list[int]:
        """The candidates to report, in text order.

        Those whose likeliest label is a stance, the likeliest first, and none that overlaps one. Where there is none, as neutral, those
        that the tagger finds even when it is made reluctant (`targets.EAGERNESS` above 0).
        """
        neutral = list(labels).index(NEUTRAL)
        best = rows.argmax(axis=1)
        stanced = sorted((i for i in range(len(found)) if best[i] != neutral), key=lambda i: -rows[i].max())
        plain = sorted((i for i in range(len(found)) if best[i] == neutral and found[i].eager >= 0), key=lambda i: found[i].start)
        kept: list[int] = []
        for i in stanced or plain:
            if all(apart(found[i], found[j]) for j in kept):
                kept.append(i)
        return sorted(kept, key=lambda i: found[i].start)
