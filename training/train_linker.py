"""Fit the linker of an attribution checkpoint (stancekit/linking.py) and save it there; seconds, on the processor.

    python training/train_linker.py runs/attribution --data polnear_train.jsonl --dev polnear_dev.jsonl

train_attribution.py does this at the end of its run; this script does it for a checkpoint that is there already.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
from card import write_card

from stancekit import checkpoints
from stancekit.labels import ROLES
from stancekit.linking import Features, Scene, link, rare
from stancekit.segment import segment

# By how much, in log-odds, a pair may fall short of even and still be tied. The spans that a tagger finds nearly always have a
# partner, which the fit on gold spans cannot know; chosen on PolNeAR dev.
SLACK = {"cue": 5.0, "source": 2.0}
SEEN = 20  # a feature that is rarer than this in train is left out


@dataclass(frozen=True)
class Gold:
    start: int
    end: int
    kind: str


def scenes(rows: list[dict]):
    """The gold spans of each document, and which go together: sets of (content, cue) and of (cue, source)."""
    for row in rows:
        numbers: dict[Gold, int] = {}
        found = [Gold(s, e, role) for a in row["attributions"] for role in ROLES for s, e in a.get(role) or []]
        parts = sorted(set(found), key=lambda p: (p.start, p.end))
        numbers = {p: i for i, p in enumerate(parts)}
        groups = []
        for a in row["attributions"]:
            groups.append({role: [numbers[Gold(s, e, role)] for s, e in a.get(role) or []] for role in ROLES})
        yield Scene(segment(row["text"]), parts), groups


def examples(rows: list[dict]) -> tuple[list[tuple[Features, bool]], list[tuple[Features, bool]]]:
    """(features, whether the two go together) of contents and cues, and of cues and sources."""
    cues, sources = [], []
    for scene, groups in scenes(rows):
        right = {(i, j) for g in groups for i in g["content"] for j in g["cue"]}
        for i in scene.by_kind["content"]:
            cues += [(scene.cue_features(i, j), (i, j) in right) for j in scene.cues(i)]
        for g in groups:
            if not g["content"]:
                continue
            anchor = (g["cue"] or g["content"])[0]
            sources += [(scene.source_features(g["content"], anchor, j), j in g["source"]) for j in scene.near(anchor, "source")]
    return cues, sources


def fit(pairs: list[tuple[Features, bool]], slack: float, seed: int) -> dict[str, float]:
    """Weights by feature, and under "least" what a pair must reach."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    if len({right for _, right in pairs}) < 2:
        sys.exit("error: too few attributions to fit the linker: it needs contents with cues and sources, and others near them")
    seen = collections.Counter(name for features, _ in pairs for name in features)
    vectors = DictVectorizer()
    common_ones = [
        {k if seen[k] >= SEEN else rare(k): v for k, v in f.items() if seen[k] >= SEEN or rare(k) != k} for f, _ in pairs
    ]
    x = vectors.fit_transform(common_ones)
    model = LogisticRegression(C=2, max_iter=500, random_state=seed).fit(x, [right for _, right in pairs])
    weights = {name: round(float(w), 3) for name, w in zip(vectors.get_feature_names_out(), model.coef_[0], strict=True)}
    return {"least": round(-float(model.intercept_[0]) - slack, 3), **{k: w for k, w in weights.items() if w or rare(k) != k}}


def accuracy(rows: list[dict], weights: dict[str, dict[str, float]]) -> dict[str, float]:
    """Share of gold contents that get their cue, and share that get their source."""
    counts: collections.Counter[str] = collections.Counter()
    for scene, groups in scenes(rows):
        cue_of = {i: set(g["cue"]) for g in groups for i in g["content"]}
        source_of = {i: set(g["source"]) for g in groups for i in g["content"]}
        for members, source, cue in link(scene.layout, scene.parts, weights):
            for i in members:
                counts["all"] += 1
                counts["cue"] += cue in cue_of[i] if cue is not None else not cue_of[i]
                counts["source"] += source in source_of[i] if source is not None else not source_of[i]
    return {f"linker_{name}": counts[name] / max(1, counts["all"]) for name in ("cue", "source")}


def fit_linker(train: list[dict], dev: list[dict], seed: int) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """The weights, and what they reach on the gold spans of dev."""
    cues, sources = examples(train)
    weights = {"cue": fit(cues, SLACK["cue"], seed), "source": fit(sources, SLACK["source"], seed)}
    return weights, accuracy(dev, weights)


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an attribution checkpoint; its settings are changed in place")
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--dev", nargs="+", required=True)
    parser.add_argument("--seed", type=int, default=13)
    a = parser.parse_args(argv)
    weights, figures = fit_linker(common.read_rows(a.data), common.read_rows(a.dev), a.seed)
    path = a.model / checkpoints.SETTINGS
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["linker"] = weights
    settings["dev"] = {**settings.get("dev", {}), **{k: round(v, 4) for k, v in figures.items()}}
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(a.model)
    print(json.dumps(figures))
    return figures


if __name__ == "__main__":
    main()
