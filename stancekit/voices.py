"""Whose words a text as a whole is: a report's, or one speaker's own (a speech, a statement, a communiqué)."""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass

from .names import ROLE_WORD
from .segment import Layout, Sentence
from .speakers import Cast

# "Ned Price, Department Spokesperson" as a line of its own
BYLINE = re.compile(r"(?P<name>[A-Z][\w.’'\-]+(?: [A-Z][\w.’'\-]+){1,4}), (?P<role>[A-Z][^.!?\n]{3,80})$")
SAYS = re.compile(r"\b(?:[Ss]ays?|[Ss]aid)\b")
OFFICE = re.compile(
    r"Office of the \w+|Press (?:Office|Service|Release)\b|(?:Joint )?(?:Statement|Communiqu[eé]|Remarks) (?:by|of|from)\b|For Immediate Release",
    re.IGNORECASE,
)
BEGIN, END = (
    re.compile(r"begin (?:text|statement)\W*$", re.IGNORECASE),
    re.compile(r"end (?:of )?(?:text|statement)\W*$", re.IGNORECASE),
)
ATTRIBUTABLE = re.compile(r"attributable to (?:\w+ )?(?:Spokes\w+ )?(?P<name>[A-Z][\w.’'\-]+(?: [A-Z][\w.’'\-]+){1,3})")
WE_THE = re.compile(r"\bWe, (?P<name>the [^,]{3,60})")
RELEASED = re.compile(
    r"(?:statement|press release|communiqu[eé]|text)\b[^.]{0,60}? by (?P<name>(?:the )?(?:[^.,:]|(?<=\b[A-Z])\.){3,120})"
)
DELIVERED = re.compile(
    r"(?P<name>[A-Z][\w.’'\-]+(?: [A-Z][\w.’'\-]+){0,5}),? (?:(?:today|yesterday|on \w+day) )?(?:delivered|gave|made|released|issued) "
    r"(?:(?:the|these|this|a|an|her|his|following|opening|closing|keynote|floor|brief) )*(?:remarks|statement|speech|address)\b"
)
BELOW = re.compile(r"(?:remarks|statement|speech|address|text)\b[^.]{0,40}:$", re.IGNORECASE)  # "Below are her remarks:"
# "US" is a country and "World War I" a war.
FIRST_PERSON = re.compile(r"\b(?:[Ww]e|[Oo]urs?|us|[Mm]y|(?<!War )I|I[’'](?:m|ve|d|ll)|[Ww]e[’'](?:re|ve|ll))\b")


BY_RULE, GUESSED = 0.6, 0.5  # scores of what a rule finds without the model, and of the nearest speaker as a last resort


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks in a text as a whole: `own` is true for speeches and statements, False for reports."""

    own: bool
    speaker: str | None = None
    first: int = 0  # offsets between which the document speaks
    last: int = -1
    introduced: bool = False  # what stands before `first` only introduces it
    score: float = 1.0  # how sure the speaker is


def voice_of(layout: Layout, cast: Cast) -> Voice:
    """Whether a text is a report, or one speaker's own words: by its head, or by who says "we" outside quotation marks."""
    text = layout.text
    official, name, first, last = False, None, 0, len(text)
    for block in layout.blocks[:6]:
        line = text[block.start : block.end]
        if len(line) <= 120 and (match := BYLINE.match(line)) and ROLE_WORD.search(match["role"]) and not SAYS.search(line):
            official, name, first = True, match["name"], block.end
        elif len(line) <= 90 and OFFICE.match(line):
            official, first = True, block.end
    for block in layout.blocks:
        line = text[block.start : min(block.end, block.start + 40)]
        if BEGIN.match(line):
            official, first = True, block.end
        elif END.match(line):
            last = block.start
    head = text[: first + 2_000]
    for pattern in (ATTRIBUTABLE, WE_THE, RELEASED):
        if not name and (match := pattern.search(head)) and (official or pattern is WE_THE):
            name = re.sub(r"^(?:the )", "", match["name"]).strip()
            official = True
    if official and not layout.turns:
        if match := re.search(r"attributable to[^\n]*:\s", head):
            first = max(first, match.end())
        return Voice(True, _full(cast, name) or (name or _office(layout)), first, last, score=BY_RULE)
    outside = [s for s in layout.sentences if layout.quote_at(s.start) < 0 and s.turn < 0 and not layout.blocks[s.block].heading]
    plural = sum(bool(FIRST_PERSON.search(_unquoted(layout, s))) for s in outside)
    quoted = len(layout.sentences) - len(outside)
    own = len(outside) > 0 and plural >= max(1, 0.2 * len(outside)) and quoted <= 0.5 * len(layout.sentences)
    if own and (introduction := _introduction(layout)):
        name, at = introduction
        return Voice(True, _full(cast, name), at, len(text), introduced=True, score=BY_RULE)
    return Voice(own, None, 0, len(text))


def _introduction(layout: Layout) -> tuple[str, int] | None:
    """Who is said to have delivered the words that follow, and where those begin; None where nothing says so."""
    text, head = layout.text, layout.blocks[0]
    match = DELIVERED.search(text, head.start, min(head.end, head.start + 600))
    if match is None:
        return None
    for block in layout.blocks[:4]:
        if BELOW.search(text[block.start : block.end]):
            return match["name"], block.end
    colon = re.match(r"[^.:\n]{0,60}:", text[match.end() : match.end() + 80])
    if colon:
        return match["name"], match.end() + colon.end()
    if re.search(r"\b(?:following|these)\b", match.group()):
        i = layout.sentence_at(match.end() - 1)
        return (match["name"], layout.sentences[i].end) if 0 <= i < len(layout.sentences) - 1 else None
    return None


def _office(layout: Layout) -> str | None:
    for block in layout.blocks[:6]:
        if match := OFFICE.match(layout.text[block.start : block.end]):
            return match.group() if match.group().lower().startswith("office") else None
    return None


def _full(cast: Cast, name: str | None) -> str | None:
    return cast.resolve(name) if name else None


def _unquoted(layout: Layout, sentence: Sentence) -> str:
    """The sentence's words outside quotation marks."""
    out, at = [], sentence.start
    for start, end, _ in quotes_in(layout, sentence):
        out.append(layout.text[at:start])
        at = end
    return " ".join([*out, layout.text[at : sentence.end]])


def quotes_in(layout: Layout, sentence: Sentence) -> list[tuple[int, int, int]]:
    """The parts of quotations inside a sentence: (start, end, number of the quotation)."""
    out = []
    i = max(0, bisect.bisect_right(layout.quotes, sentence.start, key=lambda q: q.start) - 1)
    while i < len(layout.quotes) and layout.quotes[i].start < sentence.end:
        start, end = max(layout.quotes[i].start, sentence.start), min(layout.quotes[i].end, sentence.end)
        if start < end:
            out.append((start, end, i))
        i += 1
    return out
