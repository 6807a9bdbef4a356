"""What every training script shares: reading rows, the Trainer, saving a checkpoint with what training assumed."""

from __future__ import annotations

import datetime
import json
import logging
import os
import random
import shutil
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import torch
from card import SETTINGS, write_card
from config import TrainConfig
from transformers import Trainer, TrainingArguments

log = logging.getLogger("training")


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
    """Rows of JSONL files; a broken line is reported with its number and skipped."""
    rows = []
    for path in paths:
        found: list[dict] = []
        try:
            lines = Path(path).read_text(encoding="utf-8").split("\n")
        except OSError as error:
            sys.exit(f"error: cannot read {path}: {error.strerror}; give the data's path with --data/--dev")
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                row["text"]
            except (ValueError, KeyError, TypeError) as error:
                print(f"{path}:{number}: skipped, {type(error).__name__}: {error}", file=sys.stderr)
                continue
            found.append({**row, "file": Path(path).stem})
        rows += found[:limit] if limit else found
    if not rows:
        sys.exit(f"error: no rows in {', '.join(paths) or 'the config (train/dev is empty)'}")
    return rows


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


def check_labels(train: list[dict], dev: list[dict], labels: tuple[str, ...], least: int = 2) -> None:
    """Stop before training if a label has too few rows to learn from or to measure."""
    for name, items in (("train", train), ("dev", dev)):
        counts = {label: sum(i["label"] == label for i in items) for label in labels}
        few = {label: n for label, n in counts.items() if n < (least if name == "train" else 1)}
        if few:
            shown = ", ".join(f"{label}: {n}" for label, n in few.items())
            sys.exit(f"error: too few {name} rows for {shown}; add rows, or leave the label out of the config's labels")


def plain_tokenizer(tokenizer):
    """The `tokenizers.Tokenizer` under a transformers tokenizer, without truncation and padding."""
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    return backend


def label_maps(labels) -> dict:
    return {"id2label": dict(enumerate(labels)), "label2id": {label: i for i, label in enumerate(labels)}}


def trainer(config: TrainConfig, model, tokenizer, train, dev, collator, metrics, cls=Trainer, **extra) -> Trainer:
    """A Trainer on the processor, deterministic for a seed, that evaluates after each epoch."""
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
        bf16=config.bf16,
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
    """Train, resuming where a killed run stopped; returns the dev figures."""
    folder = Path(trainer.args.output_dir)
    resume = any(folder.glob("checkpoint-*/trainer_state.json"))
    trainer.train(resume_from_checkpoint=resume or None)
    figures = trainer.evaluate()
    return {k.removeprefix("eval_"): float(v) for k, v in figures.items() if isinstance(v, (int, float))}


def save(trainer: Trainer, tokenizer, config: TrainConfig, extra: dict, figures: dict, rows: dict) -> None:
    """Write the checkpoint folder: weights, tokenizer, what training assumed, and what it reached on dev."""
    out = Path(config.out)
    trainer.model.to(torch.float32).save_pretrained(out)
    tokenizer.save_pretrained(out)
    settings = {
        **extra,
        "base": Path(config.base).name if Path(config.base).is_dir() else config.base,
        "seed": config.seed,
        "epochs": config.epochs,
        "trained": datetime.date.today().isoformat(),
        "rows": rows,
        "train_files": [Path(p).name for p in config.train],
        "dev": {k: round(v, 4) for k, v in figures.items() if "runtime" not in k and "per_second" not in k},
    }
    (out / SETTINGS).write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(out)
    shutil.rmtree(trainer.args.output_dir, ignore_errors=True)  # a finished run must not be "resumed" by the next one
    print(f"saved {out}", json.dumps(settings["dev"]))
