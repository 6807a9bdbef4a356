"""What ships: sizes, cold start, memory, what an import loads, and that cards and configs are there."""

import json
import subprocess
import sys

import pytest

from stancekit import checkpoints

from .conftest import ROOT

FIRST = """
import sys, time
start = time.perf_counter()
import stancekit
assert not {"onnxruntime", "torch", "pandas", "transformers"} & set(sys.modules), "import stancekit loads an engine"
doc = stancekit.load()("Minister Ana Ruiz said Peru rejects the levy.")
assert doc.statements[0].stances[0].label == "reject"
assert not {"torch", "transformers", "datasets", "sklearn"} & set(sys.modules)
took = time.perf_counter() - start
# Not getrusage: on Linux its peak counts that of the parent process at the fork, here pytest with torch in it.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(took, peak / 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_first_answer_is_quick_and_small():
    found = []
    # the first run warms the file cache; the best of the others counts, and a busy machine gets more of them
    for _ in range(10):
        out = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
        found.append((float(out[0]), float(out[1])))
        if len(found) > 3 and min(f[0] for f in found[1:]) < 1.5:
            break
    assert min(f[0] for f in found[1:]) < 1.5
    assert max(f[1] for f in found) < 400  # MB


def test_embedded_models_are_whole_and_small():
    total = 0
    for task in checkpoints.TASKS:
        folder = checkpoints.MODELS / task
        checkpoint = checkpoints.resolve(None, task)
        assert checkpoint.onnx is not None
        assert (folder / "README.md").read_text(encoding="utf-8").startswith("---\n")
        report = checkpoint.settings["export"]
        assert report["macro_f1_torch"] - report["macro_f1_int8"] <= 0.005
        assert report["drift_from_batch_company"] < 1e-4
        total += sum(p.stat().st_size for p in folder.iterdir())
    assert total < 95e6


def test_embedded_config_names_what_it_is():
    for task in checkpoints.TASKS:
        config = json.loads((checkpoints.MODELS / task / "config.json").read_text(encoding="utf-8"))
        assert config["architectures"][0].endswith("ForSequenceClassification" if task == "stance" else "ForTokenClassification")
