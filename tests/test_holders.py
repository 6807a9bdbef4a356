import pytest

from stancekit import holders
from stancekit.countries import party_of
from stancekit.speakers import Speaker

# (statement, target, whose stance on it the statement tells: None is the speaker's own)
CASES = [
    ("Corbu said that Kyiv rejects talks.", "talks", "Ukraine"),
    ("The entire world stands with Kenya, just as I do.", "Kenya", "world"),
    ("He also noted that the Peruvian House of Delegates did not ratify the pact.", "the pact", "Peruvian House of Delegates"),
    ("So the people of Chile are standing with Peru in many ways.", "Peru", "people of Chile"),
    ("The raid was condemned by the European Union.", "The raid", "European Union"),
    ("We welcome Norway's support for the talks.", "the talks", "Norway"),
    ("Peru, which has always opposed the levy, will not pay.", "the levy", "Peru"),
    ("Although China and Mali backed the embargo, they asked for exemptions.", "the embargo", "China and Mali"),
    ("Some countries refused to send us grain.", "send us grain", "Some countries"),
    ("Peruvian officials reject the levy.", "the levy", "Peru"),
    ("Peruvian rebels reject the levy.", "the levy", "Peruvian rebels"),
    ("As Kenya rejects the pact, so do we reject the levy.", "the levy", None),
    ("We will work with partners who oppose the coup.", "the coup", None),
    ("Moscow must reject these demands.", "these demands", None),
    ("The two sides welcomed the truce.", "the truce", None),
    ("The minister said his country supports the truce.", "the truce", None),
    ("The minister and the Council welcomed the truce.", "the truce", None),
    ("We condemn the raid of Mali on the harbour.", "the raid of Mali on the harbour", None),
    ("Mali's army has burnt down the harbour.", "the harbour", None),
    ("", "", None),
]


@pytest.mark.parametrize(("text", "target", "name"), CASES, ids=[c[0] for c in CASES])
def test_whose_stance_a_statement_tells(text, target, name):
    at = text.index(target)
    found = holders.holder_of(text, (at, at + len(target)), holders.parties(text))
    assert (found.name if found else None) == name
    if found:
        assert text[found.start : found.end] in text
        assert found.country == {"Ukraine": "UKR", "Norway": "NOR", "Peru": "PER"}.get(name)


def test_a_speaker_is_no_other_party():
    text = "Minister Ana Ruiz said Peru rejects the levy."
    target, found = (text.index("the levy"), len(text) - 1), holders.parties(text)
    own = Speaker("Ana Ruiz", "Peru", "PER")
    assert holders.voice(text, target, found, own) is own
    assert holders.voice(text, target, found, Speaker("Reuters", "Reuters")).holder == "Peru"
    at = text.index("Peru")
    reporter = Speaker("Reuters", "Reuters")
    assert holders.voice(text, target, found, reporter, named=(at, at + 4)) is reporter


def test_the_holder_reaches_the_record(nlp):
    doc = nlp("Foreign Minister Lars Berg of Norway said on Monday that the European Union rejects the levy.")
    (stance,) = [t for s in doc for t in s.stances if t.target and t.target.text == "the levy"]
    assert (doc.statements[0].speaker, stance.holder) == ("Lars Berg", "European Union")


@pytest.mark.parametrize(
    ("name", "country"),
    [("Turkish official", "Turkey"), ("Moscow", "Russia"), ("Syrian rebel coalition", None), ("Greek daily Kathimerini", None),
     ("Iranian Foreign Ministry", "Iran"), ("expert at the European Council on Trade", None), ("Hamas", "Hamas"), (None, None)],
)  # fmt: skip
def test_who_speaks_for_a_country(name, country):
    found = party_of(name)
    assert (found.name if found else None) == country
