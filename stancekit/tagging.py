"""Word tagging with a token classifier: words in, label scores out, spans from label scores.

Shared by `attribution` and `targets`, for training and for inference alike, so that both see the same input. A tagger
labels *words*, not word pieces: the first piece of a word carries its label. Texts longer than the model's window are
read in overlapping windows; of the windows that hold a word, the one counts in which it stands farthest from an edge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .backends import Backend

WORD = re.compile(r"\w+|``|''|[^\w\s]")
MAX_WORD = 60  # characters; longer runs (base64, endless lines) are cut so that one word cannot fill a window
SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, which the tokenizer refuses
SLICE = 4_000  # words given to the tokenizer at once

Spans = Sequence[tuple[int, int]]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tagged:
    """A labelled span: its kind (label without B-/I-), the mean probability of its words' labels."""

    start: int
    end: int
    kind: str
    score: float


def split_words(text: str, start: int = 0, end: int | None = None) -> tuple[list[str], list[tuple[int, int]]]:
    """Words and punctuation marks of ``text[start:end]`` with their character spans in `text`."""
    words, spans = [], []
    for match in WORD.finditer(text, start, len(text) if end is None else end):
        for at in range(match.start(), match.end(), MAX_WORD):
            stop = min(match.end(), at + MAX_WORD)
            words.append(text[at:stop])
            spans.append((at, stop))
    return words, spans


def bio(kinds: Sequence[str]) -> tuple[str, ...]:
    """The BIO labels of `kinds`: O, B-first, I-first, B-second, …"""
    return ("O", *(f"{p}-{kind}" for kind in kinds for p in "BI"))


def gold_labels(spans: Spans, marked: Sequence[tuple[int, int, int]]) -> list[int]:
    """Training labels, one a word, from marked spans (start, end, number of the kind); the first marked wins."""
    labels = [0] * len(spans)
    starts = np.asarray([s for s, _ in spans], dtype=np.int64)
    for start, end, kind in marked:
        first = int(np.searchsorted(starts, start, side="left"))
        inside = list(range(first, int(np.searchsorted(starts, end, side="left"))))
        inside = [i for i in inside if spans[i][0] < spans[i][1] or i > inside[0]]
        if any(labels[i] for i in inside):
            continue
        for n, i in enumerate(inside):
            labels[i] = 1 + 2 * kind + (n > 0)
    return labels


def windows(sizes: Sequence[int], room: int, overlap: int) -> list[tuple[int, int]]:
    """Cut words into windows (first word, end) of at most `room` tokens that share about `overlap` tokens.

    Args:
        sizes: tokens of each word.
        room: tokens a window may hold, special tokens not counted.
        overlap: tokens that neighbouring windows share.
    """
    total = np.concatenate([[0], np.cumsum(np.asarray(sizes, dtype=np.int64))])
    n = len(sizes)
    out: list[tuple[int, int]] = []
    first = 0
    while first < n:
        end = min(n, max(int(np.searchsorted(total, total[first] + room, side="right")) - 1, first + 1))
        out.append((first, end))
        if end >= n:
            break
        first = max(int(np.searchsorted(total, total[end] - overlap, side="left")), first + 1)
    return out


def viterbi(scores: Scores) -> npt.NDArray[np.int64]:
    """Best label sequence in which no I- stands without its B- or I- before it.

    Args:
        scores: log-probabilities, shape (words, labels), labels in BIO order (see `bio`).

    Returns:
        Label numbers, shape (words,).
    """
    n, k = scores.shape
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    allowed = np.zeros((k, k))
    for inside in range(2, k, 2):
        allowed[:, inside] = -np.inf
        allowed[[inside - 1, inside], inside] = 0.0
    back = np.zeros((n, k), dtype=np.int64)
    best = scores[0].astype(np.float64)
    best[2::2] = -np.inf
    for i in range(1, n):
        step = best[:, None] + allowed
        back[i] = step.argmax(axis=0)
        best = step[back[i], np.arange(k)] + scores[i]
    path = np.zeros(n, dtype=np.int64)
    path[-1] = int(best.argmax())
    for i in range(n - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path


def spans_of(scores: Scores, spans: Spans, kinds: Sequence[str], outside_bias: float = 0.0) -> list[Tagged]:
    """Label scores to labelled spans.

    Args:
        scores: log-probabilities, shape (words, labels).
        spans: character span of each word (empty for a word that does not stand in the text).
        kinds: the kinds, in label order.
        outside_bias: added to the log-probability of O.
    """
    # Viterbi costs Python time per word: words that are surely O cannot begin or continue a span, so they cut the text.
    best = np.zeros(len(spans), dtype=np.int64)
    live = np.flatnonzero(scores[:, 0] < np.log(0.999)) if len(spans) else np.zeros(0, dtype=np.int64)
    if outside_bias:
        scores = scores + outside_bias * (np.arange(scores.shape[1]) == 0)
    if live.size:
        for run in np.split(live, np.flatnonzero(np.diff(live) > 1) + 1):
            best[run] = viterbi(scores[run[0] : run[-1] + 1])
    out: list[Tagged] = []
    i, n = 0, len(best)
    while i < n:
        if best[i] == 0:
            i += 1
            continue
        kind = (int(best[i]) - 1) // 2
        j = i + 1
        while j < n and best[j] == 2 + 2 * kind:
            j += 1
        filled = [k for k in range(i, j) if spans[k][0] < spans[k][1]]
        if filled:
            score = float(np.exp(scores[np.arange(i, j), best[i:j]]).mean())
            out.append(Tagged(spans[filled[0]][0], spans[filled[-1]][1], kinds[kind], score))
        i = j
    return out


def pieces(tokenizer: object, words: Sequence[str]) -> list[list[int]]:
    """Token ids of each word (a word of control characters has none). `tokenizer` is a `tokenizers.Tokenizer`."""
    out: list[list[int]] = []
    for at in range(0, len(words), SLICE):
        part = [SURROGATE.sub("\ufffd", word) for word in words[at : at + SLICE]]
        encoding = tokenizer.encode(part, is_pretokenized=True, add_special_tokens=False)  # type: ignore[attr-defined]
        found: list[list[int]] = [[] for _ in part]
        for token, word in zip(encoding.ids, encoding.word_ids, strict=True):
            found[word].append(token)
        out += found
    return out


class Tagger:
    """A token classifier over words."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.room = int(backend.settings["max_length"]) - 2
        self.overlap = int(backend.settings.get("overlap", 64))

    def scores(self, texts: Sequence[Sequence[str]], segment: int = 0) -> list[Scores]:
        """Log-probabilities of the labels of each word, an array (words, labels) for each list of words.

        `segment` is the segment number of all tokens, for a model that was taught two ways of reading.
        """
        requests: list[list[int]] = []
        places: list[tuple[int, int, int, npt.NDArray[np.int64]]] = []  # (text, first word, end, token place of each word)
        for number, words in enumerate(texts):
            tokens = pieces(self.backend.tokenizer, words)
            for first, end in windows([len(t) for t in tokens], self.room, self.overlap):
                ids, at = [self.backend.cls], np.zeros(end - first, dtype=np.int64)
                for i in range(first, end):
                    at[i - first] = len(ids) if tokens[i] else 0
                    ids += tokens[i]
                requests.append([*ids[: self.room + 1], self.backend.sep])
                places.append((number, first, end, np.minimum(at, self.room)))
        logits = self.backend.run(requests, [[segment] * len(ids) for ids in requests] if segment else None)
        k = len(self.backend.labels)
        out = [np.zeros((len(words), k)) for words in texts]
        edge = [np.full(len(words), -1, dtype=np.int64) for words in texts]
        for (number, first, end, at), values in zip(places, logits, strict=True):
            n = end - first
            far = np.minimum(
                np.arange(n) if first else np.full(n, n), n - 1 - np.arange(n) if end < len(texts[number]) else np.full(n, n)
            )
            better = far > edge[number][first:end]
            rows = log_softmax(values[at])
            rows[at == 0] = np.log(np.eye(k)[0] + 1e-9)  # a word without tokens is O
            out[number][first:end][better] = rows[better]
            edge[number][first:end][better] = far[better]
        return out


def log_softmax(logits: npt.NDArray[np.floating]) -> Scores:
    """Log-probabilities along the last axis."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    result: Scores = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
