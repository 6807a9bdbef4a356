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
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import checkpoints
from .corpus import Article, Columns, Problem, Reader, Writer
from .labels import NEUTRAL
from .types import Document


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    arguments = _parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a character must not end the run
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_a, **_k: print(f"warning: {message}", file=sys.stderr)
            status: int = arguments.run(arguments)
        return status
    except (ValueError, TypeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"error: {error.filename or 'input or output'}: {error.strerror or error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    from . import __version__

    parser = argparse.ArgumentParser(prog="stancekit", description="Who takes which stance toward what, in political text.")
    parser.add_argument("--version", action="version", version=f"stancekit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    label = commands.add_parser("label", help="label articles: files, folders, or - for standard input")
    label.set_defaults(run=_label)
    label.add_argument("inputs", nargs="+", metavar="IN", help=".txt, .jsonl, .csv, .parquet, a folder, or -")
    label.add_argument("--out", type=Path, help=".jsonl (records), .csv or .parquet (one row a stance); without: a table")
    label.add_argument("--html", type=Path, help="also write the labelled articles as one HTML page")
    label.add_argument("--show", action="store_true", help="also print the table")
    label.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    label.add_argument("--text-column", default="text", metavar="NAME", help="column that holds the text (default: text)")
    label.add_argument("--id-column", metavar="NAME", help="column with the documents' ids")
    label.add_argument("--speaker-column", metavar="NAME", help="column with the speaker of speeches and statements")
    label.add_argument("--speaker", help="speaker of all the texts: they are this speaker's own words")
    label.add_argument("--batch-size", type=int, default=16, metavar="N", help="articles worked on together (default: 16)")
    label.add_argument("--quiet", action="store_true", help="no progress bar")
    _model_options(label)
    report = commands.add_parser("report", help="one article as a self-contained HTML page")
    report.set_defaults(run=_report)
    report.add_argument("article", metavar="ARTICLE", help="a .txt file, or -")
    report.add_argument("--out", type=Path, default=Path("report.html"))
    report.add_argument("--overwrite", action="store_true", help="replace an output that exists")
    report.add_argument("--speaker", help="who speaks, if the text is one speaker's own words")
    _model_options(report)
    evaluate = commands.add_parser("evaluate", help="score predicted records against gold ones")
    evaluate.set_defaults(run=_evaluate)
    evaluate.add_argument("gold", metavar="GOLD", help="JSONL of gold records")
    evaluate.add_argument("predicted", metavar="PREDICTED", help="JSONL that `stancekit label` wrote")
    evaluate.add_argument("--json", action="store_true", help="as JSON")
    info = commands.add_parser("info", help="which models, versions and measures are inside")
    info.set_defaults(run=_info)
    info.add_argument("--json", action="store_true", help="as JSON")
    _model_options(info)
    return parser


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="DIR", help="folder with attribution/, target/ and stance/ checkpoints")
    for task in checkpoints.TASKS:
        parser.add_argument(f"--{task}", metavar="DIR", help=f"checkpoint folder or Hub id for the {task} step")
    parser.add_argument(
        "--abstain-below", type=float, default=0.0, metavar="SCORE", help="give stances that are less sure as neutral (0 to 1)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (default: all cores)")


def _load(arguments: argparse.Namespace):  # type: ignore[no-untyped-def]
    from .pipeline import load

    chosen = {task: getattr(arguments, task) for task in checkpoints.TASKS}
    return load(arguments.model, **chosen, threads=arguments.threads, abstain_below=arguments.abstain_below)


def _label(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    columns = Columns(arguments.text_column, arguments.id_column, arguments.speaker_column)
    if arguments.batch_size < 1:
        raise ValueError(f"--batch-size must be at least 1, found {arguments.batch_size}")
    outputs = [p for p in (arguments.out, arguments.html) if p]
    if arguments.html:
        _check_output(arguments.html, "--html", arguments.overwrite)
    for path in outputs:
        if any(str(i) != "-" and Path(i).resolve() == path.resolve() for i in arguments.inputs):
            raise ValueError(f"{path} is an input too: choose another output")
    reader = Reader(columns, skip=tuple(p.resolve() for p in outputs))
    nlp = _load(arguments)
    writer = Writer(arguments.out, arguments.overwrite) if arguments.out else None
    problems: list[Problem] = []
    done = statements = 0
    kept: list[Document] = []
    keep = arguments.html is not None or arguments.show or writer is None
    bar = tqdm(unit=" docs", disable=arguments.quiet or not sys.stderr.isatty(), file=sys.stderr)
    complete = False
    try:
        for batch in _batches(reader.read(arguments.inputs), arguments.batch_size, problems):
            speakers = [a.speaker or arguments.speaker for a in batch]
            docs = nlp.pipe((a.text for a in batch), batch_size=len(batch), doc_ids=[a.doc_id for a in batch], speakers=speakers)
            for doc in docs:
                done, statements = done + 1, statements + len(doc)
                if writer:
                    writer.write(doc)
                if keep:
                    kept.append(doc)
                bar.update()
                bar.set_postfix_str(f"{statements} statements")
        complete = done > 0 or not problems
    finally:
        bar.close()
        if writer:
            writer.close(complete)
    if arguments.show or writer is None:
        print(table(kept))
    if arguments.html:
        from .display import render_all

        render_all(kept, arguments.html)
    _say(done, statements, problems, [p for p in (arguments.out if complete else None, arguments.html) if p])
    if problems and not done:
        return 2
    return 1 if problems else 0


def _check_output(path: Path, option: str, overwrite: bool) -> None:
    """Complain about an output before the work, not after it."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder: {option} names a file")
    if path.exists() and not overwrite:
        raise ValueError(f"{path} exists: choose another {option}, or add --overwrite")
    path.parent.mkdir(parents=True, exist_ok=True)


def _batches(items: Iterator[Article | Problem], size: int, problems: list[Problem]) -> Iterator[list[Article]]:
    """Articles in lists of `size`; problems are printed as they come, and remembered."""

    def articles() -> Iterator[Article]:
        for item in items:
            if isinstance(item, Problem):
                problems.append(item)
                print(f"skipped: {item}", file=sys.stderr)
            else:
                yield item

    found = articles()
    while batch := list(itertools.islice(found, size)):
        yield batch


def _say(done: int, statements: int, problems: list[Problem], written: list[Path]) -> None:
    text = f"{done} document{'s' * (done != 1)}, {statements} statement{'s' * (statements != 1)}"
    if problems:
        text += f", {len(problems)} skipped"
    print(text + "".join(f"; wrote {path}" for path in written), file=sys.stderr)


def table(docs: Sequence[Document], width: int | None = None) -> str:
    """The stances of documents as a text table; statements without a stance are counted, not shown."""
    width = width or max(80, min(160, shutil.get_terminal_size((120, 24)).columns))
    who, what = 20, max(18, (width - 48) // 2 - 6)
    says = width - who - what - 10 - 6 - 8
    lines = [f"{'SPEAKER':{who}}  {'STANCE':9}  {'TARGET':{what}}  {'STATEMENT':{says}}  SCORE", "─" * width]
    rest = 0
    for doc in docs:
        for row in doc.to_rows():
            if row["label"] == NEUTRAL:
                rest += 1
                continue
            cells = [
                textwrap.shorten(str(value), size, placeholder="…")
                for value, size in ((row["speaker"] or "?", who), (row["target"] or "–", what), (row["text"], says))
            ]
            lines.append(f"{cells[0]:{who}}  {row['label']:9}  {cells[1]:{what}}  {cells[2]:{says}}  {row['score']:.2f}")
    lines.append(f"and {rest} neutral" if len(lines) > 2 else f"no stances found ({rest} neutral statements)")
    return "\n".join(lines)


def _report(arguments: argparse.Namespace) -> int:
    from .display import render

    _check_output(arguments.out, "--out", arguments.overwrite)
    items = list(Reader().read([arguments.article]))
    for item in items:
        if isinstance(item, Problem):
            raise ValueError(str(item))
    articles = [i for i in items if isinstance(i, Article)]
    if len(articles) != 1:
        raise ValueError(f"report takes one article, {arguments.article} holds {len(articles)}")
    doc = _load(arguments)(articles[0].text, doc_id=articles[0].doc_id, speaker=arguments.speaker)
    render(doc, arguments.out)
    _say(1, len(doc), [], [arguments.out])
    return 0


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
