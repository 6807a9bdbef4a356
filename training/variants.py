"""Other forms of the stance classifier, to compare with the one that the library reads (levers.py); a run with one saves figures, no weights.

pair: the target's words stand in the first segment beside the holder, and are not marked in the statement.
pooled: what is classified is the mean over the marked target's tokens (Soares et al. 2019 compare such forms), not the first token.
"""

from __future__ import annotations

import torch

from stancekit.stance import Encoded, Encoder

PAIR, POOLED = VARIANTS = ("pair", "pooled")


class PairEncoder(Encoder):
    """[CLS] holder [T] target [/T] [SEP] statement [SEP]."""

    def encode(
        self, text: str, target: tuple[int, int] | str | None = None, holder: str | None = None, context: str = ""
    ) -> Encoded:
        """One input, as `Encoder.encode` makes it of a target that does not stand in the statement."""
        words = text[slice(*target)] if isinstance(target, tuple) else target or ""
        found = super().encode("", words or None, holder, context)  # without the statement, the target is outside of it
        first = found.ids[:-1]
        words_of = self._marked(text, holder)
        second = words_of[: max(0, self.max_length - len(first) - 1)]
        ids = [*first, *second, self.sep]
        return Encoded(ids, [0] * len(first) + [1] * (len(second) + 1), found.truncated or len(second) < len(words_of))


class TargetPooler(torch.nn.Module):
    """A BERT pooler over the tokens from marker to marker."""

    def __init__(self, model: torch.nn.Module, first: int, last: int) -> None:
        super().__init__()
        old = model.pooler
        self.dense, self.activation = old.dense, old.activation
        self.first, self.last = first, last
        model.register_forward_pre_hook(self._see, with_kwargs=True)

    def _see(self, _module, args, kwargs) -> None:
        self.ids = args[0] if args else kwargs["input_ids"]

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        opened, closed = (self.ids == self.first).cumsum(1), (self.ids == self.last).cumsum(1)
        inside = ((opened > 0) & ((closed == 0) | (self.ids == self.last))).to(hidden.dtype)[..., None]
        return self.activation(self.dense((hidden * inside).sum(1) / inside.sum(1)))
