"""Runs that are broken off: at every point where something reaches the disk, and by a real kill."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from stancekit.parallel import AHEAD, STARTS, spread
from stancekit.pipeline import Pipeline
from stancekit.runs import MANIFEST, Run
from stancekit.types import Document, Span, Stance, Statement

from .conftest import ROOT

IDENTITY = {"model": "m1", "speaker": None}


def document(number):
    """A document with up to two statements, the first with a stance."""
    text = f"Peru rejects\rlevy {number}. It thanks Chile “again”."
    stance = Stance("reject", 0.9, {"reject": 0.9}, Span(13, 17, "levy"), "Peru")
    statements = tuple(
        Statement(i, 0, 18, text[:18], "own", "Ana Ruiz", stances=(stance,) if i == 0 else ()) for i in range(number % 3)
    )
    return Document(text, statements, f"d{number // 2}")  # two documents share an id


def failure_of(doc):
    """The documents without statements are those that failed."""
    return None if doc.statements else {"where": doc.text, "reason": "failed"}


DOCS = [document(n) for n in range(11)]


def work(out, docs=DOCS, size=2, **options):
    """What the command does: go on where an earlier run stopped."""
    run = Run(out, IDENTITY, shard_articles=3, **options)
    try:
        for doc in docs[: run.done]:
            run.skip(doc.doc_id, doc.text, "Ana")
        for at in range(run.done, len(docs), size):
            part = docs[at : at + size]
            run.add(part, ["Ana"] * len(part), [failure_of(d) for d in part])
        run.finish()
    finally:
        run.close()


def content(out):
    return {p.name: p.read_bytes() for p in sorted(out.iterdir())} if out.is_dir() else out.read_bytes()


@pytest.mark.parametrize("name", ["o.jsonl", "o.csv", "o.parquet", "shards"])
def test_broken_off_at_any_point_and_started_again_it_ends_the_same(tmp_path, monkeypatch, name):
    work(tmp_path / "whole" / name)
    expected = content(tmp_path / "whole" / name)
    failures = [failure for failure in map(failure_of, DOCS) if failure]
    for point in range(200):
        out, left = tmp_path / str(point) / name, [point]

        def crash_after(function, left=left):
            def call(*args, **kwargs):
                if left[0] == 0:
                    left[0] = -1
                    raise KeyboardInterrupt
                left[0] -= 1
                return function(*args, **kwargs)

            return call

        with monkeypatch.context() as patched:
            for where in ("os.fsync", "pathlib.Path.replace", "pathlib.Path.unlink", "stancekit.runs.Run._save"):
                module, attribute = where.rsplit(".", 1)
                patched.setattr(where, crash_after(getattr(sys.modules.get(module) or _find(module), attribute)))
            patched.setattr(Run, "close", lambda self: self.file and self.file.close())  # a killed process tidies nothing
            try:
                work(out)
                finished = True
            except KeyboardInterrupt:
                finished = False
        if finished and left[0] >= 0:
            break  # the run has fewer points than that
        manifest = out / MANIFEST
        complete = json.loads(manifest.read_text("utf-8"))["complete"] if manifest.exists() else out.is_file()
        if not complete:
            work(out)
        assert content(out) == expected, f"broken off at point {point}"
        if name == "shards":
            assert json.loads(manifest.read_text("utf-8"))["failed"] == failures
    assert point > 20


def _find(path):
    module, name = path.rsplit(".", 1)
    return getattr(sys.modules[module], name)


def test_the_outputs_hold_the_same(tmp_path):
    for name in ("o.jsonl", "o.csv", "o.parquet", "shards"):
        work(tmp_path / name)
    records = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert records == [r for d in DOCS for r in d.to_records()]
    rows = [r for d in DOCS for r in d.to_rows()]
    for name in ("o.parquet", "shards"):
        frame = pd.read_parquet(tmp_path / name)
        assert [list(r) for r in frame[["doc_id", "id", "label"]].to_numpy()] == [
            [r[c] for c in ("doc_id", "id", "label")] for r in rows
        ]
    assert list(pd.read_csv(tmp_path / "o.csv").label) == [r["label"] for r in rows]
    manifest = json.loads((tmp_path / "shards" / MANIFEST).read_text(encoding="utf-8"))
    assert [s["articles"] for s in manifest["shards"]] == [3, 3, 3, 2]
    assert sum(s["rows"] for s in manifest["shards"]) == len(rows)
    assert manifest["complete"]


def broken_off(out, count=4, **options):
    run = Run(out, IDENTITY, shard_articles=3, **options)
    run.add(DOCS[:count], ["Ana"] * count, [failure_of(d) for d in DOCS[:count]])
    run.close()


@pytest.mark.parametrize("name", ["o.jsonl", "shards"])
def test_old_output_is_not_mixed_with_other_settings_or_articles(tmp_path, name):
    out = tmp_path / name
    broken_off(out)
    with pytest.raises(ValueError, match=r"begun with other settings \(model\).*--overwrite"):
        Run(out, {**IDENTITY, "model": "m2"}, shard_articles=3)
    with pytest.raises(ValueError, match="the first 4 articles are not those"):
        work(out, [*reversed(DOCS)])
    run = Run(out, IDENTITY, shard_articles=3)
    for doc in DOCS[:3]:
        run.skip(doc.doc_id, doc.text, "Ana")
    with pytest.raises(ValueError, match="are not those"):
        run.skip(DOCS[3].doc_id, DOCS[3].text, "Juan")  # another speaker
    run.close()
    with pytest.raises(ValueError, match=r"begun with more articles \(4\) than there are now \(2\)"):
        work(out, DOCS[:2])
    work(out)
    before = content(out)
    with pytest.raises(ValueError, match="exists"):
        work(out)
    work(out, overwrite=True)
    assert content(out) == before


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    out = tmp_path / "o.jsonl"
    run = Run(out, IDENTITY)
    run.add(DOCS[:4], ["Ana"] * 4)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            run.add(DOCS[4:6], ["Ana"] * 2)
    run.close()
    work(out)
    work(tmp_path / "whole.jsonl")
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_what_stands_in_a_folder_is_left_alone(tmp_path):
    folder = tmp_path / "shards"
    folder.mkdir()
    (folder / "mine.txt").write_text("x", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(ValueError, match="holds other files"):
            Run(folder, IDENTITY, overwrite=overwrite)
    (folder / MANIFEST).write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="not the state of a run"):
        Run(folder, IDENTITY)
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "x"


def test_a_run_that_failed_on_an_article_still_says_so_later(tmp_path):
    run = Run(tmp_path / "o.jsonl", IDENTITY)
    run.add([Document("x", (), "a")], failed=[{"where": "a", "reason": "could not be labelled"}])
    run.close()
    assert Run(tmp_path / "o.jsonl", IDENTITY).state["failed"] == [{"where": "a", "reason": "could not be labelled"}]


def test_nothing_is_replaced_before_there_is_something_to_put_in_its_place(tmp_path):
    for name in ("o.jsonl", "shards"):
        work(tmp_path / name)
        before = content(tmp_path / name)
        Run(tmp_path / name, IDENTITY, overwrite=True).close()
        assert content(tmp_path / name) == before
    (tmp_path / "p.jsonl.part.json").write_text("{torn", encoding="utf-8")
    with pytest.raises(ValueError, match="--overwrite to start anew"):
        Run(tmp_path / "p.jsonl", IDENTITY)
    work(tmp_path / "p.jsonl", overwrite=True)
    assert (tmp_path / "p.jsonl").read_bytes() == (tmp_path / "o.jsonl").read_bytes()


def test_two_runs_do_not_write_one_output(tmp_path):
    pytest.importorskip("fcntl")
    first = Run(tmp_path / "o.jsonl", IDENTITY)
    first.add(DOCS[:2])
    with pytest.raises(ValueError, match="another run is writing"):
        Run(tmp_path / "o.jsonl", IDENTITY)
    first.close()
    Run(tmp_path / "o.jsonl", IDENTITY).close()


def test_nothing_to_label_is_an_empty_output(tmp_path):
    work(tmp_path / "shards", [])
    assert len(pd.read_parquet(tmp_path / "shards")) == 0
    with pytest.raises(ValueError, match="is complete"):
        Run(tmp_path / "shards", IDENTITY)
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "_errors.jsonl").write_text("", encoding="utf-8")  # of a run that found nothing to label
    work(tmp_path / "left")


def test_a_shard_that_the_manifest_does_not_know_yet_is_not_left_there_twice(tmp_path, monkeypatch):
    out = tmp_path / "shards"
    broken_off(out, 3)
    whole = Run._save

    def dies(self):
        if (out / "part-00001.parquet").exists():
            raise KeyboardInterrupt
        whole(self)

    for overwrite in (False, True):
        with monkeypatch.context() as patched:
            patched.setattr(Run, "_save", dies)
            with pytest.raises(KeyboardInterrupt):
                work(out, DOCS[:6], size=3)
        assert (out / "part-00001.parquet").exists()
        work(out, DOCS[:3], overwrite=overwrite)  # the other articles are gone from the inputs
        assert [p.name for p in out.glob("*.parquet")] == ["part-00000.parquet"]
        broken_off(out, 3, overwrite=True)


def test_what_another_run_finished_in_the_meantime_is_left_alone(tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    for name in ("o.jsonl", "shards"):
        out = tmp_path / name
        broken_off(out)
        whole = Run._check

        def slow(self, overwrite, out=out, whole=whole):
            found = whole(self, overwrite)
            monkeypatch.undo()
            work(out)  # the other one
            return found

        monkeypatch.setattr(Run, "_check", slow)
        with pytest.raises(ValueError, match="another run has written"):
            work(out)
        work(tmp_path / "whole" / name)
        assert content(out) == content(tmp_path / "whole" / name)


def test_names_reach_the_disk_too(tmp_path, monkeypatch):
    if os.name == "nt":
        pytest.skip("folders cannot be opened")
    events, replace, fsync = [], Path.replace, os.fsync

    def renames(self, target):
        events.append("name")
        return replace(self, target)

    def syncs(handle):
        events.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    monkeypatch.setattr(Path, "replace", renames)
    monkeypatch.setattr(os, "fsync", syncs)
    for name in ("o.jsonl", "o.csv", "shards"):
        work(tmp_path / name)
    assert events.count("name") > 10
    assert all(after == "folder" for event, after in zip(events, [*events[1:], ""], strict=True) if event == "name")


def test_the_shards_are_not_summed_for_each_article(tmp_path):
    class Counted(list):
        asked = 0

        def __iter__(self):
            Counted.asked += 1
            return super().__iter__()

    run = Run(tmp_path / "shards", IDENTITY, shard_articles=3)
    run.add(DOCS[:3])
    run.state["shards"] = Counted(run.state["shards"])
    run.add([Document("x", (), f"n{i}") for i in range(2)])
    few = Counted.asked
    run.close()
    run = Run(tmp_path / "shards", IDENTITY, shard_articles=300)
    run.state["shards"] = Counted(run.state["shards"])
    Counted.asked = 0
    run.add([Document("x", (), f"n{i}") for i in range(200)])
    assert Counted.asked <= few <= 2  # for the manifest
    run.close()
    assert [s["articles"] for s in run.state["shards"]] == [3]


def mark(nlp, batch):
    """Work for `spread`. A number kills its process as often as it says, where it is written; "die" always."""
    for piece in batch:
        if piece == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if piece.startswith("/"):
            times = Path(piece).read_text(encoding="utf-8")
            if times != "0":
                Path(piece).write_text(str(int(times) - 1), encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)
    return [f"{piece}!" for piece in batch]


class Stub:
    """In place of a pipeline. It dies as often as a file says when it is first called."""

    def __init__(self, file):
        self.file, self.threads = file, None

    def __call__(self, text):
        mark(self, [str(self.file)])


@pytest.fixture
def times(tmp_path):
    def make(count):
        path = tmp_path / f"{count}.times"
        path.write_text(str(count), encoding="utf-8")
        return path

    return make


def test_what_kills_a_worker_costs_itself_alone(times):
    batches = [["a", "b"], ["c", "die", "d"], ["e"], [str(times(1)), "f"], ["die"], ["die", "die"], ["g"], ["h"]]
    found = list(spread(Stub(times(0)), mark, iter(batches), 2, "lost {}".format))
    assert found == [["lost die" if p == "die" else f"{p}!" for p in batch] for batch in batches]


def test_workers_that_die_at_their_start_end_the_run(times):
    assert list(spread(Stub(times(STARTS - 1)), mark, [["a", "b"]], 2, str.upper)) == [["a!", "b!"]]
    with pytest.raises(RuntimeError, match=r"die as they start \(3 in a row\).*__main__"):
        list(spread(Stub(times(99)), mark, [["a", "b"]], 2, str.upper))
    assert times(0).with_name("99.times").read_text(encoding="utf-8") == str(99 - STARTS)


class Odd(Exception):
    """It cannot be sent to another process."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def fails(nlp, batch):
    if batch == ["odd"]:
        raise Odd("this", "that")
    if batch == ["bad"]:
        raise ValueError("bad text")
    return [str(os.getpid()) for _ in batch]


def test_errors_of_workers_come_as_they_are(times):
    found = spread(Stub(times(0)), fails, [["a", "b"], ["bad"], ["c"]], 2, str.upper)
    pids = next(found)
    with pytest.raises(ValueError, match="bad text") as caught:
        next(found)
    assert "in fails" in str(caught.value.__cause__)
    for pid in {int(pid) for pid in pids}:  # none is left behind
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with pytest.raises(RuntimeError, match="Odd: this and that"):
        list(spread(Stub(times(0)), fails, [["odd"]], 2, str.upper))


def test_batches_are_taken_as_results_are_asked_for(times):
    taken = []
    found = spread(Stub(times(0)), fails, (taken.append(i) or [str(i)] for i in range(99)), 2, str.upper)
    next(found)
    assert len(taken) == 2 * AHEAD
    found.close()
    assert len(taken) == 2 * AHEAD


class Dies(Pipeline):
    """It is killed by some articles."""

    def _label(self, texts, ids, speakers):
        mark(self, texts)
        return super()._label(texts, ids, speakers)


def test_pipe_names_the_document_that_kills_its_process(nlp):
    texts = ["Peru rejects the levy.", "x", "die", "y", "z"]
    docs = Dies(nlp.checkpoints).pipe(texts, n_process=2, batch_size=2, doc_ids="abcde")
    assert [next(docs).doc_id, next(docs).doc_id] == ["a", "b"]
    with pytest.raises(RuntimeError, match="document 'c' killed the process"):
        next(docs)


@pytest.mark.parametrize(("name", "processes"), [("stances.jsonl", "1"), ("shards", "2")])
def test_killed_outright(name, processes):
    argv = [sys.executable, "training/soak.py", "--articles", "40", "--kills", "3", "--out", name, "--processes", processes]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "the same output as an unbroken run" in done.stdout
