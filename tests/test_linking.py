"""Who goes with what: the scored linker, on spans given by hand."""

import re

import pytest

from stancekit import checkpoints
from stancekit.attribution import Attribution
from stancekit.linking import Scene, link, score
from stancekit.segment import segment
from stancekit.speakers import Cast
from stancekit.statements import extract
from stancekit.tagging import Tagged

WEIGHTS = checkpoints.resolve(None, "attribution").settings["linker"]


def linked(marked):
    """(content, source, cue) words of a text in which spans are marked: <s…>, <q…> (cue), <c…> (content)."""
    text, parts, at = "", [], 0
    for match in re.finditer(r"<([sqc]) ([^<>]*)>", marked):
        text += marked[at : match.start()]
        kind = {"s": "source", "q": "cue", "c": "content"}[match[1]]
        parts.append(Tagged(len(text), len(text) + len(match[2]), kind, 1.0))
        text += match[2]
        at = match.end()
    text += marked[at:]

    def words(i):
        return None if i is None else text[parts[i].start : parts[i].end]

    return [
        (" … ".join(words(i) for i in contents), words(source), words(cue))
        for contents, source, cue in link(segment(text), parts, WEIGHTS)
    ]


@pytest.mark.parametrize(
    ("marked", "wanted"),
    [
        ("<s Ana Ruiz> <q said> <c the levy would go>.", [("the levy would go", "Ana Ruiz", "said")]),
        ('<c "The levy must go,"> <s Ana Ruiz> <q said>.', [('"The levy must go,"', "Ana Ruiz", "said")]),
        ('<c "We will wait,"> <q said> <s Ana Ruiz>, <c "but not for ever.">', [('"We will wait," … "but not for ever."', "Ana Ruiz", "said")]),
        (
            "<s Peru> <q denied> <c the charge>, and <s Chile> <q called for> <c a joint inquiry>.",
            [("the charge", "Peru", "denied"), ("a joint inquiry", "Chile", "called for")],
        ),
        ('<c "Is this a levy or a fine?"> <s Ruiz> <q asked>.', [('"Is this a levy or a fine?"', "Ruiz", "asked")]),
        ("<q According to> <s the council>, <c the harbour is closed>.", [("the harbour is closed", "the council", "According to")]),
    ],
)  # fmt: skip
def test_links(marked, wanted):
    assert linked(marked) == wanted


def test_a_quotation_that_ended_takes_no_cue_from_the_next_sentence():
    found = linked('<s Ruiz> <q said> <c she would stay>. <c "We have waited long enough."> <s Two delegates> <q applauded>.')
    assert found[-1][2] != "applauded"


def test_nothing_and_lone_spans():
    assert linked("Nobody spoke.") == []
    assert linked('<c "A levy.">') == [('"A levy."', None, None)]
    assert linked("<s Ana Ruiz> <q said>") == []


def test_a_rare_cue_counts_as_any_rare_cue():
    layout = segment("Ruiz zigzagged that the levy must go.")
    parts = [Tagged(5, 14, "cue", 1.0), Tagged(15, 36, "content", 1.0)]
    features = Scene(layout, parts).cue_features(1, 0)
    assert "before cue=zigzagged" in features
    assert score({"before cue=zigzagged": 1.0}, {"before cue=?": -1.5}) == -1.5
    assert score({"before cue=zigzagged": 1.0}, {}) == 0.0


@pytest.mark.parametrize("joint", [". ", " and "], ids=["sentences", "no full stop"])
def test_time_grows_with_length_only(joint):
    import time

    def seconds(times):
        marked = joint.join(["Ruiz said the levy must go"] * times) + "."
        parts, at = [], 0
        while (at := marked.find("Ruiz said", at)) >= 0:
            parts += [
                Tagged(at, at + 4, "source", 1.0),
                Tagged(at + 5, at + 9, "cue", 1.0),
                Tagged(at + 10, at + 26, "content", 1.0),
            ]
            at += 26
        layout = segment(marked)
        start = time.perf_counter()
        assert len(link(layout, parts, WEIGHTS)) >= times // 2
        return time.perf_counter() - start

    seconds(20)
    assert seconds(600) < 8 * seconds(150) + 0.5


def test_what_is_found_in_a_dateline_is_nobodys_statement():
    text = "Two in three back reform, poll finds\n\nPAITA (Andes Wire) – The last boats left the harbour on Friday and will not come back."
    layout = segment(text)
    places = {"source": "poll", "cue": "finds", "content": "PAITA (Andes Wire)"}
    source, cue, content = (Tagged(text.index(w), text.index(w) + len(w), kind, 1.0) for kind, w in places.items())
    for found in ([Attribution([content], source, cue)], [Attribution([content], None, cue)]):
        units = extract(layout, found, Cast(layout))
        assert all(u.start < u.end for u in units)
        assert not [u for u in units if u.start < text.index("The last")]


@pytest.mark.parametrize(
    ("sentence", "source", "cue", "speaker"),
    [
        ("Chad’s reckless raids across the river must stop.", "Chad", "reckless", None),
        ("Chad’s reckless raids across the river must stop.", "Chad’", "reckless", None),
        ("Chad’s reckless raids across the river must stop.", "Chad’s", "reckless", None),
        ("Chad's claim that the river is its own helps nobody.", "Chad", "claim", "Chad"),
        ("Chad says that the river is its own.", "Chad", "says", "Chad"),
    ],
)
def test_in_an_official_text_an_owner_is_no_speaker(sentence, source, cue, speaker):
    head = "Ministry of Water of Kenya\n\nStatement on the river\n\nWe will keep the wells open, and we will pay for our share of it.\n\n"
    layout = segment(f"{head}{sentence}\n\nWe thank our neighbours for their patience.")
    at = len(head)
    places = [(source, "source"), (cue, "cue"), (sentence.split(cue)[1].strip(" ."), "content")]
    source, cue, content = (Tagged(at + sentence.index(w), at + sentence.index(w) + len(w), kind, 1.0) for w, kind in places)
    units = extract(layout, [Attribution([content], source, cue)], Cast(layout))
    assert [u.speaker for u in units if u.start == at] == [speaker]
    assert {u.kind for u in units if u.start != at or speaker is None} == {"own"}
