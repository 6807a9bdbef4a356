"""YAML to dataclass, strictly: an unknown key or a value of the wrong type stops the run and names the nearest key."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import sys
import typing
from pathlib import Path

import yaml


@dataclasses.dataclass
class TrainConfig:
    """What a training run needs. Paths are relative to where the command is started."""

    train: list[str] = dataclasses.field(default_factory=list)  # data files; --data replaces them
    dev: list[str] = dataclasses.field(default_factory=list)  # --dev replaces them
    base: str = "sentence-transformers/all-MiniLM-L6-v2"  # hub id, folder, or "embedded"; --base replaces it
    out: str = "runs/model"
    epochs: float = 4.0
    batch_size: int = 16
    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup: float = 0.1  # share of all steps
    label_smoothing: float = 0.0
    max_length: int = 128  # tokens
    overlap: int = 64  # tokens shared by neighbouring windows (attribution)
    freeze_layers: int = 0  # keep the embeddings and so many lower layers as they are: quicker, and enough for a large encoder
    bf16: bool = True  # autocast, where the processor multiplies in bf16
    seed: int = 13
    max_steps: int = -1  # for trying things out: stop after so many steps
    limit: int = 0  # for trying things out: use only the first rows of each file (0: all)
    labels: list[str] = dataclasses.field(default_factory=list)  # stance: empty = the library's five; ["*"] = those of the data
    label_column: str = "label"  # stance: the column that holds the label, in rows of one pair
    dev_share: float = 0.2  # stance: share of the texts to measure on where no dev file is given
    drop_overlap: bool = False  # leave train rows out whose text is in dev too, instead of refusing to start
    weights: dict[str, float] = dataclasses.field(
        default_factory=dict
    )  # stance, target: how often a row of a file counts, by its name
    auxiliary: str = ""  # stance: column with a second label set, learnt beside the first; left out of the saved model, but for "reader" (candidates.py)
    articles: list[str] = dataclasses.field(
        default_factory=list
    )  # target: files, by name, whose targets are those that readers of whole articles name; read apart from others (TargetModel.candidates)
    context: int = 0  # stance: tokens of the preceding text that the model sees
    whole_sentences: bool = True  # stance: train on statements without a target too, for sentences whose stances agree
    balanced: bool = False  # stance: a label counts by the inverse of its frequency in train
    variant: str = ""  # stance: another form of the classifier, to compare (variants.py); such a run saves no weights
    license: str = ""  # of the trained weights, for the model card


def check(cls: type, values: object, where: str) -> TrainConfig:
    """Build `cls` from a mapping, checking names and types.

    Raises:
        ValueError: an unknown key, with the nearest right one.
        TypeError: a value of the wrong type, with the type that is wanted.
    """
    if not isinstance(values, dict):
        raise TypeError(f"{where}: expected a mapping of settings, found {type(values).__name__}")
    hints = typing.get_type_hints(cls)
    names = list(hints)
    for key, value in values.items():
        if key not in hints:
            near = difflib.get_close_matches(str(key), names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; allowed: {', '.join(names)}"
            raise ValueError(f"{where}: unknown key {key!r}{hint}")
        wanted = hints[key]
        if wanted is float and isinstance(value, int) and not isinstance(value, bool):
            values[key] = float(value)
            continue
        origin = typing.get_origin(wanted) or wanted
        if not isinstance(value, origin) or (isinstance(value, bool) and origin is not bool):
            shown = getattr(wanted, "__name__", str(wanted)) if origin is wanted else str(wanted)
            raise TypeError(f"{where}: {key} must be {shown}, found {type(value).__name__} {value!r}")
    return cls(**values)


def read_config(argv: list[str] | None, description: str) -> TrainConfig:
    """Parse ``CONFIG.yaml [--data FILE…] [--dev FILE…] [--base DIR] [--out DIR] [--set key=value…]``."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path, help="YAML file, see configs/")
    parser.add_argument("--data", nargs="+", metavar="FILE", help="training data instead of the config's")
    parser.add_argument("--dev", nargs="+", metavar="FILE", help="dev data instead of the config's")
    parser.add_argument("--base", help="base model: a folder or a hub id")
    parser.add_argument("--out", help="folder for the trained model")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="any other setting of the config")
    arguments = parser.parse_args(argv)
    try:
        values = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise TypeError(f"{arguments.config}: expected a mapping of settings, found {type(values).__name__}")
        for item in arguments.set:
            key, _, value = item.partition("=")
            values[key] = yaml.safe_load(value)
        for key, value in (("train", arguments.data), ("dev", arguments.dev), ("base", arguments.base), ("out", arguments.out)):
            if value:
                values[key] = value
        return typing.cast(TrainConfig, check(TrainConfig, values, str(arguments.config)))
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        sys.exit(f"error: {error}")
