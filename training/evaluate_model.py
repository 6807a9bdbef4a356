"""What a checkpoint reaches on a file: shared by export.py (torch against int8) and evaluate.py (the report)."""

from __future__ import annotations

import common
import numpy as np
from sklearn.metrics import f1_score
from tag_data import windows

from stancekit import attribution, tagging
from stancekit.backends import Backend
from stancekit.labels import ROLES, STANCES
from stancekit.segment import segment
from stancekit.stance import Encoder


def inputs_and_gold(rows: list[dict], backend: Backend, task: str):
    """Model inputs (ids, types or None) of dev rows, with the gold label numbers (-100: not counted)."""
    if task == "stance":
        from train_stance import pairs

        items = [p for p in pairs(rows, tuple(backend.labels)) if p["label"] is not None]
        encoder = Encoder(backend.tokenizer, int(backend.settings["max_length"]), int(backend.settings.get("context", 0)))
        made = [encoder.encode(i["text"], i["span"] or i["target"], i["holder"], i["context"]) for i in items]
        return [m.ids for m in made], [m.types for m in made], [backend.labels.index(i["label"]) for i in items]
    ids, gold = [], []
    for row in rows:
        if task == "target":
            from train_target import spans as target_spans

            words, places = tagging.split_words(row["text"])
            labels = tagging.gold_labels(places, target_spans(row))
        else:
            words, places = attribution.words(segment(row["text"]))
            marked = [(s, e, r) for r, role in enumerate(ROLES) for a in row["attributions"] for s, e in a.get(role) or []]
            labels = tagging.gold_labels(places, marked)
        tokens = tagging.pieces(backend.tokenizer, words)
        room, overlap = int(backend.settings["max_length"]) - 2, int(backend.settings.get("overlap", 64))
        for line, marks in windows(tokens, labels, -100, room, overlap, (backend.cls, backend.sep)):
            ids.append(line)
            gold.append(marks)
    return ids, None, gold


def macro_f1(logits: list[np.ndarray], gold: list) -> float:
    """Macro-F1 of labels; for a tagger, of the labels of words, O left out."""
    if logits[0].ndim == 1:
        best, flat = [int(x.argmax()) for x in logits], gold
        labels = sorted(set(flat))
    else:
        best = np.concatenate([x.argmax(-1) for x in logits])
        flat = np.concatenate([np.asarray(g) for g in gold])
        best, flat = best[flat >= 0], flat[flat >= 0]
        labels = sorted(set(flat.tolist()) - {0})
    return float(f1_score(flat, best, labels=labels, average="macro", zero_division=0))


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by their rows (Guo et al. 2017)."""
    edges = np.clip((confidence * bins).astype(int), 0, bins - 1)
    gaps = [abs(confidence[edges == b].mean() - right[edges == b].mean()) * (edges == b).mean() for b in set(edges.tolist())]
    return float(sum(gaps))


def target_f1(backend: Backend, rows: list[dict], article: bool = False) -> dict[str, float]:
    """Span F1 (at least half overlap) of a target model on statements, and of (span, stance) tuples; `article`: see `TargetModel.scores`."""
    from train_target import spans

    from stancekit.targets import TargetModel

    found = TargetModel(backend).find([r["text"] for r in rows], article)
    metric = common.load_metric("span_f1")
    predictions = [[[t.start, t.end, STANCES.index(max(STANCES, key=t.prior.__getitem__))] for t in f] for f in found]
    references = [[list(s) for s in spans(r)] for r in rows]
    out = {}
    for name, kinds in (("span", False), ("tuple", True)):
        for key, value in metric.compute(predictions=predictions, references=references, kinds=kinds).items():
            out[f"{name}_{key}"] = value
    return out
