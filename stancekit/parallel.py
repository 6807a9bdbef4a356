"""Batches over several processes, in order, with few in flight."""

from __future__ import annotations

import collections
import itertools
import multiprocessing
import multiprocessing.connection
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .types import Document

In = TypeVar("In")
Out = TypeVar("Out")
AHEAD = 2  # batches in flight for each process

_worker: dict[str, Any] = {}  # of a worker process: its pipeline


def spread(
    nlp: Pipeline, work: Callable[[Pipeline, Sequence[In]], Out], batches: Iterable[Sequence[In]], processes: int
) -> Iterator[Out]:
    """`work(nlp, batch)` for each batch, in the order of the batches.

    Args:
        nlp: the pipeline; every process reads its models for itself.
        work: a function of a module (it is sent to the processes by its name).
        batches: taken from as results are asked for, `AHEAD` batches a process in advance.
        processes: 1 works in this process.

    Raises:
        RuntimeError: a process was killed (most often for want of memory).
    """
    if processes == 1:
        for batch in batches:
            yield work(nlp, batch)
        return
    waiting: collections.deque[Future[Out]] = collections.deque()
    source = iter(batches)
    context = multiprocessing.get_context("spawn")  # a fork would copy the threads' locks, not the threads
    with ProcessPoolExecutor(processes, context, _start, (nlp, max(1, cores() // processes))) as pool:
        try:
            while True:
                for batch in itertools.islice(source, AHEAD * processes - len(waiting)):
                    waiting.append(pool.submit(_do, work, batch))
                if not waiting:
                    return
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise RuntimeError(
                "a worker process died, perhaps for want of memory: use fewer processes or smaller batches"
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def counted(docs: Iterable[Document], total: int | None = None, done: int = 0, hidden: bool = False) -> Iterator[Document]:
    """The documents, with a progress bar on stderr: documents a second, statements and statements a second."""
    from tqdm.auto import tqdm

    start, statements = time.perf_counter(), 0
    with tqdm(unit=" docs", total=total, initial=done, disable=hidden, file=sys.stderr) as bar:
        for doc in docs:
            statements += len(doc)
            bar.update()
            bar.set_postfix_str(f"{statements} statements, {statements / (time.perf_counter() - start):.0f}/s", refresh=False)
            yield doc


def cores() -> int:
    """Processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _start(nlp: Pipeline, threads: int) -> None:
    set_threads(nlp, threads)
    _worker["nlp"] = nlp
    threading.Thread(target=_die_with_parent, daemon=True).start()


def set_threads(nlp: Pipeline, threads: int) -> None:
    """Threads of a worker's networks, where the user has not said how many."""
    nlp.threads = nlp.threads or int(os.environ.get("STANCEKIT_THREADS", "0")) or threads


def _die_with_parent() -> None:
    """A parent that is killed outright cannot stop its processes: they must see it themselves."""
    parent = multiprocessing.parent_process()
    if parent:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _do(work: Callable[[Pipeline, Sequence[In]], Out], batch: Sequence[In]) -> Out:
    return work(_worker["nlp"], batch)
