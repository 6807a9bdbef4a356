"""Average the weights of checkpoints of one lineage into another: often better than each (Wortsman et al. 2022, "Model soups").

    python training/average.py runs/one runs/two --shares 0.5 0.5 --out runs/average --data statements_dev.jsonl
    python training/average.py embedded runs/stance --shares 0.7 0.3 --out runs/average --data statements_dev.jsonl

"embedded" is the model inside the package. The checkpoints must have the same layers and labels, and come from one another or from one start: elsewhere an average means nothing.
With --data the figures on it are written into the new checkpoint, and its temperature is fitted there.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
import torch
from card import write_card
from evaluate_model import inputs_and_gold, macro_f1, target_f1
from export import dequantise
from safetensors.torch import load_file, save_file
from sklearn.metrics import confusion_matrix
from train_stance import fit_temperature

from stancekit import checkpoints
from stancekit.backends import TorchBackend

# What was measured or fitted on an exported checkpoint; none of it holds of an average.
OF_THE_EXPORT = (
    "export",
    "calibrated",
    "pooled_reliability",
    "prior_weight",
    "reader_weight",
    "neutral_bias",
    "selection",
    "outside_bias",
    "null_threshold",
    "reliability",
    "measured",
)


def read(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of a torch checkpoint, or of one that was exported to int8."""
    if (folder / "model.safetensors").is_file():
        return load_file(folder / "model.safetensors")
    return dequantise(folder / "model.onnx")


def average(folders: list[Path], shares: list[float], out: Path, task: str) -> None:
    """Write the weighted mean of the checkpoints' weights; everything else comes from the last one.

    So do its second outputs (`StanceModel.judge`), into those that have none.
    """
    if len(folders) != len(shares) or abs(sum(shares) - 1) > 1e-6:
        sys.exit(f"error: {len(folders)} checkpoints need as many shares that add up to 1, found {shares}")
    read_as = [checkpoints.read(folder, task) for folder in folders]
    if other := next((c.folder for c in read_as if c.labels != read_as[-1].labels), None):
        sys.exit(f"error: {other} has other labels than {folders[-1]}")
    weights = [read(folder) for folder in folders]
    n = len(read_as[-1].labels) + len(read_as[-1].reader)
    for checkpoint, found in zip(read_as, weights, strict=True):
        if checkpoint.reader != read_as[-1].reader:
            for name in [
                name for name in found if name.startswith("classifier.") and len(weights[-1][name]) == n != len(found[name])
            ]:
                found[name] = torch.cat([found[name][: len(checkpoint.labels)], weights[-1][name][len(checkpoint.labels) :]])
    for folder, found in zip(folders, weights, strict=True):
        if {n: w.shape for n, w in found.items()} != {n: w.shape for n, w in weights[0].items()}:
            sys.exit(f"error: {folder} has other layers than {folders[0]}")
    out.mkdir(parents=True, exist_ok=True)
    mean = {name: sum(s * w[name].float() for s, w in zip(shares, weights, strict=True)) for name in weights[0]}
    save_file({name: value.contiguous() for name, value in mean.items()}, out / "model.safetensors", {"format": "pt"})
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(folders[-1] / name, out / name)


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", nargs="+", type=Path)
    parser.add_argument("--shares", nargs="+", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", nargs="+", default=[])
    a = parser.parse_args(argv)
    if a.checkpoints[-1] == Path(common.EMBEDDED):
        sys.exit("error: give the embedded model first: what is no weight comes from the last checkpoint")
    task = checkpoints.task_of(a.checkpoints[-1])
    folders = [checkpoints.MODELS / task if c == Path(common.EMBEDDED) else c for c in a.checkpoints]
    average(folders, a.shares, a.out, task)
    all_settings = [json.loads((folder / checkpoints.SETTINGS).read_text(encoding="utf-8")) for folder in folders]
    twice = len({c.name for c in a.checkpoints}) < len(a.checkpoints)
    names = [
        f"{c.name}, of {s['trained']}" if c == Path(common.EMBEDDED) else str(c) if twice else c.name
        for c, s in zip(a.checkpoints, all_settings, strict=True)
    ]
    settings = {**all_settings[-1], "averaged": dict(zip(names, a.shares, strict=True))}
    settings["earlier_files"] = list(dict.fromkeys(name for s in all_settings for name in s.get("earlier_files", [])))
    settings["train_files"] = list(dict.fromkeys(name for s in all_settings for name in s.get("train_files", [])))
    if any(s.get("article_segment") for s in all_settings):  # a second way of reading is averaged with what the others make of it
        settings["article_segment"] = 1
    for name in ("dev", "confusion", *OF_THE_EXPORT):
        settings.pop(name, None)
    (a.out / checkpoints.SETTINGS).write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    figures: dict[str, float] = {}
    if a.data:
        backend = TorchBackend(checkpoints.read(a.out, settings["task"]), device="cpu")
        rows = common.read_rows(a.data)
        inputs, types, gold = inputs_and_gold(rows, backend, settings["task"])
        logits = backend.run(inputs, types)
        figures = {"macro_f1": round(macro_f1(logits, gold), 4)}
        if settings["task"] == "target":
            figures |= {name: round(value, 4) for name, value in target_f1(backend, rows).items()}
        if settings["task"] == "stance":
            answers, labels = np.stack(logits).argmax(axis=1), backend.labels
            found = common.load_metric("label_f1").compute(predictions=answers, references=gold, labels=list(range(len(labels))))
            each = {"accuracy": found["accuracy"], **dict(zip(labels, found["f1"], strict=True))}
            figures |= {name: round(float(value), 4) for name, value in each.items()}
            matrix = confusion_matrix(gold, answers, labels=range(len(labels)))
            settings["confusion"] = {"labels": list(labels), "rows": matrix.tolist()}
            settings["temperature"] = round(fit_temperature(np.stack(logits), np.array(gold)), 4)
        settings["dev"] = figures
        (a.out / checkpoints.SETTINGS).write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(a.out)
    print(f"saved {a.out}", json.dumps(figures))
    return figures


if __name__ == "__main__":
    main()
