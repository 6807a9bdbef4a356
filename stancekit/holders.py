"""Whose stance it is, where the sentence itself says so: "Lavrov said that Kyiv rejects talks" tells Kyiv's stance, not Lavrov's.

A party holds the stance on a target if a clause between them says that it takes one: party, verb of stance ("rejects", "voted
to", "stands with"), target; or party, its noun of stance ("China's rejection of"), target; or target, verb, "by" party. All else is
the speaker's own party's (rule 7 of the label guide).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import countries
from .evaluation import same_name
from .names import ROLE_WORD
from .speakers import Speaker

# Groups that are named by a common noun.
GROUP = (
    r"world|international community|countries|states|nations|people|allies|partners|sides|parties|leaders|members|ministers|government|"
    r"authorities|opposition|rebels|protesters|demonstrators|critics|officials|experts|analysts|groups?|coalition|delegations?|"
    r"lawmakers|parliament|army|military|forces|militants|activists|residents|voters|workers|unions?|companies|volunteers"
)
# Words that may begin a sentence with a capital and name no party.
NO_PARTY = (
    r"I|We|You|He|She|It|They|The|An?|This|That|These|Those|There|Here|In|On|At|By|For|From|With|And|But|Or|So|As|If|When|While|"
    r"Where|What|Who|How|Why|Not|No|Yes|Our|My|Your|His|Her|Its|Their|Today|Yesterday|Now|Then|Thanks?|Let|Well|Also|However|To|Of|"
    r"After|Before|Since|During|Despite|Although|Though|Because|Once|Such|All|Any|Both|Each|Every|Some|Many|Most|Other|Another|Several|"
    r"First|Second|Third|One|Two|Three|Last|Next|Just|Even|Still|Only|Mr|Mrs|Ms|Dr|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|"
    r"Sunday|January|February|March|April|May|June|July|August|September|October|November|December|Earlier|Later|Further|Regarding|Recently"
)
WORD = rf"(?!(?i:{NO_PARTY})\b)[A-Z](?:\.[A-Z]\.?|[\w\-]|[’'](?=[A-Z]))*"  # "Corbu", "U.S.", "d'Ivoire" from its I on
NAME = rf"{WORD}(?: (?:(?:of|for|the|of the|for the|and) )?{WORD})*"
DETERMINER = (
    r"[Tt]he(?: entire| whole| other)?|[Ss]ome|[Mm]any|[Ss]everal|[Mm]ost|[Aa]ll|[Oo]ther|[Bb]oth|[Tt]hese|[Tt]hose|[Oo]ur"
)
PARTY = re.compile(
    rf"\b(?:(?:{DETERMINER}) )?(?:{NAME}(?: (?:{GROUP})\b)?|(?:(?!(?i:{NO_PARTY})\b)[a-z]+ )??(?:{GROUP})\b(?: (?:of|in)(?: the)? {NAME}| around the world)?)"
)
# Where a subject may begin: at the start, or after a mark, a conjunction or a verb of saying; not after a preposition.
BEFORE_SUBJECT = re.compile(
    r"(?:^|[,;:“\"(–—-]|\b(?:that|as|while|because|but|and|where|if|when|whether|although|though|after|since|so|today|then|now|"
    r"says?|said|insist(?:s|ed|ing)|not(?:e|es|ed|ing)|add(?:s|ed)|believes?|thinks?|fact|hopes?|week|month|year|\w+day)\b)\W*$",
    re.IGNORECASE,
)
ADVERBS = (
    r"(?:has|have|had|is|are|was|were|be|been|being|will|would|does|do|did|not|never|always|also|again|"
    r"still|now|just|already|repeatedly|strongly|firmly|flatly|clearly|publicly|openly|fully|consistently|rightly|unanimously|"
    r"overwhelmingly|recently|partially|partly|jointly|together|later|immediately|once|today|wholeheartedly|categorically|steadfastly|resolutely|continues? to|continued to|"
    r"remains?|remained|one of \S+ countries[^,;]{0,20}? that|happy|ready|willing|prepared|committed|determined|expected|set|able|going|"
    r"began|begun|wants? to|wanted to|decided to|agreed to|refuses? to|refused to)"
)
VERB = (
    r"(?:support(?:s|ed|ing)?|back(?:s|ed|ing)?|endors(?:es?|ed|ing)|welcom(?:es?|ed|ing)|prais(?:es?|ed|ing)|applaud(?:s|ed|ing)?|"
    r"hail(?:s|ed|ing)?|thank(?:s|ed|ing)?|defend(?:s|ed|ing)?|call(?:s|ed|ing)? (?:for|on|upon)|urg(?:es?|ed|ing)|demand(?:s|ed|ing)?|"
    r"insist(?:s|ed|ing)? (?:on|that)|advocat(?:es?|ed|ing)|favou?r(?:s|ed|ing)?|stand(?:s|ing)? (?:with|by|behind)|stood (?:with|by|behind)|"
    r"push(?:es|ed|ing)? for|ask(?:s|ed|ing)? for|(?:seek(?:s|ing)?|sought|want(?:s|ed|ing)?)(?! to)|condemn(?:s|ed|ing)?|denounc(?:es?|ed|ing)|"
    r"deplor(?:es?|ed|ing)|accus(?:es?|ed|ing)|blam(?:es?|ed|ing)|critici[sz](?:es?|ed|ing)|decr(?:y|ies|ied|ying)|"
    r"protest(?:s|ed|ing)?(?: against)?|oppos(?:es?|ed|ing)|reject(?:s|ed|ing)?|refus(?:es?|ed|ing)|rul(?:es?|ed|ing) out|"
    r"den(?:y|ies|ied|ying)|veto(?:es|ed|ing)?|declin(?:es?|ed|ing)|boycott(?:s|ed|ing)?|ratif(?:y|ies|ied|ying)|"
    r"agre(?:es?|ed|eing)|cooperat(?:es?|ed|ing)|work(?:s|ed|ing)? (?:with|together)|partner(?:s|ed|ing)? with|sign(?:s|ed|ing)?|"
    r"negotiat(?:es?|ed|ing)|mediat(?:es?|ed|ing)|vot(?:es?|ed|ing) (?:to|for|against|in)|pledg(?:es?|ed|ing)|promis(?:es?|ed|ing)|"
    r"vow(?:s|ed|ing)?|offer(?:s|ed|ing)?|recogni[sz](?:es?|ed|ing)|express(?:es|ed|ing)?|voic(?:es?|ed|ing)|reaffirm(?:s|ed|ing)?|"
    r"reiterat(?:es?|ed|ing)|consider(?:s|ed|ing)?|safeguard(?:s|ed|ing)?|increase[sd]? cooperation|"
    r"threaten(?:s|ed|ing)? to|fund(?:s|ed|ing)?)"
)
NOUN = (
    r"(?:[a-z\-]+ ){0,3}?(?:support|commitment|rejection|opposition|condemnation|refusal|calls?|demands?|appeals?|willingness|readiness|"
    r"objections?|denial|criticism|backing|endorsement|pledge|offer|cooperation) (?:of|for|to|against|with|from|that)\b"
)
SUBJECT = re.compile(rf"(?:, [^,;.]{{2,60}},|,? which|,? who)? (?:{ADVERBS} (?:- ?)?){{0,5}}{VERB}\b", re.IGNORECASE)
# "the two sides": those of whom the text has just spoken, most likely the speakers themselves.
AGAIN = re.compile(
    r"(?:(?:the|these|those|both|our) )?(?:two |three |four |both )?(?:leaders|members|ministers|sides|parties|partners|countries|states|"
    r"nations|officials|delegations?|groups?|government|coalition|experts|parliament)",
    re.IGNORECASE,
)
JOINED = re.compile(rf"(?:[^,;]|{WORD},) and(?: the)? $")  # the last of several who do something together
OWNER = re.compile(rf"[’']s? {NOUN}")
AGENT = re.compile(r"\bby (?:the )?$")
AUXILIARIES = re.compile(rf"[,’'”\"]* (?:(?:which|that) )?(?:{ADVERBS} ){{0,4}}", re.IGNORECASE)
# A new subject after the verb takes what follows.
FIRST_PERSON = re.compile(r"\b(?:we|I|you|they|he|she)\b(?!\S*[’']s)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Party:
    """A party that a statement names, where, and where what says that it takes a stance begins and ends."""

    start: int
    end: int
    name: str
    country: str | None  # ISO 3166-1 alpha-3 code, where it is a country or speaks for one
    verb: tuple[int, int]


def parties(text: str) -> list[Party]:
    """The parties of which a statement says that they take a stance, in text order."""
    out = []
    for match in PARTY.finditer(text):
        start, end = match.span()
        if ROLE_WORD.search(text[start:end].rsplit(" ", 1)[-1]) or AGAIN.fullmatch(text[start:end]):
            continue
        if said := SUBJECT.match(text, end):
            if not BEFORE_SUBJECT.search(text[:start]) or JOINED.search(text[:start]):
                continue
            verb = said.span()
        elif said := OWNER.match(text, end):
            verb = said.span()
        elif (by := AGENT.search(text[:start])) and (done := re.search(rf"\b{VERB} $", text[: by.start()], re.IGNORECASE)):
            verb = done.span()
        else:
            continue
        name, code = _named(text[start:end])
        out.append(Party(start, end, name, code, verb))
    return out


# Whose word is their country's.
OFFICE = re.compile(
    r"\b(?:president|minister|ministry|government|officials?|authorities|administration|spokes\w+|ambassador|envoy|diplomats?|premier|leader)\b",
    re.IGNORECASE,
)


def _named(words: str) -> tuple[str, str | None]:
    """The name of a party, and the code of the country that it is or speaks for."""
    plain = re.sub(r"^(?:the |our )?(?:entire |whole )?", "", words, flags=re.IGNORECASE)
    if countries.is_country(plain) or OFFICE.search(plain):
        land = countries.party_of(plain)
        if land is not None:
            return land.name, land.code or None
    pair = plain.split(" and ")
    if len(pair) == 2 and all(map(countries.is_country, pair)):
        return " and ".join(map(countries.canonical, pair)), None
    return plain, None


def holder_of(text: str, target: tuple[int, int], found: Sequence[Party]) -> Party | None:
    """The party of `found` (see `parties`) whose stance on a target, text[start:end], the statement tells; None where it tells none.

    It is the last one before the target whose verb stands before the target too, with no other subject in between; or one
    named after the target by "by".
    """
    best = None
    for party in found:
        if party.start < target[1] and party.end > target[0]:
            continue
        if party.verb[1] <= target[0] + 1 and party.end <= target[0]:
            between = text[party.verb[1] : target[0]]
            if not FIRST_PERSON.search(between) and not re.search(r"[.;!?]", between):
                best = party
        elif target[1] <= party.verb[0] < party.start and AUXILIARIES.fullmatch(text, target[1], party.verb[0]):
            best = best or party
    return best


def voice(
    text: str, target: tuple[int, int], found: Sequence[Party], speaker: Speaker, named: tuple[int, int] | None = None
) -> Speaker:
    """The speaker, with the party whose stance on a target the statement tells: the one it names, or else the speaker's own.

    Args:
        text: a statement.
        target: (start, end) in it.
        found: its `parties`.
        speaker: who says it.
        named: where the statement names the speaker (start, end), who is no other party.
    """
    party = holder_of(text, target, found)
    if party is None or (named and party.start < named[1] and party.end > named[0]):
        return speaker
    if same_name(party.name, speaker.name) or same_name(party.name, speaker.holder):
        return speaker
    return Speaker(speaker.name, party.name, party.country)
