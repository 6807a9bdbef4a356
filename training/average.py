"""Average the weights of checkpoints of one task that were trained from the same start (model soups, Wortsman et al. 2022).

    python training/average.py runs/stance runs/stance-cycle --out runs/stance-averaged --data statements_dev.jsonl

Stance models: the figures on dev data and the temperature are measured anew; everything else is the first one's.
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
from card import write_card
from evaluate_model import inputs_and_gold
from safetensors.torch import load_file, save_file
from sklearn.metrics import confusion_matrix, f1_score
from train_stance import fit_temperature

from stancekit import checkpoints
from stancekit.backends import TorchBackend


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="two or more checkpoints")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", nargs="+", required=True, help="dev data")
    a = parser.parse_args(argv)
    found = [load_file(folder / "model.safetensors") for folder in a.folders]
    if len(found) < 2 or any({k: v.shape for k, v in f.items()} != {k: v.shape for k, v in found[0].items()} for f in found):
        sys.exit("error: averaging takes two or more checkpoints with weights of the same names and shapes")
    shutil.copytree(a.folders[0], a.out)
    mean = {k: sum(f[k].float() for f in found) / len(found) for k in found[0] if found[0][k].is_floating_point()}
    save_file(found[0] | mean, a.out / "model.safetensors", metadata={"format": "pt"})
    path = a.out / checkpoints.SETTINGS
    settings = json.loads(path.read_text(encoding="utf-8"))
    if settings["task"] != "stance":
        sys.exit("error: only stance models are averaged")
    backend = TorchBackend(checkpoints.read(a.out, "stance"), device="cpu")
    inputs, types, gold = inputs_and_gold(common.read_rows(a.data), backend, "stance")
    logits, answers = np.stack(backend.run(inputs, types)), np.array(gold)
    best, names = logits.argmax(-1), list(backend.labels)
    by_label = f1_score(answers, best, labels=range(len(names)), average=None, zero_division=0)
    settings["averaged"] = [folder.name for folder in a.folders]
    settings["temperature"] = round(fit_temperature(logits, answers), 4)
    settings["dev"] = {"macro_f1": round(float(by_label.mean()), 4), "accuracy": round(float((best == answers).mean()), 4),
                       **{n: round(float(f), 4) for n, f in zip(names, by_label, strict=True)}}  # fmt: skip
    settings["confusion"] = {"labels": names, "rows": confusion_matrix(answers, best, labels=range(len(names))).tolist()}
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(a.out)
    print(f"saved {a.out}", json.dumps(settings["dev"]))


if __name__ == "__main__":
    main()
