"""How fast the embedded models are on this machine, and beside others.

    python training/bench.py                                  what `make bench` prints; about five minutes on two cores
    python training/bench.py --growth 10 100 1000 10000       and time and memory as a corpus grows (an hour)
    python training/bench.py --peers --ray                    and beside textacy, and on Ray, where they are installed
    python training/bench.py --without speed stance --ray     one section alone
    python training/bench.py --without speed stance --engines the embedded networks on other engines (`bench_engines.py`)

Speed: the cold start; the whole pipeline and extraction alone (who said what, no targets and stances) in articles of 750 words
a second, each time in a process of its own, with its peak memory. Stance: (statement, target) pairs a second beside the same
weights in torch, and beside zero-shot NLI, in turn (`bench_peers.py`). The texts are the paragraphs of the authored articles in
ever new order (`bench_texts.py`), or --data. Medians over --repeat runs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import bench_peers
from bench_peers import BATCH, Absent, Figures
from bench_texts import Source
from fuzz import extraction, faults, unit_faults

import stancekit as sk
from stancekit.parallel import cores
from stancekit.segment import segment

START = """
import time; start = time.perf_counter()
import stancekit; stancekit.load()("Minister Ana Ruiz said Peru rejects the levy.")
print(time.perf_counter() - start)
"""
WARM = 8  # articles before the clock starts
BASE = 100  # articles: what the other sizes of --growth are set against


# --- one process, measured ---------------------------------------------------------------------------------------------


def stream(source: Source, count: int, threads: int | None, alone: bool) -> Figures:
    """Work through articles as `stancekit label` does: each is made, worked on in its batch, checked, counted and dropped.

    Reading the models, and a few articles first, are left out of the time, not of the memory.

    Args:
        source: where the articles come from.
        count: how many.
        threads: see `stancekit.load`.
        alone: extraction alone.
    """
    nlp = sk.load(threads=threads)
    warm = list(source.articles(min(WARM, count), first=count))
    extraction(nlp, warm) if alone else list(nlp.pipe(warm))
    statements = stances = wrong = 0
    start = time.perf_counter()
    if alone:
        for batch in bench_peers.batches(list(source.articles(count)), BATCH):
            for text, units in zip(batch, extraction(nlp, batch), strict=True):
                statements, wrong = statements + len(units), wrong + told(text, unit_faults(text, units))
    else:
        for doc in nlp.pipe(source.articles(count)):
            statements, wrong = statements + len(doc), wrong + told(doc.text, faults(doc))
            stances += sum(len(s.stances) for s in doc)
    taken = time.perf_counter() - start
    return {
        "articles": count, "seconds": round(taken, 4), "statements": statements, "stances": stances, "faults": wrong,
        "peak_megabytes": peak_megabytes(),
    }  # fmt: skip


def told(text: str, found: Iterable[str]) -> int:
    """How many faults there are; each is said, with the article it is in."""
    count = 0
    for fault in found:
        print(f"fault: {fault}\n{text}\n", file=sys.stderr)
        count += 1
    return count


def peak_megabytes() -> int | None:
    """The most memory that this process ever held; None where the system does not say."""
    try:  # not getrusage first: there a process begins with the figure of the one that started it
        return round(int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="utf-8"))[0]) * 1024 / 1e6)
    except (OSError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6)


def apart(*arguments: Any) -> Figures:
    """`stream` in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(stream, *arguments).result()


# --- the sections ------------------------------------------------------------------------------------------------------


def speed(source: Source, count: int, threads: int | None, repeat: int) -> Figures:
    """Cold start, articles and sentences a second, memory."""
    say(f"the cold start, and {count} articles, {repeat} times")
    argv = [sys.executable, "-c", START]
    starts = [float(subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT).stdout) for _ in range(3)]
    whole, alone = ([apart(source, count, threads, how) for _ in range(repeat)] for how in (False, True))
    texts = list(source.articles(count))
    sentences = sum(len(segment(text).sentences) for text in texts)
    seconds, seconds_alone = (statistics.median(run["seconds"] for run in runs) for runs in (whole, alone))
    return {
        "cold_start_seconds": round(statistics.median(starts), 2),
        "articles_per_second": round(count / seconds, 2),
        "sentences_per_second": round(sentences / seconds, 1),
        "words_per_second": round(sum(len(text.split()) for text in texts) / seconds),
        "articles_per_second_extraction_alone": round(count / seconds_alone, 2),
        "peak_megabytes": most(run["peak_megabytes"] for run in whole),
        "peak_megabytes_extraction_alone": most(run["peak_megabytes"] for run in alone),
        "articles": count, "words_per_article": round(sum(len(text.split()) for text in texts) / count),
        "statements_per_article": round(whole[0]["statements"] / count, 1), "faults": sum(run["faults"] for run in (*whole, *alone)),
    }  # fmt: skip


def most(values: Any) -> int | None:
    return max((value for value in values if value is not None), default=None)


def growth(source: Source, sizes: Sequence[int], threads: int | None) -> list[Figures]:
    """Time and memory of each size, and how many times those of `BASE` articles (or of the first size) they are."""
    rows = []
    for size in sizes:
        say(f"{size} articles")
        rows.append(apart(source, size, threads, False))
    base = next((row for row in rows if row["articles"] == BASE), rows[0])
    for row in rows:
        row["seconds_per_article"] = round(row["seconds"] / row["articles"], 4)
        row["time_ratio"] = round(row["seconds"] / row["articles"] / (base["seconds"] / base["articles"]), 3)
        if row["peak_megabytes"]:
            row["memory_ratio"] = round(row["peak_megabytes"] / base["peak_megabytes"], 3)
    return rows


def machine(threads: int | None) -> Figures:
    import onnxruntime

    try:
        names = re.findall(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        names = []
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(), "cores": cores(), "threads": threads or cores(),
        "system": platform.system(), "python": platform.python_version(), "onnxruntime": onnxruntime.__version__,
        "stancekit": sk.__version__,
    }  # fmt: skip


def measure(a: argparse.Namespace) -> Figures:
    """The figures of all sections that were asked for; what cannot be measured here is named under "left_out"."""
    source = Source(tuple(a.data), a.text_column, a.words)
    try:
        next(source.articles(1))  # what is wrong with --data is said before anything is measured
    except ValueError as error:
        sys.exit(f"error: {error}")
    figures: Figures = {"ratios": {}, "left_out": {}}

    def ratio(name: str, work: Callable[[], Figures]) -> None:
        say(name)
        try:
            figures["ratios"][name] = work()
        except Absent as error:
            figures["left_out"][name] = str(error)

    if "speed" not in a.without:  # first: this process is small yet, and so are those that it starts
        figures["speed"] = speed(source, a.articles, a.threads, a.repeat)
    if a.growth:
        figures["growth"] = growth(source, a.growth, a.threads)
    if "stance" not in a.without:
        nlp = sk.load(threads=a.threads)
        pairs = bench_peers.pairs_of(nlp, source, a.pairs)
        ratio("stance, beside the same weights in torch fp32", lambda: bench_peers.against_transformers(nlp, pairs, a.repeat + 2))
        if a.nli_pairs:
            ratio("stance, beside zero-shot NLI", lambda: bench_peers.against_zero_shot(nlp, pairs, a.nli_pairs, a.repeat))
    if a.peers:
        ratio("who said what, beside textacy", lambda: bench_peers.against_textacy(source, a.articles, a.repeat))
    if a.ray:
        say(f"{a.ray_articles} articles on Ray")
        try:
            figures["ray"] = bench_peers.on_ray(source, a.ray_articles)
        except Absent as error:
            figures["left_out"]["ray"] = str(error)
    if a.engines:
        say(f"the embedded networks on other engines, {a.engine_rows} rows each")
        import bench_engines

        try:
            figures["engines"] = bench_engines.compare(source, a.engine_rows, a.threads or cores(), a.repeat)
        except Absent as error:
            figures["left_out"]["engines"] = str(error)
    return {**figures, "machine": machine(a.threads)}


# --- the table ---------------------------------------------------------------------------------------------------------

GROWTH = {"articles": "articles", "seconds_per_article": "s/article", "time_ratio": "times", "peak_megabytes": "peak MB",
          "memory_ratio": "times", "statements": "statements", "faults": "faults"}  # fmt: skip


def table(figures: Figures) -> str:
    """All figures as text, ratios first."""
    lines = []
    for name, row in figures["ratios"].items():
        lines.append(f"{name:46} {row['ratio']:8.2f} × ({row['lowest']:.2f} to {row['highest']:.2f} in {row['runs']} runs)")
        rest = {k: v for k, v in row.items() if k not in ("ratio", "lowest", "highest", "runs")}
        lines.append("  " + ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in rest.items()))
    if rows := figures.get("growth"):
        lines.append(f"{'as the corpus grows':20}" + "".join(f"{title:>12}" for title in GROWTH.values()))
        lines += [" " * 20 + "".join(f"{row.get(name, ''):>12}" for name in GROWTH) for row in rows]
    if engines := figures.get("engines"):
        import bench_engines

        lines += bench_engines.lines(engines)
    if ray := figures.get("ray"):
        lines.append(f"on Ray, {ray['articles']} articles; ratio to one process with one thread")
        lines += [f"  {name.replace('_', ' '):44} " + shown(row) for name, row in ray.items() if isinstance(row, dict)]
    lines += [f"{name.replace('_', ' '):46} {value:>8}" for name, value in figures.get("speed", {}).items()]
    lines += [f"left out: {name}: {reason}" for name, reason in figures["left_out"].items()]
    return "\n".join([*lines, shown(figures["machine"])])


def shown(row: Figures) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in row.items())


def say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument(
        "--data", nargs="+", default=[], metavar="FILE", help="texts to cut into articles instead of the authored ones"
    )
    found.add_argument("--text-column", default="text", metavar="NAME")
    found.add_argument("--words", type=int, default=750, metavar="N", help="words of an article (default: 750)")
    found.add_argument("--articles", type=int, default=64, metavar="N", help="articles of a run (default: 64)")
    found.add_argument("--pairs", type=int, default=512, metavar="N", help="pairs of the stance step (default: 512)")
    found.add_argument(
        "--nli-pairs", type=int, default=12, metavar="N", help="pairs that zero-shot NLI gets; 0: leave it out (default: 12)"
    )
    found.add_argument("--threads", type=int, metavar="N", help="processor threads (default: all cores)")
    found.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each measurement (default: 3)")
    found.add_argument("--growth", type=int, nargs="+", default=[], metavar="N", help="corpus sizes, in articles")
    found.add_argument(
        "--peers", action="store_true", help="also beside textacy, if it and an English spaCy pipeline are installed"
    )
    found.add_argument("--engines", action="store_true", help="also the embedded networks on other engines and in other forms")
    found.add_argument("--engine-rows", type=int, default=400, metavar="N", help="rows of the engines section (default: 400)")
    found.add_argument("--ray", action="store_true", help="also on Ray")
    found.add_argument("--ray-articles", type=int, default=256, metavar="N", help="articles of the Ray section (default: 256)")
    found.add_argument(
        "--without", nargs="+", default=[], choices=("speed", "stance"), metavar="SECTION", help="leave out: speed, stance"
    )
    found.add_argument("--json", action="store_true", help="the figures as JSON")
    return found


def main(argv: list[str] | None = None) -> Figures:
    arguments = parser().parse_args(argv)
    for name in ("repeat", "engine_rows"):
        if getattr(arguments, name) < 1:
            parser().error(f"--{name.replace('_', '-')} must be at least 1, found {getattr(arguments, name)}")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing here needs the Hub
    figures = measure(arguments)
    print(json.dumps(figures, indent=1, ensure_ascii=False) if arguments.json else table(figures))
    return figures


if __name__ == "__main__":
    main()
