"""Model folders: where they are, what training assumed of their input, and what they may hold.

A checkpoint is an ordinary Hugging Face folder: ``config.json``, ``tokenizer.json``, weights as ``model.onnx`` or
``model.safetensors``, and a card. Beside them stands ``stancekit.json`` with what training assumed (task, input form,
maximum length, temperature, thresholds). Nothing else is read, and no code of a checkpoint is ever run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .labels import ROLES
from .tagging import bio

TASKS = ("attribution", "target", "stance")
SETTINGS = "stancekit.json"
MODELS = Path(__file__).parent / "models"
READER = "reader "  # begins the names of a stance model's second outputs, after its labels (`StanceModel.judge`)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A resolved model folder with its settings and labels."""

    folder: Path
    task: str
    labels: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    reader: tuple[str, ...] = ()  # the labels of a stance model's second outputs, if it has them

    @property
    def onnx(self) -> Path | None:
        """The exported network, if the folder has one."""
        path = self.folder / "model.onnx"
        return path if path.is_file() else None


def resolve(name: str | Path | None, task: str) -> Checkpoint:
    """Find the checkpoint of a task.

    Args:
        name: None for the embedded model; a folder; or a Hub id ("owner/name"), which is the one case that may use
            the network (through `huggingface_hub`, with its cache and its offline switch).
        task: one of `TASKS`.

    Raises:
        ValueError: there is no such folder, or it is not a checkpoint of this task.
    """
    if task not in TASKS:
        raise ValueError(f"unknown task {task!r}: allowed are {', '.join(TASKS)}")
    folder = MODELS / task if name is None else Path(name).expanduser()
    if not folder.is_dir():
        text = str(name)
        if isinstance(name, str) and text.count("/") == 1 and not text.startswith((".", "~", "/")):
            folder = _download(text)
        else:
            raise ValueError(
                f"no model folder at {folder}: give a folder that holds config.json, tokenizer.json and the weights, "
                f"a Hub id like 'owner/name', or nothing for the embedded model (stancekit.load())"
            )
    return read(folder, task)


def read(folder: Path, task: str) -> Checkpoint:
    """Read a checkpoint folder's settings and check that it serves `task`.

    Raises:
        ValueError: a file is missing or broken, or the folder serves another task.
    """
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ValueError(f"{folder} is not a checkpoint: it has no {name}")
    if not (folder / "model.onnx").is_file() and not (folder / "model.safetensors").is_file():
        raise ValueError(f"{folder} is not a checkpoint: it has neither model.onnx nor model.safetensors")
    config = _read_json(folder / "config.json")
    settings = _read_json(folder / SETTINGS) if (folder / SETTINGS).is_file() else {}
    found = settings.get("task", task)
    if found != task:
        raise ValueError(f"{folder} holds a model for {found}, not for {task}: pass it as load({found}={str(folder)!r})")
    names = config.get("id2label") or {}
    if not names:
        raise ValueError(f"{folder}/config.json names no labels (id2label)")
    labels = tuple(str(names[key]) for key in sorted(names, key=int))
    reader = tuple(name.removeprefix(READER) for name in labels if name.startswith(READER)) if task == "stance" else ()
    labels, second = labels[: len(labels) - len(reader)], labels[len(labels) - len(reader) :]
    if second != tuple(READER + name for name in reader) or (reader and sorted(reader) != sorted(labels)):
        raise ValueError(
            f"{folder}: the outputs {READER}… must come after the labels, one for each, found {', '.join((*labels, *second))}"
        )
    if task != "stance":
        kinds = {label[2:] for label in labels[1:]}
        if labels != bio([label[2:] for label in labels[1::2]]) or (task == "attribution" and kinds != set(ROLES)):
            wanted = (
                "O, B-source, I-source, B-cue, I-cue, B-content, I-content" if task == "attribution" else "O and pairs of B-, I-"
            )
            raise ValueError(f"{folder} does not label {task}s: its labels are {', '.join(labels)}; wanted are {wanted}")
    settings = {"max_length": min(int(config.get("max_position_embeddings", 512)), 512), **settings}
    return Checkpoint(folder, task, labels, settings, reader)


def task_of(folder: str | Path) -> str:
    """The task that a checkpoint folder says it serves.

    Raises:
        ValueError: the folder is missing, or does not say.
    """
    task = _read_json(Path(folder) / SETTINGS).get("task")
    if task not in TASKS:
        raise ValueError(f"{Path(folder) / SETTINGS} names the task {task!r}: known are {', '.join(TASKS)}")
    return str(task)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"{path} does not hold a JSON object")
    return value


def _download(hub_id: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ValueError(
            f"no folder {hub_id!r} here, and loading it from the Hub needs huggingface_hub: pip install 'stancekit[train]'"
        ) from error
    patterns = ["config.json", "tokenizer*", "vocab.txt", "special_tokens_map.json", "*.safetensors", "model.onnx", SETTINGS]
    try:
        return Path(snapshot_download(hub_id, allow_patterns=[*patterns, "README.md"]))
    except Exception as error:  # the hub client has a family of errors of its own, and network errors besides
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ValueError(
            f"there is no folder {hub_id!r} here, and it cannot be loaded from the Hub: {type(error).__name__}: {reason}"
        ) from error
