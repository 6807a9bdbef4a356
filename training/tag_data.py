"""Tagged words to what a token classifier learns from: shared by the two tagger scripts and by evaluate_model.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch

from stancekit import tagging

Label = TypeVar("Label")


def windows(
    tokens: Sequence[list[int]], labels: Sequence[Label], ignore: Label, room: int, overlap: int, ends: tuple[int, int]
) -> Iterator[tuple[list[int], list[Label]]]:
    """The windows of a text as (token ids, labels), cut as `tagging.Tagger` cuts them.

    Args:
        tokens: token ids of each word (see `tagging.pieces`).
        labels: a label for each word; the first token of a word carries it.
        ignore: the label of all other tokens.
        room: tokens a window holds, special tokens not counted.
        overlap: tokens that neighbouring windows share.
        ends: the special tokens at a window's beginning and end.
    """
    for first, end in tagging.windows([len(t) for t in tokens], room, overlap):
        ids, marks = [ends[0]], [ignore]
        for word, label in zip(tokens[first:end], labels[first:end], strict=True):
            ids += word
            marks += [label, *[ignore] * (len(word) - 1)] if word else []
        yield [*ids[: room + 1], ends[1]], [*marks[: room + 1], ignore]


class SoftCollator:
    """Pads token ids, and labels that are probabilities: (tokens, labels) numbers each, all 0 where a token is not counted."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, rows: list[dict]) -> dict[str, torch.Tensor]:
        longest = max(len(row["input_ids"]) for row in rows)
        kinds = len(rows[0]["labels"][0])
        out = {
            "input_ids": torch.full((len(rows), longest), self.pad),
            "attention_mask": torch.zeros(len(rows), longest, dtype=torch.long),
            "labels": torch.zeros(len(rows), longest, kinds),
        }
        if "token_type_ids" in rows[0]:  # the Trainer takes them out for an encoder that knows no segments
            out["token_type_ids"] = torch.zeros_like(out["attention_mask"])
        for i, row in enumerate(rows):
            n = len(row["input_ids"])
            out["input_ids"][i, :n] = torch.as_tensor(row["input_ids"])
            out["attention_mask"][i, :n] = 1
            out["labels"][i, :n] = torch.as_tensor(row["labels"], dtype=torch.float32)
            if "token_type_ids" in out:
                out["token_type_ids"][i, :n] = torch.as_tensor(row["token_type_ids"])
        return out
