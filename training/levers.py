"""What each of a list of changes does to a model: every one trained with several seeds and measured on dev, in one table.

    python training/levers.py configs/levers.yaml --data FILE… --dev FILE… --out levers.jsonl

The YAML file names the seeds, the files and settings to start from, and the levers: changed settings (`set`), other files (`files`, by
their names without ending), or fields that rows go without (`without`). A run takes minutes; each is written to --out when it is
done, so that a list that was stopped goes on. The table gives the mean over seeds, and the mean and the range of what a lever gains
over the start with the same seed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import train_stance
import yaml
from prepare import digest

START = "start"
KEYS = {"seeds", "files", "start", "levers"}
CHANGES = {"set", "files", "without"}
FIGURE = "macro_f1"


def read(path: Path) -> dict[str, Any]:
    """The list of levers, checked.

    Raises:
        ValueError: a key is unknown or missing; the message names it.
    """
    plan = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(plan, dict) or set(plan) != KEYS:
        raise ValueError(
            f"{path}: expected the keys {', '.join(sorted(KEYS))}, found {', '.join(map(str, plan)) if isinstance(plan, dict) else plan!r}"
        )
    if not isinstance(plan["levers"], dict) or not plan["levers"] or START in plan["levers"]:
        raise ValueError(f"{path}: levers must map names (but not {START!r}) to changes, found {plan['levers']!r}")
    for name, change in plan["levers"].items():
        if not isinstance(change, dict) or not change or set(change) - CHANGES:
            raise ValueError(f"{path}: the lever {name!r} must change one of {', '.join(sorted(CHANGES))}, found {change!r}")
    return plan


def without(row: dict, fields: list[str]) -> dict:
    """A row without some fields, in its stances too."""
    kept = {k: v for k, v in row.items() if k not in fields}
    if "stances" in kept:
        kept["stances"] = [
            {k: v for k, v in s.items() if k not in fields} | dict.fromkeys({"start", "end"} & set(fields))
            for s in kept["stances"]
        ]
    return kept


def stripped(path: Path, fields: list[str], folder: Path) -> Path:
    """A copy of a JSONL file, in a folder of its own, whose rows go without some fields."""
    folder.mkdir(parents=True)
    out = folder / path.name
    with path.open(encoding="utf-8") as lines, out.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps(without(json.loads(line), fields), ensure_ascii=False) + "\n" for line in lines if line.strip()
        )
    return out


def run(
    plan: dict[str, Any], change: dict[str, Any], seed: int, data: dict[str, Path], dev: list[Path], extra: list[str]
) -> float:
    """Train once; the figure on dev."""
    names = change.get("files", plan["files"])
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        files, held = [data[name] for name in names], dev
        if fields := change.get("without"):
            files = [stripped(path, fields, folder / "train" / str(i)) for i, path in enumerate(files)]
            held = [stripped(path, fields, folder / "dev" / str(i)) for i, path in enumerate(dev)]
        config = folder / "config.yaml"
        settings = {**plan["start"], **change.get("set", {}), "seed": seed}
        config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        argv = [str(config), "--out", str(folder / "model")]
        argv += ["--data", *map(str, files), "--dev", *map(str, held), *(["--set", *extra] if extra else [])]
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                train_stance.main(argv)
        except (SystemExit, Exception) as error:
            sys.exit(f"error: train_stance.py {' '.join(argv)} failed: {error}\n{said.getvalue()[-2000:]}")
        return float(json.loads((folder / "model" / "stancekit.json").read_text(encoding="utf-8"))["dev"][FIGURE])


def before(path: Path) -> list[dict[str, Any]]:
    """The runs in a file; a line that a killed process left half written is none."""
    out = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            out.append(json.loads(line))
        except ValueError:
            print(f"{path}: skipped a broken line", file=sys.stderr)
    return out


def table(found: dict[tuple[str, int], float], levers: list[str], seeds: list[int]) -> str:
    """The figures as a Markdown table, the start first."""
    lines = [f"| lever | {FIGURE} | gain | from | to |", "|---|---|---|---|---|"]
    for name in (START, *levers):
        values = {seed: found[name, seed] for seed in seeds if (name, seed) in found}
        gains = [value - found[START, seed] for seed, value in values.items() if (START, seed) in found]
        if values:
            spread = (
                f"{statistics.mean(gains):+.3f} | {min(gains):+.3f} | {max(gains):+.3f}" if gains and name != START else " | | "
            )
            lines.append(f"| {name} | {statistics.mean(values.values()):.3f} | {spread} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> dict[tuple[str, int], float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plan", type=Path, help="YAML: seeds, files, start, levers")
    parser.add_argument(
        "--data", nargs="+", type=Path, required=True, metavar="FILE", help=".jsonl; levers name them without the ending"
    )
    parser.add_argument("--dev", nargs="+", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, help="JSONL: a run a line; runs that are there are not made again")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings for all runs")
    a = parser.parse_args(argv)
    try:
        plan = read(a.plan)
    except (OSError, ValueError, yaml.YAMLError) as error:
        sys.exit(f"error: {error}")
    data = {path.stem: path for path in a.data}
    changes = {START: {}, **plan["levers"]}
    if missing := {name for change in changes.values() for name in change.get("files", plan["files"])} - set(data):
        sys.exit(f"error: no --data file is called {', '.join(sorted(missing))}; there are {', '.join(data)}")

    def made(change: dict[str, Any]) -> str:
        """What a run was made of: one with other settings or data is another run."""
        parts = [plan["start"], change, change.get("files", plan["files"]), [path.name for path in a.dev], a.set]
        return digest(json.dumps(parts, sort_keys=True), 8)

    found: dict[tuple[str, int], float] = {}
    for row in before(a.out):
        if row["lever"] in changes and row["made"] == made(changes[row["lever"]]):
            found[row["lever"], row["seed"]] = row[FIGURE]
    for seed in plan["seeds"]:  # seed by seed, so that a list that is stopped has compared all levers once
        for name, change in changes.items():
            if (name, seed) in found:
                continue
            print(f"{name}, seed {seed}", file=sys.stderr)
            found[name, seed] = run(plan, change, seed, data, a.dev, a.set)
            with a.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"lever": name, "seed": seed, "made": made(change), FIGURE: found[name, seed]}) + "\n")
    print(table(found, list(plan["levers"]), plan["seeds"]))
    return found


if __name__ == "__main__":
    main()
