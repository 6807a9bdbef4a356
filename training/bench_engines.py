"""The embedded networks on other engines and in other forms: which is the quickest that keeps the promise.

    python training/bench.py --without speed stance --engines          a table for each network, ten minutes on two cores

The promise is that a row's result does not depend on its company: probabilities of a row alone and of the same row in a
batch differ by at most `KEPT`. Every form is made from the same weights, those that ship, rebuilt in fp32, and is given the
same rows in the same batches (`backends.Backend.run`), in turn with the others.

Forms: fp32; bf16 (torch emulates it, slowly, where the processor does not multiply in it); int8 by row, which ships (see export.py); int8 dynamic, ONNX Runtime's own, which
scales activations over the whole batch; int8 static (QDQ), whose scales are calibrated beforehand on other rows.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np
from bench_peers import Absent, Figures, need, seconds
from bench_texts import Source

import stancekit as sk
from stancekit import checkpoints
from stancekit.backends import Backend, Logits, OnnxBackend, TorchBackend
from stancekit.checkpoints import Checkpoint

KEPT = 1e-3  # how far a probability may move with what a row is batched with
SHIPPED = "ONNX Runtime, int8 by row (ships)"
ALONE = 40  # rows that are looked at alone
CALIBRATED_ON = 128  # rows that set the scales of the static form

Rows = tuple[list[list[int]], list[list[int]]]  # token ids, and segment numbers


class TorchBf16(TorchBackend):
    """Torch with bf16 where autocast takes it."""

    def _batch(self, ids: Any, mask: Any, types: Any) -> Logits:
        import torch

        with torch.autocast("cpu", dtype=torch.bfloat16):
            return super()._batch(ids, mask, types)


class OpenVino(Backend):
    """An exported network on OpenVINO's processor plug-in."""

    precision = "f32"

    def _start(self) -> None:
        import openvino

        core = openvino.Core()
        core.set_property("CPU", {"INFERENCE_PRECISION_HINT": self.precision, "INFERENCE_NUM_THREADS": self.threads})
        self.network = core.compile_model(core.read_model(str(self.checkpoint.onnx)), "CPU")
        self.inputs = {name for port in self.network.inputs for name in port.names}

    def _batch(self, ids: Any, mask: Any, types: Any) -> Logits:
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        found: Logits = self.network({k: v for k, v in feed.items() if k in self.inputs})[0].copy()
        return found


class OpenVinoBf16(OpenVino):
    precision = "bf16"


def record(nlp: sk.Pipeline, source: Source, count: int) -> dict[str, Rows]:
    """What the pipeline gives its three networks to read over the first articles of a source, at most `count` rows each."""
    backends: dict[str, Backend] = {
        "attribution": nlp.attribution_model.tagger.backend, "target": nlp.target_model.tagger.backend, "stance": nlp.stance_model.backend,
    }  # fmt: skip
    rows: dict[str, Rows] = {task: ([], []) for task in backends}
    kept = {task: backend.run for task, backend in backends.items()}

    def listen(task: str) -> Callable[..., list[Logits]]:
        def run(ids: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None = None, second: bool = False) -> list[Logits]:
            rows[task][0].extend(map(list, ids))
            rows[task][1].extend(map(list, types) if types is not None else ([0] * len(row) for row in ids))
            return kept[task](ids, types, second)

        return run

    try:
        for task, backend in backends.items():
            backend.__dict__["run"] = listen(task)
        for number in range(count):  # at the most: an article gives several rows to each
            list(nlp.pipe(source.articles(4, first=4 * number)))
            if all(len(ids) >= count for ids, _ in rows.values()):
                break
    finally:
        for backend in backends.values():
            backend.__dict__.pop("run", None)  # the method of the class shows again
    return {task: (ids[:count], types[:count]) for task, (ids, types) in rows.items()}


def static_int8(ready: Path, out: Path, rows: Rows) -> None:
    """Calibrate and write the static int8 (QDQ) form: scales from the largest and least values over the rows."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Feed(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = list(zip(*rows, strict=True))

        def get_next(self) -> dict[str, Any] | None:
            if not self.left:
                return None
            ids, types = self.left.pop()
            return {
                "input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64),
                "token_type_ids": np.array([types], np.int64),
            }  # fmt: skip

    quantize_static(
        str(ready), str(out), Feed(), quant_format=QuantFormat.QDQ, per_channel=True, activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"],
    )  # fmt: skip


def forms(task: str, folder: Path, threads: int, calibration: Rows) -> tuple[dict[str, Backend], dict[str, str]]:
    """All engines and forms of one embedded network that there are here, and why the others are left out."""
    import common
    import torch
    import transformers
    from config import TrainConfig
    from export import to_onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    transformers.utils.logging.disable_progress_bar()
    shipped = checkpoints.resolve(None, task)
    model, tokenizer = common.start(TrainConfig(base=common.EMBEDDED), task, shipped.labels)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes((shipped.folder / "tokenizer.json").read_bytes())
    plain = Checkpoint(folder, task, shipped.labels, shipped.settings)

    def variant(name: str, make: Callable[[Path], None]) -> Checkpoint:
        there = folder / name
        there.mkdir()
        (there / "tokenizer.json").write_bytes((shipped.folder / "tokenizer.json").read_bytes())
        make(there / "model.onnx")
        return dataclasses.replace(plain, folder=there)

    with warnings.catch_warnings():  # of the exporter, about itself
        warnings.simplefilter("ignore")
        fp32 = variant("fp32", lambda path: to_onnx(folder, task, path))
    torch.set_num_threads(threads)
    found: dict[str, Backend] = {
        SHIPPED: OnnxBackend(shipped, threads),
        "ONNX Runtime, fp32": OnnxBackend(fp32, threads),
        "torch, fp32": TorchBackend(plain, threads, "cpu"),
        "torch, bf16": TorchBf16(plain, threads, "cpu"),
    }
    left_out: dict[str, str] = {}
    ready = folder / "ready.onnx"
    quant_pre_process(str(fp32.folder / "model.onnx"), str(ready), skip_symbolic_shape=True)
    dynamic = variant("dynamic", lambda path: quantize_dynamic(ready, path, weight_type=QuantType.QInt8, per_channel=True))
    found["ONNX Runtime, int8 dynamic"] = OnnxBackend(dynamic, threads)
    static = variant("static", lambda path: static_int8(ready, path, calibration))
    found["ONNX Runtime, int8 static"] = OnnxBackend(static, threads)
    try:
        (openvino,) = need("openvino", install="openvino")
        found["OpenVINO, fp32"] = OpenVino(fp32, threads)
        if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            found["OpenVINO, bf16"] = OpenVinoBf16(fp32, threads)
        else:
            left_out["OpenVINO, bf16"] = "this processor does not multiply in bf16"
        found["OpenVINO, int8 static"] = OpenVino(static, threads)
    except Absent as error:
        left_out["OpenVINO"] = str(error)
    return found, left_out


def probabilities(logits: Logits) -> Logits:
    """Softmax over the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    result: Logits = shifted / shifted.sum(-1, keepdims=True)
    return result


def company(backend: Backend, rows: Rows, together: list[Logits]) -> float:
    """How far a probability moves, at most, between a row alone and the row in its batch."""
    ids, types = rows
    step = max(1, len(ids) // ALONE)
    worst = 0.0
    for i in range(0, len(ids), step):
        (alone,) = backend.run([ids[i]], [types[i]])
        worst = max(worst, float(np.abs(probabilities(alone) - probabilities(together[i])).max()))
    return worst


def compare(source: Source, count: int, threads: int, repeat: int, tasks: Sequence[str] = checkpoints.TASKS) -> Figures:
    """Each embedded network on each engine: rows a second, ratio to what ships, company, and agreement with fp32.

    Ratios are medians over rounds in which every engine takes its turn, after one round that does not count.
    """
    need("torch", "transformers", "accelerate", "datasets", "onnx", "yaml", install="'stancekit[train]'")
    recorded = record(sk.load(threads=threads), source, count + CALIBRATED_ON)
    figures: Figures = {}
    for task in tasks:
        ids, types = recorded[task]
        calibration = (ids[:CALIBRATED_ON], types[:CALIBRATED_ON])
        rows: Rows = (ids[CALIBRATED_ON:], types[CALIBRATED_ON:])
        with tempfile.TemporaryDirectory() as folder:
            engines, left_out = forms(task, Path(folder), threads, calibration)
            outputs = {name: engine.run(*rows) for name, engine in engines.items()}  # the round that does not count
            taken: dict[str, list[float]] = {name: [] for name in engines}
            for number in range(repeat):
                for name, engine in engines.items():
                    taken[name].append(seconds(lambda _, engine=engine, rows=rows: engine.run(*rows), number))
            gold = np.concatenate([np.atleast_2d(x) for x in outputs["torch, fp32"]]).argmax(-1)
            table: Figures = {}
            for name, engine in engines.items():
                moved = company(engine, rows, outputs[name])
                said = np.concatenate([np.atleast_2d(x) for x in outputs[name]]).argmax(-1)
                table[name] = {
                    "rows_per_second": round(statistics.median(len(rows[0]) / t for t in taken[name]), 1),
                    "ratio": round(statistics.median(s / t for s, t in zip(taken[SHIPPED], taken[name], strict=True)), 2),
                    "company": float(f"{moved:.1e}"), "keeps": moved <= KEPT, "same_label": round(float((said == gold).mean()), 4),
                    "megabytes": megabytes(engine),
                }  # fmt: skip
            figures[task] = {"rows": len(rows[0]), "tokens": sum(map(len, rows[0])), "engines": table, "left_out": left_out}
    return figures


def megabytes(engine: Backend) -> float:
    """What the network takes on disk."""
    onnx = engine.checkpoint.onnx
    path = onnx if onnx is not None and not isinstance(engine, TorchBackend) else engine.checkpoint.folder / "model.safetensors"
    return round(path.stat().st_size / 1e6, 1)


def lines(figures: Figures) -> list[str]:
    """The tables as text."""
    out = []
    for task, found in figures.items():
        out.append(
            f"{task}: {found['rows']} rows, {found['tokens']} tokens; ratio to what ships; * a row's company moves its scores by more than {KEPT}"
        )
        out.append(f"  {'':36}{'rows/s':>9}{'ratio':>8}{'company':>10}  {'same label':>10}{'MB':>7}")
        for name, row in found["engines"].items():
            out.append(
                f"  {name:36}{row['rows_per_second']:9.1f}{row['ratio']:8.2f}{row['company']:10.1e}{' ' if row['keeps'] else '*'} "
                f"{row['same_label']:10.4f}{row['megabytes']:7.1f}"
            )
        out += [f"  left out: {name}: {why}" for name, why in found["left_out"].items()]
    return out
