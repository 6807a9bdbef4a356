"""The command line as a user meets it: inputs, outputs, bad input, exit status."""

import gzip
import io
import json
import os
import signal
import tracemalloc

import pandas as pd
import pytest

from stancekit.cli import main
from stancekit.corpus import Columns, Problem, Reader, label

from .conftest import GOLD, SEED

GOOD = "Minister Ana Ruiz said Peru rejects the levy."


@pytest.fixture
def run(capsys):
    def call(*argv):
        try:
            status = main([str(a) for a in argv])
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_label_writes_records_and_html(run, tmp_path):
    status, out, err = run("label", SEED, "--out", tmp_path / "x.jsonl", "--html", tmp_path / "x.html", "--show")
    assert status == 0
    assert "Seyed Abbas Araghchi" in out
    assert "x.jsonl" in err
    rows = records(tmp_path / "x.jsonl")
    text = SEED.read_bytes().decode("utf-8")
    assert all(text[r["start"] : r["end"]] == r["text"] for r in rows)
    assert {r["doc_id"] for r in rows} == {SEED.stem}
    assert "Araghchi" in (tmp_path / "x.html").read_text(encoding="utf-8")
    assert not list(tmp_path.glob("*.part"))
    status, out, _ = run("evaluate", GOLD, tmp_path / "x.jsonl")
    assert status == 0
    assert "statements" in out


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_tables_out(run, tmp_path, ending):
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    status, _, _ = run("label", tmp_path / "a.txt", "--out", tmp_path / f"o{ending}")
    assert status == 0
    frame = pd.read_csv(tmp_path / "o.csv") if ending == ".csv" else pd.read_parquet(tmp_path / "o.parquet")
    assert list(frame.label) == ["reject"]
    assert list(frame.speaker) == ["Ana Ruiz"]


def make_tables(folder):
    frame = pd.DataFrame({"url": ["u1", "u2"], "body": [GOOD, GOOD]})
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet")
    frame.to_json(folder / "t.jsonl", orient="records", lines=True)
    with gzip.open(folder / "t2.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"url": "u1", "body": GOOD}) + "\n" + json.dumps({"url": "u2", "body": GOOD}))


def test_tables_in(run, tmp_path):
    make_tables(tmp_path)
    for name in ("t.csv", "t.parquet", "t.jsonl", "t2.jsonl.gz"):
        out = tmp_path / f"{name}.out.jsonl"
        status, _, _ = run("label", tmp_path / name, "--text-column", "body", "--id-column", "url", "--out", out)
        assert (status, [r["doc_id"] for r in records(out)]) == (0, ["u1", "u2"])
        out.unlink()
    status, _, _ = run("label", tmp_path / "t.csv", "--text-column", "body", "--out", tmp_path / "n.jsonl")
    assert [r["doc_id"] for r in records(tmp_path / "n.jsonl")] == ["t-1", "t-2"]


def test_folder_and_stdin(run, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for name in "ab":
        (tmp_path / "in" / f"{name}.txt").write_text(GOOD, encoding="utf-8")
    status, _, _ = run("label", tmp_path / "in", "--out", tmp_path / "o.jsonl")
    assert (status, [r["doc_id"] for r in records(tmp_path / "o.jsonl")]) == (0, ["a", "b"])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    status, out, _ = run("label", "-")
    assert status == 0
    assert "Ana Ruiz" in out
    status, out, _ = run("label", tmp_path / "in")
    assert [line for line in out.splitlines() if line.startswith("[")] == ["[a]", "[b]"]  # whose stances these are


def test_a_folder_without_an_article_is_no_silent_success(run, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("text\n", encoding="utf-8")
    status, _, err = run("label", tmp_path / "in")
    assert (status, "warning: there is no article in" in err) == (0, True)


def test_speaker_option(run, tmp_path):
    (tmp_path / "a.txt").write_text("We welcome the ceasefire. We reject the levy.", encoding="utf-8")
    run("label", tmp_path / "a.txt", "--speaker", "Ana Ruiz", "--out", tmp_path / "o.jsonl")
    assert [(r["kind"], r["speaker"]) for r in records(tmp_path / "o.jsonl")] == [("own", "Ana Ruiz")] * 2


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 0), (b" \n\t\n", 0), (b"\xff\xfe caf\xe9", 2), (b"text \x00 text", 2), ("“open".encode(), 0)]
)
def test_bad_files(run, tmp_path, content, status):
    (tmp_path / "a.txt").write_bytes(content)
    found, _, err = run("label", tmp_path / "a.txt", "--out", tmp_path / "o.jsonl")
    assert found == status
    assert ("a.txt" in err) == (status == 2)
    assert (tmp_path / "o.jsonl").exists() == (status == 0)


def test_one_endless_line(run, tmp_path, monkeypatch):
    monkeypatch.setattr("stancekit.pipeline.MAX_CHARS", 20_000)
    (tmp_path / "a.txt").write_bytes((GOOD + " ").encode() * (10_000_000 // (len(GOOD) + 1)))
    status, _, err = run("label", tmp_path / "a.txt", "--out", tmp_path / "o.jsonl")
    assert status == 0
    assert "only the first 20,000" in err
    assert len(records(tmp_path / "o.jsonl")) > 100


def test_bad_rows_are_skipped_and_named(run, tmp_path):
    rows = [json.dumps({"text": GOOD}), "{broken", json.dumps({"text": 7}), json.dumps([1]), json.dumps({"text": GOOD})]
    (tmp_path / "t.jsonl").write_text("\n".join(rows), encoding="utf-8")
    status, _, err = run("label", tmp_path / "t.jsonl", "--out", tmp_path / "o.jsonl")
    assert status == 1
    assert [r["doc_id"] for r in records(tmp_path / "o.jsonl")] == ["t-1", "t-5"]
    assert all(f"line {n}" in err for n in (2, 3, 4))
    (tmp_path / "t.csv").write_bytes(b"text\n" + GOOD.encode() + b"\n\xff\xfe bad\n" + GOOD.encode() + b"\n")
    status, _, err = run("label", tmp_path / "t.csv", "--out", tmp_path / "c.jsonl")
    assert (status, len(records(tmp_path / "c.jsonl"))) == (1, 2)
    assert "row 2" in err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["label", "{tmp}/none.txt"], "no such file"),
        (["label", "{tmp}/t.csv", "--out", "{tmp}/o.jsonl"], "no column 'text': the file has url, body (--text-column)"),
        (["label", "{tmp}/*.docx"], "no such file"),
        (["label", "{tmp}/t.parquet"], "no column 'text'"),
        (["label", "{tmp}/t.csv", "--out", "{tmp}/o.xml"], "allowed are .jsonl, .csv, .parquet"),
        (["label", "{tmp}/t.csv", "--out", "{tmp}/t.csv", "--overwrite"], "is an input too"),
        (["label", "{tmp}/t.csv", "--out", "{tmp}/t.parquet"], "exists"),
        (["label", "{tmp}/t.csv", "--text-column", "body", "--out", "{tmp}"], "holds other files"),
        (["label", "{tmp}/t.csv", "--processes", "0"], "at least 1"),
        (["label", "{tmp}/t.csv", "--out", "{tmp}/t.csv/x"], "cannot make the folder"),
        (["label", "{tmp}/t.csv", "--out", "/proc/x.jsonl"], "cannot write"),
        (["label", "{tmp}/t.csv", "--html", "{tmp}"], "is a folder"),
        (["report", "{tmp}/t.csv", "--out", "{tmp}/t.parquet"], "exists"),
        (["report", "{tmp}/t.csv", "--out", "/dev/null/x/r.html"], "error:"),
        (["label", "{tmp}"], "unknown ending|no column"),
        (["label", "{tmp}/t.csv", "--model", "{tmp}/nowhere"], "no model folder"),
        (["label", "{tmp}/t.csv", "--stance", "{tmp}"], "config.json"),
        (["label", "{tmp}/t.csv", "--text-column", "body", "--stance", "runs/none"], "no folder 'runs/none' here"),
        (["label", "{tmp}/t.csv", "--batch-size", "0"], "at least 1"),
        (["label", "{tmp}/t.csv", "--threads", "0"], "threads must be at least 1"),
        (["evaluate", "{tmp}/t.jsonl", "{tmp}/t.jsonl"], "not a record"),
        (["label"], "IN"),
        (["lable"], "invalid choice"),
        (["label", "{tmp}/t.csv", "--text-columm", "body"], "there is no option --text-columm; did you mean --text-column?"),
        (["label", "{tmp}/t.csv", "--id-colum", "url"], "did you mean --id-column?"),
        (["--quiet", "label", "{tmp}/t.csv"], "there is no option --quiet before the command"),
        (["label", "{tmp}/semicolons.csv"], "seem to be separated by ';'"),
    ],
)
def test_errors_are_clear_and_exit_2(run, tmp_path, argv, says):
    make_tables(tmp_path)
    (tmp_path / "semicolons.csv").write_text("text;url\nWe thank Chile.;u1\n", encoding="utf-8")
    status, out, err = run(*(a.format(tmp=tmp_path) for a in argv))
    assert (status, "no stances found" in out) == (2, False)
    assert any(part in err for part in says.split("|"))
    assert "Traceback" not in err


def test_what_cannot_be_read_is_skipped_and_the_rest_is_kept(run, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(GOOD, encoding="utf-8")
    (folder / "b.csv").write_text("body\nx\n", encoding="utf-8")
    (folder / "c.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": GOOD}).encode() * 50)[:-12])
    (folder / "d.csv").write_bytes(b"text,b\rone\rtwo")
    (folder / "e.jsonl").write_text("[" * 100_000, encoding="utf-8")
    (folder / "f.jsonl").write_bytes(
        b"\xef\xbb\xbf" + json.dumps({"text": GOOD}).encode() + b'\n{"text": "half \\ud800 a character"}'
    )
    out = folder / "out.jsonl"
    status, _, err = run("label", folder, "--out", out)
    assert status == 1
    assert [r["doc_id"] for r in records(out)] == ["a", "f-1"]
    assert all(
        name in err for name in ("b.csv: no column", "c.jsonl.gz", "d.csv", "e.jsonl", "f.jsonl, line 2: is not valid Unicode")
    )
    before = out.read_bytes()
    status, _, _ = run("label", folder, "--out", out, "--overwrite")
    assert out.read_bytes() == before, "an output inside the folder was read as input"


def test_evaluate_says_when_there_is_nothing_to_compare(run, tmp_path):
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    record = {"doc_id": "other", "start": 0, "end": 4, "kind": "own", "speaker": None, "stances": []}
    (tmp_path / "o.jsonl").write_text(json.dumps(record), encoding="utf-8")
    assert run("evaluate", tmp_path / "empty.jsonl", GOLD)[0] == 2
    status, _, err = run("evaluate", GOLD, tmp_path / "o.jsonl")
    assert (status, "doc_id must agree" in err) == (2, True)
    (tmp_path / "n.jsonl").write_text(json.dumps({"doc_id": "a"}), encoding="utf-8")
    assert run("evaluate", tmp_path / "n.jsonl", GOLD)[0] == 2


def test_unknown_label_is_named(run, tmp_path):
    record = {"doc_id": "a", "start": 0, "end": 4, "kind": "own", "speaker": None, "stances": [{"label": "oppose"}]}
    (tmp_path / "g.jsonl").write_text(json.dumps(record), encoding="utf-8")
    status, _, err = run("evaluate", tmp_path / "g.jsonl", tmp_path / "g.jsonl")
    assert status == 2
    assert "unknown label 'oppose': allowed are support" in err


def test_info(run):
    status, out, _ = run("info")
    assert status == 0
    assert all(word in out for word in ("attribution: embedded", "target: embedded", "stance: embedded", "macro_f1"))
    status, out, _ = run("info", "--json")
    assert set(json.loads(out)["models"]) == {"attribution", "target", "stance"}


def test_report(run, tmp_path):
    (tmp_path / "a.txt").write_text(GOOD, encoding="utf-8")
    status, _, _ = run("report", tmp_path / "a.txt", "--out", tmp_path / "r.html")
    assert status == 0
    assert "Ana Ruiz" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_folder_of_shards_more_processes_and_a_file_of_errors(run, tmp_path):
    rows = [json.dumps({"text": GOOD}), "{broken", *[json.dumps({"text": GOOD})] * 3]
    (tmp_path / "t.jsonl").write_text("\n".join(rows), encoding="utf-8")
    argv = ("label", tmp_path / "t.jsonl", "--shard-size", "2", "--processes", "2", "--batch-size", "1", "--out")
    status, _, err = run(*argv, tmp_path / "shards")
    assert status == 1
    assert "_errors.jsonl" in err
    frame = pd.read_parquet(tmp_path / "shards")  # passes over what is not a shard
    assert list(frame.doc_id) == ["t-1", "t-3", "t-4", "t-5"]
    assert [p.name for p in sorted((tmp_path / "shards").glob("part-*"))] == ["part-00000.parquet", "part-00001.parquet"]
    assert "line 2" in records(tmp_path / "shards" / "_errors.jsonl")[0]["where"]
    assert run(*argv, tmp_path / "shards")[0] == 2
    assert run(*argv, tmp_path / "shards", "--overwrite")[0] == 1
    run("label", tmp_path / "t.jsonl", "--out", tmp_path / "o.jsonl")
    assert [r["reason"][:17] for r in records(tmp_path / "o.errors.jsonl")] == ["is not valid JSON"]


def test_an_article_that_the_models_fail_on_is_reported_and_skipped(run, tmp_path, monkeypatch):
    from stancekit import pipeline

    whole = pipeline.Pipeline._label

    def fails(self, texts, *rest):
        if any("Ruiz" not in t for t in texts):
            raise RuntimeError("no memory")
        return whole(self, texts, *rest)

    monkeypatch.setattr(pipeline.Pipeline, "_label", fails)
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps({"text": t}) for t in (GOOD, "Bad.", GOOD)), encoding="utf-8")
    status, _, err = run("label", tmp_path / "t.jsonl", "--out", tmp_path / "o.jsonl")
    assert status == 1
    assert "t-2: could not be labelled: RuntimeError: no memory" in err
    assert [r["doc_id"] for r in records(tmp_path / "o.jsonl")] == ["t-1", "t-3"]


def deadly(nlp, articles):
    """`corpus.label` with an article that kills the process which labels it."""
    if any(article.text == "Deadly." for article in articles):
        os.kill(os.getpid(), signal.SIGKILL)
    return label(nlp, articles)


def test_an_article_that_kills_its_worker_is_reported_and_skipped(run, tmp_path, monkeypatch):
    from stancekit import cli

    monkeypatch.setattr(cli, "label", deadly)
    texts = [GOOD, GOOD, "Deadly.", GOOD, "Deadly.", GOOD, GOOD]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps({"text": t}) for t in texts), encoding="utf-8")
    argv = ("label", tmp_path / "t.jsonl", "--processes", "2", "--batch-size", "2", "--out")
    status, _, err = run(*argv, tmp_path / "o.jsonl")
    assert status == 1
    assert "5 documents, 5 statements, 2 skipped" in err
    assert [r["doc_id"] for r in records(tmp_path / "o.jsonl")] == ["t-1", "t-2", "t-4", "t-6", "t-7"]
    lost = records(tmp_path / "o.errors.jsonl")
    assert [r["where"] for r in lost] == ["t-3", "t-5"]
    assert all("the worker died on this article" in r["reason"] for r in lost)


def write_rows(path, rows):
    frame = pd.DataFrame(rows)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_column_that_no_row_has_is_named_before_the_work(run, tmp_path, ending):
    write_rows(
        tmp_path / f"t{ending}", [{"text": GOOD, "speaker": "Ana", "url": f"u{i}", "day": "2025-01-01"} for i in range(99)]
    )
    for option, wrong, near in (("speaker", "speakr", "speaker"), ("id", "urls", "url"), ("text", "txt", "text")):
        out = tmp_path / "o.jsonl"
        status, _, err = run("label", tmp_path / f"t{ending}", f"--{option}-column", wrong, "--out", out)
        assert (status, out.exists()) == (2, False)
        assert f"no column {wrong!r}: the file has text, speaker, url, day; did you mean {near!r}? (--{option}-column)" in err
        assert err.count("skipped: ") == 1
    status, _, err = run("report", tmp_path / f"t{ending}", "--date-column", "date", "--out", tmp_path / "r.html")
    assert (status, "no column 'date'" in err) == (2, True)


def test_a_column_that_some_rows_have_is_no_mistake(run, tmp_path):
    rows = ["{broken", "[1]", *[json.dumps({"text": GOOD, f"x{i}": i}) for i in range(200)]]
    (tmp_path / "a.jsonl").write_text("\n".join([*rows, json.dumps({"who": "Ana Ruiz", "text": "We thank Chile."})]), "utf-8")
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": GOOD, "whom": "x"}), encoding="utf-8")
    status, _, err = run("label", tmp_path, "--speaker-column", "who", "--out", tmp_path / "o.jsonl")
    assert status == 1
    found = records(tmp_path / "o.jsonl")
    assert (len(found), found[-1]["speaker"], found[-1]["kind"]) == (201, "Ana Ruiz", "own")
    where = [r["where"].removeprefix(str(tmp_path)) for r in records(tmp_path / "o.errors.jsonl")]
    assert where == ["/a.jsonl, line 1", "/a.jsonl, line 2", "/b.jsonl"]
    assert "did you mean 'whom'?" in err


def test_a_text_that_a_comma_cuts_is_a_broken_row(run, tmp_path):
    (tmp_path / "t.csv").write_text(f'text,id\n"{GOOD}",a\n{GOOD[:15]}, {GOOD[15:]},b\n{GOOD},c,,\n', encoding="utf-8")
    status, _, err = run("label", tmp_path / "t.csv", "--id-column", "id", "--out", tmp_path / "o.jsonl")
    assert status == 1
    assert [r["doc_id"] for r in records(tmp_path / "o.jsonl")] == ["a", "c"]
    assert "row 2: has more fields than the first line" in err


def test_a_quotation_mark_that_is_never_closed_costs_its_row_alone(tmp_path):
    def read(name, text):
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = list(Reader(Columns("text", "id" if "id" in text else None)).read([tmp_path / name]))
        return [a.text for a in found if not isinstance(a, Problem)], [str(p) for p in found if isinstance(p, Problem)]

    texts, problems = read("a.csv", 'id,text\n1,one\n\n\n2,"two\n3,three\n\n4,four\n')
    assert texts == ["one", "three", "four"]
    assert len(problems) == 1
    assert "a.csv, row 2: has a quotation mark that is never closed" in problems[0]
    texts, problems = read("b.csv", 'id,text\n1,"o\nne"\n2,"a","two\n3,x\n')  # the mark opens in a field that is too many
    assert texts == ["o\nne", "x"]
    assert len(problems) == 1
    texts, problems = read("c.csv", 'id,text\n1,one\n2,"two,\nstill two\nhere, perhaps\nof it\n')  # the file was cut off
    assert texts == ["one"]
    assert len(problems) == 1
    assert "it and the 3 lines after it are left out" in problems[0]
    texts, problems = read("d.csv", 'text\none\n"two\nthree\n')  # one column: any line could be a row, or part of "two"
    assert texts == ["one"]
    assert len(problems) == 1
    texts, problems = read("e.csv", 'id,"text\n1,one\n2,two\n')
    assert texts == []
    assert "its first line has a quotation mark that is never closed" in problems[0]
    texts, problems = read("f.csv", '\ufeff"id","text"\n1,one\n')
    assert texts == ["one"]
    assert problems == []


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_many_rows_are_read_in_little_memory(tmp_path, ending):
    path, rows = tmp_path / f"t{ending}", 60_000
    text = "Peru rejects the levy. " * 20
    if ending == ".parquet":
        pd.DataFrame({"text": [None if i % 6_000 == 0 else text for i in range(rows)], "who": "Ana"}).to_parquet(path)
    else:
        good, bad = (f"{text},Ana", f'"{text}",Ana,2,3') if ending == ".csv" else (json.dumps({"text": text, "who": "Ana"}), "{")
        lines = [bad if i % 6_000 == 0 else good for i in range(rows)]
        path.write_text("\n".join(["text,who"] * (ending == ".csv") + lines), encoding="utf-8")
    tracemalloc.start()
    problems = sum(isinstance(item, Problem) for item in Reader(Columns("text", speaker="who")).read([path]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert problems == 10
    assert peak < 5e6  # of 28 MB of text


def test_a_pattern_is_as_good_as_the_files(run, tmp_path):
    for name in ("a.txt", "sub/b.txt", "c.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    make_tables(tmp_path)
    out = tmp_path / "o.jsonl"
    for again in ([], ["--overwrite"]):  # the output is no input of its own
        assert (
            run("label", tmp_path / "**" / "*.txt", tmp_path / "?.jsonl", "--text-column", "body", "--out", out, *again)[0] == 0
        )
        assert [r["doc_id"] for r in records(out)] == ["a", "b", "t-1", "t-2"]


def stop_after(batches, monkeypatch):
    """The next run ends by Ctrl-C after some batches."""
    from stancekit import cli

    whole, calls = cli.Run.add, iter(range(99))

    def stops(self, *args):
        if next(calls) == batches:
            raise KeyboardInterrupt
        whole(self, *args)

    monkeypatch.setattr(cli.Run, "add", stops)


def test_a_run_with_a_named_error_file_goes_on(run, tmp_path, monkeypatch):
    rows = ["{broken", *[json.dumps({"text": GOOD})] * 4]
    (tmp_path / "t.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    argv = ["label", tmp_path / "t.jsonl", "--batch-size", "1", "--out", tmp_path / "o.jsonl", "--errors"]
    with monkeypatch.context() as patched:
        stop_after(2, patched)
        assert run(*argv, tmp_path / "e.jsonl")[0] == 130
    assert (tmp_path / "e.jsonl").exists()
    assert run(*argv, tmp_path / "mine.txt")[0] == 2
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "keep"
    status, _, err = run(*argv, tmp_path / "e.jsonl")
    assert (status, "going on after 2 articles" in err) == (1, True)
    assert len(records(tmp_path / "e.jsonl")) == 1


def test_going_on_shows_the_earlier_articles_too(run, tmp_path, monkeypatch):
    (tmp_path / "t.jsonl").write_text(
        "\n".join(json.dumps({"text": t}) for t in (GOOD, "Nothing.", GOOD, GOOD)), encoding="utf-8"
    )
    argv = ("label", tmp_path / "t.jsonl", "--batch-size", "1", "--out", tmp_path / "o.jsonl")
    with monkeypatch.context() as patched:
        stop_after(3, patched)
        status, _, err = run(*argv)
        assert (status, "goes on from here" in err) == (130, True)
    status, _, err = run(*argv, "--html", tmp_path / "o.html")
    assert status == 0
    assert "going on after 3 articles" in err
    assert [r["doc_id"] for r in records(tmp_path / "o.jsonl")] == ["t-1", "t-3", "t-4"]
    assert (tmp_path / "o.html").read_text(encoding="utf-8").count("Ana Ruiz said") >= 3


def test_a_mistake_with_overwrite_costs_nothing(run, tmp_path):
    (tmp_path / "t.jsonl").write_text(json.dumps({"text": GOOD}), encoding="utf-8")
    out = tmp_path / "shards"
    assert run("label", tmp_path / "t.jsonl", "--out", out)[0] == 0
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    for wrong in (("label", tmp_path / "tt.jsonl"), ("label", tmp_path / "t.jsonl", "--html", tmp_path / "x.html")):
        assert run(*wrong, "--out", out, "--overwrite")[0] == 2
        assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    status, _, err = run("label", tmp_path / "t.jsonl", "--out", tmp_path / "o.jsonl", "--errors", tmp_path / "mine.txt")
    assert (status, "exists" in err) == (2, True)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "keep"


def test_a_report_of_articles_with_odd_dates(run, tmp_path):
    dates = ["2025-01-01", "2025-01-02T10:00:00+02:00", "n.d.", None]
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps({"text": GOOD, "day": d}) for d in dates), encoding="utf-8")
    status, _, err = run("report", tmp_path / "t.jsonl", "--date-column", "day", "--out", tmp_path / "r.html")
    assert status == 0
    assert "t-3: 'n.d.' is no date" in err
    assert "2025-01-02" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_files_of_one_name_in_two_folders_are_told_apart(run, tmp_path):
    for folder in ("2024", "2025"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        (tmp_path / "in" / folder / "a.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "in" / "b.txt").write_text(GOOD, encoding="utf-8")
    (tmp_path / "in" / "b.jsonl").write_text(json.dumps({"text": GOOD}), encoding="utf-8")
    run("label", tmp_path / "in", tmp_path / "in" / "b.txt", "--out", tmp_path / "o.jsonl")
    assert [r["doc_id"] for r in records(tmp_path / "o.jsonl")] == ["2024/a", "2025/a", "b.jsonl-1", "b.txt"]
