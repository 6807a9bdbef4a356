"""What every training script shares: reading rows, the Trainer, saving a checkpoint with what training assumed."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import gzip
import importlib.util
import itertools
import json
import os
import random
import re
import shutil
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

for package in ("torch", "transformers", "datasets", "accelerate", "sklearn", "yaml"):
    if importlib.util.find_spec(package) is None:
        sys.exit(
            f"error: training and its measures need {package}: pip install 'stancekit[train]' (in a clone: pip install -e '.[train]')"
        )

import numpy as np
import torch
from card import write_card
from config import TrainConfig
from safetensors import safe_open
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
)

from stancekit import checkpoints
from stancekit.backends import SAFE

DATASET = "dataset:"  # before the name of a dataset, as data
ALIKE = 0.85  # of spelling, from which on a rare label is taken for a slip: "suport" is, "disagree" beside "agree" is not
EMBEDDED = "embedded"  # as `base`: start from the model inside the package


def load_metric(name: str):
    """A metric of training/metrics. The package `evaluate` hides behind evaluate.py beside this file, hence the detour."""
    here = Path(__file__).resolve().parent
    saved = sys.path[:]
    sys.path[:] = [p for p in saved if Path(p or ".").resolve() != here]
    try:
        import evaluate
    finally:
        sys.path[:] = saved
    return evaluate.load(str(here / "metrics" / name))


def read_rows(paths: list[str], limit: int = 0) -> list[dict]:
    """Rows of files, with "file": the name of each row's file, without its ending.

    Read are .jsonl(.gz), .csv and .parquet, .txt and folders of .txt (a row each), and "dataset:NAME" (its train split).
    A row that is broken or has no text is reported with its number and skipped.
    """
    rows = []
    for path in paths:
        found = []
        for number, row in _read(path):
            if isinstance(row, str):
                print(f"{path}:{number}: skipped, {row}", file=sys.stderr)
            elif not isinstance(row.get("text"), str) or not row["text"].strip():
                print(f"{path}:{number}: skipped, no text (it has {', '.join(map(str, row)) or 'nothing'})", file=sys.stderr)
            else:
                found.append({**row, "file": Path(path).name.split(".")[0]})
        rows += found[:limit] if limit else found
    if not rows:
        sys.exit(f"error: no rows in {', '.join(paths) or 'the config (train/dev is empty)'}")
    return rows


def _read(path: str):
    """(number, row) of a file; (number, what is wrong) where there is no row to read."""
    ending = Path(path.removesuffix(".gz")).suffix.lower()
    try:
        if Path(path).is_dir() or ending == ".txt":
            files = sorted(Path(path).glob("*.txt")) if Path(path).is_dir() else [Path(path)]
            yield from enumerate(({"id": f.stem, "text": f.read_bytes().decode("utf-8")} for f in files), 1)
        elif ending == ".jsonl":
            raw = gzip.decompress(Path(path).read_bytes()) if path.endswith(".gz") else Path(path).read_bytes()
            for number, line in enumerate(raw.decode("utf-8").split("\n"), 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError as error:
                    row = f"not JSON: {error}"
                yield number, row if isinstance(row, dict | str) else f"a JSON {type(row).__name__}, not an object"
        elif ending in (".csv", ".parquet"):
            import pandas as pd

            frame = pd.read_csv(path) if ending == ".csv" else pd.read_parquet(path)
            if "text" not in frame.columns:
                sys.exit(f"error: {path} has no column 'text'; it has {', '.join(map(str, frame.columns))}")
            for number, row in enumerate(frame.astype(object).to_dict("records"), 1):
                yield number, {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in row.items()}
        elif path.startswith(DATASET):
            import datasets

            yield from enumerate(datasets.load_dataset(path.removeprefix(DATASET), split="train"), 1)
        else:
            sys.exit(
                f"error: {path}: data is .jsonl(.gz), .csv, .parquet, .txt or a folder of .txt, or {DATASET}NAME for a dataset that `datasets` loads"
            )
    except (OSError, EOFError) as error:
        sys.exit(
            f"error: cannot read {path}: {getattr(error, 'strerror', None) or error}; give the data's path with --data/--dev"
        )
    except (ValueError, ConnectionError) as error:
        sys.exit(f"error: cannot read {path}: {error}")


def start(config: TrainConfig, task: str, labels):
    """The model to train, and its tokenizer: from `base`, or from the embedded model where that says so.

    The embedded network is int8; its weights are rebuilt in fp32 (see `export.dequantise`). What a classifier knows is kept where
    the labels begin with those it has.
    """
    auto = AutoModelForSequenceClassification if task == "stance" else AutoModelForTokenClassification
    torch.manual_seed(config.seed)  # a new classifier is drawn at random
    if config.base != EMBEDDED:
        model = auto.from_pretrained(config.base, **label_maps(labels), ignore_mismatched_sizes=True, **SAFE)
        if task == "stance":
            keep_head(model, Path(config.base), tuple(labels))
        return model, AutoTokenizer.from_pretrained(config.base)
    from export import dequantise

    folder = checkpoints.MODELS / task
    weights = dequantise(folder / "model.onnx")
    model = auto.from_config(AutoConfig.from_pretrained(folder, **label_maps(labels)))
    head = {name: weights.pop(name) for name in [n for n in weights if n.startswith("classifier.")]}
    lacking = [n for n in model.load_state_dict(weights, strict=False).missing_keys if not n.startswith("classifier.")]
    if lacking:
        sys.exit(f"error: the embedded {task} model lacks weights: {', '.join(lacking[:5])}")
    copy_head(model, folder, tuple(labels), head)
    return model, AutoTokenizer.from_pretrained(folder)


def keep_head(model: torch.nn.Module, folder: Path, labels: tuple[str, ...]) -> None:
    """Where `labels` begin with those of the torch checkpoint in `folder`, keep what its classifier knows of them.

    Where they are the same, transformers has loaded it.
    """
    if (folder / "model.safetensors").is_file():
        with safe_open(folder / "model.safetensors", "pt") as file:
            names = file.keys()  # the file itself cannot be gone through
            copy_head(model, folder, labels, {n: file.get_tensor(n) for n in names if n.startswith("classifier.")})


def copy_head(model: torch.nn.Module, folder: Path, labels: tuple[str, ...], weights: dict[str, torch.Tensor]) -> None:
    """Copy the last layer of a checkpoint's classifier, if its labels are the first of `labels`; else leave the new one as it is.

    Second outputs (`checkpoints.READER`) are copied where they follow the labels in both.
    """
    old = AutoConfig.from_pretrained(folder).id2label
    names = tuple(old[i] for i in sorted(old))
    same = len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(names, labels, strict=False))))
    if same < sum(not name.startswith(checkpoints.READER) for name in names) or not hasattr(model, "classifier"):
        return
    if same < len(names):
        print(
            "the second outputs of the base, which help to choose targets, are not kept (configs/stance/reader.yaml learns them)",
            file=sys.stderr,
        )
    head = "classifier" if isinstance(model.classifier, torch.nn.Linear) else "classifier.out_proj"
    with torch.no_grad():
        for name in ("weight", "bias"):
            getattr(model.get_submodule(head), name)[:same] = weights[f"{head}.{name}"][:same]


def freeze(model: torch.nn.Module, layers: int) -> None:
    """Leave the embeddings and the `layers` lowest layers out of training; 0 leaves nothing out."""
    lower = re.compile(r"\.embeddings\.|\.encoder\.layer\.(\d+)\.")
    for name, weight in model.named_parameters():
        if layers and (match := lower.search(name)) and int(match[1] or 0) < layers:
            weight.requires_grad = False


def check_overlap(train: list[dict], dev: list[dict], drop: bool) -> list[dict]:
    """Refuse a dev set that shares texts with train; with `drop`, take those out of train instead. Returns train."""
    seen = {row["text"].strip(): row.get("id", i) for i, row in enumerate(train)}
    twice = {row["text"].strip(): row.get("id", i) for i, row in enumerate(dev) if row["text"].strip() in seen}
    if not twice:
        return train
    shown = ", ".join(f"{name} (train: {seen[text]})" for text, name in list(twice.items())[:5])
    if not drop:
        sys.exit(
            f"error: {len(twice)} dev texts are in train too: {shown}; take them out of one of the two, "
            "or set drop_overlap: true to leave them out of train"
        )
    print(f"left out of train, being in dev: {shown}", file=sys.stderr)
    return [row for row in train if row["text"].strip() not in twice]


def weigh(items: list[dict], weights: dict[str, float], seed: int) -> list[dict]:
    """Repeat (or thin out) the rows or pairs of a file by its weight."""
    rng = random.Random(seed)
    out = []
    for item in items:
        weight = weights.get(item["file"], 1.0)
        out += [item] * (int(weight) + (rng.random() < weight % 1))
    return out


def check_labels(train: list[dict], dev: list[dict], labels: tuple[str, ...], least: int = 2) -> None:
    """Stop before training if a label has too few rows to learn from or to measure."""
    for name, items in (("train", train), ("dev", dev)):
        counts = {label: sum(i["label"] == label for i in items) for label in labels}
        few = {label: n for label, n in counts.items() if n < (least if name == "train" else 1)}
        if few:
            others = [label for label in labels if label not in few] if name == "train" else []
            near = {label: difflib.get_close_matches(label, others, n=1, cutoff=ALIKE) for label in few}
            shown = ", ".join(
                f"{label}: {n}" + (f" (did you mean {near[label][0]!r}?)" if near[label] else "") for label, n in few.items()
            )
            sys.exit(f"error: too few {name} rows for {shown}; add rows, or leave the label out of the config's labels")


def plain_tokenizer(tokenizer):
    """The `tokenizers.Tokenizer` under a transformers tokenizer, without truncation and padding."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return backend


def label_maps(labels) -> dict:
    return {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}


def multiplies_in_bf16() -> bool:
    """Whether this processor does, as far as torch says (of x86); where it does not, torch emulates it, many times slower than fp32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def trainer(config: TrainConfig, model, tokenizer, train, dev, collator, metrics, cls=Trainer, **extra) -> Trainer:
    """A Trainer on the processor, deterministic for a seed, that evaluates after each epoch."""
    freeze(model, config.freeze_layers)
    random.seed(config.seed)
    np.random.seed(config.seed)
    torch.manual_seed(config.seed)
    steps = config.max_steps if config.max_steps > 0 else int(len(train) / config.batch_size * config.epochs)
    arguments = TrainingArguments(
        output_dir=str(Path(config.out) / "checkpoints"),
        num_train_epochs=config.epochs,
        max_steps=config.max_steps,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size * 2,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        warmup_steps=int(steps * config.warmup),
        lr_scheduler_type="linear",
        label_smoothing_factor=config.label_smoothing,
        train_sampling_strategy="group_by_length",
        optim="adamw_torch_fused",
        bf16=config.bf16 and multiplies_in_bf16(),
        use_cpu=True,
        seed=config.seed,
        data_seed=config.seed,
        eval_strategy="epoch" if config.max_steps <= 0 else "no",
        save_strategy="epoch" if config.max_steps <= 0 else "no",
        save_total_limit=1,
        logging_steps=50,
        report_to=[],
        dataloader_num_workers=0,
        disable_tqdm=not sys.stderr.isatty(),
    )
    return cls(
        model=model,
        args=arguments,
        train_dataset=train,
        eval_dataset=dev,
        processing_class=tokenizer,
        data_collator=collator,
        compute_metrics=metrics,
        **extra,
    )


def fit(trainer: Trainer, config: TrainConfig) -> dict[str, float]:
    """Train, resuming where a killed run of the same config and data stopped; returns the dev figures."""
    folder = Path(trainer.args.output_dir)
    run = json.dumps({**dataclasses.asdict(config), "rows": len(trainer.train_dataset)}, sort_keys=True)
    mark = folder / "run.json"
    resume = any(folder.glob("checkpoint-*/trainer_state.json"))
    if resume and (not mark.is_file() or mark.read_text(encoding="utf-8") != run):
        sys.exit(f"error: {folder} holds checkpoints of a run with other settings or data: choose another --out, or delete it")
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(run, encoding="utf-8")
    trainer.train(resume_from_checkpoint=resume or None)
    last = [row for row in trainer.state.log_history if "eval_loss" in row and row["step"] == trainer.state.global_step]
    figures = last[-1] if last else trainer.evaluate()
    return {k.removeprefix("eval_"): float(v) for k, v in figures.items() if isinstance(v, (int, float)) and k != "step"}


def settings_of(base: str, task: str) -> dict[str, Any]:
    """The settings of the checkpoint that a run starts from; empty where it is a plain encoder."""
    if base == EMBEDDED:
        return checkpoints.resolve(None, task).settings
    path = Path(base) / checkpoints.SETTINGS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def lineage(base: str, task: str) -> dict[str, Any]:
    """The encoder that a run's weights come from in the end, and if it started from a checkpoint, which, and what that had learnt from."""

    def learnt(before: dict[str, Any]) -> list[str]:
        return list(dict.fromkeys([*before.get("earlier_files", []), *before.get("train_files", [])]))

    before = settings_of(base, task)
    if base == EMBEDDED:
        return {"base": before["base"], "continued_from": f"embedded, of {before['trained']}", "earlier_files": learnt(before)}
    if not before:
        return {"base": Path(base).name if Path(base).is_dir() else base}
    found = {"base": before.get("base", Path(base).name), "continued_from": Path(base).name, "earlier_files": learnt(before)}
    return {**found, "start_averaged": before["averaged"]} if "averaged" in before else found


def save(trainer: Trainer, tokenizer, config: TrainConfig, extra: dict, figures: dict, rows: dict) -> None:
    """Write the checkpoint folder: weights (not of a variant), tokenizer, what training assumed, and what it reached on dev."""
    out = Path(config.out)
    if not config.variant:
        trainer.model.to(torch.float32).save_pretrained(out)
        tokenizer.save_pretrained(out)
    settings = {
        **extra,
        **lineage(config.base, extra["task"]),
        "seed": config.seed,
        "epochs": config.epochs,
        "license": config.license,
        "trained": datetime.date.today().isoformat(),
        "rows": rows,
        "train_files": [Path(p).name for p in config.train],
        "dev": {k: round(v, 4) for k, v in figures.items() if "runtime" not in k and "per_second" not in k},
    }
    (out / checkpoints.SETTINGS).write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(out)
    shutil.rmtree(trainer.args.output_dir, ignore_errors=True)  # a finished run must not be "resumed" by the next one
    print(f"saved {out}", json.dumps(settings["dev"]))
