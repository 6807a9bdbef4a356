"""How fast the embedded models are on this machine.

    python training/bench.py [--threads 2] [--repeat 5] [--data articles.jsonl --text-column text]

Prints the cold start, articles a second of the whole job and of extraction alone (who said what, no targets and
stances), and (statement, target) pairs a second of the stance classifier; medians over repeats. Without --data the
texts are the seed article and the authored articles.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fuzz import extraction

import stancekit as sk

START = """
import time; start = time.perf_counter()
import stancekit; stancekit.load()("Minister Ana Ruiz said Peru rejects the levy.")
print(time.perf_counter() - start)
"""


def texts(paths: list[str], column: str) -> list[str]:
    if paths:
        return [json.loads(line)[column] for p in paths for line in Path(p).read_text(encoding="utf-8").splitlines() if line]
    found = [p.read_text(encoding="utf-8") for p in sorted((ROOT / "seeds").glob("*.txt"))]
    for path in sorted((ROOT / "seeds").glob("articles_*.jsonl")):
        found += [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    return found


def median_seconds(work, repeat: int) -> float:
    work()  # the first run loads models and fills caches
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=[], help="JSONL files of articles")
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args(argv)
    articles = texts(a.data, a.text_column)
    words = sum(len(t.split()) for t in articles)
    nlp = sk.load(threads=a.threads)
    docs = list(nlp.pipe(articles))
    pairs = [(s.text, t.target.text, t.holder) for d in docs for s in d for t in s.stances if t.target]
    pairs = (pairs * (1 + 500 // max(1, len(pairs))))[:500]

    def stances() -> None:
        nlp.stance([p[0] for p in pairs], target=[p[1] for p in pairs], holder=[p[2] for p in pairs])

    start = statistics.median(
        float(subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True, cwd=ROOT).stdout)
        for _ in range(3)
    )
    whole, alone = (
        median_seconds(lambda: list(nlp.pipe(articles)), a.repeat),
        median_seconds(lambda: extraction(nlp, articles), a.repeat),
    )
    figures = {
        "articles": len(articles), "words_per_article": round(words / len(articles)), "cold_start_seconds": round(start, 2),
        "articles_per_second": round(len(articles) / whole, 2), "words_per_second": round(words / whole),
        "articles_per_second_extraction_alone": round(len(articles) / alone, 2), "words_per_second_extraction_alone": round(words / alone),
        "stance_pairs_per_second": round(len(pairs) / median_seconds(stances, a.repeat)),
    }  # fmt: skip
    if a.json:
        print(json.dumps(figures, indent=1))
    else:
        print(f"{platform.machine()}, {nlp.stance_model.backend.threads} threads, Python {platform.python_version()}")
        for name, value in figures.items():
            print(f"  {name.replace('_', ' '):40} {value}")
    return figures


if __name__ == "__main__":
    main()
