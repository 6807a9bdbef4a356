"""Model cards: README.md of a checkpoint folder, made from what stands in its stancekit.json."""

from __future__ import annotations

import json
from pathlib import Path

from stancekit.checkpoints import READER, SETTINGS

WHAT = {
    "attribution": "Token classifier that tags source, cue and content of attributions in news text, in windows of an article.",
    "target": "Token classifier that tags the targets of a statement, each with the stance it expects (BIO labels).",
    "stance": "Sequence classifier: a statement with a marked target, and optionally a holder, to a stance.",
}
LIMITS = {
    "attribution": "Trained on US political news in English, and a few hundred short reports of elsewhere. Attributions do not nest; beliefs and polls count as attributions.",
    "target": "English, one sentence at a time. Overlapping targets are found once; targets that are not named are not found.",
    "stance": "English, one sentence at a time. Irony, and stances that only the wider context shows, are often missed. "
    "Labels follow the project's label guide: approval is support, joint work is cooperate.",
}
DATA = {  # by the name of a file, without a number at its end
    "polnear_train": "PolNeAR train (github.com/networkdynamics/PolNeAR; research corpus, texts are their publishers')",
    "statements_train": "statements of public sources labelled by the project under its label guide",
    "plv_train": "PLV train (github.com/snowood1/Zero-Shot-PLOVER; no licence stated)",
    "annotated": "statements of public texts, annotated for this project (seeds/standoff_statements.jsonl)",
    "article_statements": "statements of whole public articles, annotated for this project (seeds/standoff_article_statements.jsonl, …2, …3, …4)",
    "news_statements": "sentences of PLV train (github.com/snowood1/Zero-Shot-PLOVER; no licence stated) and DSE train, annotated for this project (seeds/standoff_news_statements.jsonl)",
    "events": "sentences of public news and statements, coded for this project with PLOVER's roots (seeds/standoff_events.jsonl)",
    "authored_events": "event sentences written for this project (seeds/)",
    "tagged": "unlabelled public texts, with the tags of a larger teacher (training/distill.py)",
    "distilled": "unlabelled public texts and DSE train pairs, with the answers of a larger teacher (training/distill.py)",
    "candidates": "candidate targets in statements of whole public articles (seeds/standoff_article_statements.jsonl, …2, …3, …4) and in sentences of PLV train (no licence stated) and DSE train (seeds/standoff_news_statements.jsonl), with what readers named (training/candidates.py)",
    "candidates_news": "candidate targets in sentences of DSE train, with what readers named (training/candidates.py; seeds/standoff_news_statements2.jsonl)",
    "kept": "public texts, with the answers of the model before (training/distill.py)",
    "kept_tags": "statements of whole public articles, with the tags of the model before (training/distill.py)",
    "tagged_articles": "statements of unlabelled public articles, with the tags of two teachers (training/distill.py)",
    "authored_reversals_train": "sentences whose words and stance pull apart, written for this project (seeds/)",
    "authored_plain_train": "sentences in the words of stances, more than half of them without one, written for this project (seeds/)",
    "authored_contrasts_train": "sentences of nearly the same words and different stances, written for this project (seeds/)",
    "articles_short_train": "short news items written for this project (seeds/)",
    "authored_train": "sentences written for this project (seeds/)",
    "articles_train": "articles written for this project (seeds/)",
}


def _shares(averaged: dict[str, float]) -> str:
    """The parts of an average of weights."""
    return ", ".join(f"{share:g} of `{name}`" for name, share in averaged.items())


def write_card(folder: Path) -> None:
    """Write README.md from the folder's settings."""
    s = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    task = s["task"]
    kind = "text-classification" if task == "stance" else "token-classification"
    start = f" (an average: {_shares(s['start_averaged'])})" if "start_averaged" in s else ""
    further = f", by way of the checkpoint `{s['continued_from']}`{start}," if "continued_from" in s else ""
    lines = ["---", "language: en", f"license: {s.get('license') or 'other'}", f"base_model: {s['base']}", f"pipeline_tag: {kind}", "library_name: transformers",
             "tags: [stance-detection, political-text, stancekit]", "---", "", f"# stancekit {task} model", "", WHAT[task], "",
             f"Trained {s['trained']} from `{s['base']}`{further} with `training/train_{task}.py`, seed {s['seed']}, {s['epochs']:g} epochs, "
             f"{s['rows']['train']:,} training rows.",
             "", "## Data", ""]  # fmt: skip
    config = folder / "config.json"
    outputs = json.loads(config.read_text(encoding="utf-8")).get("id2label", {}).values() if config.is_file() else ()
    if second := sum(name.startswith(READER) for name in outputs):
        lines[-4:-4] = [
            f"The last {second} outputs are second ones, used to choose among candidate targets: which of them a reader of the whole article names, "
            "and with which stance (`StanceModel.judge`). A label's probability is taken over the outputs before them alone.",
            "",
        ]
    if s.get("article_segment"):
        lines[-4:-4] = [
            "It reads in two ways: with the segment number (`token_type_ids`) 0 it looks for every target of a single sentence, with 1 for what a reader of "
            "the whole article would name (`TargetModel.scores`).",
            "",
        ]
    if "averaged" in s:
        lines[-3:-3] = [
            "",
            f"The weights are an average: {_shares(s['averaged'])} (training/average.py); seed, epochs and rows above are those of the last.",
        ]
    lines += [f"- {Path(f).stem}: {DATA.get(Path(f).stem.rstrip('0123456789'), 'the user’s own file')}" for f in s["train_files"]]
    if earlier := [name for name in s.get("earlier_files", []) if name not in s["train_files"]]:
        lines += [f"- before, in the checkpoint it goes on from: {', '.join(Path(f).stem for f in earlier)}"]
    lines += ["", "## Figures on the dev set", "", "| figure | value |", "|---|---|"]
    lines += [f"| {k} | {v} |" for k, v in s.get("dev", {}).items() if k not in ("loss", "epoch")]  # of the run, not of the model
    if "confusion" in s:
        names = s["confusion"]["labels"]
        lines += ["", "Confusion matrix (rows: gold):", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        lines += [
            f"| {name} | " + " | ".join(map(str, row)) + " |" for name, row in zip(names, s["confusion"]["rows"], strict=True)
        ]
    if "export" in s:
        lines += ["", "## Shipped form", "", "| fact | value |", "|---|---|", *[f"| {k} | {v} |" for k, v in s["export"].items()]]
    for name, facts in s.get("measured", {}).items():
        lines += ["", f"## Measured: {name}", "", f"`{facts['command']}` ({facts['date']})", ""]
        lines += [f"- {k}: {v}" for k, v in facts.items() if k not in ("command", "date")]
    lines += ["", "## Limits", "", LIMITS[task], "", "## Licence", "", f"Weights: {s.get('license') or 'as you decide; set `license` in the config'}. "
              "The training texts are not part of the weights or of this repository.", ""]  # fmt: skip
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8")
