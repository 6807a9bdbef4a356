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

from .labels import DEFINITIONS, LABELS, NEUTRAL
from .types import Document, Statement

if TYPE_CHECKING:
    import pandas as pd

    from .pipeline import Pipeline

NOBODY = "not named"  # the speaker of a statement without one
WORDS = 3  # how many words of evidence are shown
SYMBOLS = {"support": "+", "condemn": "−", "reject": "✕", "cooperate": "⇄"}


@functools.cache
def _static(name: str) -> str:
    return (resources.files(__package__) / "static" / name).read_text(encoding="utf-8")


def _main_label(statement: Statement) -> str:
    """The label a statement is coloured by: of its surest stance that is not neutral."""
    found = [s for s in statement.stances if s.label != NEUTRAL]
    return max(found, key=lambda s: s.score).label if found else NEUTRAL


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
        for s in doc.statements:  # a statement within another is in the table alone
            if not self.marked or s.start >= self.marked[-1].end:
                self.marked.append(s)

    def anchor(self, s: Statement) -> str:
        return f"{self.key}-{s.id}"

    def _facts(self, s: Statement) -> str:
        """`_read_facts`, once a statement: it may stand on many lines, and evidence is slow."""
        if s.id not in self.facts:
            self.facts[s.id] = self._read_facts(s)
        return self.facts[s.id]

    def _read_facts(self, s: Statement) -> str:
        """What a reader sees on hover: speaker, then each stance with its score and the words that carried it."""
        lines = [f"<b>{escape(s.speaker or NOBODY)}</b>"]
        for stance in s.stances:
            toward = f" toward “{escape(stance.target.text)}”" if stance.target else ""
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
        label = _main_label(s)
        labels = "\n".join(sorted({t.label for t in s.stances} or {NEUTRAL}))
        first, last = start == s.start, end == s.end
        identity = f' id="{self.anchor(s)}" tabindex="0"' if first else ""
        tag = f'<span class="tag">{escape(_shown(label))}</span>' if last and label != NEUTRAL else ""
        tip = f'<span class="tip" role="tooltip">{self._facts(s)}</span>'
        spoken = f'<span class="vh">Statement of {escape(s.speaker or NOBODY)}: </span>' if first else ""
        return (
            f'<mark class="{_class(label)}"{identity} data-labels="{escape(labels)}" data-speaker="{escape(s.speaker or NOBODY)}">'
            f"{spoken}{self._piece(s, start, end)}{tag}{tip}</mark>"
        )

    def _paragraphs(self) -> Iterator[tuple[list[str], str]]:
        """Each line of the article: who speaks in it (at the margin), and its HTML."""
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
        places = {self.anchor(s) for s in self.marked}
        for s in self.doc.statements:
            for stance in s.stances:
                place, words = self.anchor(s), escape(s.text)
                link = f'<a href="#{place}">{words}</a>' if place in places else words
                target = escape(stance.target.text) if stance.target else "–"
                rows.append(
                    f'<tr data-labels="{escape(stance.label)}" data-speaker="{escape(s.speaker or NOBODY)}"><td>{escape(s.speaker or NOBODY)}</td>'
                    f'<td class="label {_class(stance.label)}"><i>{escape(_shown(stance.label))}</i></td><td>{target}</td><td>{link}</td>'
                    f"<td>{stance.score:.2f}</td></tr>"
                )
        if not rows:
            return f'<p class="note">{len(self.doc)} statements, no stances.</p>'
        head = "".join(f'<th scope="col">{c}</th>' for c in ("speaker", "stance", "target", "statement", "score"))
        return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


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
    return f'<div class="key" role="group" aria-label="Show">{buttons}{select}</div>'


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
    article = _Article(doc, key, nlp)
    return _wrap(_legend([doc]) + article.text() + article.table(), key)


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
    title = title or (docs[0].doc_id if len(docs) == 1 else "") or "stancekit"
    key = _key(docs)
    parts = [f"<h1>{escape(title)}</h1>", summary, _legend(docs)]
    for number, doc in enumerate(docs):
        article = _Article(doc, f"{key}-{number}", nlp)
        parts.append(
            (f"<h2>{escape(doc.doc_id or f'article {number + 1}')}</h2>" if len(docs) > 1 else "")
            + article.text()
            + article.table()
        )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title><style>body{{margin:0}}'
        "@media (prefers-color-scheme:dark){body{background:#16181c}}</style></head>"
        f"<body>{_wrap(''.join(parts), key)}</body></html>\n"
    )
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(html, encoding="utf-8", errors="replace")
    return html


def summary_html(docs: Sequence[Document], dates: Mapping[str, Any]) -> str:
    """Counts, the stance matrix (speaker × target), and a timeline if any article has a date.

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
    if matrix := matrix_table(frame):
        parts += ["<h2>Who stands where</h2>", matrix]
    if dates and (frame["label"].ne(NEUTRAL) & frame["doc_id"].isin(list(dates))).any():
        periods = pd.to_datetime(pd.Series(list(dates.values())), format="mixed", utc=True)
        days = (periods.max() - periods.min()).days
        table = stance_timeline(frame, dates, "D" if days < 15 else "W" if days < 90 else "M" if days < 1100 else "Y")
        parts += ["<h2>When</h2>", timeline_table(table)]
    return "".join(parts)


def matrix_table(frame: pd.DataFrame, by: str = "speaker") -> str:
    """`stance_matrix` as an HTML table: in each cell how many stances, coloured by their balance; "" where there is nothing."""
    from .summary import prepared, stance_matrix

    balance, counts = stance_matrix(frame, by), stance_matrix(frame, by, "statements")
    if balance.empty:
        return ""
    numbers, values = counts.to_numpy(dtype=int).tolist(), balance.to_numpy(dtype=float).tolist()
    head = "".join(f'<th scope="col">{escape(str(c))}</th>' for c in balance.columns)
    rows = []
    for i, name in enumerate(balance.index):
        cells = []
        for j in range(len(balance.columns)):
            n, value = numbers[i][j], values[i][j]
            side = "for" if value > 0 else "against" if value < 0 else "divided"
            style = f' class="{side}" style="--p:{15 + 55 * abs(value):.0f}%" title="{side}, balance {value:+.2f}"' if n else ""
            cells.append(f"<td{style}>{f'{n}<span class=vh> {side}</span>' if n else ''}</td>")
        rows.append(f'<tr><th scope="row">{escape(str(name))}</th>{"".join(cells)}</tr>')
    shown, whole = sum(map(sum, numbers)), len(prepared(frame, by))
    return (
        f'<div class="wide"><table class="matrix"><thead><tr><th scope="col">{escape(by)}</th>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        f'</table></div><p class="note">In each cell: how many stances ({shown} of {whole} are shown). Blue: for (support, cooperate); orange: against (condemn, reject); '
        "the paler, the more divided.</p>"
    )


def timeline_table(table: pd.DataFrame) -> str:
    """A `stance_timeline` as bars."""
    numbers = table.to_numpy(dtype=int).tolist()
    most = max(1, *map(sum, numbers))
    rows = []
    for period, row in zip(map(str, table.index), numbers, strict=True):
        counts = dict(zip(map(str, table.columns), row, strict=True))
        bars = "".join(
            f'<span class="bar {_class(k)}" style="width:{16 * v / most:.2f}rem" title="{escape(k)}: {v}"></span>'
            for k, v in counts.items()
            if v
        )
        said = ", ".join(f"{v} {k}" for k, v in counts.items() if v)
        rows.append(f'<tr><th scope="row">{escape(period)}</th><td>{bars} <span class="note">{escape(said)}</span></td></tr>')
    return f'<table class="bars"><tbody>{"".join(rows)}</tbody></table>'
