"""A labelling run that survives being killed: what is done is kept, and the same command goes on from there.

While a run lasts, records go into a journal, and after each batch a small state file says how many articles are done and
how long the journal is (both reach the disk in this order, so that the state never promises more than there is). A run
that is started again cuts the journal to that length, passes over the articles that are done, checking by a digest that
they are the same, and goes on. The output appears under its name only when it is complete; of a folder of shards, each does.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

try:
    import fcntl
except ImportError:  # not on this system: two runs on one output are not kept apart
    fcntl = None  # type: ignore[assignment]

from .types import FRAME_COLUMNS, Document, Statement, arrow_schema

if TYPE_CHECKING:
    from .pipeline import Pipeline

OUTPUTS = (".jsonl", ".csv", ".parquet")
SHARD_ARTICLES = 1000
GROUP_ROWS = 50_000  # rows of a Parquet row group
MANIFEST = "_manifest.json"  # readers of Parquet folders pass over names that begin with _ or .
SHARD = "part-{:05d}.parquet"
START = "0" * 40  # the digest of no articles


class Run:
    """Documents into one file (records to .jsonl, flat rows to .csv and .parquet), or into a folder of Parquet shards.

    Args:
        out: the file, by its ending, or a folder (a name without an ending, or a folder that exists).
        identity: what the output depends on beside the articles (models, options): a run goes on only with the same.
        overwrite: replace an output that exists, and forget an unfinished run.
        shard_articles: articles of a shard.

    Attributes:
        done: articles that an earlier, unfinished run has labelled; give them to `skip`, the others to `add`.

    Raises:
        ValueError: the output exists, cannot be written, has an unknown ending, or was begun with another identity.
    """

    def __init__(
        self, out: Path, identity: Mapping[str, Any], overwrite: bool = False, shard_articles: int = SHARD_ARTICLES
    ) -> None:
        self.out, self.shard_articles = out, shard_articles
        self.ending = next((e for e in OUTPUTS if out.name.lower().endswith(e)), None)
        self.folder = names_folder(out)
        if self.ending is None and not self.folder:
            raise ValueError(f"{out}: unknown ending for output; allowed are {', '.join(OUTPUTS)}, or a folder")
        self.journal = out / ".journal.jsonl" if self.folder else out.with_name(out.name + ".part")
        self.state_file = _state_file(out)
        _make_folder(out if self.folder else out.parent)
        fresh = {"identity": json.loads(json.dumps(identity)), "articles": 0, "statements": 0, "digest": START, "bytes": 0}
        self.state: dict[str, Any] = {**fresh, "shards": [], "failed": [], "complete": False}
        self.file: IO[bytes] | None = None
        self._found = self._check(overwrite)
        self.done = int(self.state["articles"])
        self._sharded = {what: sum(int(s[what]) for s in self.state["shards"]) for what in ("articles", "statements")}
        self._seen, self._digest = 0, START
        if not overwrite:  # what is to be replaced stays until there is something to put in its place
            self._begin()

    def _begin(self) -> IO[bytes]:
        """Open the journal, for this run alone."""
        if self.file is not None:
            return self.file
        try:
            made = not self.journal.exists()
            file = self.journal.open("a+b")  # which leaves alone what another run has written into it
            if fcntl is not None:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    file.close()
                    raise ValueError(f"another run is writing {self.out}: wait for it, or choose another output") from error
            if self._found is not None and self._read_state() != self._found:
                file.close()
                if made:
                    self.journal.unlink()
                raise ValueError(f"another run has written {self.out} in the meantime: start again")
            self._clear()
            self._save()
            file.truncate(self.state["bytes"])
            file.seek(self.state["bytes"])
        except OSError as error:
            raise ValueError(f"cannot write {self.out}: {error.strerror}") from error
        self.file = file
        return file

    def _check(self, overwrite: bool) -> dict[str, Any] | None:
        """Take over the state of an earlier run that can go on; returns it as it was found."""
        self._old: list[Path] = []  # shards that are to go
        try:
            found = self._read_state()
        except ValueError:
            if not overwrite:
                raise
            found = None
        if overwrite:
            if self.folder and not found and self._others():  # whose they are cannot be known
                raise ValueError(f"{self.out} holds other files: choose an empty folder for the shards")
            if found and self.folder:
                self._old = [*(self.out / str(shard["name"]) for shard in found["shards"]), self._next_shard(found)]
            return None  # whatever it is, it is replaced
        if self.folder:
            if found and found["complete"]:
                raise ValueError(f"{self.out} exists and is complete: choose another output, or add --overwrite")
            if not found and self._others():
                raise ValueError(f"{self.out} holds other files: choose an empty folder for the shards")
        elif self.out.exists():
            raise ValueError(f"{self.out} exists: choose another output, or add --overwrite")
        if found:
            old, new = found["identity"], self.state["identity"]
            if changed := [key for key in {**old, **new} if old.get(key) != new.get(key)]:
                raise ValueError(
                    f"{self.out} was begun with other settings ({', '.join(sorted(changed))}): finish it with those, "
                    "choose another output, or add --overwrite to start anew"
                )
            if not found["bytes"] or (self.journal.exists() and self.journal.stat().st_size >= found["bytes"]):
                self.state = found
            elif self.folder:  # the journal was lost: the finished shards still count
                raise ValueError(f"{self.journal} is gone or shorter than {self.state_file} says: add --overwrite to start anew")
            if self.folder:
                self._old = [self._next_shard(found)]
        return found

    def _next_shard(self, state: dict[str, Any]) -> Path:
        """Where a run may have been broken off with a shard that is not in its manifest yet."""
        return self.out / SHARD.format(len(state["shards"]))

    def _others(self) -> list[str]:
        """Names in the folder that no run gives to its own files."""
        return [path.name for path in self.out.iterdir() if not path.name.startswith((".", "_"))]

    def _read_state(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self.state_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ValueError(f"cannot read {self.state_file}: {error}; add --overwrite to start anew") from error
        if not isinstance(found, dict) or not set(self.state) <= set(found):
            raise ValueError(f"{self.state_file} is not the state of a run: choose another output")
        return found

    def _clear(self) -> None:
        """Take away shards that are replaced, or would stand there twice: what a run wrote, and nothing else."""
        for path in self._old:
            path.unlink(missing_ok=True)

    def skip(self, doc_id: str, text: str, speaker: str | None = None) -> None:
        """Pass over an article that is done.

        Raises:
            ValueError: the articles so far are not those that the earlier run labelled.
        """
        self._count(doc_id, text, speaker)
        if self._seen == self.done and self._digest != self.state["digest"]:
            raise ValueError(
                f"the first {self.done} articles are not those that {self.out} was begun with: "
                "give the same inputs, or add --overwrite to start anew"
            )

    def _count(self, doc_id: str, text: str, speaker: str | None) -> None:
        self._seen += 1
        line = json.dumps([self._digest, doc_id, text, speaker]).encode()
        self._digest = hashlib.sha1(line, usedforsecurity=False).hexdigest()

    def add(
        self,
        docs: Sequence[Document],
        speakers: Sequence[str | None] | None = None,
        failed: Sequence[dict[str, Any] | None] | None = None,
    ) -> None:
        """Add the next documents; when it returns they are safe.

        Args:
            docs: documents.
            speakers: the speaker that each was given.
            failed: what is to be said of each that failed (it is empty), else None.
        """
        file = self._begin()
        for doc, speaker, failure in zip(docs, speakers or [None] * len(docs), failed or [None] * len(docs), strict=True):
            for record in doc.to_records():
                file.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            self._count(doc.doc_id, doc.text, speaker)
            self.state["articles"] += 1
            if failure:
                self.state["failed"].append(failure)
            self.state["statements"] += len(doc)
            if self.folder and self.state["articles"] - self._sharded["articles"] >= self.shard_articles:
                self._shard()
        self._commit()

    def _commit(self) -> None:
        file = self._begin()
        file.flush()
        os.fsync(file.fileno())
        self.state |= {"bytes": file.tell(), "digest": self._digest}
        self._save()

    def _save(self) -> None:
        text = json.dumps(self.state, indent=1 if self.folder else None, ensure_ascii=False)
        part = self.state_file.with_name(self.state_file.name + ".tmp" if not self.folder else ".manifest.tmp")
        _write(part, lambda file: file.write(text.encode("utf-8", "replace")))
        _rename(part, self.state_file)

    def _records(self) -> Iterator[dict[str, Any]]:
        self._begin().flush()
        with self.journal.open("rb") as lines:
            yield from map(json.loads, lines)

    def earlier(self) -> Iterator[list[dict[str, Any]]]:
        """The records of each article that has any, from the journal of a single file, in order."""
        group: list[dict[str, Any]] = []
        for record in self._records():
            if group and (record["doc_id"] != group[-1]["doc_id"] or record["id"] <= group[-1]["id"]):
                yield group
                group = []
            group.append(record)
        if group:
            yield group

    def _shard(self) -> None:
        """The journal so far becomes a shard."""
        shard = self._next_shard(self.state)
        part = shard.with_name(f".{shard.name}.tmp")
        file = self._begin()
        rows = _write(part, self._parquet)
        _rename(part, shard)
        entry = {what: int(self.state[what]) - before for what, before in self._sharded.items()}
        self.state["shards"].append({"name": shard.name, **entry, "rows": rows})
        self._sharded = {what: int(self.state[what]) for what in self._sharded}
        # The state first: if this is where the run ends, the next one cuts the journal itself.
        self.state |= {"bytes": 0, "digest": self._digest}
        self._save()
        file.seek(0)
        file.truncate()

    def _rows(self) -> Iterator[dict[str, Any]]:
        for record in self._records():
            yield from Statement.from_record(record).to_rows(record["doc_id"])

    def _parquet(self, file: IO[bytes]) -> int:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema, rows, count = arrow_schema(), [], 0
        with pq.ParquetWriter(file, schema) as writer:
            for row in self._rows():
                rows.append(row)
                count += 1
                if len(rows) >= GROUP_ROWS:
                    writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                    rows = []
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        return count

    def _csv(self, file: IO[bytes]) -> int:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="", write_through=True)
        writer, count = csv.writer(text), 0  # its \r\n makes it quote a lone \r in a field too
        writer.writerow(FRAME_COLUMNS)
        for row in self._rows():
            writer.writerow(row.values())
            count += 1
        text.detach()
        return count

    def finish(self) -> None:
        """Give the output its name, and take the journal away.

        Raises:
            ValueError: fewer articles came than an earlier run had labelled.
        """
        if self._seen < self.done:
            raise ValueError(
                f"{self.out} was begun with more articles ({self.done}) than there are now ({self._seen}): "
                "give the same inputs, or add --overwrite to start anew"
            )
        file = self._begin()
        if self.folder:
            if self.state["articles"] > self._sharded["articles"] or not self.state["shards"]:
                self._shard()
        elif self.ending != ".jsonl":
            part = self.out.with_name(self.out.name + ".tmp")
            _write(part, self._csv if self.ending == ".csv" else self._parquet)
            _rename(part, self.out)
        if fcntl is None:
            file.close()  # there, a file that is open cannot be renamed; here, it keeps other runs out to the end
        if self.folder:
            self.journal.unlink(missing_ok=True)
            self.state["complete"] = True
            self._save()
        else:
            if self.ending == ".jsonl":
                _rename(self.journal, self.out)
            for path in (self.journal, self.state_file):
                path.unlink(missing_ok=True)
        file.close()

    def close(self) -> None:
        """Stop here: nothing was found to label, so leave nothing; otherwise what is done stays for the next run."""
        if self.file is None:
            return
        with contextlib.suppress(OSError):  # a full disk was reported when it was met
            self.file.close()
        if not self.state["articles"] and not self.state["complete"]:
            for path in (self.journal, self.state_file):
                path.unlink(missing_ok=True)


def names_folder(out: Path) -> bool:
    """Whether an output is a folder of shards: one that exists, or a name without an ending."""
    return out.is_dir() or not out.suffix


def begun(out: Path) -> bool:
    """Whether a run on this output was broken off."""
    try:
        return json.loads(_state_file(out).read_text(encoding="utf-8"))["complete"] is False
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _state_file(out: Path) -> Path:
    return out / MANIFEST if names_folder(out) else out.with_name(out.name + ".part.json")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"cannot make the folder {folder}: {error.strerror}") from error


def _write(path: Path, work: Any) -> int:
    """Write a file through `work(file)` so that it is on the disk before this returns; what `work` returned."""
    with path.open("wb") as file:
        result: int = work(file)
        file.flush()
        os.fsync(file.fileno())
    return result


def _rename(part: Path, path: Path) -> None:
    """Give a file that is on the disk its name, so that it has it after a power cut too."""
    part.replace(path)
    if os.name == "nt":
        return  # folders cannot be opened there
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(folder)
    finally:
        os.close(folder)


def made_with(nlp: Pipeline) -> dict[str, str]:
    """What records depend on beside the articles and the options: the library, and its models' contents."""
    from . import __version__

    return {"stancekit": __version__, **{f"{task} model": fingerprint(c.folder) for task, c in nlp.checkpoints.items()}}


def fingerprint(folder: Path) -> str:
    """A digest of a model folder: its weights, tokenizer and settings."""
    found = hashlib.sha1(usedforsecurity=False)
    for path in sorted(folder.iterdir()):
        if path.suffix in (".onnx", ".safetensors", ".json"):
            found.update(path.name.encode())
            found.update(path.read_bytes())
    return found.hexdigest()
