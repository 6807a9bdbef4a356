"""HTML: articles with their statements marked, a legend that filters, tables, and a summary of many. Self-contained.

The looks are in ``static/report.css``, the legend's filters in ``static/report.js``; both are written into the page. All text is
escaped. Stances are told apart by colour, by the line under them and by their names.
"""

from __future__ import annotations

import collections
import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .labels import DEFINITIONS, LABELS, NEUTRAL, STANCES
from .phrases import with_meaning
from .types import Document, Stance, Statement

if TYPE_CHECKING:
    import pandas as pd

    from .pipeline import Pipeline

NOBODY = "not named"  # the speaker of a statement without one
WORDS = 3  # how many words of evidence are shown
PEOPLE = 12  # how many speakers a summary shows at most
FEW = 4  # so many speakers each get a column of the matrix
SIDES = {"for": "▲", "against": "▼", "divided": "◆"}
SYMBOLS = {"support": "+", "condemn": "−", "reject": "✕", "cooperate": "⇄"}


@functools.cache
def _static(name: str) -> str:
    return (resources.files(__package__) / "static" / name).read_text(encoding="utf-8")


def _labels(statement: Statement) -> list[str]:
    """The labels a statement is marked with, the surest stance first: that is its colour. Neutral only where there is no other."""
    found = sorted((s for s in statement.stances if s.label != NEUTRAL), key=lambda s: -s.score)
    return list(dict.fromkeys(s.label for s in found)) or [NEUTRAL]


def _class(label: str) -> str:
    return label if label in LABELS else "other"


def _shown(label: str) -> str:
    return f"{SYMBOLS[label]} {label}" if label in SYMBOLS else label


class _Article:
    """One article's HTML. `key` tells its anchors from those of other articles on the page."""

    def __init__(self, doc: Document, key: str, nlp: Pipeline | None) -> None:
        self.doc, self.key, self.nlp = doc, key, nlp
        self.facts: dict[int, str] = {}
        self.marked: list[Statement] = []
        self.places: dict[int, str] = {}  # where a statement, by its id, is to be found
        for s in doc.statements:  # a statement within another is in the table alone
            if not self.marked or s.start >= self.marked[-1].end:
                self.marked.append(s)
            self.places[s.id] = f"{self.key}-{self.marked[-1].id}"

    def _facts(self, s: Statement) -> str:
        """`_read_facts`, once a statement: it may stand on many lines, and evidence is slow."""
        if s.id not in self.facts:
            self.facts[s.id] = self._read_facts(s)
        return self.facts[s.id]

    def _read_facts(self, s: Statement) -> str:
        """What a reader sees on hover: speaker and how they are reported, then each stance with its score and the words behind it."""
        cue = f", “{escape(s.cue)}”" if s.cue else ""
        lines = [f"<b>{escape(s.speaker or NOBODY)}</b>", f"<em>{escape(s.kind)}{cue}; extraction: {s.score:.2f}</em>"]
        for stance in s.stances:
            toward = f" toward “{escape(with_meaning(stance.target.text, stance.name))}”" if stance.target else ""
            holder = f" ({escape(stance.holder)})" if stance.holder and stance.holder != s.speaker else ""
            lines.append(f"<b>{_shown(escape(stance.label))}{toward}{holder}: {stance.score:.2f}</b>")
            if self.nlp and stance.label != NEUTRAL:
                lines.append(f"<em>because of: {escape(', '.join(self._evidence(s, stance)) or 'no single word')}</em>")
        if not s.stances:
            lines.append(f"<em>{NEUTRAL}</em>")
        return "".join(lines)

    def _evidence(self, s: Statement, stance: Any) -> list[str]:
        assert self.nlp is not None
        target = stance.target
        inside = target is not None and target.start is not None and s.start <= target.start < target.end <= s.end
        place = (target.start - s.start, target.end - s.start) if inside else (target.text if target else None)
        found = self.nlp.evidence(s.text, target=place, holder=stance.holder)
        return [word.text for word, weight in found[:WORDS] if weight > 0]

    def _piece(self, s: Statement, start: int, end: int) -> str:
        """The words `start` to `end` of a statement, its targets underlined."""
        out, at = [], start
        spans = sorted((t.target.start, t.target.end, t.label) for t in s.stances if t.target and t.target.start is not None)
        for first, last, label in spans:
            first, last = max(first, at), min(last or 0, end)
            if first >= last:
                continue
            out.append(escape(self.doc.text[at:first]))
            out.append(f'<u class="{_class(label)}">{escape(self.doc.text[first:last])}</u>')
            at = last
        return "".join(out) + escape(self.doc.text[at:end])

    def _mark(self, s: Statement, start: int, end: int) -> str:
        shown = _labels(s)
        labels = "\n".join(sorted({t.label for t in s.stances} or {NEUTRAL}))
        first, last = start == s.start, end == s.end
        place = self.places[s.id]
        identity = f' id="{place}" tabindex="0" aria-describedby="{place}-tip"' if first else ""
        tag = "".join(f'<span class="tag">{escape(_shown(label))}</span>' for label in shown if last and label != NEUTRAL)
        named = f' id="{place}-tip"' if first else ""
        tip = f'<span class="tip" role="tooltip"{named}>{self._facts(s)}</span>'
        spoken = f'<span class="vh">Statement of {escape(s.speaker or NOBODY)}: </span>' if first else ""
        return (
            f'<mark class="{_class(shown[0])}"{identity} data-labels="{escape(labels)}" data-speaker="{escape(s.speaker or NOBODY)}">'
            f"{spoken}{self._piece(s, start, end)}{tag}{tip}</mark>"
        )

    def _paragraphs(self) -> Iterator[tuple[list[str], str]]:
        """Each line of the article: who begins to speak in it (at the margin), and its HTML."""
        text, at, n = self.doc.text, 0, 0
        while at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end + 1
            who, out, here = [], [], at
            while n < len(self.marked) and self.marked[n].start < end:
                s = self.marked[n]
                start, stop = max(s.start, at), min(s.end, end)
                if text[start:stop].strip():
                    out.append(escape(text[here:start]) + self._mark(s, start, stop))
                    if start == s.start:
                        who.append(s.speaker or NOBODY)
                else:
                    out.append(escape(text[here:stop]))
                here = stop
                if s.end > end:
                    break  # it goes on in the next line
                n += 1
            out.append(escape(text[here:end]))
            yield list(dict.fromkeys(who)), "".join(out).rstrip("\n")
            at = end

    def text(self) -> str:
        rows = []
        for who, body in self._paragraphs():
            if body.strip():
                names = "".join(f"<span>{escape(name)}</span>" for name in who)
                rows.append(
                    f'<div class="row"><div class="who" aria-hidden="true">{names}</div><div class="text">{body}</div></div>'
                )
        return "".join(rows)

    def table(self) -> str:
        """All stances, each with a link to its place; statements without one are not listed."""
        rows = []
        for s in self.doc.statements:
            who = escape(s.speaker or NOBODY)
            for stance in s.stances:
                target = escape(with_meaning(stance.target.text, stance.name)) if stance.target else "–"
                rows.append(
                    f'<tr data-labels="{escape(stance.label)}" data-speaker="{who}"><td>{who}{_reports(stance)}</td>'
                    f'<td class="label {_class(stance.label)}"><i>{escape(_shown(stance.label))}</i></td><td class="target">{target}</td>'
                    f'<td class="words"><a href="#{self.places[s.id]}">{escape(s.text)}</a></td><td class="number">{stance.score:.2f}</td></tr>'
                )
        if not rows:
            return f'<p class="note">{len(self.doc)} statements, no stances.</p>'
        head = "".join(f'<th scope="col">{c}</th>' for c in ("speaker", "stance", "target", "statement"))
        return (
            f'<table class="stances"><caption>All {len(rows)} stances; each statement leads to its place</caption>'
            f'<thead><tr>{head}<th scope="col" class="number">score</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
        )

    def html(self, heading: str = "") -> str:
        """The whole article."""
        heading = heading and f"<h2>{escape(heading)}</h2>"
        return f'<div class="article" id="{self.key}">{heading}{self.text()}{self.table()}</div>'


def _legend(docs: Sequence[Document]) -> str:
    """Buttons for the labels and a list of the speakers, each with how many stances or statements there are."""
    labels = collections.Counter(t.label for d in docs for s in d for t in s.stances)
    labels[NEUTRAL] += sum(not s.stances for d in docs for s in d)
    speakers = collections.Counter(s.speaker or NOBODY for d in docs for s in d)
    buttons = "".join(
        f'<button type="button" class="{_class(k)}" value="{escape(k)}" aria-pressed="true" title="{escape(DEFINITIONS.get(k, k))}">'
        f"<i>{escape(_shown(k))}</i> {labels[k]}</button>"
        for k in [*(x for x in LABELS if labels[x]), *sorted(set(labels) - set(LABELS))]
    )
    options = "".join(f'<option value="{escape(name)}">{escape(name)} ({n})</option>' for name, n in speakers.most_common())
    select = f'<select aria-label="Speaker"><option value="">all speakers</option>{options}</select>' if len(speakers) > 1 else ""
    return (
        f'<div class="key" role="group" aria-label="Show">{buttons}{select}<span class="note count" role="status"></span></div>'
        '<p class="note">Statements are marked in the colour of their stance; what it is about is bold and underlined; who speaks stands beside. '
        '<span class="hint">Point at a statement, or go to it with the Tab key, for its scores; press a stance, or choose a speaker, to filter.</span></p>'
    )


def _wrap(content: str, key: str) -> str:
    script = _static("report.js").replace("ROOT", key)
    return f'<div class="sk" id="{key}"><style>{_static("report.css")}</style>{content}<script>{script}</script></div>'


def _key(docs: Sequence[Document]) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    for doc in docs:
        digest.update(f"{doc.doc_id}\0{doc.text}\0".encode("utf-8", "replace"))
    return f"sk{digest.hexdigest()[:8]}"


def fragment(doc: Document, nlp: Pipeline | None = None) -> str:
    """The article as an HTML fragment with its own styles, as a notebook shows it."""
    key = _key([doc])
    return _wrap(_legend([doc]) + _Article(doc, f"{key}-0", nlp).html(), key)


def render(doc: Document, path: str | Path | None = None, nlp: Pipeline | None = None) -> str:
    """A self-contained HTML page of a labelled article.

    Args:
        doc: the labelled article.
        path: where to write it as well, UTF-8; None: nowhere.
        nlp: the pipeline that labelled it, to show on hover which words carried each decision (see `Pipeline.evidence`); that
            takes about as long as labelling did ten times over.

    Returns:
        The page.
    """
    return render_all([doc], path, nlp=nlp)


def render_all(
    docs: Sequence[Document], path: str | Path | None = None, nlp: Pipeline | None = None, summary: str = "", title: str = ""
) -> str:
    """A self-contained HTML page of labelled articles, one after the other, under a summary if there is one."""
    for doc in docs:
        if not isinstance(doc, Document):
            raise TypeError(f"a page is made of labelled articles (nlp(text)), found {type(doc).__name__}")
    title = title or (docs[0].doc_id if len(docs) == 1 else "") or "stancekit"
    key = _key(docs)
    names = [doc.doc_id or f"article {number}" for number, doc in enumerate(docs, 1)] if len(docs) > 1 else [""] * len(docs)
    parts = [f"<h1>{escape(title)}</h1>", summary, _contents(docs, names, key) if len(docs) > 1 else "", _legend(docs)]
    parts += [_Article(doc, f"{key}-{n}", nlp).html(name) for n, (doc, name) in enumerate(zip(docs, names, strict=True))]
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title><style>body{{margin:0}}'
        "@media screen and (prefers-color-scheme:dark){body{background:#16181c}}</style></head>"
        f"<body><main>{_wrap(''.join(parts), key)}</main></body></html>\n"
    )
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(html, encoding="utf-8", errors="replace")
    return html


def _contents(docs: Sequence[Document], names: Sequence[str], key: str) -> str:
    """Links to the articles, folded."""
    items = "".join(
        f'<li><a href="#{key}-{n}">{escape(name)}</a>, {sum(t.label != NEUTRAL for s in doc for t in s.stances)} stances</li>'
        for n, (doc, name) in enumerate(zip(docs, names, strict=True))
    )
    return (
        '<div class="contents"><h2>The articles</h2>'
        f"<details><summary>Go to one of {len(docs)}</summary><ol>{items}</ol></details></div>"
    )


def summary_html(docs: Sequence[Document], dates: Mapping[str, Any]) -> str:
    """Counts by speaker, the stance matrix (speaker × target), and a timeline if any article has a date.

    Raises:
        ValueError: a date cannot be read.
    """
    import pandas as pd

    from .summary import stance_timeline

    frame = pd.concat([d.to_frame() for d in docs], ignore_index=True)
    stances = collections.Counter(frame["label"]) - collections.Counter({NEUTRAL: len(frame)})
    said = ", ".join(f"{n} {label}" for label, n in stances.most_common()) or "no stance"
    speakers = frame["speaker"].nunique()
    parts = [
        f'<p class="note">{len(docs)} article{"s" * (len(docs) != 1)}, {sum(map(len, docs))} statements of {speakers} named speakers; '
        f"{escape(said)}.</p>"
    ]
    known = frame[(frame["label"] != NEUTRAL) & frame["speaker"].notna() & ~frame["reported"]]
    if len(known):
        labels = [*STANCES, *sorted(set(known["label"]) - set(STANCES))]
        people = pd.crosstab(known["speaker"], known["label"]).reindex(columns=labels, fill_value=0)
        people = people.loc[people.sum(axis=1).sort_values(ascending=False, kind="stable").index]
        parts += ["<h2>Who takes a stance, and how often</h2>", bars_table(people[:PEOPLE], "people")]
        if len(people) > PEOPLE:
            parts.append(f'<p class="note">The {PEOPLE} of {len(people)} speakers who take the most.</p>')
    if matrix := matrix_table(frame):
        parts += ["<h2>Who stands where</h2>", matrix]
    if dates and (frame["label"].ne(NEUTRAL) & frame["doc_id"].isin(list(dates))).any():
        periods = pd.to_datetime(pd.Series(list(dates.values())), format="mixed", utc=True)
        days = (periods.max() - periods.min()).days
        table = stance_timeline(frame, dates, "D" if days < 15 else "W" if days < 90 else "M" if days < 1100 else "Y")
        parts += ["<h2>When</h2>", bars_table(table.rename(index=period_name))]
    return "".join(parts)


def _reports(stance: Stance) -> str:
    """In the table, whose stance a speaker reports, if it is another party's."""
    return f"<br>(stance of {escape(stance.holder or NOBODY)})" if stance.reported else ""


def matrix_table(frame: pd.DataFrame, by: str = "speaker") -> str:
    """`stance_matrix` as an HTML table: in each cell how many stances, coloured by their balance; "" where there is nothing.

    Where only a few speak, each gets a column and the targets go down the page.
    """
    from .summary import prepared, stance_matrix

    found = prepared(frame, by)
    few = found[by].nunique() <= FEW
    rows, columns = (FEW, 12) if few else (PEOPLE, 8)
    balance, counts = (stance_matrix(frame, by, value, rows, columns) for value in ("balance", "statements"))
    if balance.empty:
        return ""
    shown = int(counts.to_numpy().sum())
    if few:
        balance, counts = balance.T, counts.T
    numbers, values = counts.to_numpy(dtype=int).tolist(), balance.to_numpy(dtype=float).tolist()
    head = "".join(f'<th scope="col">{escape(str(c))}</th>' for c in balance.columns)
    body = []
    for i, name in enumerate(balance.index):
        cells = []
        for n, value in zip(numbers[i], values[i], strict=True):
            side = "for" if value > 0 else "against" if value < 0 else "divided"
            style = f' class="{side}" style="--p:{15 + 55 * abs(value):.0f}%" title="{side}, balance {value:+.2f}"' if n else ""
            said = f'<span aria-hidden="true">{SIDES[side]} </span>{n}<span class="vh"> {side}</span>' if n else ""
            cells.append(f"<td{style}>{said}</td>")
        body.append(f'<tr><th scope="row">{escape(str(name))}</th>{"".join(cells)}</tr>')
    return (
        f'<div class="wide" role="region" aria-label="Who stands where" tabindex="0"><table class="matrix{" long" * few}">'
        f'<thead><tr><th scope="col">{"target" if few else escape(by)}</th>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
        f'<p class="note">In each cell: how many stances ({shown} of {len(found)} are shown: those toward the most frequent targets; what speakers tell of others, and stances toward a pronoun, are not counted). '
        "▲ blue: for (support, cooperate); ▼ orange: against (condemn, reject); ◆: divided; the paler, the more divided.</p>"
    )


def period_name(period: Any) -> str:
    """How a period is called: a week by its first day."""
    return f"week of {period.start_time:%Y-%m-%d}" if period.freqstr.startswith("W") else str(period)


def bars_table(table: pd.DataFrame, kind: str = "") -> str:
    """Counts of labels (columns) as one bar a row, with the numbers beside."""
    numbers = table.to_numpy(dtype=int).tolist()
    most = max(1, *map(sum, numbers))
    rows = []
    for name, row in zip(map(str, table.index), numbers, strict=True):
        counts = {k: v for k, v in zip(map(str, table.columns), row, strict=True) if v}
        bars = "".join(f'<span class="bar {_class(k)}" style="width:{14 * v / most:.2f}rem"></span>' for k, v in counts.items())
        said = f"{sum(row)}: " + ", ".join(f"{v} {k}" for k, v in counts.items()) if counts else "0"
        rows.append(
            f'<tr><th scope="row">{escape(name)}</th><td><span aria-hidden="true">{bars}</span><span class="note">{escape(said)}</span></td></tr>'
        )
    used = [str(k) for k in table.columns if table[k].any()]
    key = " ".join(f'<span><span class="bar {_class(k)}"></span> {escape(k)}</span>' for k in used)
    return f'<table class="bars {kind}"><caption class="note">{key}</caption><tbody>{"".join(rows)}</tbody></table>'
