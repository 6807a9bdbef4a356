"""Which candidates of a statement are reported as targets."""

import dataclasses
import time

import numpy as np
import pytest

from stancekit.labels import LABELS, NEUTRAL
from stancekit.selection import Selection, features, log_odds
from stancekit.tagging import split_words
from stancekit.targets import JOINT, Target

TEXT = "We call for a ceasefire, an end to the blockade and the release of all prisoners."


def target(words, stanced=0.8, eager=0.5, text=TEXT):
    start = text.index(words)
    prior = dict.fromkeys(LABELS, 0.0) | {"support": stanced, NEUTRAL: 1 - stanced}
    return Target(start, start + len(words), 0.7, prior, eager)


def row(**chances):
    rest = (1 - sum(chances.values())) / (len(LABELS) - len(chances))
    return np.array([chances.get(label, rest) for label in LABELS])


def test_what_speaks_for_a_candidate():
    long, short, other = (
        target("a ceasefire, an end to the blockade"),
        target("a ceasefire"),
        target("the release of all prisoners"),
    )
    rows = np.array([row(support=0.6, neutral=0.3), row(support=0.5, neutral=0.4), row(support=0.2, neutral=0.7)])
    pooled = np.array([row(support=0.7, neutral=0.2), row(support=0.6, neutral=0.3), row(support=0.3, neutral=0.6)])
    one, two, three = features(TEXT, [long, short, other], rows, pooled, LABELS)
    assert one["stanced"] == pytest.approx(log_odds(0.8))
    assert one["classifier"] == pytest.approx(log_odds(0.7))
    assert one["tagger"] == pytest.approx(log_odds(0.8))
    assert (one["words"], one["inside"], one["around"], one["best inside"]) == (7, 1, 0, pytest.approx(0.7))
    assert (two["around"], two["inside"], two["best around"]) == (1, 0, pytest.approx(0.8))
    assert (three["around"], three["inside"], three["best around"], three["best inside"]) == (0, 0, 0, 0)
    assert (one["certain"], one["span"], one["eager"]) == (pytest.approx(0.7), 0.7, 0.5)
    assert "reader" not in one
    readings = np.array([row(support=0.7, neutral=0.1), row(support=0.1, neutral=0.8), row(neutral=0.9)])
    assert [f["reader"] for f in features(TEXT, [long, short, other], rows, pooled, LABELS, readings)] == pytest.approx(
        [log_odds(0.9), log_odds(0.2), log_odds(0.1)]
    )


def test_what_a_reader_would_name_counts_with_its_weight(nlp, monkeypatch):
    model, said, found = nlp.stance_model, row(support=0.6, neutral=0.2), target("a ceasefire")
    unread = row(neutral=0.96)
    monkeypatch.setattr(model, "prior_weight", 0.5)
    for weight, best in ((0.0, "support"), (0.9, NEUTRAL)):
        monkeypatch.setattr(model, "reader_weight", weight)
        (pooled,) = model.pooled([found], np.array([said]), np.array([unread]))
        assert pooled.sum() == pytest.approx(1)
        assert LABELS[pooled.argmax()] == best
        assert np.allclose(model.pooled([found], np.array([said]))[0], model.pool(said, found.prior))
    assert np.array_equal(model.pool(said, {"other": 1.0}), said)


def test_the_odds_decide_about_neutral_and_the_models_about_the_rest():
    selection = Selection({"bias": -1.0, "words": 0.5}, shift=0.25)
    assert selection.odds({"words": 4.0, "unknown": 9.0}) == 1.0
    (found,) = selection.rows([1.0], np.array([row(support=0.2, condemn=0.1, neutral=0.7)]), LABELS)
    chance = 1 / (1 + np.exp(-0.75))
    assert found.sum() == pytest.approx(1)
    assert found[LABELS.index(NEUTRAL)] == pytest.approx(1 - chance)
    assert found[LABELS.index("support")] == pytest.approx(2 * found[LABELS.index("condemn")])


def test_of_candidates_that_overlap_the_likeliest_is_reported():
    found = [target("a ceasefire, an end to the blockade"), target("a ceasefire"), target("the release of all prisoners")]
    rows = np.array([row(support=0.5, neutral=0.4), row(support=0.8, neutral=0.1), row(support=0.7, neutral=0.2)])
    assert Selection.choose(found, rows, LABELS) == [1, 2]
    rows[0] = row(support=0.9, neutral=0.05)
    assert Selection.choose(found, rows, LABELS) == [0, 2]


def test_as_neutral_are_reported_only_targets_that_the_tagger_finds_readily():
    found = [target("a ceasefire", eager=-1.5), target("the blockade"), target("an end to the blockade", eager=0.5)]
    assert Selection.choose(found, np.array([row(neutral=0.9)] * 3), LABELS) == [2]  # the longer of two is first in the text
    rows = np.array([row(support=0.9), row(neutral=0.9), row(neutral=0.9)])
    assert Selection.choose(found, rows, LABELS) == [0]  # none beside a stance


def test_candidates_hold_lists_as_a_whole_and_in_parts(nlp):
    words, spans = split_words(TEXT)
    labels = 1 + 2 * len(nlp.target_model.kinds)
    scores = np.full((len(words), labels), -20.0)
    scores[:, 0] = 0.0
    first = {(0.0, -20.0): "a ceasefire", (-0.3, -1.35): "an end to the blockade", (-0.04, -2.5): "the release of all prisoners"}
    for (outside, inside), part in first.items():
        start = TEXT.index(part)
        inner = [i for i, (s, e) in enumerate(spans) if start <= s and e <= start + len(part)]
        sure = part == "a ceasefire"
        scores[inner, 0] = -20.0 if sure else outside
        scores[inner[0], 1] = 0.0 if sure else inside
        scores[inner[1:], 2] = 0.0 if sure else inside
    found = nlp.target_model.propose(TEXT, spans, scores)
    shown = {(TEXT[t.start : t.end], t.eager) for t in found}
    assert ("a ceasefire", 0.5) in shown
    assert ("an end to the blockade", -1.5) in shown
    assert ("a ceasefire, an end to the blockade", -1.5) in shown
    assert all(not words.startswith("the release") for words, _ in shown)  # less likely than the most eager look finds
    assert [(t.start, t.end) for t in found] == sorted((t.start, t.end) for t in found)


def test_the_embedded_tagger_reads_articles_in_a_way_of_its_own(nlp):
    text = "We welcome the talks with our partners in Geneva to end the war and reduce the price of bread."
    ((_, plain),), ((_, article),) = nlp.target_model.scores([text]), nlp.target_model.scores([text], article=True)
    assert np.abs(np.exp(plain) - np.exp(article)).max() > 0.1
    assert nlp.target_model.find([text]) == [nlp.target_model.decode(text, split_words(text)[1], plain)]
    assert nlp.target_model.candidates([text]) == [nlp.target_model.propose(text, split_words(text)[1], article)]


def test_each_two_neighbours_in_a_list_are_a_candidate_too(nlp, monkeypatch):
    parts = [target(p) for p in ("a ceasefire", "an end to the blockade", "the release of all prisoners")]
    monkeypatch.setattr(nlp.target_model, "decode", lambda *_: parts)
    found = [TEXT[t.start : t.end] for t in nlp.target_model.propose(TEXT, [], np.zeros((0, 9)))]
    assert found == [
        "a ceasefire",
        "a ceasefire, an end to the blockade",
        "an end to the blockade",
        "an end to the blockade and the release of all prisoners",
        "the release of all prisoners",
    ]


def test_no_run_of_blanks_or_commas_is_slow_to_join():
    for gap in (" " * 20_000, "," * 20_000, " , " * 7_000):
        start = time.perf_counter()
        assert JOINT.fullmatch(gap + "and the ")
        assert not JOINT.fullmatch(gap + "because")
        assert time.perf_counter() - start < 1


def test_a_reluctant_look_cuts_no_span_in_two(nlp):
    text = "the raid on the port"
    words, spans = split_words(text)
    scores = np.full((len(words), 9), -20.0)
    scores[:, 2] = np.log(0.95)
    scores[0, 1:3] = np.log(0.95), -20.0
    scores[:, 0] = np.log(0.05)
    scores[2, [0, 2]] = np.log([0.62, 0.38])  # "on" by itself would rather be outside
    (found,) = nlp.target_model.decode(text, spans, scores, 0.5)
    assert text[found.start : found.end] == text


def test_candidates_that_are_not_reported_do_not_count_as_cut(nlp, monkeypatch):
    text = "We condemn the raid on the harbour of Callao."
    plain = nlp.target_model.candidates
    neutral = dict.fromkeys(nlp.target_model.kinds, 0.0) | {NEUTRAL: 1.0}

    def more(texts):
        return [[Target(0, 2, 0.1, neutral, -1.5), *found] for found in plain(texts)]

    encode = nlp.stance_model.encoder.encode

    def cut(text, target=None, holder=None, context=""):
        return dataclasses.replace(encode(text, target, holder, context), truncated=target == (0, 2))

    monkeypatch.setattr(nlp.target_model, "candidates", more)
    monkeypatch.setattr(nlp.stance_model.encoder, "encode", cut)
    (found,) = nlp(text, speaker="Ana Ruiz").statements
    assert [s.label for s in found.stances] == ["condemn"]
    assert not found.truncated


def test_other_taggers_are_taken_at_their_word(nlp, monkeypatch):
    assert nlp.stance_model.selects(nlp.target_model.kinds)
    monkeypatch.setattr(nlp.target_model, "kinds", ("good", "bad", "worse", "worst"))
    assert not nlp.stance_model.selects(nlp.target_model.kinds)
    text = "We condemn the raid and stand with the people of Peru."
    found = nlp(text, speaker="Ana Ruiz").statements[0].stances
    assert [s.label for s in found if s.label != NEUTRAL] == ["condemn", "support"]


def test_scores_say_how_often_such_answers_are_right_with_a_selection_and_without(nlp, monkeypatch):
    model = nlp.stance_model
    rows = np.array([row(condemn=0.7, neutral=0.1)])
    for selection in (model.selection, None):
        monkeypatch.setattr(model, "selection", selection)
        found = {}
        for share in (1.0, 0.8):
            curve = "pooled_reliability" if selection else "reliability"
            monkeypatch.setattr(model, curve, ([0.0, 1.0], [0.0, share]))
            ((_, after),) = model.select(TEXT, [target("a ceasefire")], rows)
            assert after.sum() == pytest.approx(1)
            found[share] = (after.argmax(), after.max())
        assert found[0.8][0] == found[1.0][0]
        assert found[0.8][1] < found[1.0][1]
    assert model.select(TEXT, [], np.zeros((0, len(LABELS)))) == []


def test_the_embedded_models_choose_and_others_do_not(nlp, monkeypatch):
    text = "We condemn the raid and stand with the people of Peru."
    assert nlp.stance_model.selection is not None
    found = nlp(text, speaker="Ana Ruiz").statements[0].stances
    assert [(s.label, s.target.text) for s in found] == [("condemn", "the raid"), ("support", "the people of Peru")]
    for stance in found:
        assert sum(stance.scores.values()) == pytest.approx(1)
        assert stance.score == max(stance.scores.values())
    calls = []
    monkeypatch.setattr(nlp.target_model, "candidates", calls.append)
    monkeypatch.setattr(nlp.stance_model, "selection", None)
    assert nlp(text, speaker="Ana Ruiz").statements[0].stances
    assert not calls
