"""The pipeline: `load` the models, call the result on articles. Orchestration only."""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from . import checkpoints, holders
from .antecedents import name_targets
from .attribution import AttributionModel
from .backends import Backend, open_backend
from .labels import NEUTRAL
from .parallel import spread, told_threads
from .segment import Layout, segment
from .speakers import Cast, Speaker
from .stance import Encoded, StanceModel, locate, thresholds
from .statements import Unit, extract
from .tables import Columns, label_dataset, label_frame, or_none
from .targets import Target as Found
from .targets import TargetModel
from .types import Document, Span, Stance, Statement

if TYPE_CHECKING:
    import pandas as pd

MAX_CHARS = 1_000_000  # longer documents are read up to here, with a warning; a book is about this long

Model = TypeVar("Model")
Target = str | tuple[int, int] | None
Row = tuple[str, str, str | None]  # an article's text, id and speaker
Draft = tuple[int, Unit, Speaker]  # a statement before its stances: number of the document, extracted unit, who speaks


def load(
    model: str | Path | None = None,
    *,
    attribution: str | Path | None = None,
    target: str | Path | None = None,
    stance: str | Path | None = None,
    device: str = "auto",
    threads: int | None = None,
    abstain_below: float | Mapping[str, float] = 0.0,
) -> Pipeline:
    """Load a pipeline.

    Args:
        model: a folder with subfolders ``attribution``, ``target`` and ``stance``; None for the embedded models.
        attribution: a checkpoint folder or Hub id for this step, in place of `model`'s.
        target: the same for the target step.
        stance: the same for the stance step.
        device: "auto", "cpu" or "cuda"; exported models run on the CPU.
        threads: processor threads; None for all cores (or the environment variable STANCEKIT_THREADS).
        abstain_below: stances whose score is lower are given as neutral (their scores stay as they are); one number, or
            a number for each label: ``{"reject": 0.8}``.

    Returns:
        A `Pipeline`. Each model is read when it is first needed; a wrong path is an error at once.

    Raises:
        ValueError: a folder is missing or is not a checkpoint of that task; STANCEKIT_THREADS is no number; `threads` is below 1.
    """
    chosen: dict[str, str | Path | None] = {"attribution": attribution, "target": target, "stance": stance}
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"unknown device {device!r}: allowed are 'auto', 'cpu', 'cuda'")
    if model is not None:
        folder = Path(model).expanduser()
        if not folder.is_dir():
            raise ValueError(f"no model folder at {folder}: load() without it uses the embedded models")
        for task in checkpoints.TASKS:
            chosen[task] = chosen[task] or folder / task
    told_threads()  # a wrong number there is said here, not in a worker
    found = {task: checkpoints.resolve(name, task) for task, name in chosen.items()}
    return Pipeline(found, device=device, threads=threads, abstain_below=abstain_below)


class Pipeline:
    """Articles in, statements with stances out. Made by `load`."""

    def __init__(
        self,
        models: Mapping[str, checkpoints.Checkpoint],
        device: str = "auto",
        threads: int | None = None,
        abstain_below: float | Mapping[str, float] = 0.0,
    ) -> None:
        self.checkpoints = dict(models)
        self._least = thresholds(abstain_below, self.checkpoints["stance"].labels)
        if threads is not None and threads < 1:
            raise ValueError(f"threads must be at least 1, found {threads}")
        self.device, self.threads = device, threads
        self._loaded: dict[str, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Pickles without the loaded networks, which each process reads for itself."""
        return {**self.__dict__, "_loaded": {}}

    def _model(self, task: str, make: Callable[[Backend], Model]) -> Model:
        if task not in self._loaded:
            self._loaded[task] = make(open_backend(self.checkpoints[task], self.device, self.threads))
        model: Model = self._loaded[task]
        return model

    @property
    def attribution_model(self) -> AttributionModel:
        """The attribution model, read when first used."""
        return self._model("attribution", AttributionModel)

    @property
    def target_model(self) -> TargetModel:
        """The target model, read when first used."""
        return self._model("target", TargetModel)

    @property
    def stance_model(self) -> StanceModel:
        """The stance model, read when first used."""
        return self._model("stance", lambda backend: StanceModel(backend, self._least))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the stance model, in order."""
        return self.checkpoints["stance"].labels

    def __call__(self, text: str, *, doc_id: str = "", speaker: str | None = None) -> Document:
        """Label one article.

        Args:
            text: the article; an empty one gives an empty document.
            doc_id: what its records are to be called.
            speaker: who speaks, if the text is one speaker's own words (a speech, an official statement).

        Raises:
            TypeError: `text` is not a string (for several articles use `pipe`).
        """
        return self._label([_check_text(text)], [doc_id], [speaker])[0]

    def pipe(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 32,
        doc_ids: Iterable[str] | None = None,
        speakers: Iterable[str | None] | None = None,
        n_process: int = 1,
    ) -> Iterator[Document]:
        """Label many articles, streaming: documents come in the order of `texts`, `batch_size` at a time in memory.

        Args:
            texts: articles.
            batch_size: how many articles are worked on together; the results do not depend on it.
            doc_ids: as many ids as texts; numbers from 0 where left out.
            speakers: as many speakers (or None) as texts.
            n_process: processes to share the work; each reads the models for itself (about 500 MB). A script that uses
                more than one must keep what it does under ``if __name__ == "__main__":``.

        Raises:
            TypeError: `texts` is a single string.
            ValueError: `batch_size` or `n_process` is below 1; or, while iterating, there are fewer ids or speakers than texts.
            RuntimeError: while iterating, a document killed the process that labelled it, twice; it is named.
        """
        for name, value in (("texts", texts), ("speakers", speakers)):
            if isinstance(value, str):
                raise TypeError(f"pipe() takes several {name}, found one str: call nlp(text, speaker=…) for one article")
        for name, number in (("batch_size", batch_size), ("n_process", n_process)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, found {number}")
        batches = self._batches(texts, batch_size, doc_ids, speakers)
        return itertools.chain.from_iterable(spread(self, _label_batch, batches, n_process, _died))

    @staticmethod
    def _batches(
        texts: Iterable[str], size: int, doc_ids: Iterable[str] | None, speakers: Iterable[str | None] | None
    ) -> Iterator[list[Row]]:
        ids = iter(doc_ids) if doc_ids is not None else (str(i) for i in itertools.count())
        who = iter(speakers) if speakers is not None else itertools.repeat(None)

        def rows() -> Iterator[Row]:
            for number, text in enumerate(texts):
                try:
                    yield _check_text(text), next(ids), or_none(next(who))
                except StopIteration:
                    raise ValueError(f"doc_ids or speakers end after {number} texts: give one for each text") from None

        found = rows()
        while batch := list(itertools.islice(found, size)):
            yield batch

    def _label(self, texts: Sequence[str], ids: Sequence[str], speakers: Sequence[str | None]) -> list[Document]:
        layouts = [segment(text[:MAX_CHARS]) for text in texts]
        reports = [i for i, (layout, who) in enumerate(zip(layouts, speakers, strict=True)) if layout.sentences and not who]
        attributions = (
            dict(zip(reports, self.attribution_model.find([layouts[i] for i in reports]), strict=True)) if reports else {}
        )
        drafts: list[Draft] = []
        for i, layout in enumerate(layouts):
            cast = Cast(layout)
            for unit in extract(layout, attributions.get(i, []), cast, speakers[i]):
                drafts.append((i, unit, cast.holder(unit.speaker)))
        stances = self._stances(texts, layouts, drafts)
        statements: list[list[Statement]] = [[] for _ in texts]
        parties: list[list[str | None]] = [[] for _ in texts]
        for (i, unit, who), (found, cut) in zip(drafts, stances, strict=True):
            statements[i].append(_statement(len(statements[i]), texts[i], unit, found, cut, who.code))
            parties[i].append(who.holder)
        for i, text in enumerate(texts):
            if not _looks_english(text):
                which = f"document {ids[i]!r}" if ids[i] else "the text"
                warnings.warn(f"{which} does not look English, which is all that stancekit reads", stacklevel=3)
            if len(text) > MAX_CHARS:
                warnings.warn(
                    f"document {ids[i]!r} has {len(text):,} characters: only the first {MAX_CHARS:,} were read", stacklevel=3
                )
        named = [name_targets(s, p) for s, p in zip(statements, parties, strict=True)]
        return [Document(t, tuple(s), d) for t, s, d in zip(texts, named, ids, strict=True)]

    def _stances(
        self, originals: Sequence[str], layouts: Sequence[Layout], drafts: Sequence[Draft]
    ) -> list[tuple[list[Stance], bool]]:
        """The stances of each draft statement, and whether a model saw only a part of it."""
        texts = [layouts[i].text[unit.start : unit.end] for i, unit, _ in drafts]
        model = self.stance_model
        tagger = self.target_model
        found = tagger.candidates(texts) if model.selects(tagger.kinds) else tagger.find(texts, article=True)
        inputs: list[Encoded] = []
        places: list[list[holders.Party | None]] = []  # whose stance, by statement and target
        for n, (text, targets) in enumerate(zip(texts, found, strict=True)):
            i, unit, who = drafts[n]
            before = layouts[i].text[max(0, unit.start - 300) : unit.start]
            everyone = holders.parties(text) if targets else []
            named = unit.speaker_span and (unit.speaker_span[0] - unit.start, unit.speaker_span[1] - unit.start)
            places.append([holders.reported(text, (t.start, t.end), everyone, who, named) for t in targets])
            for t, party in zip(targets, places[n], strict=True):
                inputs.append(model.encoder.encode(text, (t.start, t.end), party.name if party else who.holder, before))
            if not targets:  # the statement as a whole
                inputs.append(model.encoder.encode(text, None, who.holder, before))
        rows, readings = model.judge(inputs)
        out: list[tuple[list[Stance], bool]] = []
        at = 0
        for draft, text, targets, parties in zip(drafts, texts, found, places, strict=True):
            mine = slice(at, at + max(1, len(targets)))
            at = mine.stop
            cut = any(made.truncated for made in inputs[mine])
            if not targets:
                out.append((self._bare(rows[mine][0], draft), cut))
                continue
            chosen = model.select(text, targets, rows[mine], readings[mine] if readings is not None else None)
            if chosen:  # what was proposed and not reported needs no warning
                kept = {(t.start, t.end) for t, _ in chosen}
                cut = any(m.truncated for t, m in zip(targets, inputs[mine], strict=True) if (t.start, t.end) in kept)
            whose = {(t.start, t.end): party for t, party in zip(targets, parties, strict=True)}
            stances = [self._named(t, row, whose[t.start, t.end], originals[draft[0]], draft) for t, row in chosen]
            out.append((stances, cut))
        return out

    def _named(self, found: Found, row: Any, party: holders.Party | None, text: str, draft: Draft) -> Stance:
        """The stance of a statement toward a target."""
        _, unit, who = draft
        start, end = unit.start + found.start, unit.start + found.end
        stance = self.stance_model.stance(row, Span(start, end, text[start:end]), who.holder, who.code)
        if party is None or holders.contradicts(party, (found.start, found.end), stance.label):
            return stance
        return replace(stance, holder=party.name, country=party.country, reported=True)

    def _bare(self, row: Any, draft: Draft) -> list[Stance]:
        """The stance of a statement in which no target is proposed: as a whole it must be clearly no neutral one to count."""
        _, _, who = draft
        stance = self.stance_model.stance(row, None, who.holder, who.code)
        return [stance] if stance.label != NEUTRAL and stance.score >= self.stance_model.null_threshold else []

    @overload
    def stance(self, text: str, *, target: Target = None, holder: str | None = None) -> Stance: ...

    @overload
    def stance(
        self,
        text: list[str] | tuple[str, ...],
        *,
        target: Sequence[Target] | None = None,
        holder: Sequence[str | None] | None = None,
    ) -> list[Stance]: ...

    def stance(self, text: Any, *, target: Any = None, holder: Any = None) -> Stance | list[Stance]:
        """The stance of a statement toward a target.

        Args:
            text: a statement, or a list (or a column of a frame) of them.
            target: what the stance is toward: words, or (start, end) in the statement; for a list of statements, a list
                as long. None: the statement as a whole.
            holder: whose stance, if known ("Iran"); for a list of statements, a list as long.

        Returns:
            A `Stance`; for a list of statements, a list of them in the same order.

        Raises:
            TypeError: `text` is neither a string nor a list of strings.
            ValueError: the lists differ in length, or a span lies outside its statement.
        """
        text, target, holder = (v.tolist() if hasattr(v, "tolist") else v for v in (text, target, holder))  # columns of a frame
        if isinstance(text, str):
            return self._pairs([text], [target], [holder])[0]
        if not isinstance(text, list | tuple):
            raise TypeError(f"expected a statement or a list of them, found {type(text).__name__}")
        texts = [_check_text(t) for t in text]
        lists: list[list[Any]] = []
        for name, values in (("target", target), ("holder", holder)):
            if values is not None and (
                isinstance(values, str) or (isinstance(values, tuple) and values and isinstance(values[0], int))
            ):
                raise TypeError(f"{len(texts)} texts but one {name}: give a list with one {name} (or None) for each text")
            found = list(values) if values is not None else [None] * len(texts)
            if len(found) != len(texts):
                raise ValueError(f"{len(texts)} texts but {len(found)} {name}s: give one {name} (or None) for each text")
            lists.append(found)
        return self._pairs(texts, lists[0], lists[1])

    def _pairs(self, texts: list[str], targets: list[Target], named: list[str | None]) -> list[Stance]:
        spans: list[Span | None] = []
        inputs = []
        targets, named = [or_none(t) for t in targets], [or_none(h) for h in named]
        for text, target, holder in zip(texts, targets, named, strict=True):
            if not (target is None or isinstance(target, str) or (isinstance(target, tuple) and len(target) == 2)):
                raise TypeError(f"a target is words, (start, end) or None, found {target!r}")
            if not (holder is None or isinstance(holder, str)):
                raise TypeError(f"a holder is a str or None, found {holder!r}")
            place = locate(text, target) if isinstance(target, str) else target
            if place is not None and not 0 <= place[0] < place[1] <= len(text):
                raise ValueError(f"target {place} lies outside its text of {len(text)} characters: give (start, end) in it")
            inputs.append(self.stance_model.encoder.encode(text, place if place is not None else target, holder))
            if place is not None:
                spans.append(Span(place[0], place[1], text[place[0] : place[1]]))
            else:
                spans.append(Span(None, None, target) if isinstance(target, str) else None)
        rows = self.stance_model.reliable(self.stance_model.probabilities(inputs))
        return [self.stance_model.stance(r, s, h) for r, s, h in zip(rows, spans, named, strict=True)]

    def evidence(self, text: str, *, target: Target = None, holder: str | None = None) -> list[tuple[Span, float]]:
        """The words of a statement that carry the decision of `stance` (before `abstain_below`), for one statement at a time.

        Args:
            text: a statement.
            target: as for `stance`.
            holder: as for `stance`.

        Returns:
            (word, weight) of each word outside the target, heaviest first: by how much the log-odds of the label fall if
            the word is left out (occlusion: Zeiler and Fergus 2014; Li, Monroe and Jurafsky 2016). Below 0: it speaks against.
        """
        self._pairs([_check_text(text)], [target], [holder])  # checks the arguments
        return sorted(self.stance_model.evidence(text, target, holder), key=lambda found: -found[1])

    def label_frame(
        self,
        frame: pd.DataFrame,
        text: str = "text",
        id: str | None = None,
        speaker: str | None = None,
        batch_size: int = 32,
        n_process: int = 1,
        progress: bool = False,
    ) -> pd.DataFrame:
        """Label the articles of a DataFrame.

        Args:
            frame: one article a row; a row whose text is missing gives no rows.
            text: the column with the articles.
            id: the column with their ids; the frame's index where left out.
            speaker: the column with the speaker of each text, for speeches and statements.
            batch_size: see `pipe`.
            n_process: see `pipe`.
            progress: show a progress bar, with documents and statements a second.

        Returns:
            One row per stance, as `Document.to_frame` gives them.

        Raises:
            ValueError: a column is missing; the message lists those that are there.
        """
        return label_frame(self, frame, Columns(text, id, speaker), batch_size, n_process, progress)

    def label_dataset(
        self, dataset: Any, text: str = "text", id: str | None = None, batch_size: int = 32, speaker: str | None = None
    ) -> Any:
        """Label a `datasets.Dataset` or `IterableDataset`: one row per stance out, in batches.

        Args:
            dataset: one article a row; of a stream, no more than a batch is in memory.
            text: as for `label_frame`.
            id: as for `label_frame`; the number of the row where left out.
            batch_size: articles that are read and worked on together.
            speaker: as for `label_frame`.

        Raises:
            ValueError: a column is missing; the message lists those that are there.
        """
        return label_dataset(self, dataset, Columns(text, id, speaker), batch_size)


def _label_batch(nlp: Pipeline, batch: Sequence[Row]) -> list[Document]:
    """The work of `Pipeline.pipe`, as a function that can be sent to another process."""
    return nlp._label([t for t, _, _ in batch], [i for _, i, _ in batch], [w for _, _, w in batch])


def _died(row: Row) -> NoReturn:
    raise RuntimeError(f"document {row[1]!r} killed the process that labelled it, twice: perhaps it is too long for the memory")


def _check_text(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"expected the text as str, found {type(text).__name__}: for several articles use nlp.pipe(texts)")
    return text


# Among the commonest words of English, and hardly words of its neighbours.
ENGLISH = frozenset("the and that with this they from which would been said has by not its were their will our".split())


def _looks_english(text: str) -> bool:
    """Whether the beginning of a text is English; True of one that is too short to say."""
    text = text[:5_000]
    letters = sum(map(str.isalpha, text))
    if letters >= 100 and sum(map(str.isalpha, text.encode("ascii", "ignore").decode())) < letters / 2:
        return False  # another script
    words = re.findall(r"\b[^\W\d_A-Z]+\b", text)  # names, and what stands in capitals, tell nothing
    return len(words) < 50 or sum(w in ENGLISH for w in words) >= 0.03 * len(words)


def _statement(number: int, text: str, unit: Unit, stances: list[Stance], truncated: bool, country: str | None) -> Statement:
    start, end = unit.start, unit.end
    who = unit.speaker_span or (None, None)
    return Statement(
        number, start, end, text[start:end], unit.kind, unit.speaker, who[0], who[1], unit.cue, tuple(stances),
        unit.score, truncated, country, unit.speaker_score,
    )  # fmt: skip
