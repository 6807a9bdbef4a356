"""Every code block of the README, of docs/ and of training/README.md that claims to run, runs; links lead somewhere."""

import json
import re
import shlex
import subprocess
import sys

import matplotlib
import pytest

from .conftest import ROOT

BLOCK = re.compile(r"^```(python|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(name, language):
    text = (ROOT / name).read_text(encoding="utf-8")
    return [code for kind, code in BLOCK.findall(text) if kind == language]


def test_readme_python_runs_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    code = blocks("README.md", "python")
    assert len(code) >= 2
    space = {"__name__": "readme"}
    for block in code:
        exec(compile(block, "README.md", "exec"), space)


def test_readme_opens_with_a_picture_and_what_it_prints_is_true(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    opening = "\n".join(text.splitlines()[:30])
    [(alt, picture)] = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", opening)
    assert len(alt) > 30
    assert 10_000 < (ROOT / picture).stat().st_size < 150_000, "made by training/picture.py"
    assert BLOCK.search(opening), "runnable code by line 30"
    exec(compile(blocks("README.md", "python")[0], "README.md", "exec"), {"__name__": "readme"})
    said = re.search(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[1]
    rows = [[line.rsplit(maxsplit=1) for line in lines.splitlines()] for lines in (said, capsys.readouterr().out)]
    assert [" ".join(words.split()) for words, _ in rows[0]] == [" ".join(words.split()) for words, _ in rows[1]]
    shown, real = ([float(score) for _, score in found[1:]] for found in rows)
    assert shown == pytest.approx(real, abs=0.02)  # processors round a little differently


@pytest.mark.parametrize(
    "name",
    ["README.md", "CHANGELOG.md", "training/README.md", *(f"notebooks/{p.name}" for p in (ROOT / "notebooks").glob("*.ipynb"))],
)
def test_links_within_the_repository_hold(name):
    path = ROOT / name
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(c["source"]) for c in json.loads(text)["cells"] if c["cell_type"] == "markdown")
    titles = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        place, _, title = link.partition("#")
        if not place.startswith(("http://", "https://")):
            assert (path.parent / place).exists(), link
            assert place or title in titles, link


@pytest.mark.parametrize("path", sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.stem)
def test_docs_python_runs_top_to_bottom(path, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.chdir(ROOT)
    space = {"__name__": "docs"}
    for block in blocks(f"docs/{path.name}", "python"):
        exec(compile(block, path.name, "exec"), space)


def test_documentation_builds_and_its_links_hold(tmp_path):
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    page = (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8")
    assert "abstain_below" in page  # the docstrings are in
    for task in ("attribution", "target", "stance"):
        page = (tmp_path / "site" / "models" / task / "index.html").read_text(encoding="utf-8")
        assert f"stancekit {task} model</h1>" in re.sub(r"<a .*?</a>", "", page)
        assert "pipeline_tag" not in page  # the card without its front matter
    page = (tmp_path / "site" / "recipes" / "index.html").read_text(encoding="utf-8")
    assert all(f'id="{name}"' in page for name in ("a-dataframe", "datasets", "ray", "spark-and-dask", "spacy"))
    html = "".join(found.read_text(encoding="utf-8") for found in (tmp_path / "site").rglob("*.html"))
    assert not re.findall(r'<(?:script|img|link)\b[^>]*(?:src|href)="(?:https?:)?//[^"]*"', html), "loads from elsewhere"


def lines_that_run():
    """The commands of the README and the recipes, but for those that set up, or need data which is not in the repository."""
    lines = [line for name in ("README.md", "docs/recipes.md") for code in blocks(name, "bash") for line in code.splitlines()]
    ours = [line for line in lines if line.startswith(("stancekit ", "python training/"))]
    return [line for line in ours if line.startswith("stancekit ") or "--data seeds/" in line]


@pytest.mark.parametrize("line", lines_that_run())
def test_readme_commands_run(line, tmp_path):
    words = shlex.split(line, comments=True)
    argv = [sys.executable, *(["-m", "stancekit.cli"] if words[0] == "stancekit" else []), *words[1:]]
    argv = [str(ROOT / a) if a.startswith(("seeds/", "training/")) else a for a in argv]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-1000:]


def test_training_readme_names_scripts_and_configs_that_exist():
    for code in blocks("training/README.md", "bash"):
        for word in re.findall(r"(?:training|configs|seeds)/[\w./-]+\.(?:py|yaml|jsonl|txt)", code):
            assert (ROOT / word).is_file(), word


def test_readme_and_makefile_agree():
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {"demo", "test"} <= named <= made


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebook_runs_top_to_bottom(path, monkeypatch):
    matplotlib.use("Agg")
    monkeypatch.chdir(path.parent)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    assert code
    assert any(c.get("outputs") for c in cells), "notebooks are kept with outputs: make notebooks"
    assert not any(o.get("name") == "stderr" for c in cells for o in c.get("outputs", [])), "make notebooks strips them"
    assert not any(o["output_type"] == "error" for c in cells for o in c.get("outputs", []))
    space = {"__name__": "notebook"}
    for number, block in enumerate(code):
        exec(compile(block, f"{path.name}, cell {number}", "exec"), space)
