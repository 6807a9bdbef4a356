"""The label scheme: names, order, definitions and colours. The only place that owns them."""

from __future__ import annotations

NEUTRAL = "neutral"
LABELS: tuple[str, ...] = ("support", "condemn", "reject", "cooperate", NEUTRAL)
STANCES: tuple[str, ...] = LABELS[:-1]
ROLES: tuple[str, ...] = ("source", "cue", "content")  # of the words of an attribution
KINDS: tuple[str, ...] = ("direct", "indirect", "mixed", "own")

DEFINITIONS: dict[str, str] = {
    "support": "backs, endorses, praises, welcomes, thanks, defends or calls for the target as right, good or needed",
    "condemn": "passes a negative judgement on the target for what it is, did or does",
    "reject": "refuses, opposes, rules out, denies or declines a proposal, demand, claim or course of action",
    "cooperate": "works, talks, agrees, trades or mediates with the target, or says it is ready to",
    "neutral": "takes no stance on the target",
}

# Okabe-Ito hues (Okabe and Ito 2008, "Color Universal Design"), told apart under the common colour-vision deficits.
COLOURS: dict[str, str] = {
    "support": "#009E73",
    "condemn": "#D55E00",
    "reject": "#CC79A7",
    "cooperate": "#0072B2",
    "neutral": "#767676",
}


def check_label(label: str) -> str:
    """Return `label` if it is one of `LABELS`.

    Raises:
        ValueError: it is not; the message lists those that are.
    """
    if label not in LABELS:
        raise ValueError(f"unknown label {label!r}: allowed are {', '.join(LABELS)}")
    return label
