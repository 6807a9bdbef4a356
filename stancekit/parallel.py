"""Batches over several processes, in order, with few in flight."""

from __future__ import annotations

import collections
import contextlib
import itertools
import multiprocessing
import multiprocessing.connection
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .pipeline import Pipeline
    from .types import Document

In = TypeVar("In")
Out = TypeVar("Out")
AHEAD = 2  # batches in flight for each process
TRIAL = "Minister Ana Ruiz said Peru rejects the levy."  # a worker that has labelled it dies of an article, if it dies
STARTS = 3  # processes that may die one after the other before they have labelled anything


def spread(
    nlp: Pipeline,
    work: Callable[[Pipeline, Sequence[In]], list[Out]],
    batches: Iterable[Sequence[In]],
    processes: int,
    died: Callable[[In], Out],
) -> Iterator[list[Out]]:
    """`work(nlp, batch)` for each batch, in the order of the batches.

    When a process dies (most often for want of memory), what it had in hand is tried again by another one, piece by piece.

    Args:
        nlp: the pipeline; every process reads its models for itself.
        work: a function of a module (it is sent to the processes by its name); it gives one result for each of a batch.
        batches: taken from as results are asked for, `AHEAD` batches a process in advance.
        processes: 1 works in this process.
        died: what to give for a piece that killed a process when it was alone with it; or it raises.

    Raises:
        RuntimeError: processes die before they have anything in hand.
    """
    if processes == 1:
        for batch in batches:
            yield work(nlp, batch)
        return
    workers = [_Worker(nlp, max(1, cores() // processes)) for _ in range(processes)]
    idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def do(batch: Sequence[In]) -> list[Out]:
        worker = idle.get()
        try:
            return worker.do(work, batch, died)
        finally:
            idle.put(worker)

    waiting: collections.deque[Future[list[Out]]] = collections.deque()
    source = iter(batches)
    pool = ThreadPoolExecutor(processes)  # a thread a process, which does no more than wait for it
    try:
        while True:
            for batch in itertools.islice(source, AHEAD * processes - len(waiting)):
                waiting.append(pool.submit(do, batch))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        for worker in workers:
            worker.end()
        pool.shutdown(cancel_futures=True)


class _Worker:
    """A process that is started when there is work for it, and again when it died."""

    def __init__(self, nlp: Pipeline, threads: int) -> None:
        self._arguments = (nlp, threads)
        self._process: Any = None
        self._lock, self._ended = threading.Lock(), False

    def do(
        self, work: Callable[[Pipeline, Sequence[In]], list[Out]], batch: Sequence[In], died: Callable[[In], Out]
    ) -> list[Out]:
        """The results for a batch; if the process dies of it, piece by piece."""
        with contextlib.suppress(_Died):
            return self._ask(work, batch)
        out: list[Out] = []
        for piece in batch:
            try:
                out += self._ask(work, [piece])
            except _Died:
                out.append(died(piece))
        return out

    def end(self) -> None:
        """Kill the process, for good."""
        with self._lock:
            self._ended = True
            process = self._process
        if process is not None:
            process.kill()
            process.join()

    def _ask(self, work: Callable[[Pipeline, Sequence[In]], list[Out]], batch: Sequence[In]) -> list[Out]:
        self._make_ready()
        try:
            self._pipe.send((work, batch))
            found, error, trace = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._bury()
            raise _Died from error
        if error is not None:
            raise error from RuntimeError(f"in a worker process:\n{trace}")
        return found  # type: ignore[no-any-return]

    def _make_ready(self) -> None:
        """Start the process if there is none."""
        for _ in range(STARTS):
            if self._process is not None:
                return
            self._start()
            try:
                self._pipe.recv()
            except (EOFError, OSError):
                self._bury()
        if self._process is None:
            raise RuntimeError(
                f"worker processes die as they start ({STARTS} in a row): use fewer if the memory is short; "
                'a script must keep what it does under `if __name__ == "__main__":`'
            )

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would copy the threads' locks, not the threads
        self._pipe, theirs = context.Pipe()
        with self._lock:
            if self._ended:
                raise RuntimeError("the work was given up")
            self._process = context.Process(target=_serve, args=(theirs, *self._arguments), daemon=True)
            self._process.start()
        theirs.close()  # so that this end reads the end of it when the process dies

    def _bury(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join()
        self._process = None


class _Died(Exception):
    """A process is gone."""


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


def told_threads() -> int:
    """The threads that the environment variable STANCEKIT_THREADS asks for; 0 where it is not set.

    Raises:
        ValueError: it is no number.
    """
    told = os.environ.get("STANCEKIT_THREADS") or "0"
    if not told.isdigit():
        raise ValueError(f"STANCEKIT_THREADS must be a number of threads, found {told!r}")
    return int(told)


def cores() -> int:
    """Processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def set_threads(nlp: Pipeline, threads: int) -> None:
    """Threads of a worker's networks, where the user has not said how many."""
    nlp.threads = nlp.threads or told_threads() or threads


def _serve(pipe: multiprocessing.connection.Connection, nlp: Pipeline, threads: int) -> None:
    """What a worker process does: it says when it is ready, and answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its processes
    set_threads(nlp, threads)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with contextlib.suppress(Exception):  # what fails here fails in the work too, where it is known what is to be done
        nlp(TRIAL)
    with contextlib.suppress(EOFError, BrokenPipeError):  # the parent is gone
        pipe.send(None)
        while True:
            work, batch = pipe.recv()
            answer: tuple[Any, Exception | None, str]
            try:
                answer = work(nlp, batch), None, ""
            except Exception as error:
                answer = None, _portable(error), traceback.format_exc()
            pipe.send(answer)


def _portable(error: Exception) -> Exception:
    """An error as it can be sent to another process; not every class can be."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _die_with_parent() -> None:
    """A parent that is killed outright cannot stop its processes: they must see it themselves."""
    parent = multiprocessing.parent_process()
    if parent:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)
