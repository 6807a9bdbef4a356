"""The command line: ``stancekit label``, ``report``, ``evaluate``, ``info``.

Exit status: 0 all went well; 1 some rows or files were skipped (each is named on stderr); 2 nothing could be done.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import shutil
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from . import checkpoints
from .corpus import Article, Labelled, Problem, Reader, died, label
from .labels import NEUTRAL
from .options import parser
from .parallel import counted, spread
from .phrases import with_meaning
from .runs import Run, begun, made_with, names_folder
from .tables import Columns
from .types import Document

if TYPE_CHECKING:
    from .pipeline import Pipeline


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    arguments = parser({"label": _label, "report": _report, "evaluate": _evaluate, "info": _info}).parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a character must not end the run
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_a, **_k: print(f"warning: {message}", file=sys.stderr)
            status: int = arguments.run(arguments)
        return status
    except (ValueError, TypeError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        kept = arguments.run is _label and arguments.out
        print("stopped" + "; given again (without --overwrite), the command goes on from here" * bool(kept), file=sys.stderr)
        return 130
    except OSError as error:
        print(f"error: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        return 2


def _load(arguments: argparse.Namespace) -> Pipeline:
    from .pipeline import load

    chosen = {task: getattr(arguments, task) for task in checkpoints.TASKS}
    return load(arguments.model, **chosen, threads=arguments.threads, abstain_below=arguments.abstain_below)


def _label(arguments: argparse.Namespace) -> int:
    columns = Columns(arguments.text_column, arguments.id_column, arguments.speaker_column)
    for option in ("batch_size", "processes", "shard_size"):
        if getattr(arguments, option) < 1:
            raise ValueError(f"--{option.replace('_', '-')} must be at least 1, found {getattr(arguments, option)}")
    outputs = [p for p in (arguments.out, arguments.html, _errors_file(arguments)) if p]
    goes_on = arguments.out is not None and begun(arguments.out)
    if arguments.html:
        _check_output(arguments.html, "--html", arguments.overwrite)
    if arguments.errors:  # a run that was broken off has left its own there
        _check_output(arguments.errors, "--errors", arguments.overwrite or (goes_on and Problems.wrote(arguments.errors)))
    if len({p.resolve() for p in outputs}) < len(outputs):
        raise ValueError("--out, --html and --errors must be three different files")
    for path in outputs:
        if any(str(i) != "-" and Path(i).resolve() == path.resolve() for i in arguments.inputs):
            raise ValueError(f"{path} is an input too: choose another output")
    hidden = [p.with_name(p.name + ending) for p in outputs for ending in ("", ".part", ".part.json", ".tmp")]
    reader = Reader(columns, skip=tuple(p.resolve() for p in hidden))
    keep = arguments.html is not None or arguments.show or arguments.out is None
    if keep and arguments.out and names_folder(arguments.out):
        raise ValueError("--html and --show hold every article in memory: give them with a file as --out, not with a folder")
    items = reader.read(arguments.inputs)  # a path that is not there is known before anything is replaced
    nlp = _load(arguments)
    run = Run(arguments.out, _identity(nlp, arguments), arguments.overwrite, arguments.shard_size) if arguments.out else None
    problems = Problems(_errors_file(arguments))
    kept: list[Document] = []
    complete = False
    try:
        done, statements = _work(nlp, items, arguments, run, kept if keep else None, problems)
        complete = done > 0 or not problems.count
        if run and complete:
            run.finish()
    finally:
        if run:
            run.close()
        problems.close()
    if (arguments.show or run is None) and (done or not problems.count):
        print(table(kept))
    if arguments.html:
        from .display import render_all

        render_all(kept, arguments.html)
    _say(done, statements, problems, [p for p in (arguments.out if complete else None, arguments.html) if p])
    if not done and not problems.count:
        print(f"warning: there is no article in {', '.join(map(str, arguments.inputs))}", file=sys.stderr)
    if problems.count and not done:
        return 2
    return 1 if problems.count else 0


def _work(
    nlp: Pipeline, items: Iterator[Article | Problem], arguments: argparse.Namespace, run: Run | None,
    kept: list[Document] | None, problems: Problems,
) -> tuple[int, int]:  # fmt: skip
    """Label what is not labelled yet; how many articles and statements there are now."""
    articles = (replace(a, speaker=a.speaker or arguments.speaker) for a in problems.sift(items))
    done = statements = 0
    if run and run.done:
        print(f"going on after {run.done} articles that are labelled already", file=sys.stderr)
        groups = run.earlier() if kept is not None else iter(())
        group = next(groups, None)
        for article in itertools.islice(articles, run.done):
            run.skip(article.doc_id, article.text, article.speaker)
            if kept is not None:
                mine = group if group and _of(article, group) else None
                kept.append(Document.from_records(article.text, mine) if mine else Document(article.text, (), article.doc_id))
                group = next(groups, None) if mine else group
        for failure in run.state["failed"]:
            problems.add(Problem(**failure))
        done, statements = run.done - len(run.state["failed"]), int(run.state["statements"])
    batches = iter(lambda: list(itertools.islice(articles, arguments.batch_size)), [])

    def labelled() -> Iterator[Document]:
        for batch in _spread(nlp, batches, arguments):
            if run:
                failed = [asdict(x.problem) if x.problem else None for x in batch]
                run.add([x.doc for x in batch], [x.article.speaker for x in batch], failed)
            for x in batch:
                if x.problem:
                    problems.add(x.problem)
                else:
                    yield x.doc

    for doc in counted(labelled(), done=done, hidden=arguments.quiet or not sys.stderr.isatty()):
        done, statements = done + 1, statements + len(doc)
        if kept is not None:
            kept.append(doc)
    return done, statements


def _of(article: Article, records: Sequence[dict[str, Any]]) -> bool:
    """Whether records are an article's: ids may repeat, its words at their places hardly."""
    return all(r["doc_id"] == article.doc_id and article.text[r["start"] : r["end"]] == r["text"] for r in records)


def _spread(nlp: Pipeline, batches: Iterator[list[Article]], arguments: argparse.Namespace) -> Iterator[list[Labelled]]:
    if arguments.engine == "local":
        return spread(nlp, label, batches, arguments.processes, died)
    from . import distributed

    distributed.start(arguments.address)
    return distributed.spread(nlp, batches, arguments.processes if arguments.processes > 1 else None)


def _identity(nlp: Pipeline, arguments: argparse.Namespace) -> dict[str, object]:
    """What the records depend on beside the articles."""
    options = ("text_column", "id_column", "speaker_column", "speaker", "abstain_below", "shard_size")
    return {**made_with(nlp), **{f"--{o.replace('_', '-')}": getattr(arguments, o) for o in options}}


def _errors_file(arguments: argparse.Namespace) -> Path | None:
    """Where the rows go that were skipped: beside the output, or where --errors says."""
    if arguments.errors or arguments.out is None:
        return arguments.errors  # type: ignore[no-any-return]
    out: Path = arguments.out
    if names_folder(out):
        return out / "_errors.jsonl"  # readers of Parquet folders pass over a name that begins with _
    return out.with_name(out.name.removesuffix(out.suffix) + ".errors.jsonl")


class Problems:
    """What was skipped: said on stderr as it comes, counted, and written to a file of {"where", "reason"} rows."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.count = path, 0
        self.file: IO[str] | None = None
        if path and path.is_file():
            if not self.wrote(path):
                raise ValueError(f"{path} exists and is no file of skipped rows: move it, or choose another --errors")
            path.unlink()  # of an earlier run

    @staticmethod
    def wrote(path: Path) -> bool:
        """Whether a file may be overwritten as one of this kind: it begins with such a row, or holds nothing."""
        try:
            with path.open(encoding="utf-8") as lines:
                first = lines.readline(10_000)
            return not first or json.loads(first).keys() == {"where", "reason"}
        except (OSError, ValueError, AttributeError):
            return False

    def add(self, problem: Problem) -> None:
        """One more."""
        self.count += 1
        print(f"skipped: {problem}", file=sys.stderr)
        if self.path and self.file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.file = self.path.open("w", encoding="utf-8", errors="replace", buffering=1)  # a line at a time
        if self.file:
            self.file.write(json.dumps({"where": problem.where, "reason": problem.reason}, ensure_ascii=False) + "\n")

    def sift(self, items: Iterator[Article | Problem]) -> Iterator[Article]:
        """The articles among `items`; the problems are added."""
        for item in items:
            if isinstance(item, Problem):
                self.add(item)
            else:
                yield item

    def close(self) -> None:
        """Close the file."""
        if self.file:
            self.file.close()


def _check_output(path: Path, option: str, overwrite: bool) -> None:
    """Complain about an output before the work, not after it."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder: {option} names a file")
    if path.exists() and not overwrite:
        raise ValueError(f"{path} exists: choose another {option}, or add --overwrite")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:  # whether a file can be made there is known only by making one
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ValueError(f"cannot write {option} {path}: {error.strerror or error}") from None


def _say(done: int, statements: int, problems: Problems | None, written: list[Path]) -> None:
    text = f"{done} document{'s' * (done != 1)}, {statements} statement{'s' * (statements != 1)}"
    if problems and problems.count:
        text += f", {problems.count} skipped" + (f" (see {problems.path})" if problems.path else "")
    print(text + "".join(f"; wrote {path}" for path in written), file=sys.stderr)


def table(docs: Sequence[Document], width: int | None = None) -> str:
    """The stances of documents as a text table: whose they are (the speaker, or the party of which the speaker tells), and toward what.

    Statements without a stance are counted, not shown. Of several documents, each is named above its stances.
    """
    width = width or max(80, min(160, shutil.get_terminal_size((120, 24)).columns))
    who, what = 20, max(18, (width - 48) // 2 - 6)
    says = width - who - what - 10 - 6 - 8
    lines = [f"{'WHO':{who}}  {'STANCE':9}  {'TARGET':{what}}  {'STATEMENT':{says}}  SCORE", "─" * width]
    rest = 0
    for doc in docs:
        rows = doc.to_rows()
        shown = [row for row in rows if row["label"] != NEUTRAL]
        rest += len(rows) - len(shown)
        if shown and len(docs) > 1:
            lines.append(f"[{doc.doc_id if len(doc.doc_id) < width else '…' + doc.doc_id[3 - width :]}]")
        for row in shown:
            cells = [
                textwrap.shorten(str(value), size, placeholder="…")
                for value, size in (
                    (row["holder"] if row["reported"] else row["speaker"] or "?", who),
                    (with_meaning(row["target"], row["target_name"]) if row["target"] else "–", what),
                    (row["text"], says),
                )
            ]
            lines.append(f"{cells[0]:{who}}  {row['label']:9}  {cells[1]:{what}}  {cells[2]:{says}}  {row['score']:.2f}")
    lines.append(f"and {rest} neutral" if len(lines) > 2 else f"no stances found ({rest} neutral statements)")
    return "\n".join(lines)


def _report(arguments: argparse.Namespace) -> int:
    from .display import render_all, summary_html

    _check_output(arguments.out, "--out", arguments.overwrite)
    columns = Columns(arguments.text_column, arguments.id_column, arguments.speaker_column, arguments.date_column)
    problems = Problems(None)
    articles = list(problems.sift(Reader(columns, skip=(arguments.out.resolve(),)).read(arguments.inputs)))
    if not articles:
        raise ValueError("no article to report on")
    nlp = _load(arguments)
    found = nlp.pipe(
        (a.text for a in articles),
        doc_ids=[a.doc_id for a in articles],
        speakers=[a.speaker or arguments.speaker for a in articles],
    )
    dates = _dates(articles)
    docs = list(counted(found, len(articles), hidden=not sys.stderr.isatty()))
    title = arguments.title or (f"{len(docs)} articles" if len(docs) > 1 else docs[0].doc_id)
    summary = summary_html(docs, dates)
    render_all(docs, arguments.out, nlp if arguments.evidence else None, summary, title)
    _say(len(docs), sum(map(len, docs)), problems, [arguments.out])
    return 1 if problems.count else 0


def _dates(articles: Sequence[Article]) -> dict[str, Any]:
    """The articles' dates by their ids; one that cannot be read is reported, and its article left out of the timeline."""
    import pandas as pd

    out = {}
    for article in articles:
        if article.date:
            date = pd.to_datetime(article.date, errors="coerce", utc=True)
            if pd.isna(date):
                print(f"warning: {article.doc_id}: {article.date!r} is no date; it is left out of the timeline", file=sys.stderr)
            else:
                out[article.doc_id] = date
    return out


def _evaluate(arguments: argparse.Namespace) -> int:
    from .evaluation import read_records, score, summary

    gold, predicted = read_records(arguments.gold), read_records(arguments.predicted)
    if not gold:
        raise ValueError(f"{arguments.gold} holds no records")
    if not set(gold) & set(predicted):
        raise ValueError(
            f"no document of {arguments.gold} ({', '.join(sorted(gold)[:3])}, …) is in {arguments.predicted}: doc_id must agree"
        )
    if lacking := sorted(set(gold) - set(predicted)):
        print(f"warning: {len(lacking)} documents have no predictions: {', '.join(lacking[:5])}", file=sys.stderr)
    figures = score(gold, predicted)
    print(json.dumps(figures, indent=1) if arguments.json else summary(figures))
    return 0


def _info(arguments: argparse.Namespace) -> int:
    from . import __version__

    nlp = _load(arguments)
    found = {}
    for task, checkpoint in nlp.checkpoints.items():
        size = sum(p.stat().st_size for p in checkpoint.folder.iterdir() if p.suffix in (".onnx", ".safetensors"))
        embedded = checkpoint.folder.parent == checkpoints.MODELS
        found[task] = {
            "folder": "embedded" if embedded else str(checkpoint.folder),
            "labels": list(checkpoint.labels),
            "megabytes": round(size / 1e6, 1),
            **{k: v for k, v in checkpoint.settings.items() if k not in ("task", "markers", "linker")},
        }
    if arguments.json:
        print(json.dumps({"version": __version__, "models": found}, indent=1))
        return 0
    print(f"stancekit {__version__}")
    for task, facts in found.items():
        print(
            f"\n{task}: {facts['folder']}, {facts['megabytes']} MB, from {facts.get('base', '?')}, trained {facts.get('trained', '?')}"
        )
        print(f"  labels: {', '.join(facts['labels'])}")
        shown_facts = {n: facts[n] for n in ("dev", "export") if n in facts} | {
            f"measured, {n}": f for n, f in facts.get("measured", {}).items()
        }
        for name, values in shown_facts.items():
            if values:
                shown = ", ".join(f"{k} {v}" for k, v in values.items())
                print(textwrap.fill(f"{name}: {shown}", 110, initial_indent="  ", subsequent_indent="    "))
    return 0


if __name__ == "__main__":
    sys.exit(main())
