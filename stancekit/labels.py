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

# Root codes of PLOVER that carry a stance (Open Event Data Alliance, "PLOVER: Political Language Ontology for Verifiable
# Event Records", 2018; the mapping to stances is ours). The other roots (REQUEST, THREATEN, SANCTION, COERCE, ASSAULT, PROTEST,
# MOBILIZE, …) are acts that say nothing sure about a stance.
PLOVER_STANCES: dict[str, str] = {
    "SUPPORT": "support",
    "ACCUSE": "condemn",
    "REJECT": "reject",
    "AGREE": "cooperate",
    "CONSULT": "cooperate",
    "COOPERATE": "cooperate",
    "AID": "cooperate",
    "YIELD": "cooperate",
}

# The nearest codes for a stance, for users of event data: the PLOVER root, and the root of CAMEO (Schrodt 2012, "CAMEO: Conflict
# and Mediation Event Observations", version 1.1b3: 05 engage in diplomatic cooperation, whose 051 is praise or endorse; 11
# disapprove; 12 reject; 04 consult, with 06 for material cooperation). Neutral statements have none: CAMEO's 01 is a mere statement.
EVENT_CODES: dict[str, dict[str, str | None]] = {
    "support": {"plover": "SUPPORT", "cameo": "051"},
    "condemn": {"plover": "ACCUSE", "cameo": "11"},
    "reject": {"plover": "REJECT", "cameo": "12"},
    "cooperate": {"plover": "COOPERATE", "cameo": "04"},
    "neutral": {"plover": None, "cameo": "01"},
}

# The side of each label, for comparison with data sets that know only polarity.
POLARITY: dict[str, str] = {
    "support": "positive",
    "cooperate": "positive",
    "condemn": "negative",
    "reject": "negative",
    "neutral": "neutral",
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
