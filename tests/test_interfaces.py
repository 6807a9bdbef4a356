"""spaCy and scikit-learn."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest

import stancekit as sk

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
