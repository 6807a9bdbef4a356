"""Tables that hold articles: which columns hold what, whether they are there, and what stands in their rows."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .parallel import counted
from .types import FRAME_COLUMNS, Document, arrow_schema

if TYPE_CHECKING:
    import pandas as pd

    from .pipeline import Pipeline


class MissingColumn(ValueError):
    """A table lacks a column that was asked for.

    Attributes:
        role: what the column was to hold: "text", "id", "speaker" or "date".
    """

    role = "text"


def missing(role: str, name: str, found: Iterable[object], what: str) -> MissingColumn:
    """The error for a column that is not among those found in `what`: it names those, and the one that is nearly called so."""
    names = [str(n) for n in found]
    near = difflib.get_close_matches(str(name), names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    if len(names) == 1 and (marks := [mark for mark in ";\t|" if mark in names[0]]):  # a table of another country's spreadsheet
        hint = f"; its columns seem to be separated by {marks[0]!r}: read it with pandas.read_csv(…, sep={marks[0]!r}) and label the frame, or save it with commas"
    error = MissingColumn(f"no column {name!r}: {what} has {', '.join(names) or 'no columns'}{hint}")
    error.role = role  # set from outside, so that the error can be pickled: Dask and Ray send it back
    return error


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold what; all but `text` may be left out."""

    text: str = "text"
    id: str | None = None
    speaker: str | None = None
    date: str | None = None

    def asked(self) -> dict[str, str]:
        """The columns that are asked for, by what they hold."""
        roles = {"text": self.text, "id": self.id, "speaker": self.speaker, "date": self.date}
        return {role: name for role, name in roles.items() if name is not None}

    def names(self) -> list[str]:
        """The columns that are asked for."""
        return list(self.asked().values())

    def check(self, found: Iterable[object], what: str) -> None:
        """Complain about a column that is not among those found in `what` ("the frame").

        Raises:
            MissingColumn: one is missing.
        """
        there = list(found)
        for role, name in self.asked().items():
            if name not in there:
                raise missing(role, name, there, what)

    def articles(self, read: Callable[[str], Iterable[Any]], numbers: Iterable[Any]) -> dict[str, Any]:
        """The rows as `Pipeline.pipe` takes them; a text that is missing is an empty one.

        Args:
            read: gives what stands in a column.
            numbers: what the rows are called where no column says so.
        """
        texts = [t if isinstance(t, str) else "" for t in read(self.text)]
        ids = [str(i) for i in (numbers if self.id is None else read(self.id))]
        who = None if self.speaker is None else [s if isinstance(s, str) and s.strip() else None for s in read(self.speaker)]
        return {"texts": texts, "doc_ids": ids, "speakers": who}


def or_none(value: Any) -> Any:
    """None for what a column of a frame has where nothing stands (NaN, NA)."""
    return None if isinstance(value, float) or type(value).__name__ in ("NAType", "NaTType") else value


def label_frame(
    nlp: Pipeline, frame: pd.DataFrame, columns: Columns, batch_size: int, n_process: int, progress: bool
) -> pd.DataFrame:
    """The work of `Pipeline.label_frame`."""
    import pandas as pd

    columns.check(frame.columns, "the frame")
    docs = nlp.pipe(**columns.articles(frame.__getitem__, frame.index), batch_size=batch_size, n_process=n_process)
    frames = [d.to_frame() for d in (counted(docs, len(frame)) if progress else docs)]
    kept = [f for f in frames if len(f)]
    return pd.concat(kept, ignore_index=True) if kept else Document("").to_frame()


def label_dataset(nlp: Pipeline, dataset: Any, columns: Columns, batch_size: int) -> Any:
    """The work of `Pipeline.label_dataset`."""
    from datasets import Features

    from .runs import made_with

    names = dataset.column_names
    if names is None:  # a stream knows its columns from its rows alone
        names = list(next(iter(dataset), {}))
    if names:
        columns.check(names, "the dataset")

    def label(batch: dict[str, list[Any]], indices: list[int], made: dict[str, str]) -> dict[str, list[Any]]:
        if late := [name for name in batch if name not in names]:  # they would stay beside the stances, row by wrong row
            raise ValueError(
                f"a row has columns that the first one has not ({', '.join(late)}): choose with dataset.select_columns"
            )
        docs = nlp.pipe(**columns.articles(batch.__getitem__, indices), batch_size=batch_size)
        rows = [row for doc in docs for row in doc.to_rows()]
        return {c: [row[c] for row in rows] for c in FRAME_COLUMNS}

    return dataset.map(
        label, batched=True, with_indices=True, batch_size=batch_size, remove_columns=names,
        features=Features.from_arrow_schema(arrow_schema()),  # else a batch without a speaker would fix the column's type
        fn_kwargs={"made": made_with(nlp)},  # what `datasets` keeps of a labelling is not given again for other models
    )  # fmt: skip
