"""Kill a labelling run again and again, and check that it ends with the output of an unbroken one.

    python training/soak.py [--articles 500] [--kills 20] [--out stances.jsonl] [--processes 1]

Each run is killed (SIGKILL) after a random time and started again by the same command. --out takes a name with any ending
that `stancekit label` writes, or one without, for a folder of shards. The articles are authored ones, varied by number.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from stancekit.runs import MANIFEST


def articles(count: int) -> list[dict]:
    """Authored articles, each with its number in its text; every seventh row is broken."""
    found = []
    for path in sorted((ROOT / "seeds").glob("articles_*.jsonl")):
        found += [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    return [{"id": f"a{i}", "text": f"{found[i % len(found)]}\n\nReport number {i}."} for i in range(count)]


def content(out: Path) -> dict[str, bytes]:
    """What a run wrote: the bytes of the file, or of the files of the folder."""
    if out.is_dir():
        return {p.name: p.read_bytes() for p in sorted(out.iterdir())}
    return {out.name: out.read_bytes()}


def begun(out: Path) -> bool:
    """Whether a run has something done."""
    state = out / MANIFEST if not out.suffix else out.with_name(out.name + ".part.json")
    try:
        return json.loads(state.read_text(encoding="utf-8"))["articles"] > 0
    except FileNotFoundError:  # not there yet, or no longer
        return False


def finished(out: Path) -> bool:
    """Whether a run has done all its work, and has only to close."""
    if out.suffix:
        return out.is_file()
    state = out / MANIFEST
    return state.is_file() and json.loads(state.read_text(encoding="utf-8"))["complete"]


def gone_on(stderr: str) -> str:
    """The line in which a run says that it goes on from what an earlier one had done; "" where it begins anew."""
    return next((line for line in stderr.splitlines() if line.startswith("going on after")), "")


def run(argv: list[str], out: Path) -> subprocess.Popen[str]:
    """Start a run that writes to `out`."""
    command = [*argv, "--out", str(out)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def ended(process: subprocess.Popen[str], timeout: float | None = None) -> str:
    """Wait for a run's own end, which must be that of one that skipped broken rows; returns what `gone_on` says of it."""
    stderr = process.communicate(timeout=timeout)[1]
    assert process.returncode == 1, stderr[-2000:]
    return gone_on(stderr)


def soak(count: int, kills: int, name: str, seed: int, extra: list[str]) -> dict[str, float]:
    """Run once unbroken and once broken in a temporary folder; raises AssertionError where they differ."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "in.jsonl"
        lines = [json.dumps(a) if i % 7 else "{broken" for i, a in enumerate(articles(count), 1)]
        data.write_text("\n".join(lines), encoding="utf-8")
        whole, broken = Path(folder) / "whole" / name, Path(folder) / "broken" / name
        argv = [
            sys.executable,
            "-m",
            "stancekit.cli",
            "label",
            str(data),
            "--id-column",
            "id",
            "--batch-size",
            "4",
            "--quiet",
            *extra,
        ]
        start = time.perf_counter()
        ended(run(argv, whole))
        seconds = time.perf_counter() - start
        killed, going_on = 0, ""
        while killed < kills:
            process = run(argv, broken)
            while not killed and process.poll() is None and not begun(broken):
                time.sleep(0.05)
            # The first kill comes as soon as something is done, so that there is something to go on from, and something left; the others at random.
            try:
                going_on = ended(process, rng.uniform(0.1, max(1.0, 1.5 * seconds / kills)) if killed else 0.01) or going_on
                break  # it came to its end between two kills
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGSTOP)  # so that nothing is finished between this look and the kill
                if finished(broken):  # it had only to close: let it
                    visible = broken.is_file() and content(broken) != content(whole)
                    assert not visible, "an output was visible before it was complete"
                    process.send_signal(signal.SIGCONT)
                    going_on = ended(process) or going_on
                    break
                process.kill()
                going_on = gone_on(process.communicate()[1]) or going_on
                killed += 1
        else:
            going_on = ended(run(argv, broken)) or going_on
        assert killed, "the run was over before it could be killed: give more articles"
        assert going_on, "no run went on from what an earlier one had done"
        a, b = content(whole), content(broken)
        assert a.keys() == b.keys(), f"{sorted(a)} against {sorted(b)}"
        different = [name for name in a if a[name] != b[name]]
        assert not different, f"{', '.join(different)} differ from those of an unbroken run"
        left = [p.name for p in broken.parent.iterdir() if p.name.endswith((".part", ".json", ".tmp"))]
        assert not left, f"left behind: {left}"
        errors = [p.read_text(encoding="utf-8") for p in sorted(Path(folder).rglob("*errors.jsonl"))]
        assert len(errors) == 2
        assert errors[0] == errors[1]
    print(f"{count} rows, {killed} kills, {name}: the same output as an unbroken run ({seconds:.0f} s); {going_on}")
    return {"rows": count, "kills": killed, "seconds": seconds}


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--out", default="stances.jsonl", help="name of the output; without an ending: a folder of shards")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=13)
    a = parser.parse_args(argv)
    extra = ["--processes", str(a.processes), *(["--shard-size", "32"] if not Path(a.out).suffix else [])]
    return soak(a.articles, a.kills, a.out, a.seed, extra)


if __name__ == "__main__":
    main()
