"""On Ray, on a local cluster of two workers: the same as in one process, also when a worker is killed."""

import json
import subprocess
import sys

import pyarrow as pa
import pytest

from stancekit import distributed
from stancekit.types import FRAME_COLUMNS

from .conftest import ROOT

ARTICLES = [
    {
        "url": f"u{i}",
        "body": f"Minister Ana Ruiz said Peru rejects levy number {i}. He thanked Chile." if i % 3 else "No one spoke.",
    }
    for i in range(24)
]

# What a user's script does, with a worker killed in the middle. It runs in a process of its own: Ray needs sockets.
SCRIPT = """
import json, os, pathlib, signal, sys
import pyarrow as pa, pyarrow.parquet as pq, ray, ray.data
import stancekit as sk
from stancekit import distributed

articles, mark = json.loads(sys.argv[1]), pathlib.Path(sys.argv[2])
distributed.start("local")

class Dies(distributed._Tables):
    def __call__(self, table):
        if "u13" in table.column("url").to_pylist() and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(table)

distributed._Tables = Dies
pq.write_table(pa.Table.from_pylist(articles), mark.with_suffix(".parquet"))
dataset = ray.data.read_parquet(str(mark.with_suffix(".parquet")), override_num_blocks=4)  # reading wants a processor too
found = distributed.label(dataset, text="body", id="url", batch_size=3)
rows = sorted((json.dumps(r, sort_keys=True, default=float) for r in found.iter_rows()))
assert mark.exists(), "no worker was killed"
expected = distributed.label_table(sk.load(), pa.Table.from_pylist(articles), "body", "url").to_pylist()
assert rows == sorted(json.dumps(r, sort_keys=True, default=float) for r in expected), "another result than in one process"
print(len(rows), "rows")
"""


def test_an_arrow_table_in_and_out(nlp):
    table = pa.Table.from_pylist([*ARTICLES[:4], {"url": "none", "body": None}])
    found = distributed.label_table(nlp, table, text="body", id="url")
    assert found.column_names == FRAME_COLUMNS
    assert set(found.column("doc_id").to_pylist()) == {"u1", "u2"}
    assert found.num_rows == len(nlp.label_frame(table.to_pandas(), text="body", id="url"))
    batch = table.to_batches()[0]
    assert distributed.label_table(nlp, batch, text="body", id="url").equals(found)
    with pytest.raises(ValueError, match="no column 'text': the table has url, body"):
        distributed.label_table(nlp, table)


def test_spark_and_dask_take_a_function_of_frames(nlp):
    # mapInPandas hands an iterator of frames to such a function, map_partitions one frame
    frame = pa.Table.from_pylist(ARTICLES[:6]).to_pandas()

    def work(frames):
        for part in frames:
            yield nlp.label_frame(part, text="body", id="url")

    parts = list(work([frame[:3], frame[3:]]))
    whole = nlp.label_frame(frame, text="body", id="url")
    assert [*parts[0].doc_id, *parts[1].doc_id] == list(whole.doc_id)
    assert list(parts[0].columns) == list(whole.columns) == FRAME_COLUMNS


def test_a_worker_that_is_killed_costs_nothing(tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray")
    argv = [sys.executable, "-c", SCRIPT, json.dumps(ARTICLES), str(tmp_path / "mark")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_command_gives_the_same_on_ray(tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray")
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(a) for a in ARTICLES) + "\n{broken", encoding="utf-8")
    argv = [sys.executable, "-m", "stancekit.cli", "label", str(tmp_path / "in.jsonl"), "--text-column", "body", "--id-column", "url",
            "--batch-size", "4", "--quiet", "--out"]  # fmt: skip
    for name, extra in (("one", []), ("two", ["--engine", "ray", "--address", "local", "--processes", "2"])):
        done = subprocess.run(
            [*argv, str(tmp_path / f"{name}.jsonl"), *extra], cwd=ROOT, capture_output=True, text=True, check=False, timeout=900
        )
        assert done.returncode == 1, done.stderr[-3000:]
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    assert (tmp_path / "one.errors.jsonl").read_bytes() == (tmp_path / "two.errors.jsonl").read_bytes()


# An article kills every worker that gets it. The records of the others, and the file of errors, are those of one machine.
DEADLY = """
import os, pathlib, signal, sys
from stancekit import cli, corpus, distributed

class Dies(distributed._Records):
    def __call__(self, table):
        if any("Deadly" in text for text in table.column("text").to_pylist()):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(table)

distributed._Records = Dies
sys.exit(cli.main(["label", *sys.argv[1:], "--engine", "ray", "--address", "local", "--processes", "2", "--batch-size", "4", "--quiet"]))
"""


def test_an_article_that_kills_its_worker_ends_with_the_errors(nlp, tmp_path):
    pytest.importorskip("ray", reason="needs the extra ray")
    articles = [{"text": "Deadly." if i in (5, 17) else a["body"], "id": a["url"]} for i, a in enumerate(ARTICLES)]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
    argv = [sys.executable, "-c", DEADLY, str(tmp_path / "in.jsonl"), "--id-column", "id", "--out", str(tmp_path / "o.jsonl")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 1, done.stderr[-3000:]
    found = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    others = [a for a in articles if a["text"] != "Deadly."]
    expected = nlp.pipe([a["text"] for a in others], doc_ids=[a["id"] for a in others])
    assert found == [record for doc in expected for record in doc.to_records()]
    lost = [json.loads(line) for line in (tmp_path / "o.errors.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["where"] for row in lost] == ["u5", "u17"]


def test_bad_arguments_are_named(monkeypatch):
    with pytest.raises(ValueError, match="column with the articles' ids"):
        distributed.label(object())
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install 'stancekit\[ray\]'"):
        distributed.start("local")
