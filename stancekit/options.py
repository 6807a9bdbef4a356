"""The options of the command line."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .checkpoints import TASKS
from .runs import SHARD_ARTICLES


class Parser(argparse.ArgumentParser):
    """Knows no shortened options, and names the nearest one to an option that it does not know."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in argparse; an unknown option ends the program here, where the command's own options are known."""
        found, unknown = super().parse_known_args(args, namespace)
        if wrong := next((word for word in unknown if word.startswith("--") and word != "--"), None):
            name = wrong.split("=")[0]
            near = difflib.get_close_matches(name, [o for o in self._option_string_actions if o.startswith("--")], 1)
            where = "" if " " in self.prog else " before the command"
            hint = f"; did you mean {near[0]}?" if near else f" ({self.prog} --help lists those there are)"
            self.error(f"there is no option {name}{where}{hint}")
        return found, unknown


def parser(commands: Mapping[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """What the command line understands; `run` of what it parses is the function of the command that was given."""
    from . import __version__

    top = Parser(prog="stancekit", description="Who takes which stance toward what, in political text.")
    top.add_argument("--version", action="version", version=f"stancekit {__version__}")
    adding = top.add_subparsers(required=True, metavar="COMMAND")
    labels = adding.add_parser("label", help="label articles: files, folders, or - for standard input")
    labels.set_defaults(run=commands["label"])
    labels.add_argument("inputs", nargs="+", metavar="IN", help=".txt, .jsonl, .csv, .parquet, a folder, a pattern, or -")
    labels.add_argument(
        "--out",
        type=Path,
        help=".jsonl (records), .csv or .parquet (one row a stance), or a folder of Parquet shards; without: a table",
    )
    labels.add_argument("--html", type=Path, help="also write the labelled articles as one HTML page")
    labels.add_argument("--show", action="store_true", help="also print the table")
    labels.add_argument("--overwrite", action="store_true", help="replace outputs that exist, also unfinished ones")
    _column_options(labels)
    labels.add_argument("--speaker", help="speaker of all the texts: they are this speaker's own words")
    labels.add_argument("--batch-size", type=int, default=16, metavar="N", help="articles worked on together (default: 16)")
    labels.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="processes that share the work (default: 1; with --engine ray: one a processor)",
    )
    labels.add_argument("--engine", choices=("local", "ray"), default="local", help="ray: on a Ray cluster (default: local)")
    labels.add_argument("--address", metavar="ADDRESS", help="of the Ray cluster; without: one that runs here, else a new one")
    labels.add_argument(
        "--shard-size",
        type=int,
        default=SHARD_ARTICLES,
        metavar="N",
        help="articles of a shard, where --out is a folder (default: 1000)",
    )
    labels.add_argument(
        "--errors", type=Path, metavar="FILE", help="where skipped rows go (default: NAME.errors.jsonl beside NAME)"
    )
    labels.add_argument("--quiet", action="store_true", help="no progress bar")
    _model_options(labels)
    report = adding.add_parser("report", help="articles as one self-contained HTML page: the summary first, then the articles")
    report.set_defaults(run=commands["report"])
    report.add_argument("inputs", nargs="+", metavar="IN", help=".txt, .jsonl, .csv, .parquet, a folder, a pattern, or -")
    report.add_argument("--out", type=Path, default=Path("report.html"))
    report.add_argument("--overwrite", action="store_true", help="replace an output that exists")
    report.add_argument("--title", help="of the page")
    report.add_argument("--evidence", action="store_true", help="show on hover which words carried each decision (slower)")
    report.add_argument("--date-column", metavar="NAME", help="column with the articles' dates, for the timeline")
    _column_options(report)
    report.add_argument("--speaker", help="who speaks, if the texts are one speaker's own words")
    _model_options(report)
    evaluate = adding.add_parser("evaluate", help="score predicted records against gold ones")
    evaluate.set_defaults(run=commands["evaluate"])
    evaluate.add_argument("gold", metavar="GOLD", help="JSONL of gold records")
    evaluate.add_argument("predicted", metavar="PREDICTED", help="JSONL that `stancekit label` wrote")
    evaluate.add_argument("--json", action="store_true", help="as JSON")
    info = adding.add_parser("info", help="which models, versions and measures are inside")
    info.set_defaults(run=commands["info"])
    info.add_argument("--json", action="store_true", help="as JSON")
    _model_options(info)
    return top


def _column_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text-column", default="text", metavar="NAME", help="column that holds the text (default: text)")
    parser.add_argument("--id-column", metavar="NAME", help="column with the documents' ids")
    parser.add_argument("--speaker-column", metavar="NAME", help="column with the speaker of speeches and statements")


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", metavar="DIR", help="folder with attribution/, target/ and stance/ checkpoints")
    for task in TASKS:
        parser.add_argument(f"--{task}", metavar="DIR", help=f"checkpoint folder or Hub id for the {task} step")
    parser.add_argument(
        "--abstain-below", type=float, default=0.0, metavar="SCORE", help="give stances that are less sure as neutral (0 to 1)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads (default: all cores)")
