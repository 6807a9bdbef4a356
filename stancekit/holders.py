"""Whose stance it is, where the sentence itself says so: "Corbu said that Kyiv rejects talks" tells Kyiv's stance, not Corbu's.

A party holds the stance on a target if a clause between them says that it takes one: party, verb of stance ("rejects", "voted
to", "stands with"), target; or party, its noun of stance ("China's rejection of"), target; or target, verb, "by" party. What is
denied, asked or only supposed, and what a party suffers ("Mali was blamed"), does not count. All else is the stance of the
speaker's own party (rule 7 of the label guide).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import countries, names
from .labels import POLARITY
from .speakers import Speaker

MOST = 3_000  # characters of a statement that are looked at
NEAR = 90  # characters before a party that decide whether it is a subject

# Groups that are named by a common noun.
GROUP = (
    r"world|international community|countries|states|nations|people|allies|partners|sides|parties|leaders|members|ministers|government|"
    r"authorities|opposition|rebels|protesters|demonstrators|critics|officials|experts|analysts|groups?|coalition|delegations?|"
    r"lawmakers|parliament|army|military|forces|militants|activists|residents|voters|workers|unions?|companies|volunteers"
)
# Words that may stand before a verb and name no party.
NO_PARTY = (
    r"I|We|You|He|She|It|They|The|An?|This|That|These|Those|There|Here|In|On|At|By|For|From|With|And|But|Or|So|As|If|When|While|"
    r"Where|What|Who|How|Why|Not|No|Yes|Our|My|Your|His|Her|Its|Their|Today|Yesterday|Now|Then|Thanks?|Let|Well|Also|However|To|Of|"
    r"After|Before|Since|During|Despite|Although|Though|Because|Once|Such|All|Any|Both|Each|Every|Some|Many|Most|Other|Another|Several|"
    r"First|Second|Third|One|Two|Three|Last|Next|Just|Even|Still|Only|Mr|Mrs|Ms|Dr|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|"
    r"Sunday|January|February|March|April|May|June|July|August|September|October|November|December|Earlier|Later|Further|Regarding|"
    r"Recently|Meanwhile|Unless|Until|Amid|Instead|Perhaps|Under|Among|Following|Given|Indeed|Moreover|Few|Fewer|Hardly|Neither|Nor|Than"
)
WORD = rf"(?!(?i:{NO_PARTY})\b)[A-Z](?:\.[A-Z]\.?|[\w\-]|[’'](?=[A-Z]))*"  # "Corbu", "U.S."
NAME = rf"{WORD}(?: (?:(?:of|for|the|of the|for the|and|and the) )?{WORD})*"
DETERMINER = r"[Tt]he(?: entire| whole| other)?|[Ss]ome|[Mm]any|[Ss]everal|[Mm]ost|[Aa]ll|[Oo]ther|[Bb]oth|[Tt]hese|[Tt]hose"
PLURAL = rf"(?:(?!(?i:{NO_PARTY})\b)[a-z]+ )??(?:{GROUP})\b"
PARTY = re.compile(
    rf"\b(?:(?:{DETERMINER}) )?(?:{NAME}(?:[’']s (?:{NAME}|{PLURAL})|[’'] (?:{PLURAL}))?(?: (?:{GROUP})\b)?"
    rf"|{PLURAL}(?: (?:of|in)(?: the)? {NAME}| around the world)?)"
)
# Where a subject may begin: at the start, or after a mark, a conjunction or a verb of saying; not after a preposition.
BEFORE_SUBJECT = re.compile(
    r"(?:^|[,;:“\"(–—-]|\b(?:that|as|while|because|but|and|where|although|though|after|since|so|today|then|now|meanwhile|however|moreover|instead|indeed|recently|earlier|later|"
    r"says?|said|insist(?:s|ed|ing)|not(?:e|es|ed|ing)|add(?:s|ed)|believes?|thinks?|fact|hopes?|week|month|year|\w+day)\b)\W*$",
    re.IGNORECASE,
)
# What makes a clause no fact: "denied that Mali opposes", "whether Mali supports", "if Mali rejects".
NO_FACT = re.compile(
    r"\b(?:if|whether|unless|when|(?:den(?:y|ies|ied|ying)|doubt(?:s|ed)?|reject(?:s|ed)?|dispute[sd]?) (?:\w+ ){0,4}?that|ask(?:s|ed)? (?:if|whether))"
    r"\b[^,;.]{0,20}$",
    re.IGNORECASE,
)
BE = r"(?:is|are|was|were|be|been|being)"
ADVERBS = (
    rf"(?:has|have|had|{BE}|will|would|does|do|did|not|never|always|also|again|"
    r"still|now|just|already|repeatedly|strongly|firmly|flatly|clearly|publicly|openly|fully|consistently|rightly|unanimously|"
    r"overwhelmingly|recently|partially|partly|jointly|together|later|immediately|once|today|wholeheartedly|categorically|steadfastly|"
    r"resolutely|continues? to|continued to|remains?|remained|one of \S+ countries[^,;]{0,20}? that|happy|ready|willing|prepared|"
    r"committed|determined|expected|set|able|going|began|begun|wants? to|wanted to|decided to|agreed to|refuses? to|refused to)"
)
# Verbs of stance: for what follows, against it, and those that may be either.
FOR = (
    r"support(?:s|ed|ing)?|back(?:s|ed|ing)?|endors(?:es?|ed|ing)|welcom(?:es?|ed|ing)|prais(?:es?|ed|ing)|applaud(?:s|ed|ing)?|"
    r"hail(?:s|ed|ing)?|thank(?:s|ed|ing)?|defend(?:s|ed|ing)?|advocat(?:es?|ed|ing)|favou?r(?:s|ed|ing)?|"
    r"(?:stand(?:s|ing)?|stood) (?:\w+ly |shoulder to shoulder )?(?:with|by|behind)|agre(?:es?|ed|eing)|cooperat(?:es?|ed|ing)|"
    r"work(?:s|ed|ing)? (?:with|together)|partner(?:s|ed|ing)? with|sign(?:s|ed|ing)?|negotiat(?:es?|ed|ing)|mediat(?:es?|ed|ing)|"
    r"recogni[sz](?:es?|ed|ing)|safeguard(?:s|ed|ing)?|increase[sd]? cooperation|fund(?:s|ed|ing)?"
)
AGAINST = (
    r"condemn(?:s|ed|ing)?|denounc(?:es?|ed|ing)|deplor(?:es?|ed|ing)|accus(?:es?|ed|ing)|blam(?:es?|ed|ing)|critici[sz](?:es?|ed|ing)|"
    r"decr(?:y|ies|ied|ying)|protest(?:s|ed|ing)?(?: against)?|oppos(?:es?|ed|ing)|reject(?:s|ed|ing)?|refus(?:es?|ed|ing)|"
    r"rul(?:es?|ed|ing) out|den(?:y|ies|ied|ying)|veto(?:es|ed|ing)?|declin(?:es?|ed|ing)|boycott(?:s|ed|ing)?"
)
EITHER = (
    r"call(?:s|ed|ing)? (?:for|on|upon)|urg(?:es?|ed|ing)|demand(?:s|ed|ing)?|insist(?:s|ed|ing)? (?:on|that)|push(?:es|ed|ing)? for|"
    r"ask(?:s|ed|ing)? for|(?:seek(?:s|ing)?|sought|want(?:s|ed|ing)?)(?! to)|ratif(?:y|ies|ied|ying)|vot(?:es?|ed|ing) (?:to|for|against|in)|"
    r"pledg(?:es?|ed|ing)|promis(?:es?|ed|ing)|vow(?:s|ed|ing)?|offer(?:s|ed|ing)?|express(?:es|ed|ing)?|voic(?:es?|ed|ing)|"
    r"reaffirm(?:s|ed|ing)?|reiterat(?:es?|ed|ing)|consider(?:s|ed|ing)?|threaten(?:s|ed|ing)? to"
)
VERB = rf"(?:(?P<pro>{FOR})|(?P<con>{AGAINST})|{EITHER})"
NOUN = (
    r"(?:[a-z\-]+ ){0,3}?(?:support|commitment|rejection|opposition|condemnation|refusal|calls?|demands?|appeals?|willingness|readiness|"
    r"objections?|denial|criticism|backing|endorsement|pledge|offer|cooperation) (?:of|for|to|against|with|from|that)\b"
)
SUBJECT = re.compile(rf"(?:, [^,;.]{{2,60}},|,? which|,? who)? (?:{ADVERBS} (?:- ?)?){{0,5}}{VERB}\b", re.IGNORECASE)
PASSIVE = re.compile(rf"\b{BE} (?:(?:\w+ly|not|never|also|again|still|now|already|once) )*\w+ed\b[^,]{{0,12}}$", re.IGNORECASE)
NEGATED = re.compile(r"\b(?:not|never|refuse[sd]? to)\b", re.IGNORECASE)
# "the two sides": those of whom the text has just spoken, most likely the speakers themselves.
AGAIN = re.compile(
    r"(?:(?:the|these|those|both) )?(?:two |three |four |both )?(?:leaders|members|ministers|sides|parties|partners|countries|states|"
    r"nations|officials|delegations?|groups?|government|coalition|experts|parliament)",
    re.IGNORECASE,
)
OURS = re.compile(r"\b(?:our|my|his|her|their|its|your) (?:\w+ )?$", re.IGNORECASE)
JOINED = re.compile(rf"(?:[^,;]|{WORD},) and(?: the)? $")  # the last of several who do something together
# Where another sentence begins, or a clause that is denied, supposed or contrasted.
ANOTHER = re.compile(r"[.!?;]\s+(?=[A-Z])|\b(?:that|if|whether|unless|when|but|while|whereas)\b")
LISTED = re.compile(rf"{WORD}, $")  # the last two of several
OWNER = re.compile(rf"[’']s? {NOUN}")
AGENT = re.compile(rf"\b{VERB} by (?:the )?$", re.IGNORECASE)
AUXILIARIES = re.compile(rf"[,’'”\"]* (?:(?:which|that) )?(?:{ADVERBS} ){{0,4}}", re.IGNORECASE)
# What ends a clause, or gives it another subject.
OTHER = re.compile(
    r"[!?;]|\.(?=\s|$)|\b(?:we|I|you|they|he|she)\b(?!\S*[’']s)|\b(?:but|while|whereas|although) |(?:, and|\bthat) (?:the )?(?=[A-Z])"
)
# Whose word is their country's.
OFFICE = re.compile(
    r"\b(?:president|minister|ministry|government|officials?|authorities|administration|spokes\w+|ambassador|envoy|diplomats?|premier|leader|"
    r"parliament|army|military)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Party:
    """A party of which a statement says that it takes a stance.

    Attributes:
        start, end: where it is named.
        name: its name, the country's where it is one or speaks for one.
        country: ISO 3166-1 alpha-3 code, or None.
        verb: where what says so begins and ends.
        side: 1 if the verb is for what follows, -1 if it is against it, 0 if neither is sure.
        agent: whether it is named after the verb, by "by".
    """

    start: int
    end: int
    name: str
    country: str | None
    verb: tuple[int, int]
    side: int = 0
    agent: bool = False


def parties(text: str) -> list[Party]:
    """The parties of which a statement says that they take a stance, in text order."""
    text = text[:MOST]
    out: list[Party] = []
    for match in PARTY.finditer(text):
        start, end = match.span()
        words, low = text[start:end], max(0, start - NEAR)
        if names.ROLE_WORD.fullmatch(words.rsplit(" ", 1)[-1]) or AGAIN.fullmatch(words) or OURS.search(text, low, start):
            continue
        said, agent = SUBJECT.match(text, end), False
        if said and (PASSIVE.search(said.group()) or not BEFORE_SUBJECT.search(text, low, start)):
            continue
        if said and NO_FACT.search(text, low, start):
            continue
        if said and JOINED.search(text, low, start) and not _own_clause(text, start, out):
            continue
        if said and " and " in words and LISTED.search(text, low, start):
            continue
        said = said or OWNER.match(text, end)
        verb = said.span() if said else (0, 0)
        if said is None and (said := AGENT.search(text, low, start)):
            verb, agent = said.span(), True
        if said is None:
            continue
        sides = said.groupdict()
        side = 0 if NEGATED.search(said.group()) else (1 if sides.get("pro") else -1 if sides.get("con") else 0)
        name, code = _named(words)
        out.append(Party(start, end, name, code, verb, side, agent))
    return out


def _own_clause(text: str, start: int, before: Sequence[Party]) -> bool:
    """Whether a party after "and" begins another clause: "Peru backs the levy and Ecuador rejects it", but not "the minister and Ecuador reject it".

    Another party must have taken its stance before it in the sentence, on something that is no name, with nothing denied, supposed or contrasted in between.
    """
    if not before or before[-1].agent or before[-1].verb[1] >= start:
        return False
    between = text[before[-1].verb[1] : start]
    words = between.removesuffix("the ").removesuffix(" and ").split()
    return bool(words) and not words[-1][0].isupper() and not ANOTHER.search(between)


def _named(words: str) -> tuple[str, str | None]:
    """The name of a party, and the code of the country that it is or speaks for."""
    plain = re.sub(r"^(?:the |both )?(?:entire |whole )?", "", words, flags=re.IGNORECASE)
    both = re.split(r" and (?:the )?", plain)
    if len(both) == 2 and all(map(countries.is_country, both)):
        return " and ".join(map(countries.canonical, both)), None
    land = countries.party_of(plain) if countries.is_country(plain) or OFFICE.search(plain) else None
    if land is None:
        land = names.known_country(names.ROLE_WORD.sub("", plain).strip() if OFFICE.search(plain) else plain, office=True)
    return (land.name, land.code or None) if land else (plain, None)


def holder_of(text: str, target: tuple[int, int], found: Sequence[Party]) -> Party | None:
    """The party of `found` (see `parties`) whose stance on a target, text[start:end], the statement tells; None where it tells none.

    It is the last one whose verb stands before the target, with no other subject and no end of a clause in between; or one
    that is named after the target by "by".
    """
    for party in reversed(found):
        if party.start < target[1] and party.end > target[0]:
            continue
        if party.agent:
            if target[1] <= party.verb[0] and AUXILIARIES.fullmatch(text, target[1], party.verb[0]):
                return party
        elif party.verb[1] <= target[0] + 1 and party.end <= target[0]:
            return None if OTHER.search(text[party.verb[1] : target[0]]) else party
    return None


def reported(
    text: str, target: tuple[int, int], found: Sequence[Party], speaker: Speaker, named: tuple[int, int] | None = None
) -> Party | None:
    """The party other than the speaker's own whose stance on a target the statement tells, if it tells one.

    Args:
        text: a statement.
        target: (start, end) in it.
        found: its `parties`.
        speaker: who says it.
        named: where the statement names the speaker (start, end), who is no other party.
    """
    party = holder_of(text, target, found)
    if party is None or (named and party.start < named[1] and party.end > named[0]):
        return None
    return None if _same(party, speaker) else party


def _same(party: Party, speaker: Speaker) -> bool:
    """Whether a party is the speaker, or whom the speaker speaks for."""
    if party.country and speaker.code:
        return party.country == speaker.code
    words = set(re.findall(r"\w+", party.name.lower()))
    for other in (speaker.name, speaker.holder):
        theirs = set(re.findall(r"\w+", (other or "").lower()))
        if words and theirs and (words <= theirs or theirs <= words):
            return True
    return False


def contradicts(party: Party, target: tuple[int, int], label: str) -> bool:
    """Whether a label cannot be what the party's verb says of a target right after it.

    "China is supporting Russia's war" holds no condemnation by China: what condemns is the speaker.
    """
    near = 0 <= target[0] - party.verb[1] <= 25
    side = {"positive": 1, "negative": -1}.get(POLARITY.get(label, ""), 0)
    return near and party.side * side < 0
