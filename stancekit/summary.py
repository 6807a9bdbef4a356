"""What many stances come to: a matrix of who stands where, and how it moves over time. Plain pandas in and out."""

from __future__ import annotations

import collections
import itertools
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import countries
from .labels import NEUTRAL, STANCES
from .phrases import head, is_pronoun, telling

if TYPE_CHECKING:
    import pandas as pd

BALANCE = {"support": 1, "cooperate": 1, "condemn": -1, "reject": -1}  # the side that a stance takes

CLEARLY = 3


def merge_targets(targets: Iterable[str | None]) -> dict[str, str]:
    """One name for the targets that mean the same, by a rule that errs on the side of keeping them apart.

    Two targets are one if they are the same country, or if they have the same head noun and one has no word that the other lacks:
    "the levy" and "the new fishing levy" are one, "the fishing levy" and "the carbon levy" are two. A short form that fits
    several goes to one that is `CLEARLY` times as frequent as the next, else it stays by itself. Pronouns stay what they are.

    Args:
        targets: targets as they stand in texts; as often as they occur (the most frequent form names the group).

    Returns:
        From each target to its group's name.
    """
    counts = collections.Counter(t.strip() for t in targets if t and t.strip())
    forms = sorted(counts, key=lambda t: (-len(head(t)[1]), -counts[t], t))  # the most telling first
    groups: dict[str, list[tuple[frozenset[str], list[str]]]] = collections.defaultdict(list)  # by head noun
    by_country: dict[str, list[str]] = {}
    for form in forms:
        bare = re.sub(r"^(?:the|The)\s+", "", form)
        if countries.is_country(bare):
            by_country.setdefault(countries.canonical(bare), []).append(form)
            continue
        noun, rest = head(form)
        fitting = [] if is_pronoun(form) else [g for g in groups[noun] if rest <= g[0]]
        sizes = sorted((sum(counts[f] for f in g[1]) for g in fitting), reverse=True)
        if fitting and (len(sizes) == 1 or sizes[0] >= CLEARLY * sizes[1]):
            max(fitting, key=lambda g: sum(counts[f] for f in g[1]))[1].append(form)
        else:
            groups[noun].append((rest, [form]))
    out = {form: name for name, found in by_country.items() for form in found}
    for _, found in itertools.chain.from_iterable(groups.values()):
        name = max(found, key=lambda f: (counts[f], len(f)))
        out |= dict.fromkeys(found, name)
    return {**{t: out[t.strip()] for t in targets if t and t.strip()}, **out}


def target_names(frame: pd.DataFrame) -> pd.Series:
    """What each row's target is called: `target_name` (what a pronoun stands for, a country's one name), else its words."""
    words = frame["target"].astype(object)
    if "target_name" not in frame.columns:
        return words
    name = frame["target_name"].astype(object)
    return name.where(name.map(lambda n: isinstance(n, str) and bool(n.strip())).astype(bool), words)


def prepared(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """The stances of a frame that can be counted: not neutral, somebody's, toward a target that is named; targets merged.

    By speaker, the stances of others that they report are left out.

    Raises:
        ValueError: a column is missing; the message lists those that are there.
    """
    for column in (by, "label", "target"):
        if column not in frame.columns:
            raise ValueError(
                f"no column {column!r}: the frame has {', '.join(map(str, frame.columns))}; it should be that of to_frame()"
            )
    frame = frame.assign(target=target_names(frame))
    named = frame["target"].map(lambda t: isinstance(t, str) and not is_pronoun(t) and bool(telling(t)))
    kept = frame["label"].isin(STANCES) & named.astype(bool) & frame[by].notna()
    if by == "speaker" and "reported" in frame.columns:
        kept &= ~frame["reported"].fillna(False).astype(bool)
    found = frame[kept].copy()
    found["target"] = found["target"].map(merge_targets(found["target"].tolist())) if len(found) else found["target"]
    return found


def stance_matrix(
    frame: pd.DataFrame, by: str = "speaker", value: str = "balance", rows: int | None = 12, columns: int | None = 12
) -> pd.DataFrame:
    """Who stands where: one row a speaker (or holder, or country), one column a target.

    Args:
        frame: one row a stance, as `Document.to_frame` and `Pipeline.label_frame` give it.
        by: "speaker" (the stances of others that they report are left out), "holder" or "country", or any other column.
        value: what a cell says: "balance", the mean of +1 for support and cooperate and -1 for condemn and reject;
            "statements", how many stances are behind that; or a label, how many of it.
        columns: how many targets at most, the most frequent first; None: all.
        rows: how many speakers at most, those first who speak most about these targets; None: all.

    Returns:
        A DataFrame of the values; where there is no stance, NaN for "balance" and 0 for counts. Targets are merged by
        `merge_targets`.

    Raises:
        ValueError: an unknown `value`, or a column is missing.
    """
    import pandas as pd

    allowed = ("balance", "statements", *STANCES)
    if value not in allowed:
        raise ValueError(f"unknown value {value!r}: allowed are {', '.join(allowed)}")
    found = prepared(frame, by)
    sizes = found["target"].value_counts()  # of equally frequent targets, each speaker's comes in turn
    turn = found.drop_duplicates("target").set_index("target").reindex(sizes.index).groupby(by, observed=True).cumcount()
    names = sorted(sizes.index, key=lambda name: (-sizes[name], turn[name]))[:columns]
    index = list(found.loc[found["target"].isin(names), by].value_counts().index[:rows])
    shown = set(found.loc[found[by].isin(index), "target"])
    names = [name for name in names if name in shown]  # of those left out, none of the rows says anything
    if found.empty:
        return pd.DataFrame(index=pd.Index([], name=by), columns=pd.Index([], name="target"))
    if value == "balance":
        table = pd.crosstab(found[by], found["target"], values=found["label"].map(BALANCE).astype(float), aggfunc="mean")
    else:
        chosen = found if value == "statements" else found[found["label"] == value]
        table = pd.crosstab(chosen[by], chosen["target"])
    table = table.reindex(index=index, columns=names)
    return table if value == "balance" else table.fillna(0).astype(int)


def stance_timeline(
    frame: pd.DataFrame, dates: Mapping[str, Any] | pd.Series | str = "date", freq: str = "M", target: str | None = None
) -> pd.DataFrame:
    """How many stances of each label in each period.

    Args:
        frame: one row a stance.
        dates: the frame's column with the dates, or a mapping (dict or Series) from `doc_id` to the date.
        freq: a pandas period: "D", "W", "M", "Q", "Y".
        target: only stances toward this target, after merging (any of its forms, case ignored).

    Returns:
        A DataFrame, one row a period (a PeriodIndex without gaps), one column a label of `STANCES`.

    Raises:
        ValueError: there is no such column, a date cannot be read, or nothing is left to count.
    """
    import pandas as pd

    if isinstance(dates, str):
        if dates not in frame.columns:
            raise ValueError(
                f"no column {dates!r}: give dates=, a column or a mapping from doc_id to date; there are {', '.join(map(str, frame.columns))}"
            )
        when = frame[dates]
    else:
        when = frame["doc_id"].map({str(name): date for name, date in dict(dates).items()})
    found = frame.assign(_when=when)
    found = found[found["label"] != NEUTRAL]
    if target is not None:
        words = found["target"].astype(object)
        found = found.assign(target=target_names(found))
        names = merge_targets(found["target"].dropna().tolist())
        wanted = {name for form, name in names.items() if target.lower() in (form.lower(), name.lower())}
        said = words.map(lambda w: isinstance(w, str) and not is_pronoun(w) and w.lower() == target.lower()).astype(bool)
        wanted |= set(found.loc[said, "target"].map(names))
        found = found[found["target"].map(names).isin(wanted)]
    found = found[found["_when"].notna()]
    if found.empty:
        raise ValueError(f"no stance{f' toward {target!r}' if target else ''} has a date: nothing to show")
    periods = pd.PeriodIndex(pd.to_datetime(found["_when"], format="mixed", utc=True).dt.tz_localize(None), freq=freq)
    table = pd.crosstab(periods, found["label"].to_numpy())
    table = table.reindex(pd.period_range(periods.min(), periods.max(), freq=freq), fill_value=0)
    table.index.name, table.columns.name = "period", "label"
    return table.reindex(columns=list(STANCES), fill_value=0)
