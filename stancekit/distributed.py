"""The same labelling on Ray Data, where one machine is not enough (extra ``ray``).

Ray does what it is for: it reads blocks, holds back what would fill its memory, and starts a killed worker's batch again.
Here is only what a worker does with a batch. The function under it, `label_table`, takes and gives Arrow tables, and so
serves Spark, Dask and others as well.
"""

from __future__ import annotations

import copy
import itertools
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .corpus import Article, Labelled, Problem, died
from .corpus import label as label_articles
from .parallel import TRIAL, set_threads
from .pipeline import Pipeline, load
from .tables import Columns
from .types import Document, arrow_schema

CHUNK = 2_000  # articles given to Ray at once by `spread`: bounds the memory, and is long beside the start of the workers
RETRIES = 2  # of what a worker had in hand when it died; Ray's own default, no end of them, would be one where an article kills


def label_table(nlp: Pipeline, table: Any, text: str = "text", id: str | None = None, speaker: str | None = None) -> Any:
    """Label an Arrow table (or record batch) of articles.

    Args:
        nlp: a pipeline.
        table: a `pyarrow.Table` or `RecordBatch`, one article a row; a row without a text gives no rows.
        text: the column with the articles.
        id: the column with their ids; without, the number of the row in this table.
        speaker: the column with the speaker of each text, for speeches and statements.

    Returns:
        A `pyarrow.Table` with one row per stance (columns: `stancekit.types.FRAME_COLUMNS`).

    Raises:
        ValueError: a column is missing; the message lists those that are there.
    """
    import pyarrow as pa

    columns = Columns(text, id, speaker)
    columns.check(table.schema.names, "the table")
    docs = nlp.pipe(**columns.articles(lambda name: table.column(name).to_pylist(), range(table.num_rows)))
    rows = [row for doc in docs for row in doc.to_rows()]
    return pa.Table.from_pylist(rows, schema=arrow_schema())


def label(
    dataset: Any, text: str = "text", id: str | None = None, speaker: str | None = None, workers: int | None = None,
    batch_size: int = 32, models: dict[str, Any] | None = None,
) -> Any:  # fmt: skip
    """Label a Ray dataset: one model a worker, one worker a processor.

    Args:
        dataset: a `ray.data.Dataset`, one article a row.
        text: the column with the articles.
        id: the column with their ids; it must be given, or the stances could not be told apart by article.
        speaker: the column with the speaker of each text, for speeches and statements.
        workers: how many; where left out one for each processor of the cluster but one, which reads.
        batch_size: articles that a worker takes at once.
        models: arguments for `stancekit.load` in each worker.

    Returns:
        A `ray.data.Dataset`, one row per stance, which is computed when it is read or written.

    Raises:
        ValueError: Ray is not installed, a column is missing, or `id` is not given.
    """
    if id is None:
        raise ValueError("give the column with the articles' ids: label(dataset, text='body', id='url')")
    Columns(text, id, speaker).check(dataset.schema().names, "the dataset")
    workers = workers or max(1, _processors() - 1)  # all of them would leave none to read what they wait for
    return _map(dataset, _Tables, workers, batch_size, (models or {}, text, id, speaker))


def _processors() -> int:
    return int(_ray().cluster_resources().get("CPU", 1))


def _map(
    dataset: Any, worker: type, workers: int | None, batch_size: int, arguments: tuple[Any, ...], ahead: int | None = None
) -> Any:
    ray = _ray()
    pool = ray.data.ActorPoolStrategy(size=workers or max(1, _processors()), max_tasks_in_flight_per_actor=ahead)
    return dataset.map_batches(
        worker, batch_size=batch_size, batch_format="pyarrow", fn_constructor_args=arguments, max_task_retries=RETRIES,
        num_cpus=1 if _processors() > 1 else 0.5, compute=pool,
    )  # fmt: skip


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ValueError("labelling on Ray needs ray: pip install 'stancekit[ray]'") from error
    return ray


class _Tables:
    """A Ray worker that labels tables."""

    def __init__(self, models: dict[str, Any], text: str, id: str, speaker: str | None) -> None:
        self.nlp = load(**{"threads": 1, **models})
        self.columns = (text, id, speaker)

    def __call__(self, table: Any) -> Any:
        return label_table(self.nlp, table, *self.columns)


class _Records:
    """A Ray worker that gives the records of each article as JSON, for `spread`."""

    def __init__(self, nlp: Pipeline) -> None:
        self.nlp = nlp

    def __call__(self, table: Any) -> Any:
        import pyarrow as pa

        articles = [Article(row["doc_id"], row["text"], row["speaker"]) for row in table.to_pylist()]
        found = label_articles(self.nlp, articles)
        records = [json.dumps(x.doc.to_records(), ensure_ascii=False) for x in found]
        problems = pa.array([x.problem.reason if x.problem else None for x in found], pa.string())
        return pa.table({"number": table.column("number"), "records": records, "problem": problems})


def start(address: str | None) -> None:
    """Connect to a Ray cluster, or start one here ("local", or None where none is found).

    Raises:
        ValueError: Ray is not installed, or there is no cluster at this address.
    """
    ray = _ray()
    try:
        if not ray.is_initialized():
            here = address in (None, "local")
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", include_dashboard=False if here else None)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ValueError(f"cannot reach a Ray cluster at {address!r}: {error}") from error


def spread(nlp: Pipeline, batches: Iterable[Sequence[Article]], workers: int | None = None) -> Iterator[list[Labelled]]:
    """What `stancekit.corpus.label` gives for each batch, in order, from workers on Ray.

    Args:
        nlp: the pipeline; its models are read in each worker, so a folder of models must be there on every machine.
        batches: articles; `CHUNK` of them are in Ray at a time.
        workers: how many; as many as the cluster has processors where left out.

    Raises:
        RuntimeError: workers die whatever they are given.
    """
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = _ray().data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    context.max_errored_blocks = -1  # what a worker dies of does not end the others' work
    nlp = copy.copy(nlp)
    set_threads(nlp, 1)
    source = iter(batches)
    while first := next(source, None):
        chunk = [first, *itertools.islice(source, max(0, CHUNK // len(first) - 1))]
        done = _rows(nlp, [article for batch in chunk for article in batch], len(first), workers)
        for batch in chunk:
            yield [_document(article, next(done)) for article in batch]


def _rows(nlp: Pipeline, articles: list[Article], size: int, workers: int | None) -> Iterator[dict[str, Any] | None]:
    """What the workers give for each article, in order; None for one that they die of even when it is alone."""
    import pyarrow as pa

    schema = pa.schema([("number", pa.int64()), *((name, pa.string()) for name in ("doc_id", "text", "speaker"))])
    everything = [*articles, Article("", TRIAL)]

    def run(numbers: Sequence[int], size: int, ahead: int | None = None) -> Iterator[dict[str, Any]]:
        rows = [{"number": n, **{name: getattr(everything[n], name) for name in schema.names[1:]}} for n in numbers]
        tables = [pa.Table.from_pylist(rows[at : at + size], schema=schema) for at in range(0, len(rows), size)]
        yield from _map(_ray().data.from_arrow(tables), _Records, workers, size, (nlp,), ahead).iter_rows()

    turn, late = 0, dict[int, dict[str, Any]]()
    for row in run(range(len(articles)), max(1, min(size, len(articles) // 2))):
        if row["number"] == turn:
            yield row
            turn += 1
        else:  # one before it is missing
            late[row["number"]] = row
    if missing := [n for n in range(turn, len(articles)) if n not in late]:
        late |= {row["number"]: row for row in run([len(articles), *missing], 1, ahead=1)}  # nothing waits behind what kills
        if len(articles) not in late:
            raise RuntimeError("workers on Ray die of whatever they are given, perhaps for want of memory: use fewer of them")
    yield from (late.get(n) for n in range(turn, len(articles)))


def _document(article: Article, row: dict[str, Any] | None) -> Labelled:
    if row is None:
        return died(article)
    records = json.loads(row["records"])
    doc = Document.from_records(article.text, records) if records else Document(article.text, (), article.doc_id)
    return Labelled(article, doc, Problem(article.doc_id, row["problem"]) if row["problem"] else None)
