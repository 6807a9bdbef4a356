"""spaCy, scikit-learn and datasets."""

import json
import pickle
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import stancekit as sk
from stancekit import distributed
from stancekit.types import FRAME_COLUMNS

from .conftest import ROOT

TEXT = "Minister Ana Ruiz said Peru rejects the new levy. “We thank Chile,” she added."


def test_spacy_component(nlp):
    spacy = pytest.importorskip("spacy", reason="needs the extra spacy")
    pipe = spacy.blank("en")
    pipe.add_pipe("stancekit")
    doc = pipe(TEXT)
    assert doc._.stancekit == nlp(TEXT)
    assert [(s.text, s.label_) for s in doc.spans["targets"]] == [
        (t.target.text, t.label) for s in nlp(TEXT) for t in s.stances if t.target
    ]
    assert [s.start_char for s in doc.spans["statements"]] == [s.start for s in nlp(TEXT)]
    many = list(pipe.pipe([TEXT, "", "Nothing."], batch_size=2))
    assert [len(d._.stancekit) for d in many] == [len(nlp(TEXT)), 0, 0]
    own = spacy.blank("en")
    own.add_pipe("stancekit", config={"speaker": "Ana Ruiz"})
    doc = own("We welcome the truce.")
    assert doc.spans["statements"][0].label_ == "own"


@pytest.fixture(scope="module")
def rows():
    lines = (ROOT / "seeds" / "authored_train.jsonl").read_text(encoding="utf-8").splitlines()
    side = {"support": "for", "cooperate": "for", "condemn": "against", "reject": "against", "neutral": "nothing"}
    found = [
        (r["text"], (s["start"], s["end"]), s["holder"], side[s["label"]]) for r in map(json.loads, lines) for s in r["stances"]
    ]
    return pd.DataFrame(found, columns=["text", "target", "holder", "label"])


def test_scikit_learn_classifier(rows):
    pytest.importorskip("sklearn", reason="needs the extra train")
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError

    model = sk.StanceClassifier(C=2.0)
    assert clone(model).get_params() == {"C": 2.0, "model": None}
    with pytest.raises(NotFittedError):
        model.predict(["x"])
    train, test = rows[:200], rows[200:280]
    assert model.fit(train, train.label) is model
    assert list(model.classes_) == ["against", "for", "nothing"]
    p = model.predict_proba(test)
    assert p.shape == (80, 3)
    assert np.allclose(p.sum(axis=1), 1)
    assert (model.predict(test) == model.classes_[p.argmax(axis=1)]).all()
    assert model.score(test, test.label) > 0.6
    again = pickle.loads(pickle.dumps(model))
    assert np.allclose(again.predict_proba(test), p)
    assert np.allclose(clone(model).fit(train, train.label).predict_proba(test), p)
    # lists and tuples as well as frames
    triples = list(zip(test.text, test.target, test.holder, strict=True))
    assert np.allclose(model.predict_proba([(t, g, h if isinstance(h, str) else None) for t, g, h in triples]), p)
    assert model.predict(["We praise the accord."]).shape == (1,)


def test_scikit_learn_classifier_fits_with_the_model_it_is_told(rows, tmp_path):
    pytest.importorskip("sklearn", reason="needs the extra train")
    model = sk.StanceClassifier().fit(rows[:40], rows.label[:40])
    missing = pd.DataFrame({"text": ["We praise it.", "No."], "target": ["it", None], "holder": [None, "Peru"]}).convert_dtypes()
    assert missing.target.isna().sum() == 1  # pandas.NA
    assert model.predict(missing).shape == (2,)
    with pytest.raises(ValueError, match=r"config\.json"):
        model.set_params(model=str(tmp_path)).fit(rows[:40], rows.label[:40])


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        (["a", "b"], ["u"], "2 rows but 1 labels"),
        (["a", "b"], ["u", "u"], "two or more are needed"),
        ("a", ["u"], "found one str"),
        ([], [], "no rows"),
        ([("a", None), (3, None)], ["u", "v"], "found int"),
        (pd.DataFrame({"body": ["a"]}), ["u"], "no column 'text': the frame has body"),
    ],
)
def test_scikit_learn_classifier_names_what_is_wrong(x, y, says):
    pytest.importorskip("sklearn", reason="needs the extra train")
    with pytest.raises(ValueError, match=says):
        sk.StanceClassifier().fit(x, y)


@pytest.fixture
def articles():
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    pulled = []

    def read():
        for i in range(40):
            pulled.append(i)
            yield {"url": f"u{i}", "body": TEXT if i % 2 else "We thank Chile.", "who": None if i % 2 else "Ana Ruiz"}

    return datasets, read, pulled


def test_a_stream_that_does_not_know_its_columns(nlp, articles):
    datasets, read, pulled = articles
    stream = datasets.IterableDataset.from_generator(read)
    assert stream.column_names is None
    found = nlp.label_dataset(stream, text="body", id="url", speaker="who", batch_size=4)
    pulled.clear()
    first = next(iter(found))
    assert len(pulled) <= 5, "more than a batch was read for the first row"
    assert list(first) == FRAME_COLUMNS
    assert (first["doc_id"], first["speaker"], first["kind"]) == ("u0", "Ana Ruiz", "own")
    frame = pd.DataFrame(list(read()))
    expected = nlp.label_frame(frame, text="body", id="url", speaker="who")
    assert [(r["doc_id"], r["label"], r["target"]) for r in found] == [
        (r.doc_id, r.label, None if pd.isna(r.target) else r.target) for r in expected.itertuples()
    ]
    with pytest.raises(ValueError, match="no column 'bodi': the dataset has url, body, who; did you mean 'body'"):
        nlp.label_dataset(stream, text="bodi")

    def ragged():
        yield {"body": TEXT}
        yield {"body": TEXT, "more": 1}

    with pytest.raises(ValueError, match="columns that the first one has not"):
        list(nlp.label_dataset(datasets.IterableDataset.from_generator(ragged), text="body"))
    assert list(nlp.label_dataset(datasets.IterableDataset.from_generator(lambda: iter(())), text="body")) == []


def test_what_datasets_keeps_is_not_given_for_other_models(nlp, articles, tmp_path, monkeypatch):
    datasets, read, _ = articles
    datasets.Dataset.from_list(list(read())).save_to_disk(tmp_path / "d")
    calls, whole = [], sk.Pipeline.pipe

    def counted(self, *args, **kwargs):
        calls.append(1)
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(sk.Pipeline, "pipe", counted)

    def label():
        calls.clear()
        nlp.label_dataset(datasets.load_from_disk(tmp_path / "d"), text="body", id="url")
        return len(calls)

    assert label() > 0
    assert label() == 0
    monkeypatch.setattr(sk, "__version__", "0.0.0")
    assert label() > 0


def test_a_column_that_is_missing_is_named_everywhere_alike(nlp):
    rows = {"body": [TEXT], "url": ["u"]}
    says = "no column 'bdy': the {} has body, url; did you mean 'body'?"
    with pytest.raises(ValueError, match=re.escape(says.format("frame"))):
        nlp.label_frame(pd.DataFrame(rows), text="bdy")
    with pytest.raises(ValueError, match=re.escape(says.format("table"))) as caught:
        distributed.label_table(nlp, pa.table(rows), text="bdy")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # a cluster sends it back
    datasets = pytest.importorskip("datasets", reason="needs the extra train")
    with pytest.raises(ValueError, match=re.escape(says.format("dataset"))):
        nlp.label_dataset(datasets.Dataset.from_dict(rows), text="bdy")
