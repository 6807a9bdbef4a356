"""The page: self-contained, escaped, every statement marked once and reachable."""

import re
from html.parser import HTMLParser

import pytest

import stancekit as sk
from stancekit.display import render_all, summary_html
from stancekit.types import Document, Span, Stance, Statement


class Page(HTMLParser):
    """Collects what a browser would see."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self, html):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.words = [], [], [], [], []
        self.feed(html)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id"]
        self.links += [v for k, v in attrs if k in ("href", "src")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script", "title"} & set(self.open):
            self.words.append(data)


TEXT = 'A <script>alert("x")</script> & Peru rejects\nthe levy. “It is bad,” Ruiz said.'
START = TEXT.index("Peru")
DOC = Document(
    TEXT,
    (
        Statement(0, START, TEXT.index("“") - 1, TEXT[START : TEXT.index("“") - 1], "own", 'Ana "<b>" Ruiz', stances=(
            Stance("reject", 0.91, {}, Span(TEXT.index("the levy"), TEXT.index("the levy") + 8, "the levy"), "Peru"),
            Stance("condemn", 0.5, {}, Span(None, None, "Chile & co"), "Peru"))),
        Statement(1, START + 5, START + 12, TEXT[START + 5 : START + 12], "own"),  # within the first
        Statement(2, TEXT.index("It is"), TEXT.index(",”"), "It is bad", "direct", "Ruiz"),
    ),
    "a<b",
)  # fmt: skip


def test_the_page_is_whole_escaped_and_needs_nothing_from_elsewhere():
    html = sk.render(DOC)
    page = Page(html)
    assert "alert(" in "".join(page.words), "the article's own script is text"
    assert html.count("<script>") == 1  # ours
    assert not re.search(r"https?://|@import|url\(", html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    marks = [attrs for tag, attrs in page.tags if tag == "mark"]
    assert [m["class"] for m in marks] == ["reject", "reject", "neutral"]  # the first goes over two lines
    assert marks[0]["data-labels"] == "condemn\nreject"
    assert marks[0]["data-speaker"] == 'Ana "<b>" Ruiz'
    words = "".join(page.words)
    for said in ("reject toward “the levy”", "0.91", "Statement of Ruiz", "Chile & co"):
        assert said in words
    assert 'lang="en"' in html
    assert "prefers-color-scheme:dark" in html
    assert "@media print" in html


def test_text_is_kept_letter_by_letter():
    page = Page(sk.render(Document("One  two\n\n   three <four>\n", (), "x")))
    assert "One  two" in page.words
    assert "   three <four>" in page.words


def test_evidence_on_hover(nlp, tmp_path):
    doc = nlp("Minister Ana Ruiz said Peru rejects the levy.")
    assert "because of" not in sk.render(doc)
    assert re.search(r"because of: [^<]*rejects", sk.render(doc, tmp_path / "a.html", nlp=nlp))
    assert "because of" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_the_summary_of_many(tmp_path):
    docs = [Document(TEXT, DOC.statements, f"d{i}") for i in range(3)]
    html = render_all(docs, summary=summary_html(docs, {"d0": "2025-01-01", "d1": "2025-03-01"}), title="T & T")
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    words = " ".join(page.words)
    assert "3 articles, 9 statements of 2 named speakers" in words
    assert "Who stands where" in words
    assert "1 condemn, 1 reject" in words
    assert "T & T" in words
    with pytest.raises(ValueError, match="soon"):
        summary_html(docs, {"d0": "soon"})


def test_nothing_found_is_a_page_too(seed_doc):
    assert "0 statements, no stances" in sk.render(Document("", ()))
    assert summary_html([Document("", ())], {}).startswith("<p")
    page = Page(seed_doc._repr_html_())
    assert sum(tag == "mark" for tag, _ in page.tags) >= 50
