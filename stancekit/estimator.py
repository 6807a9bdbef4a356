"""Stances as a scikit-learn classifier (extra ``train``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .pipeline import load
from .stance import locate
from .tables import Columns, or_none

if TYPE_CHECKING:
    import pandas as pd

from sklearn.base import BaseEstimator, ClassifierMixin


class StanceClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Stances as a scikit-learn classifier: labels of your own from a few hundred rows in seconds, without torch.

    A logistic regression over what the embedded classifier says of each row (log-probabilities of its labels) and the row's
    words around the target (TF-IDF). Fine-tuning the network (``training/train_stance.py``) takes minutes and is better.

    `X` is a list of texts, of (text, target) or (text, target, holder) tuples, or a DataFrame with the columns ``text`` and
    optionally ``target`` (words, or (start, end)) and ``holder``.

    Args:
        model: a stance checkpoint; None for the embedded one.
        C: inverse strength of the regularisation (see `sklearn.linear_model.LogisticRegression`).

    Attributes:
        classes_: the labels, sorted.
    """

    def __init__(self, model: str | None = None, C: float = 3.0) -> None:
        self.model = model
        self.C = C

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_nlp"}

    def _rows(self, X: Any) -> list[tuple[str, Any, str | None]]:
        if hasattr(X, "columns"):
            Columns().check(X.columns, "the frame")
            columns = [X[c].tolist() if c in X.columns else [None] * len(X) for c in ("text", "target", "holder")]
            rows = list(zip(*columns, strict=True))
        else:
            if isinstance(X, str):
                raise ValueError("X must be a list of texts, found one str")
            rows = [(x, None, None) if isinstance(x, str) else (*x, None, None)[:3] for x in X]
        if not rows:
            raise ValueError("X has no rows")
        clean = [tuple(map(or_none, row)) for row in rows]
        if wrong := next((r for r in clean if not isinstance(r[0], str)), None):
            raise ValueError(f"a row's text must be a str, found {type(wrong[0]).__name__}")
        return clean

    def _features(self, rows: Sequence[tuple[str, Any, str | None]], fit: bool = False) -> Any:
        """A sparse matrix, one row for each; `fit` chooses the model and the words anew."""
        from scipy.sparse import csr_matrix, hstack
        from sklearn.feature_extraction.text import TfidfVectorizer

        if fit or not hasattr(self, "_nlp"):
            self._nlp = load(stance=self.model)
        found = self._nlp.stance([r[0] for r in rows], target=[r[1] for r in rows], holder=[r[2] for r in rows])
        scores = np.log(np.array([[s.scores[k] for k in self._nlp.labels] for s in found]) + 1e-4)
        words = [_words(text, target) for text, target, _ in rows]
        if fit:
            self._tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+").fit(words)
        return hstack([csr_matrix(scores / 3), self._tfidf.transform(words)]).tocsr()

    def fit(self, X: Any, y: Sequence[Any] | pd.Series) -> StanceClassifier:
        """Learn from rows and their labels.

        Raises:
            ValueError: there are fewer than two labels, or not as many labels as rows.
        """
        from sklearn.linear_model import LogisticRegression

        rows, labels = self._rows(X), np.asarray(y)
        if len(rows) != len(labels):
            raise ValueError(f"{len(rows)} rows but {len(labels)} labels")
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise ValueError(f"y has {len(self.classes_)} label: two or more are needed")
        features = self._features(rows, fit=True)
        self._regression = LogisticRegression(C=self.C, max_iter=2000, class_weight="balanced").fit(features, labels)
        self.n_features_in_ = 1
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, shape (rows, labels), in the order of `classes_`.

        Raises:
            sklearn.exceptions.NotFittedError: `fit` was not called.
        """
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "classes_")
        result: np.ndarray = self._regression.predict_proba(self._features(self._rows(X)))
        return result

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row."""
        probabilities = self.predict_proba(X)
        result: np.ndarray = self.classes_[probabilities.argmax(axis=1)]
        return result


def _words(text: str, target: Any) -> str:
    """A text's words, those of the target and of its neighbourhood told apart from the others."""
    span = locate(text, target) if isinstance(target, str) else target
    if not span:
        return text.lower()
    text = text.lower()
    near = [*(f"b_{w}" for w in text[: span[0]].split()[-4:]), *(f"a_{w}" for w in text[span[1] :].split()[:4])]
    return " ".join([text, *near, *(f"t_{w}" for w in text[span[0] : span[1]].split())])
