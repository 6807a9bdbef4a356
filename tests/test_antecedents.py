"""What a target that is only a pronoun stands for."""

from __future__ import annotations

import pytest

from stancekit import stance_matrix
from stancekit.antecedents import name_targets
from stancekit.cli import table
from stancekit.types import Span, Stance, Statement


def statements(*told, speaker="Ana Ruiz"):
    """Statements of one text, each given as its words and its targets."""
    out, at = [], 0
    for words, *targets in told:
        spans = [words.index(t) for t in targets]
        stances = tuple(Stance("support", 0.9, {}, Span(at + i, at + i + len(t), t)) for i, t in zip(spans, targets, strict=True))
        out.append(Statement(len(out), at, at + len(words), words, "direct", speaker, stances=stances))
        at += len(words) + 1
    return out


def names(*told, party="Peru"):
    return [t.name for s in name_targets(statements(*told), [party] * len(told)) for t in s.stances]


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ([("We welcome the levy.", "the levy"), ("Chile backs it too.", "it")], [None, "the levy"]),
        ([("They stand with us.", "us"), ("They thanked me.", "me")], ["Peru", "Ana Ruiz"]),
        ([("We back the talks and want them to resume.", "the talks", "them")], [None, "the talks"]),
        ([("We back Moscow.", "Moscow"), ("We work with them.", "them")], ["Russia", "Russia"]),
        ([("We back the levy.", "the levy"), ("We thank them.", "them")], [None, None]),  # number
        ([("We back Oslo's plan.", "Oslo's plan"), ("We thank him.", "him")], [None, None]),
        ([("We back the levy.", "the levy"), ("This is good.", "This")], [None, None]),
        (
            [("We praise the accord and condemn the siege.", "the accord", "the siege"), ("We reject it.", "it")],
            [None, None, "the siege"],
        ),
        (
            [("We condemn President Torres.", "President Torres"), ("We reject it.", "it"), ("We back them.", "them")],
            [None, None, None],
        ),
        (
            [("We back the levy. We condemn the JCPOA.", "the levy", "the JCPOA"), ("We reject it.", "it")],
            [None, None, "the JCPOA"],
        ),
        ([("We condemn the war in Gaza.", "the war in Gaza"), ("We reject it.", "it")], [None, "the war in Gaza"]),
        ([("We thank the president of Chile.", "the president of Chile"), ("We like it.", "it")], [None, None]),
        ([("We thank Ana Ruiz.", "Ana Ruiz"), ("We like it.", "it")], [None, None]),
        ([("They back the Peru.", "the Peru"), ("We support it.", "it")], [None, None]),
        ([("We back US.", "US"), ("We work with it.", "it")], ["United States", "United States"]),
        ([("They thanked me.", "me"), ("We support it.", "it")], ["Ana Ruiz", None]),  # nor the speaker's own party
        ([("They stand with us.", "us"), ("We defend ourselves.", "ourselves"), ("We back it.", "it")], ["Peru", "Peru", None]),
        (
            [("We back the levy and the toll.", "the levy and the toll"), ("We want them.", "them")],
            [None, "the levy and the toll"],
        ),
        ([("We back the news.", "the news"), ("We want it.", "it")], [None, "the news"]),
        ([("We help the children.", "the children"), ("We want it.", "it")], [None, None]),
        ([("Chile is right.", "Chile"), ("We like turkey.", "turkey"), ("We trust Chile's.", "Chile's")], [None, None, "Chile"]),
        ([("We back the levy.", "the levy"), ("Fine.",), ("So be it.",), ("We back it.", "it")], [None, None]),  # too long ago
        ([("The US must act.", "The US")], ["United States"]),
        ([("We back the levy.", "the levy"), ("So " * 250,), ("We back it.", "it")], [None, None]),  # too far away
    ],
)
def test_names(told, wanted):
    assert names(*told) == wanted


def test_a_party_that_is_not_known_names_nothing():
    assert names(("They stand with us.", "us"), party=None) == [None]


def test_in_an_article(nlp):
    text = 'Foreign Minister Luis Soto of Chile praised the fishing accord on Monday. "We support it," said President Ana Ruiz of Peru.'
    doc = nlp(text)
    named = {t.target.text: t.name for s in doc for t in s.stances if t.target}
    assert named.get("it") == "the fishing accord"
    records = doc.to_records()
    assert [t.name for s in type(doc).from_records(text, records) for t in s.stances] == [t.name for s in doc for t in s.stances]
    assert "the fishing accord" in doc.to_frame()["target_name"].tolist()
    assert "it (the fishing accord)" in doc._repr_html_()
    assert "it (the fishing accord)" in table([doc], 160)
    assert set(stance_matrix(doc.to_frame()).columns) == {"the fishing accord"}
