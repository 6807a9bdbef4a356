"""HTML: an article with its statements marked in the colours of their stance, and a table below. Self-contained."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from .labels import COLOURS, DEFINITIONS, NEUTRAL
from .types import Document, Statement

STYLE = """
.sk{font:16px/1.6 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:60rem;margin:0 auto;padding:1rem}
.sk .text{white-space:pre-wrap;overflow-wrap:anywhere}
.sk mark{color:inherit;background:var(--b,#eee);border-bottom:3px solid var(--c,#767676);border-radius:2px;padding:0 1px}
.sk .tag{font-size:.75em;font-weight:600;margin-left:.3em;white-space:nowrap}
.sk u{text-decoration:underline 2px var(--c);text-underline-offset:3px}
.sk table{border-collapse:collapse;width:100%;font-size:.9em;margin-top:1.5rem}
.sk th,.sk td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ccc}
.sk .key span{margin-right:1.2em;border-bottom:3px solid;padding-bottom:1px}
@media (prefers-color-scheme:dark){.sk{color:#eee;background:#16181c}.sk th,.sk td{border-color:#444}}
"""


def _main_label(statement: Statement) -> str:
    """The label a statement is coloured by: of its surest stance that is not neutral."""
    found = [s for s in statement.stances if s.label != NEUTRAL]
    return max(found, key=lambda s: s.score).label if found else NEUTRAL


def _colour(label: str) -> str:
    return COLOURS.get(label, "#555555")


def _marked(text: str, statement: Statement) -> str:
    """The statement's words with its targets underlined."""
    out, at = [], statement.start
    spans = sorted((s.target.start, s.target.end, s.label) for s in statement.stances if s.target and s.target.start is not None)
    for start, end, label in spans:
        if start is None or end is None or start < at:
            continue
        out.append(escape(text[at:start]))
        out.append(f'<u style="--c:{_colour(label)}">{escape(text[start:end])}</u>')
        at = end
    return "".join(out) + escape(text[at : statement.end])


def fragment(doc: Document) -> str:
    """The article as an HTML fragment with its own styles."""
    key = " ".join(
        f'<span style="border-color:{c}" title="{escape(DEFINITIONS[k])}">{escape(k)}</span>' for k, c in COLOURS.items()
    )
    body, at = [], 0
    for s in doc.statements:
        if s.start < at:
            continue
        label = _main_label(s)
        colour = _colour(label)
        body.append(escape(doc.text[at : s.start]))
        shown = "" if label == NEUTRAL else f" · {escape(label)}"
        title = "; ".join(f"{x.label} {x.score:.2f}: {x.target.text if x.target else '(no target named)'}" for x in s.stances)
        body.append(
            f'<mark style="--c:{colour};--b:{colour}22" title="{escape(title)}">{_marked(doc.text, s)}'
            f'<span class="tag">{escape(s.speaker or "?")}{shown}</span></mark>'
        )
        at = s.end
    body.append(escape(doc.text[at:]))
    columns = ("speaker", "label", "target", "text", "score")
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape('' if row[c] is None else str(row[c]))}</td>" for c in columns) + "</tr>"
        for row in doc.to_rows()
    )
    head = "".join(f'<th scope="col">{c}</th>' for c in ("speaker", "stance", "target", "statement", "score"))
    return (
        f'<div class="sk"><style>{STYLE}</style><p class="key">{key}</p><div class="text">{"".join(body)}</div>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def render(doc: Document, path: str | Path | None = None) -> str:
    """A self-contained HTML page of a labelled article.

    Args:
        doc: the labelled article.
        path: where to write it as well, UTF-8; None: nowhere.
    """
    return render_all([doc], path)


def render_all(docs: Sequence[Document], path: str | Path | None = None) -> str:
    """A self-contained HTML page of labelled articles, one after the other."""
    title = escape(docs[0].doc_id if len(docs) == 1 and docs[0].doc_id else "stancekit")
    body = "".join((f"<h2>{escape(d.doc_id)}</h2>" if len(docs) > 1 else "") + fragment(d) for d in docs)
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title></head><body>{body}</body></html>\n"
    )
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(html, encoding="utf-8", errors="replace")
    return html
