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
    from .plots import plot_matrix, plot_network, plot_timeline

__version__ = "0.1.0"
__all__ = [
    "LABELS", "Document", "Pipeline", "Span", "Stance", "Statement", "__version__", "load", "merge_targets", "plot_matrix",
    "plot_network", "plot_timeline", "render", "stance_matrix", "stance_timeline",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The plots are read when first asked for: they need matplotlib (extra ``plot``), and take a second."""
    if name in ("plot_matrix", "plot_network", "plot_timeline"):
        from . import plots

        return getattr(plots, name)
    raise AttributeError(f"module 'stancekit' has no attribute {name!r}")
