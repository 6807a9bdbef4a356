"""The whole job with the embedded models: contracts, odd input, sameness, and the seed article's figures."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

import stancekit as sk
from stancekit import targets
from stancekit.evaluation import read_records, score

from .conftest import GOLD

ARTICLE = """LIMA (Andes Wire) – Peru's Foreign Minister Lucía Paredes said on Monday that her country rejects the new fishing levy.

“We will not pay a levy that nobody discussed with us,” Paredes told reporters. “We thank Chile for its solidarity.”

The trawlers stayed in port. A spokesman for the Pacific Fisheries Council condemned the blockade of the harbour.
"""
SPEECH = "We welcome the ceasefire. We condemn the attack on the convoy. The next meeting is on Tuesday."
ODD = [
    "", " \n\t ", "“", '"' * 99, "\ufeffHello there, “all", "He said\r\n\r\n“We agree.”\r\n", "😀 “We agree 😀,” said Ana 😀.", "\x00\x01 text",
    "a" * 5000, "word " * 3000, "Q: \n\nA: \n", "﷽ “” «» ‘’", "said said said: :: “said”",
]  # fmt: skip


def test_who_says_what(nlp):
    found = {s.text: s for s in nlp(ARTICLE)}
    quote = found["We will not pay a levy that nobody discussed with us"]
    assert (quote.kind, quote.speaker, quote.stances[0].holder) == ("direct", "Lucía Paredes", "Peru")
    assert quote.stances[0].label == "reject"
    assert any(s.label == "support" for s in found["We thank Chile for its solidarity."].stances)
    assert not any("trawlers" in text for text in found)
    last = next(s for text, s in found.items() if "blockade" in text)
    assert last.stances[0].label == "condemn"
    assert "Pacific Fisheries Council" in last.speaker


@pytest.mark.parametrize("text", [ARTICLE, SPEECH, *ODD])
def test_offsets_are_exact(nlp, text):
    doc = nlp(text)
    for s in doc:
        assert doc.text[s.start : s.end] == s.text != ""
        assert s.kind in sk.labels.KINDS
        if s.speaker_start is not None:
            assert 0 <= s.speaker_start < s.speaker_end <= len(text)
        assert (s.speaker_score is None) == (s.speaker is None)
        assert 0 <= (s.speaker_score or 0) <= 1
        for stance in s.stances:
            assert abs(sum(stance.scores.values()) - 1) < 1e-6
            assert stance.score == stance.scores[stance.label] == max(stance.scores.values())
            if stance.target and stance.target.start is not None:
                assert text[stance.target.start : stance.target.end] == stance.target.text
                assert s.start <= stance.target.start < stance.target.end <= s.end


def test_names_in_wrapped_text_are_whole_and_offsets_stay(nlp):
    text = "The minister of Mali, Judge Amina\nOkello Diallo, said on Friday that the country rejects\nthe levy and the fine."
    (found,) = nlp(text)
    assert found.speaker == "Amina Okello Diallo"
    assert found.text == text
    for stance in found.stances:
        assert text[stance.target.start : stance.target.end] == stance.target.text


def test_countries_are_iso_codes(nlp):
    quote = next(s for s in nlp(ARTICLE) if s.kind == "direct")
    assert (quote.country, quote.stances[0].country) == ("PER", "PER")
    last = nlp(ARTICLE).statements[-1]
    assert (last.stances[0].holder, last.country) == ("Pacific Fisheries Council", None)


def test_the_taggers_expectation_is_pooled(nlp, monkeypatch):
    model = nlp.stance_model
    monkeypatch.setattr(model, "prior_weight", 0.5)
    row = np.array([0.4, 0.3, 0.1, 0.1, 0.1])
    agree = model.pool(row, dict(zip(nlp.labels, [0.9, 0.02, 0.02, 0.02, 0.04], strict=True)))
    differ = model.pool(row, dict(zip(nlp.labels, [0.02, 0.9, 0.02, 0.02, 0.04], strict=True)))
    assert agree.sum() == pytest.approx(1)
    assert agree[0] > differ[0]
    assert model.pool(row, {"other": 1.0}) is row


def test_empty_documents_are_empty(nlp):
    docs = list(nlp.pipe(["", "   \n", ARTICLE, ""], batch_size=2))
    assert [len(d) for d in docs][:2] == [0, 0]
    assert len(docs) == 4
    assert len(docs[2]) > 0
    assert docs[0].to_frame().empty


def test_speech_is_its_speakers_own(nlp):
    doc = nlp(SPEECH, speaker="Ana Ruiz")
    assert [(s.kind, s.speaker) for s in doc] == [("own", "Ana Ruiz")] * 3
    assert [s.stances[0].label for s in doc if s.stances][:2] == ["support", "condemn"]


def same(a, b):
    assert [(s.start, s.end, s.kind, s.speaker) for s in a] == [(s.start, s.end, s.kind, s.speaker) for s in b]
    for x, y in zip(a, b, strict=True):
        assert [(t.label, t.target) for t in x.stances] == [(t.label, t.target) for t in y.stances]
        assert [t.scores for t in x.stances] == [t.scores for t in y.stances]


def test_results_do_not_depend_on_the_batch(nlp, seed_text, seed_doc):
    texts = [ARTICLE, seed_text, SPEECH, *ODD[:8]]
    alone = [nlp(t) for t in texts]
    for size in (1, 3, 50):
        for a, b in zip(alone, nlp.pipe(texts, batch_size=size), strict=True):
            same(a, b)
    same(seed_doc, alone[1])


def test_pipe_streams_in_order(nlp):
    pulled = []

    def texts():
        for i in range(6):
            pulled.append(i)
            yield SPEECH

    out = nlp.pipe(texts(), batch_size=2, doc_ids="abcdef")
    assert next(out).doc_id == "a"
    assert len(pulled) == 2
    assert [d.doc_id for d in out] == list("bcdef")


def test_stance_of_one_pair_and_of_lists(nlp):
    text = "We reject unilateral sanctions, but we support the talks."
    one = nlp.stance(text, target="unilateral sanctions")
    assert (one.label, one.target.start) == ("reject", 10)
    both = nlp.stance([text, text], target=["unilateral sanctions", (47, 56)], holder=["Iran", None])
    assert [s.label for s in both] == ["reject", "support"]
    assert nlp.stance([text], target=["unilateral sanctions"])[0] == one
    assert nlp.stance([]) == []
    elsewhere = nlp.stance("We fully support it.", target="the peace plan")
    assert (elsewhere.label, elsewhere.target.start, elsewhere.target.text) == ("support", None, "the peace plan")


def test_errors_name_the_way_out(nlp, tmp_path):
    with pytest.raises(TypeError, match="pipe"):
        nlp(["a", "b"])
    with pytest.raises(TypeError, match="one article"):
        nlp.pipe("one text")
    with pytest.raises(ValueError, match="one target"):
        nlp.stance(["a", "b"], target=["x"])
    with pytest.raises(ValueError, match="outside"):
        nlp.stance("short", target=(3, 99))
    with pytest.raises(ValueError, match="embedded"):
        sk.load(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"config\.json"):
        sk.load(stance=tmp_path)
    with pytest.raises(ValueError, match="not for stance"):
        sk.load(stance=sk.checkpoints.MODELS / "target")
    with pytest.raises(ValueError, match="device"):
        sk.load(device="tpu")


def test_label_frame(nlp):
    frame = pd.DataFrame({"url": ["u1", "u2", "u3"], "body": [SPEECH, None, ARTICLE], "who": ["Ana Ruiz", None, None]})
    out = nlp.label_frame(frame, text="body", id="url", speaker="who")
    assert set(out.doc_id) == {"u1", "u3"}
    assert (out[out.doc_id == "u1"].speaker == "Ana Ruiz").all()
    with pytest.raises(ValueError, match="url, body, who"):
        nlp.label_frame(frame, text="text")


def test_label_dataset(nlp):
    datasets = pytest.importorskip("datasets")
    ds = datasets.Dataset.from_dict({"body": [SPEECH, ""], "n": [1, 2]})
    rows = nlp.label_dataset(ds, text="body").to_list()
    assert {r["label"] for r in rows} >= {"support", "condemn"}
    rows_alone = nlp.label_dataset(ds, text="body", batch_size=1).to_list()
    assert rows_alone == rows
    assert nlp.label_dataset(datasets.Dataset.from_dict({"body": ["", ""]}), text="body").column_names == list(rows[0])
    streamed = list(nlp.label_dataset(ds.to_iterable_dataset(), text="body"))
    assert [r["text"] for r in streamed] == [r["text"] for r in rows]
    with pytest.raises(ValueError, match="body"):
        nlp.label_dataset(ds, text="text")


def test_long_documents_are_read_up_to_the_limit(nlp, monkeypatch):
    monkeypatch.setattr(sk.pipeline, "MAX_CHARS", 3_000)
    with pytest.warns(UserWarning, match="only the first 3,000"):
        doc = nlp(ARTICLE * 20)
    assert 0 < max(s.end for s in doc) <= 3_000


@pytest.mark.parametrize(
    ("text", "holder", "label"),
    [
        ("Hamas condemned the attack.", "Hamas", "condemn"),
        ("The EU backs the deal.", "European Union", "support"),
        ("China will not accept the tariffs.", "China", "reject"),
        ("Norway pledged aid to Ukraine.", "Norway", "cooperate"),
    ],
)
def test_a_report_of_few_words_is_a_statement(nlp, text, holder, label):
    (statement,) = nlp(text).statements
    (stance,) = statement.stances
    assert (statement.text, stance.holder, stance.label) == (text, holder, label)


def test_a_report_of_few_words_may_take_no_stance(nlp):
    text = "Kenya did not condemn the coup."
    (statement,) = nlp(text).statements
    assert (statement.text, statement.speaker) == (text, "Kenya")
    assert {s.label for s in statement.stances} <= {"neutral"}


@pytest.mark.parametrize(
    ("text", "english"),
    [
        (ARTICLE, True),
        ("Le ministre a dit lundi que son pays condamne les attaques contre les ports. Il rejette le plan de paix. " * 4, False),
        ("De minister zei dat zijn land de aanvallen op de havens veroordeelt en dat het plan is verworpen. " * 4, False),
        ("Ministeren sagde at hans land har fordømt angrebene, og det er for tidligt at tale om en aftale. " * 4, False),
        ("部长周一表示,该国谴责对港口的袭击,并拒绝和平计划。" * 8, False),
        ("Le ministre condamne l'attaque.", True),  # too short to say
        ("Iran rejects US proposal, Tehran says. Russia condemns expansion. Chile backs levy. " * 3, True),
    ],
)
def test_a_text_in_another_language_is_warned_of(nlp, text, english):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        next(nlp.pipe([text], doc_ids=["mine"]))
    assert ["document 'mine' does not look English" in str(w.message) for w in caught] == [True] * (not english)


def test_what_does_not_fit_is_cut_and_said(nlp):
    encode, window = nlp.stance_model.encoder.encode, nlp.stance_model.encoder.max_length
    long = "the " + "very " * 400 + "long proposal"
    text = f"We reject {long} of today."
    for made in (
        encode(text, (10, 10 + len(long))),
        encode("We reject it.", long),
        encode(text, None),
        encode("We agree.", None, long),
    ):
        assert len(made.ids) <= window
        assert made.truncated
    assert not encode("We reject the levy.", (10, 18), "Peru").truncated
    assert nlp.stance(text, target=long).label == "reject"
    doc = nlp("Minister Ana Ruiz said Peru rejects the levy, " + "which is unfair, " * 100 + "she added.")
    assert any(s.truncated for s in doc)


def test_half_a_character_is_no_error(nlp):
    text = "Minister Ana Ruiz said \ud800 Peru rejects the levy."
    assert [s.text for s in nlp(text)] == [text]
    assert nlp.stance("We reject \udfff the levy.", target="the levy").label == "reject"


def test_ids_and_speakers_must_be_as_many_as_texts(nlp):
    with pytest.raises(ValueError, match="after 1 texts"):
        list(nlp.pipe([SPEECH, SPEECH], doc_ids=["a"]))
    with pytest.raises(TypeError, match="several speakers"):
        nlp.pipe([SPEECH], speakers="Ana")
    for bad in ({"target": "it"}, {"holder": "Iran"}, {"target": (0, 2)}):
        with pytest.raises(TypeError, match="give a list"):
            nlp.stance(["We back it", "We hate it"], **bad)
    with pytest.raises(TypeError, match="a target is words"):
        nlp.stance("We back it", target=["it"])
    with pytest.raises(TypeError, match="expected a statement"):
        nlp.stance(None)


def test_a_missing_speaker_of_a_column_is_none(nlp):
    docs = list(nlp.pipe(["We reject the levy.", "We reject the levy."], speakers=[float("nan"), "Ana Ruiz"]))
    assert [d.statements[0].speaker for d in docs] == [None, "Ana Ruiz"]


def test_a_wrong_number_of_threads_is_said_at_once(monkeypatch):
    monkeypatch.setenv("STANCEKIT_THREADS", "two")
    with pytest.raises(ValueError, match="STANCEKIT_THREADS must be a number"):
        sk.load()


def test_pipelines_pickle_without_their_networks(nlp):
    again = pickle.loads(pickle.dumps(nlp))
    assert not again._loaded
    same(again(SPEECH, speaker="Ana"), nlp(SPEECH, speaker="Ana"))


def test_a_statement_without_stance_has_no_score(nlp):
    frame = nlp("The next meeting is on Tuesday.", speaker="Ana Ruiz").to_frame()
    assert list(frame.label) == ["neutral"]
    assert frame.score.isna().all()
    assert str(frame.score.dtype) == "float64"


def test_seed_article_reaches_the_figures(seed_doc, tmp_path):
    figures = score(read_records(GOLD), {seed_doc.doc_id: seed_doc.to_records()})
    assert figures["statements"]["f1"] >= 0.90
    assert figures["speaker"] >= 0.95
    assert figures["tuple"]["f1"] >= 0.50


def test_html_shows_the_article_and_escapes_it(nlp, tmp_path):
    doc = nlp("Minister Ana Ruiz said she rejects <script>alert(1)</script> & the levy.", doc_id="<x>")
    html = sk.render(doc, tmp_path / "out.html")
    assert "alert(1)</script>" not in html
    assert "&lt;script&gt;" in html
    assert "<title>&lt;x&gt;</title>" in html
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == html


def test_the_probability_of_an_answer_is_set_right_and_its_label_kept(monkeypatch):
    model = sk.load().stance_model
    rows = np.random.default_rng(1).dirichlet(np.full(len(model.labels), 0.4), 500)
    rows = np.vstack([rows, np.eye(len(model.labels))[:1], np.full((1, len(model.labels)), 1 / len(model.labels))])
    assert model.reliability  # the shipped model has a curve
    for curve in (model.reliability, ([0.2, 0.6, 1.0], [0.2, 0.3, 0.7])):
        monkeypatch.setattr(model, "reliability", curve)
        new = model.reliable(rows)
        assert np.allclose(new.sum(axis=1), 1, atol=1e-5)
        assert (new.argmax(axis=1) == rows.argmax(axis=1)).all()
        wanted = np.interp(rows.max(axis=1), *curve)
        assert (new.max(axis=1) >= wanted - 1e-6).all()  # above it only where the second label would overtake
        clear = np.sort(rows, axis=1)[:, -2] < 0.05
        assert np.allclose(new.max(axis=1)[clear], wanted[clear], atol=1e-5)
    two = np.array([[0.9, 0.1], [0.5, 0.5]])
    assert np.allclose(model.reliable(two), [[0.6, 0.4], [0.5, 0.5]], atol=1e-5)
    monkeypatch.setattr(model, "reliability", None)
    assert model.reliable(rows) is rows


def test_a_given_pair_shows_its_reliability(nlp):
    model, text = nlp.stance_model, "We might perhaps come to see some use in the levy."
    row = model.probabilities([model.encoder.encode(text, "the levy")])
    assert nlp.stance(text, target="the levy").score == pytest.approx(model.reliable(row).max())
    assert model.reliable(row).max() != pytest.approx(row.max(), abs=1e-3)


def test_unsure_stances_are_neutral_where_asked(nlp, seed_text, seed_doc):
    careful = sk.load(abstain_below=0.8)
    plain = [t for s in seed_doc.statements for t in s.stances if t.target]
    cut = [t for s in careful(seed_text).statements for t in s.stances if t.target]
    assert len(plain) == len(cut)
    for a, b in zip(plain, cut, strict=True):
        assert a.scores == b.scores
        assert b.label == (a.label if a.score >= 0.8 else "neutral")
        assert b.score == b.scores[b.label]
    assert [t.label for t in plain] != [t.label for t in cut]
    text = "We reject the levy."
    assert sk.load(abstain_below={"reject": 1.0}).stance(text, target="the levy").label == "neutral"
    assert sk.load(abstain_below={"support": 1.0}).stance(text, target="the levy").label == "reject"
    for wrong, says in ((1.5, "between 0 and 1"), ({"rejct": 0.5}, "allowed are support")):
        with pytest.raises(ValueError, match=says):
            sk.load(abstain_below=wrong)


def test_evidence_names_the_words_that_decide(nlp):
    text = "Peru, he added on Monday, condemned the blockade of the harbour."
    found = nlp.evidence(text, target="the blockade of the harbour", holder="Peru")
    assert found[0][0].text == "condemned"
    assert found[0][1] > 0
    assert all(text[s.start : s.end] == s.text for s, _ in found)
    assert {s.text for s, _ in found}.isdisjoint({"the", "blockade", "of", "harbour"})
    assert [w for _, w in found] == sorted((w for _, w in found), reverse=True)
    assert nlp.evidence("", target=None) == []
    with pytest.raises(ValueError, match="outside its text"):
        nlp.evidence(text, target=(5, 500))


def test_columns_of_a_frame_as_arguments(nlp):
    frame = pd.DataFrame(
        {"text": ["Kenya praised the truce.", "Kenya denied it."], "target": ["the truce", None], "holder": ["Kenya", np.nan]}
    )
    found = nlp.stance(frame.text, target=frame.target, holder=frame.holder)
    assert found[0].label == "support"
    assert [s.holder for s in found] == ["Kenya", None]
    assert found == nlp.stance(frame.text.tolist(), target=["the truce", None], holder=["Kenya", None])


@pytest.mark.parametrize(
    ("found", "closed"),
    [("the rights of those who", "the rights of those"), ("the Forum, and", "the Forum"), ("the levy of the", "the levy"), ("of", "of"), ("", "")],
)  # fmt: skip
def test_no_target_ends_in_an_open_word(found, closed):
    start, end = targets.closed(found, 0, len(found))
    assert found[start:end] == closed


def test_a_span_that_names_nothing_is_no_target(nlp):
    from stancekit.tagging import split_words

    text = "We back the plan of it."
    words, spans = split_words(text)
    scores = np.full((len(words), 9), -20.0)
    scores[:, 0] = 0.0
    for at in (2, 4, 5):  # "the", "of", "it"
        scores[at, :2] = -20.0, 0.0
    assert [text[t.start : t.end] for t in nlp.target_model.decode(text, spans, scores)] == ["it"]


def test_several_processes_give_the_same(nlp):
    texts = [ARTICLE, "", SPEECH, ARTICLE]
    assert list(nlp.pipe(texts, n_process=2, batch_size=1)) == list(nlp.pipe(texts))
    with pytest.raises(ValueError, match="n_process must be at least 1"):
        nlp.pipe(texts, n_process=0)


def test_progress_goes_to_stderr(nlp, capsys):
    found = nlp.label_frame(pd.DataFrame({"text": [ARTICLE]}), progress=True)
    assert len(found) >= 3
    captured = capsys.readouterr()
    assert "1/1" in captured.err
    assert "statements" in captured.err
    assert not captured.out
