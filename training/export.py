"""Export a trained checkpoint to the form that ships: ONNX with int8 weights, checked against torch on dev data.

    python training/export.py runs/stance stancekit/models/stance --data statements_dev.jsonl

Why not ONNX Runtime's own dynamic int8: it scales activations over the whole batch, so a sentence's neighbours move its
scores. Here every row (token) has a scale of its own: activations are quantised row by row (QuantizeLinear with one
scale a row), multiplied with per-column int8 weights (MatMulIntegerToFloat), and scaled back. That is as quick, and a
row's result does not depend on its company. Each row is centred first (what GELU gives is nearly all positive, and would
use half of the 256 steps), and its centre times the columns' sums is added afterwards. Weights use 7 bits, which keeps the products of 8-bit instructions from
saturating on processors without VNNI, so that all machines give the same labels. Word embeddings are int8 with a scale
a row; everything else stays fp32. The int8 tensors keep their torch names (``….weight.int8``, ``….weight.scale``), from
which `dequantise` rebuilds the torch weights, so that an embedded model can be fine-tuned.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import common
import numpy as np
import onnx
import torch
from card import write_card
from onnx import TensorProto, helper, numpy_helper
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from stancekit import checkpoints
from stancekit.backends import SAFE, OnnxBackend, TorchBackend

WEIGHT_BITS = 7
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class _Logits(torch.nn.Module):
    """A model as a function of its inputs to its logits, which is what the exporter wants."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits


def to_onnx(folder: Path, task: str, path: Path) -> None:
    """Export a checkpoint to fp32 ONNX with dynamic batch and length."""
    auto = AutoModelForSequenceClassification if task == "stance" else AutoModelForTokenClassification
    model = auto.from_pretrained(folder, attn_implementation="eager", **SAFE).eval()
    example = tuple(torch.ones(2, 8, dtype=torch.long) for _ in range(2)) + (torch.zeros(2, 8, dtype=torch.long),)
    axes = {name: {0: "batch", 1: "length"} for name in INPUTS} | {
        "logits": {0: "batch"} | ({} if task == "stance" else {1: "length"})
    }
    torch.onnx.export(
        _Logits(model), example, str(path), input_names=list(INPUTS), output_names=["logits"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip


class Quantiser:
    """Rewrites the matrix products and the word embedding of a graph to int8."""

    def __init__(self, model: onnx.ModelProto, bits: int = WEIGHT_BITS) -> None:
        self.model, self.graph = model, model.graph
        self.limit = 2 ** (bits - 1) - 1
        self.weights = {i.name: i for i in self.graph.initializer}
        self.added: dict[str, onnx.TensorProto] = {}
        self.dropped: set[str] = set()
        self.rows: dict[str, str] = {}  # an activation → prefix of its quantised form, shared by query, key and value
        self.nodes: list[onnx.NodeProto] = []

    def _constant(self, name: str, value: np.ndarray) -> str:
        self.added.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _quantise_rows(self, x: str, width: int) -> str:
        """Add the nodes that quantise `x` row by row; returns the prefix of their outputs' names."""
        if x in self.rows:
            return self.rows[x]
        p = self.rows[x] = f"{x}/int8/"
        self._node("Reshape", [x, self._constant(f"int8/shape{width}", np.array([-1, width], np.int64))], p + "rows")
        self._node("ReduceMax", [p + "rows"], p + "max", axes=[-1], keepdims=1)
        self._node("ReduceMin", [p + "rows"], p + "min", axes=[-1], keepdims=1)
        self._node("Add", [p + "max", p + "min"], p + "both")
        self._node("Mul", [p + "both", self._constant("int8/half", np.float32(0.5))], p + "centre")
        self._node("Sub", [p + "max", p + "centre"], p + "reach")
        self._node("Sub", [p + "rows", p + "centre"], p + "centred")
        self._node("Mul", [p + "reach", self._constant("int8/step", np.float32(1 / 127))], p + "raw_scale")
        self._node("Add", [p + "raw_scale", self._constant("int8/tiny", np.float32(1e-9))], p + "scale")
        self._node("Reshape", [p + "scale", self._constant("int8/flat", np.array([-1], np.int64))], p + "flat_scale")
        self._node("Shape", [p + "flat_scale"], p + "count")
        self._node("Expand", [self._constant("int8/middle", np.uint8(128)), p + "count"], p + "zero")
        self._node("QuantizeLinear", [p + "centred", p + "flat_scale", p + "zero"], p + "quantised", axis=0)
        self._node("Shape", [x], p + "shape")
        bounds = [self._constant("int8/first", np.array([0], np.int64)), self._constant("int8/last", np.array([-1], np.int64))]
        self._node("Slice", [p + "shape", *bounds], p + "lead")
        return p

    def _product(self, node: onnx.NodeProto) -> None:
        x, name = node.input
        weight = numpy_helper.to_array(self.weights[name])
        p = self._quantise_rows(x, weight.shape[0])
        scale = (np.abs(weight).max(0) / self.limit + 1e-12).astype(np.float32)
        quantised = np.clip(np.round(weight / scale), -self.limit, self.limit).astype(np.int8)
        torch_name = node.name.strip("/").removeprefix("model/").removesuffix("/MatMul").replace("/", ".") + ".weight"
        self.dropped.add(name)
        width = weight.shape[1]
        inputs = [
            p + "quantised", self._constant(torch_name + ".int8", quantised), self._constant("int8/one", np.float32(1)),
            self._constant(torch_name + ".scale", scale), self._constant("int8/middle", np.uint8(128)),
            self._constant(f"int8/zeros{width}", np.zeros(width, np.int8)),
        ]  # fmt: skip
        out = self._node("MatMulIntegerToFloat", inputs, node.name + "/int8/product", domain="com.microsoft")
        product = self._node("Mul", [out, p + "scale"], node.name + "/int8/unshifted")
        sums = (quantised.astype(np.float32) * scale).sum(0, keepdims=True)  # what the rows' centres add to each column
        shift = self._node("Mul", [p + "centre", self._constant(torch_name + ".sums", sums)], node.name + "/int8/shift")
        scaled = self._node("Add", [product, shift], node.name + "/int8/scaled")
        tail = self._constant(f"int8/width{width}", np.array([width], np.int64))
        shape = self._node("Concat", [p + "lead", tail], node.name + "/int8/shape", axis=0)
        self._node("Reshape", [scaled, shape], node.output[0])

    def _embedding(self, node: onnx.NodeProto) -> None:
        name = node.input[0]
        weight = numpy_helper.to_array(self.weights[name])
        scale = (np.abs(weight).max(1, keepdims=True) / 127 + 1e-12).astype(np.float32)
        quantised = np.round(weight / scale).astype(np.int8)
        torch_name = name.removeprefix("model.")
        self.dropped.add(name)
        rows = self._node("Gather", [self._constant(torch_name + ".int8", quantised), node.input[1]], name + "/int8/rows")
        scales = self._node("Gather", [self._constant(torch_name + ".scale", scale), node.input[1]], name + "/int8/scales")
        floats = self._node("Cast", [rows], name + "/int8/floats", to=TensorProto.FLOAT)
        self._node("Mul", [floats, scales], node.output[0])

    def run(self) -> onnx.ModelProto:
        """The rewritten model."""
        for node in self.graph.node:
            weight = self.weights.get(node.input[1]) if len(node.input) > 1 else None
            if node.op_type == "MatMul" and weight is not None and len(weight.dims) == 2:
                self._product(node)
            elif node.op_type == "Gather" and node.input[0].endswith("word_embeddings.weight"):
                self._embedding(node)
            else:
                self.nodes.append(node)
        del self.graph.node[:]
        self.graph.node.extend(self.nodes)
        kept = [i for i in self.graph.initializer if i.name not in self.dropped]
        del self.graph.initializer[:]
        self.graph.initializer.extend([*kept, *self.added.values()])
        self.model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
        return self.model


def dequantise(path: Path) -> dict[str, torch.Tensor]:
    """The torch weights of an exported int8 network, by their torch names.

    Args:
        path: a ``model.onnx`` that this script wrote.
    """
    tensors = {i.name: numpy_helper.to_array(i) for i in onnx.load(str(path)).graph.initializer}
    out = {}
    for name, value in tensors.items():
        if name.endswith(".int8"):
            torch_name = name.removesuffix(".int8")
            weight = value.astype(np.float32) * tensors[torch_name + ".scale"]
            out[torch_name] = torch.from_numpy(weight if "embeddings" in torch_name else weight.T.copy())
        elif not name.startswith("int8/") and not name.endswith((".scale", ".sums")):
            out[name.removeprefix("model.")] = torch.from_numpy(value.copy())
    return out


def export(source: Path, out: Path, rows: list[dict] | None = None) -> dict[str, float]:
    """Write the shipped form of a checkpoint into `out` and return how far it is from torch on dev rows."""
    settings = json.loads((source / checkpoints.SETTINGS).read_text(encoding="utf-8"))
    task = settings["task"]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        to_onnx(source, task, Path(folder) / "fp32.onnx")
        onnx.save(Quantiser(onnx.load(str(Path(folder) / "fp32.onnx"))).run(), str(out / "model.onnx"))
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", checkpoints.SETTINGS):
        shutil.copyfile(source / name, out / name)
    report = check(source, out, task, rows) if rows else {}
    report["megabytes"] = round((out / "model.onnx").stat().st_size / 1e6, 1)
    settings["export"] = {"form": f"onnx, int8 weights ({WEIGHT_BITS} bits), int8 activations by row", **report}
    (out / checkpoints.SETTINGS).write_text(json.dumps(settings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_card(out)
    return report


def check(source: Path, out: Path, task: str, rows: list[dict]) -> dict[str, float]:
    """Compare the exported network with torch: macro-F1 of both on dev, differing labels, drift, and batch company."""
    from evaluate_model import inputs_and_gold, macro_f1

    torch_backend = TorchBackend(checkpoints.read(source, task), device="cpu")
    onnx_backend = OnnxBackend(checkpoints.read(out, task))
    inputs, types, gold = inputs_and_gold(rows, onnx_backend, task)
    a, b = torch_backend.run(inputs, types, second=True), onnx_backend.run(inputs, types, second=True)
    some = list(range(0, len(inputs), max(1, len(inputs) // 50)))
    alone = [onnx_backend.run([inputs[i]], [types[i]] if types else None, second=True)[0] for i in some]
    company = float(max(np.abs(x - b[i]).max() for x, i in zip(alone, some, strict=True)))
    n, report = len(onnx_backend.labels), {}
    if onnx_backend.checkpoint.reader:
        report["reader_labels_that_differ"] = round(
            float(np.mean([x[n:].argmax() != y[n:].argmax() for x, y in zip(a, b, strict=True)])), 4
        )
        a, b = [x[:n] for x in a], [x[:n] for x in b]
    if onnx_backend.settings.get("article_segment"):
        kinds = [[1] * len(ids) for ids in inputs]
        as_articles = [
            np.concatenate([x.argmax(-1) for x in backend.run(inputs, kinds)]) for backend in (torch_backend, onnx_backend)
        ]
        report["labels_that_differ_in_articles"] = round(float((as_articles[0] != as_articles[1]).mean()), 4)
    flat_a, flat_b = np.concatenate([np.atleast_2d(x) for x in a]), np.concatenate([np.atleast_2d(x) for x in b])
    return {
        "macro_f1_torch": round(macro_f1(a, gold), 4),
        "macro_f1_int8": round(macro_f1(b, gold), 4),
        "labels_that_differ": round(float((flat_a.argmax(-1) != flat_b.argmax(-1)).mean()), 4),
        "largest_drift": round(float(np.abs(flat_a - flat_b).max()), 3),
        "drift_from_batch_company": company,
        **report,
    }


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="a trained checkpoint folder")
    parser.add_argument("out", type=Path, help="where the exported checkpoint goes")
    parser.add_argument("--data", nargs="+", default=[], help="dev data to check the export on")
    arguments = parser.parse_args(argv)
    report = export(arguments.source, arguments.out, common.read_rows(arguments.data) if arguments.data else None)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
