"""Statements: from an article's layout and attributions to the sentences and clauses that speakers are answerable for.

Three forms of text are told apart (:func:`voice_of`): transcripts (every sentence of a turn is the turn's), speeches
and official statements (every sentence is the document's), and reports (what the attribution model found). In each,
quotations give direct statements, sentence by sentence, and reporting sentences give indirect or mixed ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from .attribution import Attribution
from .names import MEDIA
from .segment import Layout, Sentence, strip_span
from .speakers import QUESTIONER, Cast
from .voices import BY_RULE, FIRST_PERSON, GUESSED, Voice, quotes_in, voice_of

RELATIVE = re.compile(r"(?:which|who|whom|that)\b", re.IGNORECASE)
NEXT_QUESTION = re.compile(
    r"(?:question|next|go to|line of|comes? from|turn to|hear from|call on)\b.{0,40}?\b(?:to|of|from|is|with|on)\s+(?:the line of )?(?P<name>[A-Z][\w’'\-]+(?: [A-Z][\w’'\-]+){0,3})(?:,? (?:with|from|of|at)\b|[,.])"
)
INTRODUCES = re.compile(
    r"[:,—–-]\s*$|\b(?:said|says|saying|added|adding|noted|noting|stated|stating|told|wrote|asked|replied|remarked|declared|stressed|warned|insisted|continued|concluded)\s*,?\s*$",
    re.IGNORECASE,
)
HEADLINE = re.compile(r"^(?P<name>(?:[A-Z][\w’'\-]+ ?){1,4}): \S")  # a heading that names who speaks below it
DATELINE = re.compile(
    r"^(?:[A-Z][\w’'/.\-]+(?:,? [A-Z][\w’'.\-]+){0,4},? ?(?:\([^()]{2,60}\)|[A-Z][a-z]{2,8}\.? ?\d{1,2}(?: \([^()]{2,30}\))?) ?[-–—]+ ?|[A-Z]{4,}(?: [A-Z]{3,})*(?:/[A-Z]+)* (?:(?:\([^()]{2,30}\) ?)?[-–—]+ ?)?(?=[A-Z][a-z]))"
)
# Acts of speech whose object is what is said: "Corbu praised the sculptor", "Lagos ruled out talks".
ACTS = re.compile(
    r"(?:(?:also|again|however|later|then|has|have|had|strongly|repeatedly|firmly|publicly|flatly|sharply|immediately|on \w+day),? )*"
    r"(?P<cue>condemn(?:s|ed)|denounce[sd]|deplore[sd]|welcome[sd]|praise[sd]|hail(?:s|ed)|applaud(?:s|ed)|laud(?:s|ed)|reject(?:s|ed)|"
    r"rule[sd] out|denie[sd]|dismisse[sd]|demand(?:s|ed)|urge[sd]|call(?:s|ed) (?:for|on)|endorse[sd]|criticis(?:es|ed)|criticiz(?:es|ed)|"
    r"blame[sd]|accuse[sd]|vow(?:s|ed)|pledge[sd]|promise[sd]|congratulate[sd]|thank(?:s|ed)|warn(?:s|ed)|reaffirm(?:s|ed)|"
    r"reiterate[sd]|oppose[sd]|defend(?:s|ed)|threaten(?:s|ed)|voiced|offer(?:s|ed)|expressed)\b(?! by\b)"
)
# What a press office adds, which is nobody's statement.
BOILERPLATE = re.compile(
    r"(?:for (?:further|more|additional) information|(?:media|press) (?:contacts?|enquir|inquir)|contacts?:|done at|ends\b)",
    re.IGNORECASE,
)
PLAN = re.compile(
    r"(?:the )?(?:plans?|schedule|law|tradition|custom|rules?|protocol|need|merit)\b", re.IGNORECASE
)  # "according to plan"
DUE = re.compile(
    r"\b(?:is|are|was|were) (?:expected|due|scheduled|set|slated) to (?:speak|address|brief|deliver|hold|meet|visit)\b"
)
# Between a source's end and the end of its cue, where it is not who speaks: "[The unions] were asked".
ASKED = re.compile(
    r" (?:(?:has|have|had) (?:\w+ )?been|(?:is|are|was|were)(?: being)?)(?: \w+)? (?:asked|told|urged|invited)(?: about| on)?",
    re.IGNORECASE,
)
# What only describes who or what was named last, up to the sentence's end: ", a student from Oradea", ", who left for Oslo".
TAIL = re.compile(
    r", (?:an? (?!(?:day|week|month|year|hour|moment|move|step|decision)s?\b)|who |which |whose )"
    r"(?:(?!\b(?:said|says|told|as|after|when|while|because|(?:reject|den[iy]|condemn|oppos|call|critici|back|support|prais|blam)\w*)\b)[^,;:]){2,70}$"
)
# Around the end of a source, where it is an owner: "Iran's claim", "Iran's actions"; and what is owned of one who speaks.
OWNS = re.compile(r"[’']s?\s")
SAYING = re.compile(
    r"\b(?:claim|statement|assertion|call|demand|accusation|allegation|argument|warning|threat|announcement|assurance|pledge|promise|view|"
    r"position|proposal|denial|insistence|suggestion|admission|comment|remark|appeal|finding|report|criticism|objection|refusal|rejection|condemnation|complaint|response|explanation)s?\b|\b(?:says?|said|saying)\b",
    re.IGNORECASE,
)
MIN_QUOTE_WORDS = 4  # fewer quoted words are a fragment of a reported sentence
NEAR = 200  # characters around a quotation that are looked at for its introduction
LEAST_COVER = 0.55  # of a sentence's words: an attribution that covers less stands for its own clause alone


@dataclass(slots=True)
class Unit:
    """A statement before it has stances."""

    start: int
    end: int
    kind: str
    speaker: str | None = None
    speaker_span: tuple[int, int] | None = None
    cue: str | None = None
    score: float = 1.0
    speaker_score: float | None = None


class Carried(NamedTuple):
    """The speaker of a quotation (by its group), for those of its sentences that name none."""

    group: int
    speaker: str | None
    span: tuple[int, int] | None
    score: float | None


def extract(layout: Layout, attributions: Sequence[Attribution], cast: Cast, speaker: str | None = None) -> list[Unit]:
    """The statements of an article, in text order, with resolved speakers.

    Args:
        layout: the article's segmentation.
        attributions: what the attribution model found in it.
        cast: the article's persons; it is told who speaks, in order.
        speaker: the document's speaker, if known: then the document is a speech or statement of theirs.
    """
    voice = Voice(True, speaker, 0, len(layout.text)) if speaker else voice_of(layout, cast)
    units: list[Unit] = []
    by_sentence = _by_sentence(layout, attributions)
    callers = _turn_speakers(layout, cast) if layout.turns else []
    carried: Carried | None = None
    for i, sentence in enumerate(layout.sentences):
        if sentence.turn >= 0:
            units += _own(layout, sentence, *callers[sentence.turn])
            continue
        if voice.introduced and sentence.start < voice.first < sentence.end:  # "… gave the following statement: We reject …"
            sentence = replace(sentence, start=strip_span(layout.text, voice.first, sentence.end)[0])
        if voice.own and voice.first <= sentence.start < voice.last:
            if not layout.blocks[sentence.block].heading:
                units += _official(layout, sentence, by_sentence.get(i, []), cast, voice)
            continue
        if layout.blocks[sentence.block].heading or (voice.introduced and sentence.start < voice.first):
            continue
        made = sorted(_reported(layout, sentence, by_sentence.get(i, []), cast), key=lambda u: u.start)
        for unit in made:
            before = carried
            carried = _carry(layout, unit, cast, carried)
            if carried and before and carried.group == before.group and before.span is None and unit.speaker_span:
                _fill_back(layout, units, carried)
        units += made
    return units


def _by_sentence(layout: Layout, attributions: Sequence[Attribution]) -> dict[int, list[Attribution]]:
    """The attributions that have content in each sentence."""
    out: dict[int, list[Attribution]] = {}
    for found in attributions:
        seen: set[int] = set()
        for content in found.contents:
            i, last = layout.sentence_at(content.start), layout.sentence_at(content.end - 1)
            for n in range(i, last + 1) if i >= 0 else ():
                if n not in seen:
                    seen.add(n)
                    out.setdefault(n, []).append(found)
    return out


def _words(text: str) -> int:
    return len(re.findall(r"\w+", text))


# --- transcripts, speeches and official statements -------------------------------------------------------------------


def _turn_speakers(layout: Layout, cast: Cast) -> list[tuple[str | None, float]]:
    """The speaker of each turn, and how sure: the label's name, in full where the text has it; a questioner's as announced before."""
    out: list[tuple[str | None, float]] = []
    announced: str | None = None
    for turn in layout.turns:
        label = turn.name
        if QUESTIONER.fullmatch(label):
            out.append((announced or "Journalist", BY_RULE if announced else GUESSED))
            continue
        name = cast.resolve(label)
        out.append((name.title() if name and name.isupper() and len(name) > 4 else name, 1.0))
        announced = announced if not re.search(r"MODERATOR|OPERATOR|STAFF", label) else None
        if found := list(NEXT_QUESTION.finditer(layout.text[max(turn.start, turn.end - 400) : turn.end])):
            announced = found[-1]["name"]
    return out


def _own(layout: Layout, sentence: Sentence, speaker: str | None, score: float) -> Iterator[Unit]:
    if _words(layout.text[sentence.start : sentence.end]) >= 2 and not BOILERPLATE.match(layout.text, sentence.start):
        yield Unit(sentence.start, sentence.end, "own", speaker, speaker_score=score if speaker else None)


def _official(layout: Layout, sentence: Sentence, found: Sequence[Attribution], cast: Cast, voice: Voice) -> Iterator[Unit]:
    """A sentence of an official text: the document's own, unless it reports what someone else says."""
    text = layout.text
    for item in sorted(found, key=lambda a: a.source.start if a.source else len(text)):
        source = item.source
        if source is None or item.cue is None or not sentence.start <= source.start < sentence.end:
            continue
        words = text[source.start : source.end]
        if OWNS.search(text, source.end - 2, source.end + 3) and not SAYING.search(text, item.cue.start, item.cue.end):
            continue  # "Iran's destabilising actions must stop": Iran does not speak
        before = text[sentence.start : source.start].rstrip()
        early = (_words(before) <= 2 or before.endswith(",")) and source.start < min(item.cue.start, item.contents[0].start)
        if early and not FIRST_PERSON.search(words) and words.lower() not in ("this", "that", "it", "which", "who"):
            name = cast.resolve(words)
            if name and name != voice.speaker:
                cue = text[item.cue.start : item.cue.end]
                yield Unit(
                    sentence.start, sentence.end, "indirect", name, (source.start, source.end), cue, item.score, source.score
                )
                return
            break
    yield from _own(layout, sentence, voice.speaker, voice.score)


# --- reports ---------------------------------------------------------------------------------------------------------


def _reported(layout: Layout, sentence: Sentence, found: Sequence[Attribution], cast: Cast) -> Iterator[Unit]:
    """The statements in a sentence of a report."""
    text = layout.text
    parts = quotes_in(layout, sentence)
    direct = _direct(layout, sentence, parts)
    for start, end, _ in direct:
        start, end = strip_span(layout.text, start, end)
        while end > start and layout.text[end - 1] in ",;":
            end -= 1
        item = _of_quote(layout, found, start, end)
        if _words(layout.text[start:end]) >= 2 and not (item is None and _names_work(layout.text[start:end])):
            yield _unit(layout, start, end, "direct", item, cast)
    # Who speaks and the verb make a statement of few words ("Omurov condemned it."); beside a quotation they only frame it.
    rest = [
        a
        for a in found
        if _outside(layout, a, sentence, direct) >= (1 if a.source and a.cue and not direct else 3)
        and (a.source or a.cue)
        and not _is_frame(layout, a)
    ]
    if not rest:
        if not direct:
            yield from _act(layout, sentence, cast, "mixed" if parts else "indirect")
        return
    if direct:
        for item in rest:
            start, end = strip_span(layout.text, *_hull(item, sentence, avoid=direct))
            end = start + len(layout.text[start:end].rstrip(" ,:"))
            before = text[sentence.start : start].strip()
            fragment = before[-1:].isalnum() and not re.search(r"\b(?:and|but|while|as|though)$", before)
            if item.source and item.cue and not fragment and _words(text[start:end]) > 3 and text[start : start + 6] != "Asked ":
                yield _unit(layout, start, end, "indirect", item, cast)
        return
    kind = "mixed" if parts else "indirect"
    for start, end, item in _clauses(layout, sentence, rest):
        if item.source is None and _words(text[start:end]) < LEAST_COVER * _words(text[sentence.start : sentence.end]):
            continue  # a clause without a speaker inside a sentence that is nobody's statement
        inside = any(start <= p[0] < end for p in parts)
        yield _unit(layout, start, end, kind if inside or not parts else "indirect", item, cast)


def _direct(layout: Layout, sentence: Sentence, parts: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The quoted parts that are statements; one that the reporting clause splits ("We will," she said, "and soon.") is joined."""
    text, out, done = layout.text, [], -1
    for n, part in enumerate(parts):
        if n <= done:
            continue
        quote = layout.quotes[part[2]]
        for m in range(n + 1, min(n + 3, len(parts))):  # a title in marks may stand in the reporting clause
            after = parts[m]
            between = text[quote.outer_end : layout.quotes[after[2]].outer_start]
            opens = not text[sentence.start : quote.outer_start].strip(" \t\"“”'‘’«»")
            comma = text[part[1] - 1] == "," or between.startswith(",")
            if opens and comma and text[after[0]].islower() and _words(between) <= 12 and re.search(r"[\w»”’],\s*$", between):
                out.append((part[0], after[1], part[2]))
                done = m
                break
        if n > done and _is_direct(layout, sentence, part):
            out.append(part)
    return out


def _is_frame(layout: Layout, item: Attribution) -> bool:
    """Whether what the model took for an attribution only looks like one ("according to plan", "is expected to speak", "were asked")."""
    text = layout.text
    if item.source and PLAN.fullmatch(text[item.source.start : item.source.end].strip()):
        return True
    if item.source and item.cue and ASKED.fullmatch(text[item.source.end : item.cue.end]):
        return True
    start, end = item.contents[0].start, item.contents[-1].end
    return item.source is None and DUE.search(text[max(0, start - 30) : end]) is not None


def _act(layout: Layout, sentence: Sentence, cast: Cast, kind: str) -> Iterator[Unit]:
    """A sentence in which a known speaker does what the verb says: "Omurov ruled out any exchange of villages."."""
    text, start = layout.text, sentence.start
    if layout.quote_at(start) >= 0:
        return
    if match := DATELINE.match(text[start : sentence.end]):
        start += match.end()
    if not ACTS.search(text, start, sentence.end):  # cheaper than looking for a subject, and most sentences end here
        return
    subject = cast.subject(start, min(sentence.end, start + 120))
    if subject and (match := ACTS.match(text, subject[1] + 1, sentence.end)) and _words(text[match.end() : sentence.end]) >= 2:
        name = cast.resolve(text[subject[0] : subject[1]], subject[0])
        yield Unit(start, sentence.end, kind, name, subject, match["cue"], BY_RULE, BY_RULE if name else None)


def _names_work(text: str) -> bool:
    """Whether quoted words are a title ("Letters from a Closed Border")."""
    long = [w for w in re.findall(r"[^\W\d_][\w’'\-]*", text) if len(w) > 3 or w[0].isupper()]
    return len(long) > 1 and all(w[0].isupper() or w in ("from", "with", "into", "over") for w in long)


def _is_direct(layout: Layout, sentence: Sentence, part: tuple[int, int, int]) -> bool:
    """Whether a quoted part is a statement of its own, rather than a quoted fragment of a reported sentence."""
    text, (start, end, number) = layout.text, part
    quote = layout.quotes[number]
    if quote.start < sentence.start or quote.end > sentence.end:
        return True  # a quotation of several sentences
    before = text[max(sentence.start, quote.outer_start - NEAR) : quote.outer_start].strip(" \t\"“”'‘’")
    after = text[quote.outer_end : min(sentence.end, quote.outer_end + NEAR)]
    if _words(text[start:end]) < MIN_QUOTE_WORDS and _words(before) + _words(after) > MIN_QUOTE_WORDS:
        return False
    if not before:
        # it opens the sentence: a whole clause, unless the sentence goes on with more than "…," he said.
        return _words(after) <= 1 or text[end - 1] in ",.!?…—–-" or bool(re.match(r"\s*,", after))
    if before.endswith(":"):
        return True
    goes_on = _words(after) > 2 and text[end - 1] not in ",.!?…" and not re.match(r"\s*[,.]", after)
    if goes_on or re.search(r"\bby saying$", before):
        return False
    return bool(INTRODUCES.search(before)) and (text[start].isupper() or _words(text[start:end]) >= 6)


def _of_quote(layout: Layout, found: Sequence[Attribution], start: int, end: int) -> Attribution | None:
    """The attribution whose content covers most of a quotation, if any does."""

    def cover(item: Attribution) -> int:
        return max((min(c.end, end) - max(c.start, start) for c in item.contents), default=0)

    best = max(found, key=cover, default=None)
    return best if best is not None and cover(best) > 0 else None


def _outside(layout: Layout, item: Attribution, sentence: Sentence, direct: Sequence[tuple[int, int, int]]) -> int:
    """How many words of an attribution's content in this sentence lie outside its direct quotations."""
    words = 0
    for content in item.contents:
        start, end = max(content.start, sentence.start), min(content.end, sentence.end)
        if start >= end:
            continue
        kept = layout.text[start:end]
        for a, b, _ in direct:
            lo, hi = max(a, start), min(b, end)
            if lo < hi:
                kept = kept.replace(layout.text[lo:hi], " ")
        words += _words(kept)
    return words


def _hull(item: Attribution, sentence: Sentence, avoid: Sequence[tuple[int, int, int]] = ()) -> tuple[int, int]:
    """From the first to the last character of an attribution inside a sentence, direct quotations left out."""
    spans = [(t.start, t.end) for t in (*item.contents, item.source, item.cue) if t is not None]
    spans = [(max(s, sentence.start), min(e, sentence.end)) for s, e in spans if s < sentence.end and e > sentence.start]
    spans = [(s, e) for s, e in spans if not any(a <= s < b for a, b, _ in avoid)] or spans
    start, end = min(s for s, _ in spans), max(e for _, e in spans)
    for a, _, _ in avoid:
        if start < a < end:
            end = a - 1
    return start, max(end, start + 1)


def _clauses(layout: Layout, sentence: Sentence, found: Sequence[Attribution]) -> list[tuple[int, int, Attribution]]:
    """A reporting sentence as one statement, or as several where sources of their own have clauses of their own."""
    text = layout.text
    hulls = sorted(((*_hull(a, sentence), a) for a in found), key=lambda h: (h[0], -h[1]))
    outer: list[tuple[int, int, Attribution]] = []
    for start, end, item in hulls:
        if outer and start < outer[-1][1]:
            a, b, kept = outer[-1]
            # nested or interleaved: one statement, under whoever has the wider span
            outer[-1] = (a, max(b, end), kept if b - a >= end - start else item)
        else:
            outer.append((start, end, item))
    named = [h for h in outer if h[2].source is not None and sentence.start <= h[2].source.start < sentence.end]
    start = sentence.start
    if match := DATELINE.match(text[sentence.start : sentence.end]):
        start += match.end()
    if len(named) <= 1:
        best = named[0] if named else max(outer, key=lambda h: h[1] - h[0])
        covered = sum(_words(text[a:b]) for a, b, _ in outer) / max(1, _words(text[start : sentence.end]))
        whole = (
            covered >= LEAST_COVER
            or len(outer) > 1
            or (best[2].source is not None and TAIL.match(text, best[1], sentence.end) is not None)
        )
        found_here = [(start, sentence.end, best[2])] if whole else [(best[0], best[1], best[2])]
    else:
        found_here = named
    # What the model saw in a dateline or before it is nobody's statement.
    return [(max(a, start), b, item) for a, b, item in found_here if b > max(a, start)]


def _unit(layout: Layout, start: int, end: int, kind: str, item: Attribution | None, cast: Cast) -> Unit:
    text = layout.text
    source, cue = (item.source, item.cue) if item else (None, None)
    place = (source.start, source.end) if source else None
    if place is None and kind != "direct" and cue and (subject := cast.subject(start, min(end, start + 120))):
        place = subject if subject[1] <= cue.start <= subject[1] + 40 else None
    if place and RELATIVE.match(text, *place):  # "the government, which denies the charge": whom the clause belongs to
        before = text[start : place[0]].rstrip(" ,")
        place = (start, start + len(before)) if 0 < _words(before) <= 8 else None
    name = cast.resolve(text[slice(*place)], place[0]) if place else None
    if name and MEDIA.search(name) and (quoted := cast.quoted_in(text[start:end])):
        name = quoted
    sure = (source.score if source else BY_RULE) if name else None
    words = text[cue.start : cue.end] if cue else None
    return Unit(start, end, kind, name, place, words, item.score if item else GUESSED, sure)


def _fill_back(layout: Layout, units: Sequence[Unit], carried: Carried) -> None:
    """Give the earlier sentences of a quotation the speaker that only a later paragraph of it names."""
    for unit in reversed(units):
        number = layout.quote_at(unit.start)
        if unit.kind != "direct" or unit.speaker_span or number < 0 or layout.quotes[number].group != carried.group:
            break
        unit.speaker, unit.speaker_span, unit.speaker_score = carried.speaker, carried.span, carried.score


def _framed(layout: Layout, unit: Unit, cast: Cast) -> str | None:
    """The speaker whom the words before a quotation name without an attribution ("Asked about it, X was blunt: “…”")."""
    quote = layout.quotes[layout.quote_at(unit.start)]
    i = layout.sentence_at(quote.outer_start)
    start, end = layout.sentences[i].start if i >= 0 else quote.outer_start, quote.outer_start
    if not layout.text[start:end].strip() and i > 0 and layout.text[layout.sentences[i - 1].end - 1] == ":":
        start, end = layout.sentences[i - 1].start, layout.sentences[i - 1].end  # "X said:" and a new paragraph
    words = layout.text[start:end].split()
    if not words or layout.text[start:end].rstrip()[-1:] not in (":", ","):
        return None
    if words[0].lower() in ("he", "she", "they"):
        return cast.resolve(words[0], start)
    return cast.named_in(start, end)


def _headed(layout: Layout, unit: Unit, cast: Cast) -> str | None:
    """The speaker whom the heading over a floating quotation names: "Holm: Escorts are no substitute"."""
    i = layout.sentence_at(unit.start)
    number = layout.sentences[i].block if i >= 0 else 0
    for block in reversed(layout.blocks[max(0, number - 20) : number]):
        if block.heading:
            match = HEADLINE.match(layout.text[block.start : block.end])
            return cast.resolve(match["name"], block.start) if match and cast.names_speaker(match["name"]) else None
        if layout.text[block.start] not in "\"“«‘'":
            break
    return None


def _carry(layout: Layout, unit: Unit, cast: Cast, carried: Carried | None) -> Carried | None:
    """Give a quotation's later sentences, and floating quotations, the speaker of what came before."""
    number = layout.quote_at(unit.start)
    if unit.kind != "direct" or number < 0:
        return carried
    group = layout.quotes[number].group
    if unit.speaker is None and carried is not None and carried.group == group and carried.speaker:
        unit.speaker, unit.speaker_span, unit.speaker_score = carried.speaker, carried.span, carried.score
    elif unit.speaker is None:
        unit.speaker = _framed(layout, unit, cast) or _headed(layout, unit, cast)
        unit.speaker_score = BY_RULE if unit.speaker else None
        if unit.speaker is None:
            unit.speaker = cast.last or cast.named_in(max(0, unit.start - 400), unit.start)
            unit.speaker_score = GUESSED if unit.speaker else None
    return Carried(group, unit.speaker, unit.speaker_span, unit.speaker_score)
