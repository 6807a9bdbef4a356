"""Scores of labelled articles against gold records, end to end: statements, speakers, stances, targets.

The definitions, all micro-averaged over the articles of the gold file; entries labelled neutral are left out:

* statements: one-to-one match of spans with intersection over union of at least 0.5, best pairs first;
* speaker, kind: accuracy over matched statements; names match if their last words or all words of one are the same;
* stance: labels of each statement as a multiset; those of unmatched statements count as missed or wrong;
* tuple: label equal, and targets overlap by half (spans, or words of the target or of its resolved ``name``);
* holder: accuracy over matched tuples.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .labels import NEUTRAL, STANCES, check_label

Record = Mapping[str, Any]
SKIPPED = {"the", "a", "an", "of", "our", "its", "his"}


def read_records(path: str | Path) -> dict[str, list[Record]]:
    """Records of a JSONL file by document.

    Raises:
        ValueError: a line is not a record, or has a label that is not in the scheme.
    """
    out: dict[str, list[Record]] = defaultdict(list)
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            int(record["start"]), int(record["end"])
            out[record["doc_id"]].append(record)
            for stance in record.get("stances") or []:
                check_label(stance["label"])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}:{number}: not a record: {error}") from error
    return dict(out)


def score(gold: Mapping[str, Sequence[Record]], predicted: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """Figures of predicted records against gold ones, by document id.

    Returns:
        ``statements``, ``stance``, ``tuple``: precision, recall and f1 (0 to 1); ``speaker``, ``kind``, ``holder``:
        accuracy; ``stance_macro_f1`` and ``labels``: f1 of each label.
    """
    count: Counter[str] = Counter()
    per_label: dict[str, Counter[str]] = {label: Counter() for label in STANCES}
    for doc_id, ours in gold.items():
        theirs = predicted.get(doc_id, [])
        pairs = _pair(ours, theirs, lambda a, b: iou((a["start"], a["end"]), (b["start"], b["end"])))
        count.update(statements=len(pairs), gold=len(ours), predicted=len(theirs))
        for side, records in (("gold", ours), ("predicted", theirs)):
            for stance in (s for r in records for s in _stances(r)):
                per_label.setdefault(stance["label"], Counter())[side] += 1
        for i, j in pairs:
            _score_pair(ours[i], theirs[j], count, per_label)
    n_gold = sum(c["gold"] for c in per_label.values())
    n_predicted = sum(c["predicted"] for c in per_label.values())
    labels = {k: _prf(v["hit"], v["gold"], v["predicted"])["f1"] for k, v in per_label.items()}
    matched = max(1, count["statements"])
    return {
        "documents": len(gold),
        "statements": _prf(count["statements"], count["gold"], count["predicted"]),
        "speaker": count["speaker"] / matched,
        "kind": count["kind"] / matched,
        "stance": _prf(sum(c["hit"] for c in per_label.values()), n_gold, n_predicted),
        "stance_macro_f1": sum(labels.values()) / len(labels),
        "tuple": _prf(count["tuple"], n_gold, n_predicted),
        "holder": count["holder"] / max(1, count["tuple"]),
        "labels": labels,
    }


def _score_pair(a: Record, b: Record, count: Counter[str], per_label: dict[str, Counter[str]]) -> None:
    count["speaker"] += same_name(a.get("speaker"), b.get("speaker"))
    count["kind"] += a.get("kind") == b.get("kind")
    ours, theirs = _stances(a), _stances(b)
    for label, n in (Counter(s["label"] for s in ours) & Counter(s["label"] for s in theirs)).items():
        per_label[label]["hit"] += n
    for i, j in _pair(ours, theirs, _target_overlap):
        count["tuple"] += 1
        count["holder"] += same_name(ours[i].get("holder"), theirs[j].get("holder"))


def summary(figures: Mapping[str, Any]) -> str:
    """The figures as a few lines of text."""
    lines = [f"{figures['documents']} articles"]
    for key in ("statements", "stance", "tuple"):
        v = figures[key]
        lines.append(f"{key:<11} precision {v['precision']:.3f}  recall {v['recall']:.3f}  F1 {v['f1']:.3f}")
    labels = "  ".join(f"{k} {v:.3f}" for k, v in figures["labels"].items())
    lines.append(f"stance macro-F1 {figures['stance_macro_f1']:.3f}  ({labels})")
    lines.append("accuracy on matched: " + "  ".join(f"{k} {figures[k]:.3f}" for k in ("speaker", "kind", "holder")))
    return "\n".join(lines)


def _stances(record: Record) -> list[Record]:
    return [s for s in record.get("stances") or [] if s["label"] != NEUTRAL]


def iou(a: tuple[int | None, int | None], b: tuple[int | None, int | None]) -> float:
    """Intersection over union of two character spans; 0 if an offset is missing."""
    if a[0] is None or a[1] is None or b[0] is None or b[1] is None:
        return 0.0
    inter = max(0, min(a[1], b[1]) - max(a[0], b[0]))
    return inter / (max(a[1], b[1]) - min(a[0], b[0])) if inter else 0.0


def _tokens(text: str | None) -> list[str]:
    return [t for t in re.findall(r"\w+", (text or "").lower()) if t not in SKIPPED]


def _token_f1(a: str | None, b: str | None) -> float:
    ours, theirs = _tokens(a), _tokens(b)
    common = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * common / (len(ours) + len(theirs)) if common else 0.0


def same_name(a: str | None, b: str | None) -> bool:
    """Whether two names may stand for the same party: same last word, or all words of one in the other; None is the same as None."""
    ours, theirs = _tokens(a), _tokens(b)
    if not ours or not theirs:
        return not ours and not theirs
    return ours[-1] == theirs[-1] or set(ours) <= set(theirs) or set(theirs) <= set(ours)


def _target_overlap(a: Record, b: Record) -> float:
    if a["label"] != b["label"]:
        return 0.0
    return max(
        iou((a.get("start"), a.get("end")), (b.get("start"), b.get("end"))),
        _token_f1(a.get("target"), b.get("target")),
        _token_f1(a.get("name"), b.get("target")),
    )


def _pair(ours: Sequence[Record], theirs: Sequence[Record], value: Callable[[Record, Record], float]) -> list[tuple[int, int]]:
    """One-to-one pairs of at least 0.5, best first."""
    found = sorted(((-value(a, b), i, j) for i, a in enumerate(ours) for j, b in enumerate(theirs)), key=lambda c: c[0])
    used_a: set[int] = set()
    used_b: set[int] = set()
    pairs = []
    for negative, i, j in found:
        if -negative < 0.5:
            break
        if i not in used_a and j not in used_b:
            used_a.add(i)
            used_b.add(j)
            pairs.append((i, j))
    return pairs


def _prf(hit: int, n_gold: int, n_predicted: int) -> dict[str, float]:
    p, r = hit / n_predicted if n_predicted else 0.0, hit / n_gold if n_gold else 0.0
    return {"precision": p, "recall": r, "f1": 2 * p * r / (p + r) if p + r else 0.0}
