"""stancekit: who takes which stance toward what, in political and diplomatic text.

    >>> import stancekit as sk
    >>> nlp = sk.load()                        # doctest: +SKIP
    >>> nlp("...").to_frame()                  # doctest: +SKIP

See `load` and `Pipeline`.
"""

from .display import render
from .labels import LABELS
from .pipeline import Pipeline, load
from .types import Document, Span, Stance, Statement

__version__ = "0.1.0"
__all__ = ["LABELS", "Document", "Pipeline", "Span", "Stance", "Statement", "__version__", "load", "render"]
