"""Join the project's stand-off annotations (seeds/standoff_*.jsonl) with the public texts they belong to.

    python training/prepare.py seeds/standoff_statements.jsonl seeds/standoff_events.jsonl --texts DIR [DIR …] --out annotated.jsonl

The annotations hold no text: {"file", "doc", "start", "end", "check", "stances": [{"holder", "start", "end", "label"}]}, of whole articles
with the "holder" that the statement's speaker stands for, or, of events, {…, "events": [{"source": [start, end], "target": [start, end], "plover"}]}. `doc` is the `digest` of the id of a document
in FILE.jsonl or FILE.jsonl.gz in one of the folders (training/README.md says where each is published), `start` and `end` are characters
of it, `check` is the `digest` of that piece, and spans inside are characters of the piece. Out come statements and pairs as the
training scripts read them. An annotation whose document is missing, or no longer says the same, is counted and left out.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stancekit.labels import NEUTRAL, PLOVER_STANCES

NONE = "NONE"  # the code of a pair of actors between which nothing is done


def digest(text: str, size: int) -> str:
    """The first `size` hexadecimal digits of a text's SHA-1."""
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:size]


def read_texts(folders: list[Path], name: str) -> dict[str, dict]:
    """The documents of the file `name` by the digest of their id; empty where no folder has it."""
    for folder in folders:
        for path, opener in ((folder / f"{name}.jsonl", open), (folder / f"{name}.jsonl.gz", gzip.open)):
            if path.is_file():
                with opener(path, "rt", encoding="utf-8") as lines:
                    return {digest(str(row["id"]), 12): row for row in map(json.loads, lines)}
    return {}


def join(row: dict, document: dict) -> Iterator[dict]:
    """The training rows of one annotation."""
    text = document["text"][row["start"] : row["end"]]
    if "stances" in row:
        stances = [{**s, "target": None if s["start"] is None else text[s["start"] : s["end"]]} for s in row["stances"]]
        context = document["text"][max(0, row["start"] - 350) : row["start"]]
        holder = {"holder": row["holder"]} if "holder" in row else {}
        yield {"id": row["id"], "doc": row["doc"], "text": text, "context": context, **holder, "stances": stances}
        return
    for number, event in enumerate(row["events"]):
        code = event["plover"]
        yield {
            "id": f"{row['id']}-{number}", "text": text, "source": text[slice(*event["source"])], "target": text[slice(*event["target"])],
            "target_span": event["target"], "label": NEUTRAL if code == NONE else PLOVER_STANCES.get(code),
            "plover": None if code == NONE else code,
        }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("annotations", nargs="+", type=Path)
    parser.add_argument("--texts", nargs="+", type=Path, required=True, metavar="DIR", help="folders with the public texts")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args(argv)
    by_file: dict[str, list[dict]] = collections.defaultdict(list)
    for path in a.annotations:
        for line in path.read_text(encoding="utf-8").strip().split("\n"):
            row = json.loads(line)
            by_file[row["file"]].append(row)
    written = 0
    with a.out.open("w", encoding="utf-8") as out:
        for name, rows in sorted(by_file.items()):
            documents = read_texts(a.texts, name)
            found = [
                r for r in rows if r["doc"] in documents
                and digest(documents[r["doc"]]["text"][r["start"] : r["end"]], 8) == r["check"]
            ]  # fmt: skip
            print(f"{name}: {len(found)} of {len(rows)} annotations have their text", file=sys.stderr)
            for row in found:
                for joined in join(row, documents[row["doc"]]):
                    out.write(json.dumps(joined, ensure_ascii=False) + "\n")
                    written += 1
    if not written:
        sys.exit(f"error: none of the annotated files is in {', '.join(map(str, a.texts))}")
    print(f"{written} rows in {a.out}")
    return written


if __name__ == "__main__":
    main()
