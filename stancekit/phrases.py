"""Noun phrases, roughly: their head noun, their number, and which are only a pronoun. Rules over words, no parser."""

from __future__ import annotations

import re

# Words that say nothing about which thing is meant.
EMPTY = frozenset(
    """a an the this that these those its his her their our my your any all every each some such both new newly current recent
    ongoing so-called said same own very further more latest proposed announced planned own's s""".split()
)
# Where a noun phrase's head has been: what follows only says more about it.
AFTER_HEAD = frozenset("of in on at by for from to with without against between among over under about after before during since "
                       "toward towards within into upon as than that which who whom whose where when while whether if".split())  # fmt: skip
WORD = re.compile(r"[^\W_]+(?:[’'-][^\W_]+)*")
PRONOUNS = frozenset(
    """it he she they him her them us we i me you this that these those itself himself herself themselves myself ourselves yourself
    yourselves""".split()
)
PLURALS = frozenset("people men women children".split())  # without an s
SINGULARS = frozenset("news politics economics series headquarters means".split())  # with one


def is_pronoun(target: str) -> bool:
    """Whether a target is only a pronoun ("us", not "US")."""
    word = target.strip()
    return word.lower() in PRONOUNS and not (len(word) > 1 and word.isupper())


def telling(text: str) -> list[str]:
    """The words of a phrase that say which thing is meant, lower case, possessive endings taken off."""
    found = [re.sub(r"[’']s?$", "", w.lower()) for w in WORD.findall(text)]
    return [w for w in found if w and w not in EMPTY]


def singular(word: str) -> str:
    """A noun's singular, roughly: enough to tell that two phrases have the same head."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")) and len(word) > 5:
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3 else word


def up_to_head(words: list[str]) -> int:
    """How many of a phrase's words, lower case, come before what only says more about its head."""
    return next((i for i, w in enumerate(words) if w in AFTER_HEAD and i > 0), len(words))


def with_meaning(target: str, name: str | None) -> str:
    """A target as a reader is shown it: a pronoun with what it stands for, if that is known."""
    return f"{target} ({name})" if name and is_pronoun(target) else target


def head(target: str) -> tuple[str, frozenset[str]]:
    """The head noun of a target and the other words that tell it from others: "the new levy on fish" → ("levy", {"fish"})."""
    words = telling(target)
    at = up_to_head(words)
    first = [singular(w) for w in words[:at]] or [target.lower().strip()]
    rest = {singular(w) for w in words[at:] if w not in AFTER_HEAD}
    return first[-1], frozenset({*first[:-1], *rest})


def is_plural(target: str) -> bool:
    """Whether a phrase names several, going by its head noun or by an "and" before what says more about it: "the levies", "Oslo and Lima"."""
    words = [w.lower() for w in WORD.findall(target)]
    words = words[: up_to_head(words)]
    noun = words[-1] if words else ""
    if "and" in words[1:-1] or noun in PLURALS:
        return True
    return singular(noun) != noun and noun not in SINGULARS
