"""stancekit: who takes which stance toward what, in political and diplomatic text.

    >>> import stancekit as sk
    >>> nlp = sk.load()                        # doctest: +SKIP
    >>> nlp("...").to_frame()                  # doctest: +SKIP

See `load` and `Pipeline`.
"""

from typing import TYPE_CHECKING, Any

from .display import render
from .labels import LABELS
from .pipeline import Pipeline, load
from .summary import merge_targets, stance_matrix, stance_timeline
from .types import Document, Span, Stance, Statement

if TYPE_CHECKING:
    from .estimator import StanceClassifier
    from .plots import plot_matrix, plot_network, plot_timeline

__version__ = "0.1.0"
__all__ = [
    "LABELS", "Document", "Pipeline", "Span", "Stance", "StanceClassifier", "Statement", "__version__", "load", "merge_targets", "plot_matrix",
    "plot_network", "plot_timeline", "render", "stance_matrix", "stance_timeline",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """What needs an extra is read when it is first asked for: matplotlib and scikit-learn take a second each."""
    if name in ("plot_matrix", "plot_network", "plot_timeline"):
        from . import plots

        return getattr(plots, name)
    if name == "StanceClassifier":
        try:
            from .estimator import StanceClassifier
        except ImportError as error:
            raise ImportError("StanceClassifier needs scikit-learn: pip install 'stancekit[train]'") from error
        return StanceClassifier
    raise AttributeError(f"module 'stancekit' has no attribute {name!r}")
