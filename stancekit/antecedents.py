"""What a target that is only a pronoun stands for ("We support it"), as far as the statements around it tell.

Rules, not a coreference model: "us" is the party that speaks; "it" and "them" are the nearest target before them that agrees in
number, in the same statement or in one of the two before it. Where none does, the target keeps no name; nor do "this" (mostly what was
said before, not a target of it), "he" and "you".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from . import countries
from .names import ROLE_WORD, runs
from .phrases import head, is_plural, is_pronoun, up_to_head
from .types import Stance, Statement

SPEAKER = frozenset(("i", "me", "myself"))
PARTY = frozenset(("we", "us", "ourselves"))
SINGULAR = frozenset(("it", "itself"))
PLURAL = frozenset(("they", "them", "themselves"))
DETERMINER = re.compile(r"^(?:the|a|an|our|my|his|her|their|its) ", re.IGNORECASE)
BACK = 2  # statements
NEAR = 600  # characters between the end of a statement and the pronoun that may still mean a target of it
PEOPLE = frozenset("people police public team staff family government side military army opposition leadership".split())


def is_person(target: str) -> bool:
    """Whether a phrase names one person, going by a role as its head or before a name, or by two names and nothing else."""
    bare = DETERMINER.sub("", target)
    words = bare.split()
    if ROLE_WORD.fullmatch(" ".join(words[: up_to_head([w.lower() for w in words])])):
        return True
    start, end = next(iter(reversed(runs(target))), (0, 0))
    if not end or end < len(target):
        return False
    return bool(ROLE_WORD.search(target[:start])) or (start == 0 and " " in target)


def agrees(pronoun: str, target: str) -> bool:
    """Whether "it" or "them" can stand for a target: not for a person; by number; a party is "it" as well as "they"."""
    if DETERMINER.sub("", target)[:1].isupper() and countries.is_country(target):
        return True
    if is_person(target):
        return False
    return head(target)[0] in PEOPLE or is_plural(target) == (pronoun in PLURAL)


def name_targets(statements: Sequence[Statement], parties: Iterable[str | None]) -> list[Statement]:
    """Give the targets that need one a name (`Stance.name`): countries the library's, pronouns what they stand for.

    Args:
        statements: of one article, in text order.
        parties: the party that speaks in each (`speakers.Holder.holder`).
    """
    out: list[Statement] = []
    for statement, party in zip(statements, parties, strict=True):
        named: list[Stance] = []
        for stance in statement.stances:
            named.append(replace(stance, name=_name(stance, statement, party, named, out[-BACK:])))
        out.append(replace(statement, stances=tuple(named)) if named else statement)
    return out


def _name(
    stance: Stance, statement: Statement, party: str | None, same: Sequence[Stance], before: Sequence[Statement]
) -> str | None:
    if stance.target is None or stance.target.start is None:
        return None
    words = stance.target.text.strip()
    if not is_pronoun(words):
        bare = words.removeprefix("the ").removeprefix("The ")
        name = countries.canonical(bare) if bare[:1].isupper() and countries.is_country(bare) else bare
        return name if name != bare else None
    pronoun = words.lower()
    if pronoun in SPEAKER:
        return statement.speaker
    if pronoun in PARTY:
        return party
    if pronoun not in SINGULAR | PLURAL:
        return None
    near = [s.stances for s in reversed(before) if stance.target.start - s.end <= NEAR]
    for other in (other for stances in (same, *near) for other in reversed(stances)):
        words = other.target.text.strip() if other.target else ""
        told = other.name or words
        if is_pronoun(words) and (words.lower() in SPEAKER | PARTY or not other.name):
            continue
        if countries.canonical(told) in (party, statement.speaker):
            continue  # nobody speaks of themselves as "it"
        if told and agrees(pronoun, told):
            return told
    return None
