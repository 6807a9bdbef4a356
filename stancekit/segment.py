"""Text to layout: paragraphs, headings, speaker turns, sentences and quotations, all with exact offsets.

Offsets are Python ``str`` offsets into the text as it was given, end exclusive: ``text[start:end]`` is always the
thing itself. Nothing here raises on odd input, and every pass is linear in the length of the text.

Sentence boundaries come from `nupunkt`_ (Punkt with a trained abbreviation list). Speaker turns and quotation marks
cut sentences too, so that a sentence never mixes two turns.

.. _nupunkt: https://github.com/alea-institute/nupunkt
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import nupunkt

OPENING = "“„«‟"
CLOSING = "”»"
MARKS = re.compile(r"[\"“”„‟«»]|``|''|[‘’']")
LINE = re.compile(r"[^\r\n]+")
TERMINAL = re.compile(r"[.!?…:;,][\"”»’')\]]*$")
# "SECRETARY BLINKEN:", "MR. KIRBY:", "Q:", "QUESTION (Reuters):", "Q " at the start of a line.
CAPS_TURN = re.compile(r"(?P<label>[A-Z][A-Z.’'\- ]{0,60}?(?:\s?\([^()\n]{1,60}\))?)\s?:(?=\s|$)")
Q_TURN = re.compile(r"(?P<label>Q(?:UESTION)?|A(?:NSWER)?)[ \t]+(?=[A-Z\"“‘—-])")
# "Ms. Psaki: ..." in mixed case: only where labels recur (see _turns).
NAME_TURN = re.compile(
    r"(?P<label>(?:[A-Z][\w.’'\-]*)(?: (?:[A-Z][\w.’'\-]*|of|the|and|for|de|al|van|bin)){0,6}(?: \([^()\n]{1,60}\))?):(?=\s)"
)
TITLED_LABEL = re.compile(
    r"(?:Mr|Mrs|Ms|Dr|Sen|Rep|Gov)\.? [A-Z]|(?:President|Minister|Secretary|Senator|Ambassador|Chair\w*|Speaker) [A-Z]"
)
# What a newsroom writes before a colon in capitals.
NO_SPEAKER = re.compile(
    r"\b(?:NEWS|POINTS?|UPDATED?|NOTES?|EDITOR|WATCH|READ|LISTEN|PHOTOS?|VIDEO|ANALYSIS|EXPLAINERS?|OPINION|SUMMARY|BACKGROUND|CONTACT|"
    r"SOURCES?|LIVE|EXCLUSIVE|TOPICS?|FACTBOX|TIMELINE|RELATED|CORRECTION|WHAT|WHY|HOW|WHEN|WHERE|URGENT|ALERT|SUBJECT|FROM|TO|DATE|RE)\b"
)
# A label that stands alone in a text must show that it is a speaker's.
SPEAKER_LABEL = re.compile(
    r"(?:MR|MRS|MS|DR|SEN|REP|GOV|AMB|GEN)\b|.*\b(?:PRESIDENT|MINISTER|PREMIER|SECRETARY|SPOKES\w+|AMBASSADOR|SENATOR|CHAIR\w*|"
    r"CHANCELLOR|GOVERNOR|MODERATOR|MAYOR|COMMISSIONER|GENERAL|KING|QUEEN|DIRECTOR|ADMIRAL|SPEAKER)\b"
)
STUB = re.compile(r"(?:\w+ )?(?:[A-Z]\.){2,}|(?:Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|St)\.")
# A sentence's end that the splitter may take for an abbreviation: after a word in lower case, or before a quotation.
MISSED = re.compile(
    r"\b(?:(?P<word>[a-zà-ÿ]{4,})\.(?=\s+[“\"‘']?[A-ZÀ-Þ][\w’']*[ ,])|(?P<name>[A-ZÀ-Þ][a-zà-ÿ]{3,})\.(?=\s+[“\"]\w))"
)
SHORTENED = {"approx", "incl", "dept", "govt", "assoc", "corp", "prof", "capt", "maj", "messrs", "sept", "brig", "supt"}
FIRST_WORD = re.compile(r"\S{1,40}")
BULLET = re.compile(r"[-–—•·*]\s|\(?\w{1,3}[.)]\s")
MAX_WRAP = 140  # characters; texts are not wrapped at more
MAX_SENTENCE_INPUT = 20_000  # characters handed to the sentence splitter at once; a longer line is cut at a blank


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation. ``start, end`` is what stands between the marks; ``outer_*`` takes the marks in."""

    start: int
    end: int
    outer_start: int
    outer_end: int
    group: int  # quotations of one multi-paragraph quote (reopened marks) share a number
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says in a transcript, from after the label to the next label."""

    start: int
    end: int
    label: str
    label_start: int
    label_end: int

    @property
    def name(self) -> str:
        """The label without what it adds in brackets ("MR. PRICE (via video)")."""
        return re.sub(r"\s*\(.*\)$", "", self.label)


@dataclass(frozen=True, slots=True)
class Block:
    """A line of the text that is not blank: a paragraph, or a heading."""

    start: int
    end: int
    heading: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: where it is, and the index of the block and of the turn (-1: none) it stands in."""

    start: int
    end: int
    block: int
    turn: int = -1


@dataclass(slots=True)
class Layout:
    """The segmentation of one text; `text` has blanks where wrapped lines were joined, and is as long as the original."""

    text: str
    blocks: list[Block] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

    def sentence_at(self, offset: int) -> int:
        """Index of the sentence that holds the character at `offset`, or -1."""
        i = bisect.bisect_right(self.sentences, offset, key=lambda s: s.start) - 1
        return i if i >= 0 and offset < self.sentences[i].end else -1

    def quote_at(self, offset: int) -> int:
        """Index of the quotation that holds the character at `offset`, or -1."""
        i = bisect.bisect_right(self.quotes, offset, key=lambda q: q.start) - 1
        return i if i >= 0 and offset < self.quotes[i].end else -1


def segment(text: str) -> Layout:
    """Split `text` into blocks, turns, sentences and quotations.

    Args:
        text: any string, also empty.

    Returns:
        The layout; its lists are in text order and empty where nothing was found.
    """
    layout = Layout(text)
    layout.blocks = _blocks(text)
    layout.text = text = _flatten(text, layout.blocks)
    layout.turns = _turns(text, layout.blocks)
    layout.quotes = _quotes(text, layout.blocks)
    layout.sentences = _sentences(layout)
    return layout


def strip_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Shrink a span so that it neither starts nor ends with white space."""
    while start < end and (text[start].isspace() or text[start] == "\ufeff"):
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _blocks(text: str) -> list[Block]:
    lines = []
    for match in LINE.finditer(text):
        start, end = strip_span(text, match.start(), match.end())
        if start < end and any(c.isalnum() for c in text[start : start + 200]):
            lines.append((start, end))
    lines = _unwrap(text, lines)
    blocks = []
    for i, (start, end) in enumerate(lines):
        line = text[start:end] if end - start <= 160 else ""
        last = i + 1 == len(lines)
        heading = bool(line) and not last and not TERMINAL.search(line) and len(line.split()) <= 16
        if heading and line[0] in "\"“«‘'":  # a quotation; at the top, and with words after it, a headline that quotes
            heading = i == 0 and bool(re.search(r"[\"”»’'],? \w+(?: \w+)+$", line[1:]))
        blocks.append(Block(start, end, heading and not line[0].islower()))
    return blocks


def _unwrap(text: str, lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join the lines of paragraphs that were wrapped at a fixed width (mail, old newswire); others come back as they are.

    A text counts as wrapped if lines often go on in lower case. Then a line joins the one before it if that broke in
    the middle of a sentence, or if its first word would not have fitted there; a list's items stay apart.
    """
    near = [
        b - a <= MAX_WRAP and text.count("\n", b, c) + text.count("\r", b, c) - text.count("\r\n", b, c) == 1
        for (a, b), (c, _) in itertools.pairwise(lines)
    ]
    runs_on = [
        touches and text[c].islower() and text[b - 1] not in ".!?…:;"
        for touches, (_, b), (c, _) in zip(near, lines, lines[1:], strict=False)
    ]
    if not any(runs_on) or sum(runs_on) < 0.15 * sum(near):
        return lines
    width = max(b - a for (a, b), touches in zip(lines, near, strict=False) if touches)
    out = lines[:1]
    for i, (start, end) in enumerate(lines[1:]):
        before, last = lines[i][1] - lines[i][0], text[lines[i][1] - 1]
        first = FIRST_WORD.match(text, start)
        full = before + 1 + (len(first.group()) if first else 0) > width >= 50
        broken = last not in '.!?…:;"”»' and before > 0.5 * width
        if near[i] and (runs_on[i] or ((full or broken) and not BULLET.match(text, start))):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _flatten(text: str, blocks: list[Block]) -> str:
    """Blanks instead of the line breaks inside of blocks, one for one, so that a wrapped name still is a name."""
    inside = [b for b in blocks if "\n" in text[b.start : b.end] or "\r" in text[b.start : b.end]]
    if not inside:
        return text
    out, at = [], 0
    for block in inside:
        out += [text[at : block.start], text[block.start : block.end].replace("\n", " ").replace("\r", " ")]
        at = block.end
    return "".join([*out, text[at:]])


def _turns(text: str, blocks: list[Block]) -> list[Turn]:
    found: list[tuple[int, int, str]] = []  # (label start, content start, label)
    named: list[tuple[int, int, str]] = []
    for block in blocks:
        head = text[block.start : min(block.end, block.start + 140)]
        for pattern, into in ((CAPS_TURN, found), (Q_TURN, found), (NAME_TURN, named)):
            if (match := pattern.match(head)) and not NO_SPEAKER.search(match["label"]):
                into.append((block.start, block.start + match.end(), match["label"].strip()))
                break
    labels = [label for _, _, label in named]
    # A colon after a name is also a headline's habit: mixed-case labels count where they recur.
    titled = len(labels) >= 2 and all(TITLED_LABEL.match(label) for label in labels)
    if titled or (len(labels) >= 3 and len(set(labels)) < len(labels)):
        found = sorted(found + named)
    if not any(label.startswith("Q") for _, _, label in found):
        found = [f for f in found if f[2] not in ("A", "ANSWER")]  # an answer without a question is an article: "A man"
    if not found or (len(found) == 1 and not SPEAKER_LABEL.match(found[0][2])):  # "A TOWN IN FEAR: ..."
        return []
    ends = [start for start, _, _ in found[1:]] + [len(text)]
    turns = []
    for (label_start, start, label), end in zip(found, ends, strict=True):
        start, end = strip_span(text, start, end)
        turns.append(Turn(start, max(start, end), label, label_start, label_start + len(label)))
    return turns


def _opens(text: str, at: int, width: int, end: int) -> bool:
    """Whether the mark at `at` stands where an opening mark stands: blank or bracket before, no blank after."""
    before = at == 0 or text[at - 1].isspace() or text[at - 1] in "([{—–-:“\"‘'/"
    return before and at + width < end and not text[at + width].isspace()


def _closes(text: str, at: int, width: int, end: int) -> bool:
    after = at + width >= end or not text[at + width].isalnum()
    return after and at > 0 and not text[at - 1].isspace()


def _is_single(mark: str) -> bool:
    return mark in "‘’'"


def _partner(opened: str, mark: str) -> bool:
    """Whether `mark` can close a quotation opened by `opened`."""
    if opened in "‘'":
        return mark in "’'"
    if opened == "„":
        return mark in '“”"'
    if opened == "«":
        return mark == "»"
    if opened == "``":
        return mark in ("''", '"')
    return mark in '”"' or mark == "''"


def _quotes(text: str, blocks: list[Block]) -> list[Quote]:
    quotes: list[Quote] = []
    group, running = 0, False  # running: the last block ended inside a quotation
    for block in blocks:
        open_at, open_mark = -1, ""
        marks = [(m.start(), m.group()) for m in MARKS.finditer(text, block.start, block.end)]
        singles = _single_pairs(text, marks, block.end)
        resumed = running and bool(marks) and marks[0][0] - block.start < 3 and not _is_single(marks[0][1])
        running = False
        for at, mark in marks:
            width = len(mark)
            if open_at < 0:
                if _is_single(mark) and at not in singles:
                    continue
                if mark in ("''",) or (mark in CLOSING and not _opens(text, at, width, block.end)):
                    continue
                if mark == '"' and not _opens(text, at, width, block.end) and _closes(text, at, width, block.end):
                    continue  # a stray closing mark
                open_at, open_mark = at, mark
            elif _partner(open_mark, mark) and (not _is_single(open_mark) or at == singles[open_at]):
                group, resumed = (group, False) if resumed else (group + 1, False)
                start, end = open_at + len(open_mark), at
                if start < end:
                    quotes.append(Quote(start, end, open_at, at + width, group))
                open_at = -1
        if open_at >= 0:
            group = group if resumed else group + 1
            start = open_at + len(open_mark)
            if start < block.end:
                quotes.append(Quote(start, block.end, open_at, block.end, group, closed=False))
            running = True
    return quotes


def _single_pairs(text: str, marks: list[tuple[int, str]], end: int) -> dict[int, int]:
    """Single quotation marks that pair up (opening offset → closing offset); apostrophes are left out.

    They count only outside double marks, and only where the closing one ends a word that no letter follows. The last
    candidate before the next opening one wins, so that "the ministers' plan" inside does not close early.
    """
    pairs: dict[int, int] = {}
    opened, candidate, double = -1, -1, False
    for at, mark in marks:
        if not _is_single(mark):
            if mark in OPENING or (mark == '"' and not double) or mark == "``":
                double = True
            else:
                double = False
            if double and opened >= 0 and candidate >= 0:
                pairs[opened] = candidate
            if double:
                opened = candidate = -1
            continue
        if double:
            continue
        if mark != "’" and _opens(text, at, 1, end):
            if opened >= 0 and candidate >= 0:
                pairs[opened] = candidate
            opened, candidate = at, -1
        elif opened >= 0 and mark != "‘" and _closes(text, at, 1, end):
            # after punctuation it surely closes; after a letter it may be a plural possessive
            candidate = at if candidate < 0 or text[at - 1] in ",.!?;:…" else candidate
    if opened >= 0 and candidate >= 0:
        pairs[opened] = candidate
    return pairs


def _sentences(layout: Layout) -> list[Sentence]:
    text, turns = layout.text, layout.turns
    starts = [t.label_start for t in turns]
    sentences = []
    for number, block in enumerate(layout.blocks):
        turn = bisect.bisect_right(starts, block.start) - 1
        start = turns[turn].start if turn >= 0 and turns[turn].label_start == block.start else block.start
        for s, e in _split(text, start, block.end):
            sentences.append(Sentence(s, e, number, turn))
    return sentences


def _missed(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Cut where the splitter saw an abbreviation in what is an ordinary word ("the month. Drilling")."""
    for start, end in spans:
        at = start
        for match in MISSED.finditer(text, start, end):
            word = (match["word"] or match["name"]).lower()
            if word not in SHORTENED:
                yield at, match.end()
                at = match.end()
        yield at, end


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    while start < end:
        stop = end
        if end - start > MAX_SENTENCE_INPUT:  # one endless line: cut it where there is a blank, if there is one
            cut = text.rfind(" ", start + MAX_SENTENCE_INPUT // 2, start + MAX_SENTENCE_INPUT)
            stop = cut if cut > 0 else start + MAX_SENTENCE_INPUT
        piece = text[start:stop]
        spans = nupunkt.sent_spans(piece) if any(c in ".!?…" for c in piece) else [(0, len(piece))]
        for s, e in _missed(piece, spans):
            s, e = strip_span(text, start + s, start + e)
            if s < e and out and STUB.fullmatch(text, *out[-1]):
                out[-1] = (out[-1][0], e)  # "U.S. | Secretary of State …": an abbreviation is no sentence
            elif s < e:
                out.append((s, e))
        start = stop
    return out
