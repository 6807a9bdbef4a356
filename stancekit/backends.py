"""How a checkpoint runs: ONNX Runtime for exported networks, torch for plain checkpoints.

Both take lists of token ids and give logits in the same order. Rows are sorted by length and batched, so that little
is padded; the results do not depend on what a row is batched with (see `training/export.py` for why the embedded
int8 networks keep that promise).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .checkpoints import Checkpoint
from .parallel import cores, told_threads

Logits = npt.NDArray[np.float32]
BATCH_TOKENS = 2048  # tokens a batch may hold, padding counted; larger batches are no quicker on a processor
BATCH_ROWS = 32
SAFE: dict[str, Any] = {"trust_remote_code": False, "use_safetensors": True}  # no pickle, and no code from a checkpoint


class Special(NamedTuple):
    """Ids of the tokens that frame an input; `between` stands between its two segments."""

    cls: int
    sep: int
    pad: int
    between: tuple[int, ...]


def special_tokens(tokenizer: Any) -> Special:
    """The framing tokens of a `tokenizers.Tokenizer`: of BERT's family, or of RoBERTa's, MPNet among it.

    Raises:
        ValueError: it is of neither.
    """
    for names, twice in ((("<s>", "</s>", "<pad>"), 2), (("[CLS]", "[SEP]", "[PAD]"), 1)):
        cls, sep, pad = (tokenizer.token_to_id(name) for name in names)
        if None not in (cls, sep, pad):
            return Special(cls, sep, pad, (sep,) * twice)
    raise ValueError("the tokenizer has neither [CLS], [SEP] and [PAD] nor <s>, </s> and <pad>")


class Backend:
    """A loaded checkpoint: tokenizer, settings, labels and `run`."""

    def __init__(self, checkpoint: Checkpoint, threads: int | None = None) -> None:
        from tokenizers import Tokenizer

        self.checkpoint = checkpoint
        self.labels = checkpoint.labels
        self.settings: dict[str, Any] = checkpoint.settings
        try:
            self.tokenizer = Tokenizer.from_file(str(checkpoint.folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare exceptions
            raise ValueError(f"cannot read {checkpoint.folder / 'tokenizer.json'}: {error}") from error
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        try:
            special = special_tokens(self.tokenizer)
        except ValueError as error:
            raise ValueError(f"{checkpoint.folder}: {error}") from error
        self.cls, self.sep, self.pad = special.cls, special.sep, special.pad
        self.threads = threads or told_threads() or cores()
        self._start()

    def _start(self) -> None:
        raise NotImplementedError

    def _batch(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64], types: npt.NDArray[np.int64]) -> Logits:
        raise NotImplementedError

    def run(
        self, rows: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None = None, second: bool = False
    ) -> list[Logits]:
        """Logits of each row.

        Args:
            rows: token ids, special tokens included; not empty.
            types: segment numbers, as long as `rows`; zeros where left out.
            second: give a classifier's second outputs too (`Checkpoint.reader`).

        Returns:
            One array a row: shape (labels,) of a sequence classifier, (tokens, labels) of a token classifier; with `second`,
            (labels + second outputs,).
        """
        outputs = len(self.labels) + len(self.checkpoint.reader)
        wanted = outputs if second else len(self.labels)
        out: list[Logits] = [np.zeros(0, dtype=np.float32)] * len(rows)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        at = 0
        while at < len(order):
            chunk: list[int] = []
            while at < len(order) and len(chunk) < BATCH_ROWS:
                if chunk and (len(chunk) + 1) * len(rows[order[at]]) > BATCH_TOKENS:
                    break
                chunk.append(order[at])
                at += 1
            width = len(rows[chunk[-1]])
            ids = np.full((len(chunk), width), self.pad, dtype=np.int64)
            mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
            for line, i in enumerate(chunk):
                n = len(rows[i])
                ids[line, :n] = rows[i]
                mask[line, :n] = 1
                if types is not None:
                    kinds[line, :n] = types[i]
            logits = self._batch(ids, mask, kinds)
            if logits.shape[-1] != outputs:
                raise ValueError(
                    f"{self.checkpoint.folder}: the network has {logits.shape[-1]} outputs, config.json names {outputs}"
                )
            for line, i in enumerate(chunk):
                out[i] = logits[line, : len(rows[i])] if logits.ndim == 3 else logits[line, :wanted]
        return out


class OnnxBackend(Backend):
    """Runs ``model.onnx`` on ONNX Runtime's CPU provider."""

    def _start(self) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A pattern of memory is kept for every shape of input there has been: no gain in time, and it grows with a corpus.
        options.enable_mem_pattern = False
        # Spinning threads burn a core between batches, which costs more than it gains on a laptop.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = str(self.checkpoint.onnx)
        try:
            self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises classes of its own that share no base but Exception
            raise ValueError(f"cannot load {path}: {error}") from error
        self.inputs = {i.name for i in self.session.get_inputs()}

    def _batch(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64], types: npt.NDArray[np.int64]) -> Logits:
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        (logits,) = self.session.run(["logits"], {k: v for k, v in feed.items() if k in self.inputs})
        result: Logits = logits
        return result


class TorchBackend(Backend):
    """Runs ``model.safetensors`` with transformers and torch (extra ``train``)."""

    def __init__(self, checkpoint: Checkpoint, threads: int | None = None, device: str = "auto") -> None:
        self.device = device
        super().__init__(checkpoint, threads)

    def _start(self) -> None:
        try:
            import torch
            import transformers
        except ImportError as error:
            raise ValueError(
                f"{self.checkpoint.folder} holds a torch checkpoint, and running it needs torch and transformers: "
                "pip install 'stancekit[train]' (or export it with training/export.py)"
            ) from error
        if self.device == "auto":
            self.device = "cuda" if torch.cuda.is_available() else "cpu"
        auto: Any = transformers.AutoModelForTokenClassification
        if self.checkpoint.task == "stance":
            auto = transformers.AutoModelForSequenceClassification
        try:
            model = auto.from_pretrained(self.checkpoint.folder, local_files_only=True, **SAFE)
        except Exception as error:  # transformers and safetensors have families of their own
            raise ValueError(f"cannot load {self.checkpoint.folder}: {type(error).__name__}: {error}") from error
        self.model = model.to(self.device).eval()
        self.typed = getattr(self.model.config, "type_vocab_size", 0) > 1

    def _batch(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64], types: npt.NDArray[np.int64]) -> Logits:
        import torch

        feed = {"input_ids": ids, "attention_mask": mask, **({"token_type_ids": types} if self.typed else {})}
        with torch.inference_mode():
            logits = self.model(**{k: torch.from_numpy(v).to(self.device) for k, v in feed.items()}).logits
        result: Logits = logits.float().cpu().numpy()
        return result


def open_backend(checkpoint: Checkpoint, device: str = "auto", threads: int | None = None) -> Backend:
    """The backend for a checkpoint: ONNX Runtime where it is exported (and no GPU is asked for), else torch."""
    if checkpoint.onnx is not None and (device in ("auto", "cpu") or not (checkpoint.folder / "model.safetensors").is_file()):
        return OnnxBackend(checkpoint, threads)
    return TorchBackend(checkpoint, threads, device)
