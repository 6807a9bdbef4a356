"""An experiment: tagger and linker learnt together, beside the two that are learnt apart (training/README.md has the result).

    python training/joint_linking.py configs/attribution/base.yaml --data polnear_train.jsonl --dev polnear_dev.jsonl --base DIR

One encoder labels the words and scores which spans go together: a bilinear form over the mean states of two spans (as in
biaffine relation extraction, Nguyen and Verspoor 2019), learnt with the tags. The linker of `stancekit/linking.py` is fitted on
the same articles, so that both, and their sum, can be compared on the spans that this one tagger finds. Nothing is saved.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import attribution_scores
import common
import torch
from config import TrainConfig, read_config
from torch.nn import functional
from train_linker import fit_linker

from stancekit import attribution, linking, tagging
from stancekit.labels import ROLES
from stancekit.segment import Layout, segment

PAIRS = ("cue", "source")  # what a content is paired with
SLACK = 1.0  # in log-odds, as in train_linker.py: how far a pair may fall short of even
WEIGHT = 1.0  # of the pairs' loss beside the tags'


class Joint(torch.nn.Module):
    """A token classifier whose states also say which spans go together."""

    def __init__(self, tagger: torch.nn.Module) -> None:
        super().__init__()
        self.tagger = tagger
        size = tagger.config.hidden_size
        self.content = torch.nn.Linear(size, 128)
        self.other = torch.nn.ModuleDict({kind: torch.nn.Linear(size, 128) for kind in PAIRS})
        self.form = torch.nn.ModuleDict({kind: torch.nn.Linear(128, 128) for kind in PAIRS})

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Label logits and states, (texts, tokens, …)."""
        out = self.tagger(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        return out.logits, out.hidden_states[-1]

    def pairs(self, kind: str, content: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        """Log-odds that contents go with cues or sources: mean states, (pairs, size) each, to (pairs,)."""
        a, b = torch.relu(self.content(content)), torch.relu(self.other[kind](other))
        return (self.form[kind](a) * b).sum(-1)


class Window:
    """A piece of an article: token ids, the place of each word's first token, and gold tags and pairs."""

    def __init__(self, ids: list[int], at: list[int], labels: list[int], spans: dict, groups: list[dict]) -> None:
        self.ids, self.at, self.labels = ids, at, labels
        self.spans = spans  # (first word, end) by role and gold span, of spans that lie in the window
        right = {(c, kind, o) for g in groups for c in g["content"] for kind in PAIRS for o in g[kind]}
        self.pairs = [
            (kind, spans["content"][c], spans[kind][o], float((c, kind, o) in right))
            for kind in PAIRS
            for c in spans["content"]
            for o in spans[kind]
        ]


def words_of(span: tuple[int, int], starts: list[int]) -> tuple[int, int]:
    """(first, end) of the words that begin in a span."""
    inside = [n for n, start in enumerate(starts) if span[0] <= start < span[1]]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def cut(row: dict, tokenizer, config: TrainConfig) -> tuple[Layout, list[tuple[int, int]], list[Window], list[tuple[int, int]]]:
    """An article as windows; with its layout, the spans of its words and the words of each window."""
    layout = segment(row["text"])
    words, places = attribution.words(layout)
    groups = [{role: [tuple(s) for s in a.get(role) or []] for role in ROLES} for a in row["attributions"]]
    marked = [(s, e, r) for r, role in enumerate(ROLES) for g in groups for s, e in g[role]]
    gold = tagging.gold_labels(places, marked)
    starts = [s if s < e else -1 for s, e in places]
    by_role = {role: {s: words_of(s, starts) for g in groups for s in g[role]} for role in ROLES}
    tokens = tagging.pieces(common.plain_tokenizer(tokenizer), words)
    made, bounds = [], tagging.windows([len(t) for t in tokens], config.max_length - 2, config.overlap)
    for first, end in bounds:
        ids, at = [tokenizer.cls_token_id], []
        for n in range(first, end):
            at.append(len(ids) if tokens[n] else 0)
            ids += tokens[n]
        ids = [*ids[: config.max_length - 1], tokenizer.sep_token_id]
        inside = {
            role: {s: (a - first, b - first) for s, (a, b) in found.items() if first <= a < b <= end}
            for role, found in by_role.items()
        }
        made.append(Window(ids, [min(a, len(ids) - 1) for a in at], gold[first:end], inside, groups))
    return layout, places, made, bounds


def batch(windows: list[Window], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(w.ids) for w in windows)
    ids = torch.tensor([w.ids + [pad] * (longest - len(w.ids)) for w in windows])
    return ids, torch.tensor([[1] * len(w.ids) + [0] * (longest - len(w.ids)) for w in windows])


def loss(model: Joint, windows: list[Window], pad: int) -> torch.Tensor:
    logits, states = model(*batch(windows, pad))
    tags, gold = [], []
    paired: dict[str, list[tuple[torch.Tensor, torch.Tensor, float]]] = {kind: [] for kind in PAIRS}
    for n, w in enumerate(windows):
        kept = [(at, label) for at, label in zip(w.at, w.labels, strict=True) if at]
        tags.append(logits[n, [at for at, _ in kept]])
        gold += [label for _, label in kept]
        state = states[n, w.at]
        for kind, c, o, right in w.pairs:
            paired[kind].append((state[c[0] : c[1]].mean(0), state[o[0] : o[1]].mean(0), right))
    total = functional.cross_entropy(torch.cat(tags).float(), torch.tensor(gold))
    for kind, found in paired.items():
        if found:
            scores = model.pairs(kind, torch.stack([c for c, _, _ in found]), torch.stack([o for _, o, _ in found]))
            total = total + WEIGHT * functional.binary_cross_entropy_with_logits(
                scores.float(), torch.tensor([r for *_, r in found])
            )
    return total


def train(model: Joint, windows: list[Window], config: TrainConfig, pad: int) -> None:
    rng = random.Random(config.seed)
    steps = int(len(windows) / config.batch_size * config.epochs)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    warm = max(1, int(steps * config.warmup))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min((n + 1) / warm, max(0.0, (steps - n) / max(1, steps - warm)))
    )
    model.train()
    step = 0
    while step < steps:
        rng.shuffle(windows)
        for at in range(0, len(windows), config.batch_size):
            with torch.autocast("cpu", torch.bfloat16, enabled=config.bf16 and common.multiplies_in_bf16()):
                value = loss(model, windows[at : at + config.batch_size], pad)
            optimizer.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step % 50 == 0:
                print(f"step {step} of {steps}, loss {value.item():.3f}", file=sys.stderr)


def read(model: Joint, made: tuple, pad: int) -> tuple[linking.Scene, torch.Tensor, list[tuple[int, int]]]:
    """The spans found in an article, the state of each word, and the words of each span."""
    layout, places, windows, bounds = made
    scores = torch.zeros(len(places), 1 + 2 * len(ROLES))
    states = torch.zeros(len(places), model.tagger.config.hidden_size)
    edge = torch.full((len(places),), -1)
    for w, (first, end) in zip(windows, bounds, strict=True):
        logits, state = model(*batch([w], pad))
        n = torch.arange(end - first)
        far = torch.minimum(n if first else n + 10_000, n.flip(0) if end < len(places) else n + 10_000)
        better = (far > edge[first:end]) & (torch.tensor(w.at) > 0)
        scores[first:end][better] = torch.log_softmax(logits[0, w.at].float(), -1)[better]
        states[first:end][better] = state[0, w.at].float()[better]
        edge[first:end][better] = far[better]
    found = tagging.spans_of(scores.numpy().astype("float64"), places, ROLES)
    starts = [s if s < e else -1 for s, e in places]
    return linking.Scene(layout, found), states, [words_of((t.start, t.end), starts) for t in found]


def attributions(model: Joint, made: tuple, pad: int, weights: dict, share: float) -> list[dict]:
    """Those of an article; `share` of the bilinear score, the rest of the fitted linker's."""
    scene, states, words = read(model, made, pad)
    means = [states[a:b].mean(0) for a, b in words]
    cue, source = weights["cue"], weights["source"]

    def together(kind: str, i: int, j: int) -> float:
        return float(model.pairs(kind, means[i][None], means[j][None])) + SLACK if share else 0.0

    tied = linking.tie(
        scene,
        lambda i, j: share * together("cue", i, j) + (1 - share) * (linking.score(scene.cue_features(i, j), cue) - cue["least"]),
        lambda members, at, j: (
            share * together("source", members[0], j)
            + (1 - share) * (linking.score(scene.source_features(members, at, j), source) - source["least"])
        ),
    )
    spans = [[p.start, p.end] for p in scene.parts]
    return [
        {
            "content": [spans[i] for i in members],
            "source": [spans[s]] if s is not None else [],
            "cue": [spans[c]] if c is not None else [],
        }
        for members, s, c in tied
    ]


def main(argv: list[str] | None = None) -> dict[str, dict[str, float]]:
    config = read_config(argv, __doc__)
    rows, dev = common.read_rows(config.train, config.limit), common.read_rows(config.dev, config.limit)
    rows = common.check_overlap(rows, dev, config.drop_overlap)
    tagger, tokenizer = common.start(config, "attribution", tagging.bio(ROLES))
    torch.manual_seed(config.seed)
    model = Joint(tagger)
    train(model, [w for row in rows for w in cut(row, tokenizer, config)[2]], config, tokenizer.pad_token_id)
    weights, _ = fit_linker(rows, dev, config.seed)
    model.eval()
    figures = {}
    with torch.no_grad():
        made = [cut(row, tokenizer, config) for row in dev]
        for name, share in (("linked apart", 0.0), ("linked jointly", 1.0), ("both, summed", 0.5)):
            found = [attributions(model, m, tokenizer.pad_token_id, weights, share) for m in made]
            figures[name] = attribution_scores.score(dev, found)
            print(name, ", ".join(f"{k} {v:.4f}" for k, v in figures[name].items()))
    return figures


if __name__ == "__main__":
    main()
