"""What a reader of whole articles names, asked of every candidate target: rows for the stance model's second outputs.

    python training/candidates.py --data article_statements2.jsonl --out candidates.jsonl

Each span that a target model proposes in a statement becomes a pair with "reader": the label of the gold span at its place (half of their union
at least), or neutral where readers named none, and "scores": what the stance model says of it now. `train_stance.py` with `auxiliary: reader` learns both: the
scores keep the five labels where they are (learning without forgetting: Li and Hoiem 2016), the second outputs learn what is worth a reader's notice.
`calibrate.py` must then fit on other statements: on these the second outputs are surer than they will be.

With `--teach` a row also has "label", which the five labels learn beside the scores, half and half (such a row counts as two): what readers named, and neutral in
statements in which they saw no stance. Where they named something else it has none: a stance may well bear on what is not worth a reader's notice.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
from calibrate import gold, near

import stancekit as sk
from stancekit.labels import NEUTRAL, STANCES


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True, help="statements of whole articles, with their holder and stances")
    parser.add_argument(
        "--targets", nargs="+", type=Path, default=[None], help="target checkpoints; the embedded one where left out"
    )
    parser.add_argument(
        "--stance", type=Path, help="the stance checkpoint whose scores are kept; the embedded one where left out"
    )
    parser.add_argument("--teach", action="store_true", help="give the five labels what readers named, too")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    rows = [row for row in common.read_rows(a.data) if isinstance(row.get("stances"), list)]
    if not rows:
        sys.exit("error: no row of --data has its stances")
    model = sk.load(stance=a.stance).stance_model
    if set(model.labels) != {*STANCES, NEUTRAL}:
        sys.exit(f"error: the stance model has the labels {', '.join(model.labels)}; readers name the library's own")
    spans: list[dict] = [{} for _ in rows]  # a span is asked for once, whoever proposes it
    for folder in a.targets:
        for places, found in zip(spans, sk.load(target=folder).target_model.candidates([r["text"] for r in rows]), strict=True):
            places.update({(t.start, t.end): t for t in found})
    asked = [(row, place, t) for row, places in zip(rows, spans, strict=True) for place, t in sorted(places.items())]
    if not asked:
        sys.exit("error: the target models propose nothing in these statements")
    said = model.probabilities(
        [model.encoder.encode(row["text"], place, row.get("holder"), row.get("context") or "") for row, place, _ in asked]
    )
    count: collections.Counter[str] = collections.Counter()
    with a.out.open("w", encoding="utf-8") as out:
        for (row, place, target), scores in zip(asked, said, strict=True):
            label = (near(row, target) or [NEUTRAL])[0]
            count[label] += 1
            made = {
                "text": row["text"], "context": row.get("context") or "", "source": row.get("holder"), "target_span": list(place), "reader": label,
                "scores": {name: round(float(p), 4) for name, p in zip(model.labels, scores, strict=True)},
            }  # fmt: skip
            if a.teach and (label != NEUTRAL or not any(s["label"] in STANCES for s in row["stances"])):
                made["label"] = label
            out.write(json.dumps(made, ensure_ascii=False) + "\n")
    print(
        f"{len(asked)} rows in {a.out}: {', '.join(f'{label} {n}' for label, n in count.most_common())}; {sum(len(gold(r)) for r in rows)} gold spans"
    )
    return len(asked)


if __name__ == "__main__":
    main()
