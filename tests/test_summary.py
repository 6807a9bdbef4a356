"""What many stances come to: merged targets, the matrix, the timeline, the figures."""

import matplotlib
import pandas as pd
import pytest

import stancekit as sk
from stancekit.phrases import head

matplotlib.use("Agg")

ROWS = [
    ("a", "Ana Ruiz", "reject", "the new fishing levy"),
    ("a", "Ana Ruiz", "condemn", "the levy"),
    ("b", "Ana Ruiz", "support", "the fishing levy"),
    ("b", "Juan Mora", "support", "a fishing levy"),
    ("b", "Juan Mora", "cooperate", "Peru"),
    ("c", "Juan Mora", "condemn", "the carbon levy"),
    ("c", None, "support", "the fishing levy"),
    ("c", "Juan Mora", "neutral", "the fishing levy"),
    ("c", "Juan Mora", "support", None),
]
FRAME = pd.DataFrame(ROWS, columns=["doc_id", "speaker", "label", "target"])
DATES = {"a": "2025-01-03", "b": "2025-01-20", "c": "2025-03-02"}


def test_targets_that_mean_the_same_get_one_name():
    forms = ["the fishing levy", "the fishing levy", "the new fishing levy", "the levy", "levies", "the carbon levy", "the US", "United States",
             "the levy", "Peru", "the Peruvian government", "Paredes", "Lucía Paredes", "it", "the blockade of Paita", "the blockade"]  # fmt: skip
    names = sk.merge_targets(forms)
    assert {names[f] for f in ("the fishing levy", "the new fishing levy")} == {"the fishing levy"}
    assert names["the carbon levy"] == "the carbon levy"
    assert names["the US"] == names["United States"] == "United States"
    assert names["Peru"] != names["the Peruvian government"]
    assert names["Paredes"] == names["Lucía Paredes"]
    assert names["the blockade"] == names["the blockade of Paita"]
    assert names["it"] == "it"
    two = sk.merge_targets(["the fishing levy", "the fishing levy", "the carbon levy", "the levy"])
    assert two["the levy"] == "the levy"  # it could be either
    assert head("the new levy on Chilean fish") == ("levy", frozenset({"chilean", "fish"}))
    assert sk.merge_targets([None, "", "…"]) == {"…": "…"}


def test_matrix():
    balance, counts = sk.stance_matrix(FRAME), sk.stance_matrix(FRAME, value="statements")
    levy = counts.columns[0]  # each form occurs once: the longest names the group
    assert levy == "the new fishing levy"
    assert counts.loc["Ana Ruiz", levy] == 3
    assert balance.loc["Ana Ruiz", levy] == pytest.approx(-1 / 3)
    assert balance.loc["Juan Mora", "Peru"] == 1
    assert pd.isna(balance.loc["Ana Ruiz", "Peru"])
    assert counts.to_numpy().sum() == 6  # not the neutral one, nor those without a target or a speaker
    assert sk.stance_matrix(FRAME, value="reject").to_numpy().sum() == 1
    assert sk.stance_matrix(FRAME, columns=1).shape == (2, 1)
    with pytest.raises(ValueError, match="unknown value 'sum': allowed are balance"):
        sk.stance_matrix(FRAME, value="sum")
    with pytest.raises(ValueError, match="no column 'holder': the frame has doc_id"):
        sk.stance_matrix(FRAME, by="holder")
    assert sk.stance_matrix(FRAME, rows=1).columns.tolist() == [levy]  # nobody but Juan Mora speaks of the others
    assert sk.stance_matrix(FRAME[:0]).empty


def test_timeline():
    table = sk.stance_timeline(FRAME, DATES)
    assert [str(p) for p in table.index] == ["2025-01", "2025-02", "2025-03"]
    assert table.to_numpy().tolist() == [[2, 1, 1, 1], [0, 0, 0, 0], [2, 1, 0, 0]]
    assert sk.stance_timeline(FRAME, DATES, target="The Levy").to_numpy().sum() == 5
    assert sk.stance_timeline(FRAME.assign(date=FRAME.doc_id.map(DATES))).equals(table)
    with pytest.raises(ValueError, match="no column 'date'"):
        sk.stance_timeline(FRAME)
    with pytest.raises(ValueError, match="toward 'the moon' has a date"):
        sk.stance_timeline(FRAME, DATES, target="the moon")


def test_figures_say_how_many_stances_are_behind_them():
    from matplotlib import pyplot

    ax = sk.plot_matrix(FRAME)
    assert {t.get_text() for t in ax.texts} == {"3", "1"}
    assert "6 of 6" in ax.get_xlabel()
    ax = sk.plot_timeline(FRAME, DATES)
    assert [t.get_text() for t in ax.texts[:3]] == ["5", "0", "3"]
    ax = sk.plot_network(FRAME)
    assert "6 of 6 stances" in ax.get_title(loc="left")
    assert [t.get_text() for t in ax.texts if t.get_text()[0].isdigit()] == ["1 of 3", "1", "1", "1"]
    mine = pyplot.subplots()[1]
    for plot in (sk.plot_matrix, sk.plot_network):
        assert plot(FRAME, ax=mine) is mine
        with pytest.raises(ValueError, match="no stance with a target"):
            plot(FRAME[:0])
    pyplot.close("all")


def test_what_pronouns_stand_for_is_counted():
    frame = pd.DataFrame(
        {"speaker": ["Ann", "Ann", "Ann"], "label": ["support"] * 3, "target": ["them", "Russia", "Moscow"], "target_name": ["Russia", "", "Russia"],
         "doc_id": ["a", "b", "c"], "date": ["2026-01-01"] * 3}
    )  # fmt: skip
    assert sk.stance_matrix(frame, value="statements").to_dict() == {"Russia": {"Ann": 3}}
    assert sk.stance_timeline(frame, target="Russia")["support"].sum() == 3
    assert sk.stance_timeline(frame, target="moscow")["support"].sum() == 3
    assert (
        sk.stance_matrix(frame.astype({"target": "category", "target_name": "category"}), value="statements")["Russia"].sum() == 3
    )
