import time

import pytest

import stancekit as sk
from stancekit import holders
from stancekit.cli import table
from stancekit.countries import party_of
from stancekit.speakers import Speaker

# (statement, target, whose stance on it the statement tells: None is the speaker's own)
CASES = [
    ("Corbu said that Kyiv rejects talks.", "talks", "Ukraine"),
    ("The entire world stands with Kenya, just as I do.", "Kenya", "world"),
    ("He also noted that the Peruvian House of Delegates did not ratify the pact.", "the pact", "Peruvian House of Delegates"),
    ("CHANCELLOR HOLT: Germany stands firmly with Chad.", "Chad", "Germany"),
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
    # two clauses, or two that do something together
    ("Fonoti said Peru supports the levy and Ecuador rejects it.", "it", "Ecuador"),
    ("Fonoti said Peru supports the levy and Ecuador rejects it.", "the levy", "Peru"),
    ("Peru backed the levy and the United States opposed the quota.", "the quota", "United States"),
    ("Chile denied that Peru backs the levy and Ecuador rejects the quota.", "the quota", None),
    ("Peru will refuse to sign if the levy falls and Ecuador rejects the quota.", "the quota", "Peru"),
    ("Peru backs the levy, but the minister and Ecuador reject the quota.", "the quota", None),
    ("Peru backs the U.S. levy and Ecuador rejects the quota.", "the quota", "Ecuador"),
    ("Peru backs the levy. The minister and Ecuador reject the quota.", "the quota", None),
    ("The minister and Peru rejects the quota.", "the quota", None),
    # what a party suffers, or what is denied, asked or supposed, is no stance of it
    ("The minister said Iran was condemned for the raid.", "the raid", None),
    ("The minister said China has been accused of arming the rebels.", "arming the rebels", None),
    ("Corbu denied that Ukraine opposes the truce.", "the truce", None),
    ("Corbu said that if Japan rejects the pact, talks will end.", "the pact", None),
    ("He asked whether Chile supports the truce.", "the truce", None),
    ("Hardly anyone spoke, and few people support the levy.", "the levy", None),
    ("Our people reject the levy.", "the levy", None),
    # others in between
    ("Israel, backed by the United States, rejected the resolution.", "the resolution", "Israel"),
    ("Iran rejects the offer, but the United States will pursue talks with Mali.", "talks with Mali", None),
    ("The United States and Japan signed the pact.", "the pact", "United States and Japan"),
    ("Ukraine’s parliament rejected the plan.", "the plan", "Ukraine"),
    ("Japan pledged $1.5 billion for the fund.", "the fund", "Japan"),
    ("Meanwhile Iran rejects the offer.", "the offer", "Iran"),
    ("Zelensky said Putin rejects the truce.", "the truce", "Russia"),
]


@pytest.mark.parametrize(("text", "target", "name"), CASES, ids=[c[0] for c in CASES])
def test_whose_stance_a_statement_tells(text, target, name):
    at = text.index(target)
    found = holders.holder_of(text, (at, at + len(target)), holders.parties(text))
    assert (found.name if found else None) == name
    if found:
        assert found.country == {"Ukraine": "UKR", "Norway": "NOR", "Peru": "PER", "Russia": "RUS", "North Korea": "PRK", "Israel": "ISR",
                                 "Iran": "IRN", "Ecuador": "ECU", "Germany": "DEU", "United States": "USA", "Japan": "JPN"}.get(name)  # fmt: skip


def other(text, target, speaker, named=None):
    at = text.index(target)
    found = holders.reported(text, (at, at + len(target)), holders.parties(text), speaker, named)
    return found and found.name


def test_a_speaker_is_no_other_party():
    text = "Minister Ana Ruiz said Peru rejects the levy."
    assert other(text, "the levy", Speaker("Ana Ruiz", "Peru", "PER")) is None
    assert other(text, "the levy", Speaker("Reuters", "Reuters")) == "Peru"
    assert other(text, "the levy", Speaker("Reuters", "Reuters"), named=(text.index("Peru"), text.index("Peru") + 4)) is None


def test_two_parties_may_share_a_word():
    text = "Cho Tae-yul said North Korea rejects the talks."
    assert other(text, "the talks", Speaker("Cho Tae-yul", "South Korea", "KOR")) == "North Korea"
    assert other("The African Union rejects the levy.", "the levy", Speaker("Ana Ruiz", "European Union")) == "African Union"


def test_a_verb_that_says_otherwise():
    text = "China is supporting the war machine."
    (party,) = holders.parties(text)
    target = (text.index("the war"), len(text) - 1)
    assert holders.contradicts(party, target, "condemn")
    assert not holders.contradicts(party, target, "support")
    assert not holders.contradicts(party, target, "neutral")


@pytest.mark.parametrize(
    "piece", ["Peru rejects, ", "that Peru rejects the levy and ", "Foreign ", "and the ", "Peru and ", ", ", "A"]
)
def test_long_statements_take_no_longer_than_their_length(piece):
    text = piece * (20_000 // len(piece))
    start = time.perf_counter()
    found = holders.parties(text)
    for at in range(0, 3_000, 30):
        holders.holder_of(text, (at, at + 5), found)
    assert time.perf_counter() - start < 3


def test_the_holder_reaches_the_record(nlp):
    doc = nlp("Foreign Minister Lars Berg of Norway said on Monday that the European Union rejects the levy.")
    (stance,) = [t for s in doc for t in s.stances if t.target and t.target.text == "the levy"]
    assert (doc.statements[0].speaker, stance.holder) == ("Lars Berg", "European Union")


@pytest.mark.parametrize(
    ("name", "country"),
    [("Turkish official", "Turkey"), ("Moscow", "Russia"), ("Syrian rebel coalition", None), ("Greek daily Kathimerini", None),
     ("Iranian Foreign Ministry", "Iran"), ("Lebanese Hezbollah", "Hezbollah"), ("U.S.-backed forces", None), ("New Mexico officials", None),
     ("Turkey's U.N. ambassador", "Turkey"), ("Bank of Japan Governor", "Japan"), ("Northern Ireland", None), ("expert at the European Council on Trade", None), ("Hamas", "Hamas"), (None, None)],
)  # fmt: skip
def test_who_speaks_for_a_country(name, country):
    found = party_of(name)
    assert (found.name if found else None) == country


def test_a_reported_stance_is_shown_and_counted_as_the_partys(nlp):
    doc = nlp("President Odran Tallis of Peru said Iran opposes the deal. President Tallis said he welcomes the truce.")
    frame = doc.to_frame()
    deal = frame[frame.target == "the deal"].iloc[0]
    assert (deal.holder, deal.country, deal.reported) == ("Iran", "IRN", True)
    assert "Iran" in table([doc]).splitlines()[2]
    assert "(stance of Iran)" in sk.render(doc)
    assert "the deal" not in sk.stance_matrix(frame).columns
    assert "the deal" in sk.stance_matrix(frame, by="holder").columns
