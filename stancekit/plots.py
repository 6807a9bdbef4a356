"""Figures of who stands where (extra ``plot``): matplotlib in its plain form, axes can be passed in and come back."""

from __future__ import annotations

import collections
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .labels import COLOURS, STANCES
from .summary import BALANCE, prepared, stance_matrix, stance_timeline

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

HATCHES = {"support": "", "condemn": "///", "reject": "xxx", "cooperate": "..."}  # told apart also without colour
LINES = {"support": "-", "condemn": "-.", "reject": "--", "cooperate": ":"}
AGAINST, FOR = "#D55E00", "#0072B2"  # the ends of the scale of balance (Okabe and Ito 2008)


class _Tie(NamedTuple):
    """How often one takes a stance toward one target, and which most often."""

    who: str
    what: str
    n: int
    label: str
    of_label: int

    def said(self) -> str:
        """The count beside the line: "4", or "3 of 4" where not all are of its label."""
        return str(self.n) if self.of_label == self.n else f"{self.of_label} of {self.n}"


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ValueError("plots need matplotlib: pip install 'stancekit[plot]'") from error
    return pyplot


def _axes(ax: Axes | None, width: float, height: float) -> Axes:
    if ax is not None:
        return ax
    found: Axes = _pyplot().subplots(figsize=(width, height), layout="constrained")[1]
    return found


def _short(text: str, width: int, lines: int = 1) -> str:
    """`text` on so many lines at most, with "…" for what is left out."""
    short = "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder="…"))
    return short.replace("$", r"\$")  # matplotlib would read what stands between two as mathematics


def plot_matrix(
    frame: pd.DataFrame, by: str = "speaker", rows: int = 12, columns: int = 10, ax: Axes | None = None, title: str | None = None
) -> Axes:
    """Who stands where: a coloured cell for each speaker and target, with the number of statements in it.

    The colour goes from all against (condemn, reject) over divided (grey) to all for (support, cooperate); how strong it is,
    `stance_matrix` gives as "balance". A cell without a number has no stance behind it.

    Args:
        frame: one row a stance, as `Document.to_frame` gives it.
        by: see `stance_matrix`.
        rows: see `stance_matrix`.
        columns: see `stance_matrix`.
        ax: axes to draw into; a new figure where left out.
        title: above the figure.

    Raises:
        ValueError: matplotlib is not installed, a column is missing, or there is nothing to show.
    """
    _pyplot()  # says so where matplotlib is lacking
    from matplotlib.colors import LinearSegmentedColormap

    balance = stance_matrix(frame, by, "balance", rows, columns)
    counts = stance_matrix(frame, by, "statements", rows, columns)
    if balance.empty:
        raise ValueError("no stance with a target to show")
    ax = _axes(ax, 3.2 + 0.8 * len(balance.columns), 2.4 + 0.42 * len(balance))
    colours = LinearSegmentedColormap.from_list("stance", [AGAINST, "#ebebeb", FOR])
    image = ax.imshow(balance, cmap=colours, vmin=-1, vmax=1, aspect="auto")
    numbers, values = counts.to_numpy(dtype=int).tolist(), balance.to_numpy(dtype=float).tolist()
    for i in range(len(balance)):
        for j in range(len(balance.columns)):
            if n := numbers[i][j]:
                dark = values[i][j] > 0.7  # only the blue end is: dark ink reads better on all of the orange
                ax.text(j, i, str(n), ha="center", va="center", color="white" if dark else "#1a1a1a", fontsize=9)
    ax.set_xticks(
        range(len(balance.columns)), [_short(c, 26, 2) for c in balance.columns], rotation=35, ha="right", rotation_mode="anchor"
    )
    ax.set_yticks(range(len(balance)), [_short(str(r), 40) for r in balance.index])
    ax.set_xticks([x - 0.5 for x in range(1, len(balance.columns))], minor=True)
    ax.set_yticks([y - 0.5 for y in range(1, len(balance))], minor=True)
    ax.grid(which="minor", color="white", linewidth=2)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, ticks=[-1, 0, 1], pad=0.02)
    bar.ax.set_yticklabels(["against", "divided", "for"])
    bar.outline.set_visible(False)
    shown, whole = int(counts.to_numpy().sum()), len(prepared(frame, by))
    ax.set_title(title or "Who stands where", loc="left", fontweight="bold")
    ax.set_xlabel(f"In each cell: how many stances ({shown} of {whole} are shown)", loc="left", fontsize=9, color="#555555")
    return ax


def plot_timeline(
    frame: pd.DataFrame, dates: Mapping[str, Any] | pd.Series | str = "date", freq: str = "M", target: str | None = None,
    ax: Axes | None = None, title: str | None = None,
) -> Axes:  # fmt: skip
    """Stances over time: a bar for each period, those for above the line, those against below it.

    Args:
        frame: one row a stance.
        dates: see `stance_timeline`.
        freq: see `stance_timeline`.
        target: see `stance_timeline`.
        ax: axes to draw into; a new figure where left out.
        title: above the figure.

    Raises:
        ValueError: as `stance_timeline`; or matplotlib is not installed.
    """
    table = stance_timeline(frame, dates, freq, target)
    _pyplot()  # says so where matplotlib is lacking
    from matplotlib.ticker import MaxNLocator

    ax = _axes(ax, min(20.0, max(6.0, 2 + 0.55 * len(table))), 3.6)
    places = range(len(table))
    for side in (1, -1):
        floor = [0] * len(table)
        for label in (x for x in STANCES if BALANCE[x] == side):
            values = [int(v) for v in table[label]]
            ax.bar(
                places, [side * v for v in values], bottom=[side * f for f in floor], width=0.8, label=label, color=COLOURS[label],
                hatch=HATCHES[label], edgecolor="white", linewidth=0.5,
            )  # fmt: skip
            floor = [f + v for f, v in zip(floor, values, strict=True)]
    totals = table.sum(axis=1)
    top = max(1, int(table[[x for x in STANCES if BALANCE[x] == 1]].sum(axis=1).max()))
    low = max(1, int(table[[x for x in STANCES if BALANCE[x] == -1]].sum(axis=1).max()))
    for x, n in zip(places, totals, strict=True):
        ax.text(x, top + 0.03 * (top + low), str(int(n)), ha="center", va="bottom", fontsize=8, color="#555555")
    ax.set_ylim(-low - 0.05 * (top + low), top + 0.14 * (top + low))
    room = max(0.0, (6 - len(table)) / 2)  # a single bar is no wall
    ax.set_xlim(-0.6 - room, len(table) - 0.4 + room)
    ax.axhline(0, color="#1a1a1a", linewidth=0.8)
    step = -(-len(table) // 14)
    names = [f"{p.start_time:%Y-%m-%d}" if p.freqstr.startswith("W") else str(p) for p in table.index]
    ax.set_xticks(list(places)[::step], names[::step], rotation=35, ha="right", rotation_mode="anchor")
    ax.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    ax.yaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    ax.set_ylabel("how many stances")
    for said, shift, edge in (("for", 4, "bottom"), ("against", -4, "top")):
        ax.annotate(said, (1, 0), (4, shift), xycoords=("axes fraction", "data"), textcoords="offset points", va=edge, fontsize=9)
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.set_title(
        title or (f"Stances toward {_short(target, 50)}" if target else "Stances over time"),
        loc="left",
        fontweight="bold",
        pad=28,
    )
    ax.legend(ncols=4, frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0.2)
    weeks = "; weeks go by their first day" if names and names[0] != str(table.index[0]) else ""
    ax.set_xlabel(f"{int(totals.sum())} stances; above each bar: how many in all{weeks}", loc="left", fontsize=9, color="#555555")
    return ax


def plot_network(
    frame: pd.DataFrame, by: str = "speaker", edges: int = 30, ax: Axes | None = None, title: str | None = None
) -> Axes:
    """Who takes a stance toward what, as a network: lines in the colour of the most frequent stance, as wide as it is frequent.

    Args:
        frame: one row a stance.
        by: who takes it: "speaker", "holder" or "country".
        edges: how many lines at most, the most frequent first.
        ax: axes to draw into; a new figure where left out.
        title: above the figure.

    Raises:
        ValueError: matplotlib is not installed, a column is missing, or there is nothing to show.
    """
    found = prepared(frame, by)
    if found.empty:
        raise ValueError("no stance with a target to show")
    labels: dict[tuple[str, str], collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for name, target, label in zip(found[by].astype(str), found["target"].astype(str), found["label"].astype(str), strict=True):
        labels[name, target][label] += 1
    turn: collections.Counter[str] = collections.Counter()  # of equally frequent lines, everybody's first comes before a second
    order = {}
    for name, target in labels:
        order[name, target] = turn[name]
        turn[name] += 1
    most = sorted(labels.items(), key=lambda item: (-item[1].total(), order[item[0]]))[:edges]
    ties = [_Tie(name, target, counts.total(), *counts.most_common(1)[0]) for (name, target), counts in most]
    who, what = _places(ties)
    height = 1.6 + 0.36 * max(len(who), len(what))
    ax = _axes(ax, 9, height)
    widest = max(4, *(tie.of_label for tie in ties))
    for tie, share in zip(ties, _shares([(who[tie.who], what[tie.what]) for tie in ties]), strict=True):
        y0, y1 = who[tie.who], what[tie.what]
        ax.plot([0, 1], [y0, y1], color=COLOURS[tie.label], linewidth=0.8 + 4 * tie.of_label / widest, alpha=0.75,
                linestyle=LINES[tie.label], solid_capstyle="round")  # fmt: skip
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
        ax.text(share, y0 + (y1 - y0) * share, tie.said(), fontsize=7.5, ha="center", va="center", color="#1a1a1a", bbox=box)
    for places, x, side in ((who, -0.02, "right"), (what, 1.02, "left")):
        for name, y in places.items():
            ax.text(x, y, _short(name, 42), ha=side, va="center", fontsize=9.5)
    ax.set_xlim(-0.75, 1.75)
    ax.set_ylim(min(*who.values(), *what.values()) - 0.8, 0.8)
    ax.set_axis_off()
    for label in (x for x in STANCES if any(tie.label == x for tie in ties)):
        ax.plot([], [], color=COLOURS[label], linewidth=2, label=label, linestyle=LINES[label])
    ax.legend(ncols=4, frameon=False, fontsize=9, handlelength=3.5, loc="upper center", bbox_to_anchor=(0.5, 0.0), borderaxespad=0,
              title="colour: the most frequent stance; “3 of 5”: three of five are of it", title_fontsize=8.5)  # fmt: skip
    shown = sum(tie.n for tie in ties)
    ax.set_title(
        title or f"Who toward what ({shown} of {len(found)} stances; on each line: how many)", loc="left", fontweight="bold"
    )
    return ax


def _places(ties: list[_Tie]) -> tuple[dict[str, float], dict[str, float]]:
    """Heights of both sides' names, ordered so that few lines cross (barycentre rule: Sugiyama, Tagawa and Toda 1981)."""
    sides = [list(dict.fromkeys(tie.who for tie in ties)), list(dict.fromkeys(tie.what for tie in ties))]
    for turn in range(8):
        mine, other = 1 - turn % 2, turn % 2
        rank = {name: i for i, name in enumerate(sides[other])}

        def centre(name: str, mine: int = mine, rank: dict[str, int] = rank) -> float:
            found = [(rank[(tie.who, tie.what)[1 - mine]], tie.n) for tie in ties if (tie.who, tie.what)[mine] == name]
            return sum(r * n for r, n in found) / sum(n for _, n in found)

        sides[mine].sort(key=centre)
    most = max(2, *map(len, sides))

    def spread(names: list[str]) -> dict[str, float]:
        return {name: 0.5 - (i + 0.5) * most / len(names) for i, name in enumerate(names)}

    return spread(sides[0]), spread(sides[1])


def _shares(lines: list[tuple[float, float]]) -> list[float]:
    """How far along its line each count stands: where it is farthest from the counts before it and from the other lines."""
    out: list[float] = []
    taken: list[tuple[float, float]] = []  # of the counts, both in heights of a line of text
    wide = 6.0  # a text's width counts less than its height: the figure is so many lines of text wide, or about
    for n, (y0, y1) in enumerate(lines):

        def room(share: float, n: int = n, y0: float = y0, y1: float = y1) -> float:
            x, y = share * wide, y0 + (y1 - y0) * share
            counts = [max(abs(x - tx), 2 * abs(y - ty)) for tx, ty in taken]
            others = [abs(y - (a + (b - a) * share)) for i, (a, b) in enumerate(lines) if i != n]
            return min([*counts, *(2 * d for d in others), 2.0]) - 0.1 * abs(share - 0.5)

        best = max((i / 40 for i in range(6, 35)), key=room)
        out.append(best)
        taken.append((best * wide, y0 + (y1 - y0) * best))
    return out
