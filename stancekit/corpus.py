"""Articles from files and tables: .txt, .jsonl(.gz), .csv, .parquet, folders and standard input.

Everything streams: a corpus is read, labelled (`label`) and written (`runs.Run`) a batch at a time. What cannot be read or
labelled is reported as a `Problem` and skipped; the rest goes on.
"""

from __future__ import annotations

import collections
import csv
import glob
import gzip
import json
import re
import sys
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .tables import Columns, MissingColumn, missing
from .tagging import SURROGATE
from .types import Document

if TYPE_CHECKING:
    from .pipeline import Pipeline

ENDINGS = (".txt", ".jsonl", ".jsonl.gz", ".csv", ".parquet")
MAX_FIELD = 2**31 - 1
ROWS = 0.9  # of the lines after an unclosed quotation mark that must have all fields, to be taken for rows
NAMES = 50  # columns that are kept in mind of rows that may differ, to name them where one is missing


@dataclass(frozen=True, slots=True)
class Article:
    """A text to label, what its records are called, its speaker if the input names one, and its date if one was asked for."""

    doc_id: str
    text: str
    speaker: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read: where, and why."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article, its document, and what went wrong with it if something did."""

    article: Article
    doc: Document
    problem: Problem | None = None


class _Lines:
    """The lines of a CSV file, which remembers those that were taken for a row."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.taken: list[str] = []
        self.ended = False  # was a line asked for after the last one?

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self.lines)
        except StopIteration:
            self.ended = True
            raise
        self.taken.append(line)
        return line


@dataclass(slots=True)
class Reader:
    """Reads articles from paths. Problems with single rows or files come out beside the articles.

    Files and folders in `skip` (outputs of the same run) are passed over where a folder or a pattern holds them.
    """

    columns: Columns = field(default_factory=Columns)
    skip: tuple[Path, ...] = ()

    def read(self, paths: Iterable[str | Path]) -> Iterator[Article | Problem]:
        """Articles (and problems) of files, folders (with all files under them) and "-" (standard input, one text).

        A path that does not exist may be a pattern (``news/**/*.txt``), for shells that do not know them.

        Raises:
            ValueError: a path does not exist or has an unknown ending; before anything is read.
        """
        found: dict[str | Path, None] = {}  # files in order, each once; "-" is standard input
        for path in paths:
            found |= dict.fromkeys(["-"] if str(path) == "-" else self._files(Path(path)))
        return self._read(list(found))

    def _read(self, files: Sequence[str | Path]) -> Iterator[Article | Problem]:
        names = unique_names([file for file in files if isinstance(file, Path)])
        for file in files:
            if isinstance(file, Path):
                yield from self._file(file, names[file])
            else:
                yield from self._text(sys.stdin.buffer.read(), "stdin", "stdin")

    def _files(self, path: Path) -> list[Path]:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and p.name.lower().endswith(ENDINGS))
            files = [p for p in files if not self._skipped(p)]
            if not files:
                raise ValueError(f"{path}: no files that end in {', '.join(ENDINGS)}")
            return files
        if not path.exists():
            matches = [p for p in map(Path, sorted(glob.glob(str(path), recursive=True))) if not self._skipped(p)]
            if not matches:
                raise ValueError(f"{path}: no such file or folder")
            return [file for match in matches for file in self._files(match)]
        if not path.name.lower().endswith(ENDINGS):
            raise ValueError(f"{path}: unknown ending; allowed are {', '.join(ENDINGS)}, a folder, or - for standard input")
        return [path]

    def _skipped(self, path: Path) -> bool:
        return bool({path.resolve(), *path.resolve().parents} & set(self.skip))

    def _file(self, path: Path, stem: str) -> Iterator[Article | Problem]:
        name = path.name.lower()
        try:
            if name.endswith(".txt"):
                yield from self._text(path.read_bytes(), stem, str(path))
            elif name.endswith(".csv"):
                yield from self._csv(path, stem)
            elif name.endswith(".parquet"):
                yield from self._parquet(path, stem)
            else:
                yield from self._jsonl(path, stem)
        except OSError as error:
            yield Problem(str(path), f"cannot be read: {error.strerror or error}")
        except MissingColumn as error:
            yield Problem(str(path), _with_option(error))
        except (EOFError, zlib.error, csv.Error, ValueError) as error:  # cut off, or not what its ending says
            yield Problem(str(path), f"cannot be read to its end: {error}")

    def _text(self, data: bytes, doc_id: str, where: str) -> Iterator[Article | Problem]:
        if b"\0" in data:
            yield Problem(where, f"holds a NUL byte at offset {data.index(0)}: not a text file")
            return
        try:
            # No newline translation and no BOM removal: offsets count in the text exactly as it was given.
            yield Article(doc_id, data.decode("utf-8"))
        except UnicodeDecodeError as error:
            yield Problem(where, f"is not valid UTF-8 (byte {error.start}): convert it, e.g. iconv -f latin1 -t utf-8")

    def _row(self, row: dict[str, Any], stem: str, number: int, where: str) -> Article | Problem:
        text = row.get(self.columns.text)
        if self.columns.text not in row:
            return Problem(where, _with_option(missing("text", self.columns.text, row, "the row")))
        if not isinstance(text, str):
            return Problem(where, f"column {self.columns.text!r} holds {type(text).__name__}, not text")
        if any(SURROGATE.search(str(v)) for v in (text, row.get(self.columns.id or ""), row.get(self.columns.speaker or ""))):
            return Problem(where, "is not valid Unicode")  # bytes of a CSV that are not UTF-8 come out as surrogates too
        doc_id = row.get(self.columns.id) if self.columns.id else None
        speaker = row.get(self.columns.speaker) if self.columns.speaker else None
        if self.columns.id and doc_id in (None, ""):
            return Problem(where, f"column {self.columns.id!r} is empty")
        who = speaker if isinstance(speaker, str) and speaker.strip() else None
        date = row.get(self.columns.date) if self.columns.date else None
        name = str(doc_id) if doc_id is not None else f"{stem}-{number}"
        return Article(name, text, who, None if date in (None, "") else str(date))

    def _csv(self, path: Path, stem: str) -> Iterator[Article | Problem]:
        if csv.field_size_limit() < MAX_FIELD:  # an article is longer than the module's default
            csv.field_size_limit(MAX_FIELD)
        with path.open("rb") as raw:
            if raw.peek(3).startswith(BOM_UTF8):
                raw.read(3)
            lines = _Lines(line.decode("utf-8", "surrogateescape") for line in raw)
            rows = csv.DictReader(lines)
            names = list(rows.fieldnames or ())
            if names and lines.ended:  # in search of the partner of a quotation mark
                yield Problem(str(path), "its first line has a quotation mark that is never closed")
                return
            self.columns.check(names, "the file")
            number = 0
            while True:
                number += 1
                where = f"{path}, row {number}"
                lines.taken.clear()
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Problem(where, f"is not readable CSV: {error}")
                    continue
                if lines.ended:
                    del row
                    yield from self._unclosed(path, stem, number, names, lines.taken)
                    return
                yield self._csv_row(row, stem, number, where)

    def _csv_row(self, row: dict[Any, Any], stem: str, number: int, where: str) -> Article | Problem:
        if any(row.pop(None, ())):  # what would be cut off is most often the text's end
            return Problem(where, "has more fields than the first line: a text with a comma must stand in quotation marks")
        return self._row(row, stem, number, where)

    def _unclosed(self, path: Path, stem: str, number: int, names: list[str], lines: list[str]) -> Iterator[Article | Problem]:
        """What follows a row that went on to the end of the file in search of the partner of a quotation mark.

        No other mark follows it, so if the lines after it are rows, each is one. Of a text that was cut off they are none.
        """
        opens = max(i for i, line in enumerate(lines) if '"' in line)
        rest = [row for row in csv.reader(lines[opens + 1 :]) if row]
        are_rows = len(names) > 1 and sum(len(row) == len(names) for row in rest) >= ROWS * len(rest)
        lost = f": it and the {len(rest)} lines after it are left out" if rest and not are_rows else ""
        yield Problem(f"{path}, row {number}", f"has a quotation mark that is never closed{lost}")
        for more, row in enumerate(rest if are_rows else (), number + 1):
            where = f"{path}, row {more}"
            if len(row) < len(names):
                yield Problem(where, "has fewer fields than the first line")
            else:
                yield self._csv_row({**dict(zip(names, row, strict=False)), None: row[len(names) :]}, stem, more, where)

    def _jsonl(self, path: Path, stem: str) -> Iterator[Article | Problem]:
        if path.is_file():  # what is no file (a pipe) can be read but once
            self._check_lines(path)
        for number, where, row in _objects(path):
            yield row if isinstance(row, Problem) else self._row(row, stem, number, where)

    def _check_lines(self, path: Path) -> None:
        """Read until each column has been seen: one that no row has is a mistake, which is to be said before the work."""
        wanted, names = set(self.columns.names()), dict[str, None]()
        for _, _, row in _objects(path):
            if isinstance(row, dict):
                names |= {name: None for name in row if name in wanted or len(names) < NAMES}
            if wanted <= names.keys():
                return
        if names:
            self.columns.check(names, "the file")

    def _parquet(self, path: Path, stem: str) -> Iterator[Article | Problem]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            file = pq.ParquetFile(path)
        except pa.ArrowInvalid as error:
            yield Problem(str(path), f"is not readable Parquet: {error}")
            return
        self.columns.check(file.schema_arrow.names, "the file")
        number = 0
        for batch in file.iter_batches(batch_size=256, columns=self.columns.names()):
            for row in batch.to_pylist():
                number += 1
                yield self._row(row, stem, number, f"{path}, row {number}")


def _objects(path: Path) -> Iterator[tuple[int, str, dict[str, Any] | Problem]]:
    """The rows of a .jsonl file, with their numbers and where they stand."""
    with gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}, line {number}"
            if not line.strip():
                continue
            try:
                row = json.loads(line.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
            except (ValueError, RecursionError) as error:  # a UnicodeDecodeError is a ValueError too
                row = Problem(where, f"is not valid JSON: {error}")
            yield number, where, row if isinstance(row, dict | Problem) else Problem(where, "is not a JSON object")


def _with_option(error: MissingColumn) -> str:
    return f"{error} (--{error.role}-column)"


def unique_names(paths: Sequence[Path]) -> dict[Path, str]:
    """What the records of each file are called: its name without the ending, with as many of its folders as tell files apart.

    Files of one folder that differ in their endings alone keep them.
    """

    def bare(path: Path) -> str:
        return re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE).rsplit(".", 1)[0]

    siblings = collections.Counter((path.resolve().parent, bare(path)) for path in paths)

    def name(path: Path, folders: int) -> str:
        stem = bare(path) if siblings[path.resolve().parent, bare(path)] == 1 else path.name
        return "/".join([*path.resolve().parts[-1 - folders : -1], stem]) if folders else stem

    out = {path: name(path, 0) for path in paths}
    for folders in range(1, 64):
        counts = collections.Counter(out.values())
        if not (twice := [path for path in out if counts[out[path]] > 1]):
            break
        out |= {path: name(path, folders) for path in twice}
    return out


def label(nlp: Pipeline, articles: Sequence[Article]) -> list[Labelled]:
    """The documents of some articles, in order; one that the models fail on is empty and comes with a `Problem`."""
    texts, ids, who = [a.text for a in articles], [a.doc_id for a in articles], [a.speaker for a in articles]
    try:
        docs = nlp.pipe(texts, batch_size=max(1, len(texts)), doc_ids=ids, speakers=who)
        return [Labelled(article, doc) for article, doc in zip(articles, docs, strict=True)]
    except Exception as error:  # whatever it is: the other articles of the batch must not be lost to it
        if len(articles) > 1:
            return [found for article in articles for found in label(nlp, [article])]
        problem = Problem(ids[0], f"could not be labelled: {type(error).__name__}: {error}")
        return [_failed(articles[0], problem)]


def died(article: Article) -> Labelled:
    """What is said of an article that kills the process which labels it."""
    return _failed(article, Problem(article.doc_id, "the worker died on this article, perhaps for want of memory"))


def _failed(article: Article, problem: Problem) -> Labelled:
    return Labelled(article, Document(article.text, (), article.doc_id), problem)
