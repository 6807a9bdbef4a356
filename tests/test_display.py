"""The page: self-contained, escaped, every statement marked once and reachable; then the same in a browser, where there is one."""

import importlib.util
import itertools
import json
import os
import re
import select
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

import stancekit as sk
from stancekit.cli import main
from stancekit.display import NOBODY, render_all, summary_html
from stancekit.phrases import is_pronoun
from stancekit.types import Document, Span, Stance, Statement

from .conftest import ROOT, SEED


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


def marks_of(page):
    return [attrs for tag, attrs in page.tags if tag == "mark"]


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


def test_a_page_is_made_of_labelled_articles_alone():
    with pytest.raises(TypeError, match="found str"):
        sk.render("We support it.")


def test_the_page_is_whole_escaped_and_needs_nothing_from_elsewhere():
    html = sk.render(DOC)
    page = Page(html)
    assert "alert(" in "".join(page.words), "the article's own script is text"
    assert html.count("<script>") == 1  # ours
    assert not re.search(r"https?://|@import|url\(", html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links} <= set(page.ids)
    marks = marks_of(page)
    assert [m["class"] for m in marks] == ["reject", "reject", "neutral"]  # the first goes over two lines
    assert marks[0]["data-labels"] == "condemn\nreject"
    assert marks[0]["data-speaker"] == 'Ana "<b>" Ruiz'
    words = "".join(page.words)
    for said in ("reject toward “the levy”", "0.91", "Statement of Ruiz", "Chile & co"):
        assert said in words
    assert 'lang="en"' in html
    assert "prefers-color-scheme:dark" in html
    assert page.links.count("#" + marks[0]["id"]) == 2  # both stances lead to their statement
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
    assert "6: 3 condemn, 3 reject" in words  # of one speaker
    assert words.count("2: 1 condemn, 1 reject") == 2  # of 2025-01 and of 2025-03
    assert "T & T" in words
    with pytest.raises(ValueError, match="soon"):
        summary_html(docs, {"d0": "soon"})


def test_a_model_of_your_own_has_its_own_labels():
    stance = Stance("for <all>", 0.9, {}, Span(None, None, "it"))
    html = summary_html([Document("Yes.", (Statement(0, 0, 4, "Yes.", "own", "Ana Ruiz", stances=(stance,)),), "a")], {})
    assert "1: 1 for &lt;all&gt;" in html
    page = Page(sk.render(Document("Yes.", (Statement(0, 0, 4, "Yes.", "own", stances=(stance,)),))))
    assert marks_of(page)[0]["class"] == "other"
    assert "for <all>" in "".join(page.words)


def test_nothing_found_is_a_page_too(seed_doc):
    assert "0 statements, no stances" in sk.render(Document("", ()))
    assert summary_html([Document("", ())], {}).startswith("<p")
    page = Page(seed_doc._repr_html_())
    assert sum(tag == "mark" for tag, _ in page.tags) >= 50


class Browser:
    """Headless Chromium over its debugging pipe: no driver, no port."""

    def __init__(self, program, profile):
        commands, self.out = os.pipe()
        self.input, answers = os.pipe()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--remote-debugging-pipe", f"--user-data-dir={profile}"]  # fmt: skip
        line = ["bash", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "bash", program, *flags]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(line, pass_fds=(commands, answers), **quiet)
        os.close(commands)
        os.close(answers)
        self.numbers, self.read, self.events, self.session = itertools.count(1), b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")

    def message(self):
        while b"\0" not in self.read:
            assert select.select([self.input], [], [], 120)[0], "no answer from Chromium"
            more = os.read(self.input, 1 << 20)
            assert more, "Chromium is gone"
            self.read += more
        first, self.read = self.read.split(b"\0", 1)
        return json.loads(first)

    def call(self, method, **params):
        number = next(self.numbers)
        text = {"id": number, "method": method, "params": params} | ({"sessionId": self.session} if self.session else {})
        data = json.dumps(text).encode() + b"\0"
        while data:
            data = data[os.write(self.out, data) :]
        while True:
            found = self.message()
            if found.get("id") == number:
                assert "error" not in found, found
                return found["result"]
            self.events.append(found)

    def open(self, path, width=1200, height=900, dark=False, media="screen"):
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=scheme)
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())

    def js(self, code):
        found = self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def settle(self):
        self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def point(self, selector, press=False):
        """Moves the mouse onto the first line of an element, and presses it."""
        show = f"document.querySelector({json.dumps(selector)}).scrollIntoView({{block: 'center', behavior: 'instant'}})"
        self.js(show)
        self.settle()
        x, y = self.js(
            f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector({json.dumps(selector)}).getClientRects()[0])"
        )
        for kind in ("mouseMoved", *(("mousePressed", "mouseReleased") if press else ())):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if press else "none", clickCount=int(press))
        self.settle()

    def key(self, name):
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode={"Tab": 9, "Escape": 27}[name]
            )
        self.settle()

    def complaints(self):
        """What went to the console, and requests for anything but the page."""
        said = [
            e for e in self.events if e.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        ]
        asked = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [*said, *(url for url in asked if not url.startswith("file:///"))] + ([] if len(asked) == 1 else [asked])

    def close(self):
        self.session = None
        self.call("Browser.close")
        self.process.wait(20)
        os.close(self.out)
        os.close(self.input)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("needs Chromium: none of chromium, chromium-browser, google-chrome is on the path")
    found = Browser(program, tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def axe():
    for package in ("axe_playwright_python", "axe_core_python"):  # the newer axe first
        if spec := importlib.util.find_spec(package):
            return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    return pytest.skip("needs axe-core: pip install axe-core-python")


COLUMNS = ["--id-column", "id", "--speaker-column", "speaker"]
SOURCES = {"article": [str(SEED)], "corpus": [str(ROOT / "seeds" / "humboldt.jsonl"), *COLUMNS]}
MORE = {"article": ["--evidence"], "corpus": ["--date-column", "date"]}


@pytest.fixture(scope="module", params=["article", "corpus"])
def report(request, tmp_path_factory):
    """A page of `stancekit report`, and the records of `stancekit label` from the same articles."""
    folder, name = tmp_path_factory.mktemp("report"), request.param
    assert main(["report", *SOURCES[name], *MORE[name], "--out", str(folder / "report.html")]) == 0
    assert main(["label", *SOURCES[name], "--out", str(folder / "records.jsonl")]) == 0
    lines = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
    return folder / "report.html", [json.loads(line) for line in lines]


MARKS = """[...document.querySelectorAll("mark")].map(mark => {
  const copy = mark.cloneNode(true), tip = mark.querySelector(".tip").innerText;
  const tags = [...copy.querySelectorAll(".tag")].map(tag => tag.textContent);
  copy.querySelectorAll(".vh, .tag, .tip").forEach(part => part.remove());
  return {id: mark.id, words: copy.textContent, targets: [...copy.querySelectorAll("u")].map(u => u.textContent), tags: tags,
          labels: mark.dataset.labels.split("\\n"), speaker: mark.dataset.speaker, label: mark.className, tip: tip}})"""


def bare(text):
    return re.sub(r"\s+", "", text)


def shown_target(stance):
    """A target's words, and what they stand for where they are a pronoun."""
    words = stance["target"]
    return words + f" ({stance['name']})" * bool(stance["name"] and is_pronoun(words)) if words else "–"


def test_highlights_equal_the_records(browser, report):
    path, records = report
    browser.open(path)
    merged = []
    for mark in browser.js(MARKS):
        if mark["id"]:
            merged.append(mark)
        else:  # goes on in another line
            merged[-1]["words"] += mark["words"]
            merged[-1]["targets"] += mark["targets"]
            merged[-1]["tags"] += mark["tags"]
    outer, last = [], None
    for record in records:
        if last is None or record["doc_id"] != last["doc_id"] or record["start"] >= last["end"]:
            outer.append(record)
            last = record
    assert len(merged) == len(outer)
    for mark, record in zip(merged, outer, strict=True):
        stances = record["stances"]
        assert bare(mark["words"]) == bare(record["text"])
        assert set(mark["labels"]) == ({s["label"] for s in stances} or {"neutral"})
        assert mark["speaker"] == (record["speaker"] or NOBODY)
        surest = max((s for s in stances if s["label"] != "neutral"), key=lambda s: s["score"], default={"label": "neutral"})
        assert mark["label"] == surest["label"]
        assert {tag.split()[-1] for tag in mark["tags"]} == {s["label"] for s in stances} - {"neutral"}
        spans = sorted((s["start"], s["end"]) for s in stances if s["start"] is not None)
        inside = [(a, b) for a, b in spans if record["start"] <= a and b <= record["end"]]
        if all(b <= c for (_, b), (c, _) in itertools.pairwise(inside)):
            start = record["start"]
            assert bare("".join(mark["targets"])) == bare("".join(record["text"][a - start : b - start] for a, b in inside))
        scores = [float(found) for found in re.findall(r": (\d\.\d\d)(?=\D|$)", mark["tip"])]
        assert scores == pytest.approx([record["score"], *(s["score"] for s in stances)], abs=0.006)
    rows = browser.js(
        '[...document.querySelectorAll(".stances tbody tr")].map(row => [...row.cells].map(cell => cell.textContent))'
    )
    wanted = [
        ((r["speaker"] or NOBODY) + f"(stance of {s['holder']})" * s["reported"], s["label"], shown_target(s), r["text"])
        for r in records
        for s in r["stances"]
    ]
    assert [(row[0], row[1].split()[-1], row[2], row[3]) for row in rows] == wanted
    scores = [s["score"] for r in records for s in r["stances"]]
    assert [float(row[4]) for row in rows] == pytest.approx(scores, abs=0.006)
    looks = browser.js("""Object.fromEntries([...document.querySelectorAll("mark")].map(mark => {
        const s = getComputedStyle(mark); return [mark.className, [s.backgroundColor, s.borderBottomStyle + s.borderBottomWidth]]}))""")
    assert len({colour for colour, _ in looks.values()}) == len({line for _, line in looks.values()}) == 5
    assert browser.complaints() == []


SHOWN = """[[...document.querySelectorAll("mark[id]")].filter(m => getComputedStyle(m).backgroundColor != "rgba(0, 0, 0, 0)").map(m => m.id),
 [...document.querySelectorAll(".stances tbody tr")].filter(r => r.getClientRects().length).length,
 [...document.querySelectorAll(".article")].filter(a => a.getClientRects().length).length, document.querySelector(".count").textContent]"""


def test_filters_work(browser, report):
    path, records = report
    browser.open(path)
    marks = [m for m in browser.js(MARKS) if m["id"]]
    stances = [(r["speaker"] or NOBODY, s["label"]) for r in records for s in r["stances"]]
    articles = browser.js('document.querySelectorAll(".article").length')

    def check(off, speaker=None):
        shown, rows, left, said = browser.js(SHOWN)
        wanted = [m["id"] for m in marks if set(m["labels"]) - off and speaker in (None, m["speaker"])]
        assert shown == wanted
        assert rows == sum(label not in off and speaker in (None, who) for who, label in stances)
        assert said == f"{len(wanted)} of {len(marks)} shown"
        assert left == len({i.rsplit("-", 1)[0] for i in wanted}) if articles > 1 and (off or speaker) else articles

    for label in ("support", "neutral"):
        browser.point(f'.key button[value="{label}"]', press=True)
        assert browser.js(f"document.querySelector('.key button[value={label}]').getAttribute('aria-pressed')") == "false"
    check({"support", "neutral"})
    speaker = browser.js("document.querySelector('.key select').options[1].value")
    choose = "(s => { s.value = VALUE; s.dispatchEvent(new Event('change')) })(document.querySelector('.key select'))"
    browser.js(choose.replace("VALUE", json.dumps(speaker)))
    check({"support", "neutral"}, speaker)
    for label in ("support", "neutral"):
        browser.point(f'.key button[value="{label}"]', press=True)
    check(set(), speaker)
    browser.js(choose.replace("VALUE", "''"))
    check(set())
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [1200, 390])
def test_hover_keys_and_jumps(browser, report, width):
    browser.open(report[0], width=width, height=844)
    assert browser.js("document.documentElement.scrollWidth") <= width, "nothing is cut off at the side"
    shown = """[...document.querySelectorAll(".tip")].filter(t => t.getClientRects().length).map(t => {
        const r = t.getBoundingClientRect(); return [t.innerText, r.left, r.right]})"""
    for number in (0, 2, 5):
        where = browser.js(f'document.querySelectorAll("mark[id]")[{number}].id')
        browser.point(f"#{where}")
        [(text, left, right)] = browser.js(shown)
        assert re.search(r": 0\.\d\d|neutral", text)
        assert left >= 0
        assert right <= width
    browser.key("Escape")
    assert browser.js(shown) == []
    browser.js('document.querySelectorAll("mark[id]")[0].focus()')
    browser.key("Tab")
    assert browser.js('document.activeElement === document.querySelectorAll("mark[id]")[1]')
    assert len(browser.js(shown)) == 1
    browser.js("document.activeElement.blur()")
    browser.point(".stances tbody tr:last-child a", press=True)
    found = browser.js('(m => [m.textContent.length, m.getBoundingClientRect().top])(document.querySelector("mark:target"))')
    assert found[0]
    assert 0 <= found[1] < 844
    assert browser.complaints() == []


def test_a_screen_reader_finds_its_way(browser, report):
    path, records = report
    for width in (1200, 390):
        browser.open(path, width=width)
        nodes = [n for n in browser.call("Accessibility.getFullAXTree")["nodes"] if not n["ignored"]]
        roles = [n["role"]["value"] for n in nodes]
        stances = sum(len(r["stances"]) for r in records)
        assert {"main", "heading", "table", "columnheader", "rowheader", "combobox", "status", "mark"} <= set(roles)
        assert roles.count("row") >= stances  # laid out anew on a phone, rows are rows
        buttons = [n for n in nodes if n["role"]["value"] == "button"]
        assert all(n["name"]["value"] for n in buttons)
        assert all({"name": "pressed", "value": {"type": "tristate", "value": "true"}} in n["properties"] for n in buttons[:5])
        described = [n for n in nodes if n["role"]["value"] == "mark" and n.get("description", {}).get("value")]
        assert len(described) == browser.js('document.querySelectorAll("mark[id]").length')
        assert any("extraction: " in n["description"]["value"] for n in described)


def test_it_prints(browser, report):
    browser.open(report[0], width=800, dark=True, media="print")
    shown = "[...document.querySelectorAll('WHAT')].filter(e => e.getClientRects().length).length"
    assert browser.js(shown.replace("WHAT", ".tip, .key select, .hint")) == 0
    assert browser.js(shown.replace("WHAT", "mark")) > 50
    ink, paper, adjust = browser.js(
        "(s => [s.color, s.backgroundColor, s.printColorAdjust])(getComputedStyle(document.querySelector('.sk')))"
    )
    assert (ink, paper, adjust) == ("rgb(26, 26, 26)", "rgb(255, 255, 255)", "exact")
    assert len(browser.call("Page.printToPDF")["data"]) > 10_000


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_serious_fault(browser, axe, report, dark):
    browser.open(report[0], dark=dark)
    browser.js(axe + ";1")
    for state in ("as it opens", "filtered, a tip open"):
        if state != "as it opens":
            browser.point('.key button[value="support"]', press=True)
            browser.js('document.querySelector("mark[id]:not(.hide)").focus()')
        found = browser.js(
            "axe.run({resultTypes: ['violations']}).then(r => r.violations.map(v => [v.impact, v.id, v.help, v.nodes.slice(0, 3).map(n => n.html)]))"
        )
        assert [v for v in found if v[0] in ("serious", "critical")] == [], state
    assert browser.complaints() == []


def test_a_notebook_may_show_a_document_twice(browser, seed_doc, tmp_path):
    path = tmp_path / "notebook.html"
    html = seed_doc._repr_html_()
    path.write_text(f"<!doctype html><meta charset=utf-8><title>n</title>{html}{html}", encoding="utf-8")
    browser.open(path)
    browser.point(".sk + .sk .key button", press=True)
    assert browser.js('[...document.querySelectorAll(".sk")].map(s => s.querySelectorAll(".hide").length > 0)') == [False, True]
    assert browser.complaints() == []
