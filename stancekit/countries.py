"""Country names, demonyms, capitals and common bywords, brought to one name and an ISO 3166 alpha-3 code.

Names, demonyms and capitals come from the `countryinfo`_ package; what it lacks or has ambiguous is listed here.

.. _countryinfo: https://github.com/porimol/countryinfo
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple


class Country(NamedTuple):
    """A country: the name this library uses for it, and its ISO 3166-1 alpha-3 code ("" for bodies of states)."""

    name: str
    code: str


# Words the package lacks, and words that several of its entries share: code → words.
EXTRA = {
    "USA": "U.S.|US|U.S.A.|USA|American|Americans|Washington D.C.|Washington|White House|Pentagon|State Department|"
    "Department of State|Oval Office|America|Biden administration|Trump administration|Obama administration|United States of America",
    "GBR": "U.K.|UK|Britain|British|Great Britain|Downing Street|Foreign Office|Briton|English|London",
    "RUS": "Kremlin|Soviet|Soviet Union|USSR|Russian Federation|Russians",
    "CHN": "PRC|Chinese|People's Republic of China|Zhongnanhai",
    "PRK": "DPRK|North Koreans|Democratic People's Republic of Korea",
    "KOR": "ROK|Republic of Korea",
    "FRA": "French|Elysee|Élysée|Quai d'Orsay|Frenchman",
    "DEU": "Germans|West German|East German",
    "ARE": "UAE|Emirates|Emirati",
    "SAU": "Saudi|Saudis",
    "TUR": "Türkiye|Turkiye|Turks",
    "ARG": "Argentine|Argentinian",
    "KAZ": "Kazakh|Astana",
    "UZB": "Uzbek",
    "TJK": "Tajik",
    "KGZ": "Kyrgyz",
    "PHL": "Philippine",
    "ESP": "Spaniard",
    "NZL": "New Zealand",
    "ECU": "Ecuadorian",
    "MDV": "Maldivian",
    "SVN": "Slovenian",
    "LUX": "Luxembourg",
    "CZE": "Czechia",
    "NPL": "Nepali",
    "UKR": "Kiev",
    "IND": "Indian|Delhi",
    "NOR": "Norwegian",
    "DOM": "Dominican",
    "COD": "Congolese|Congo",
    "GIN": "Guinean",
    "MMR": "Burma",
    "MKD": "North Macedonia",
    "SWZ": "Eswatini",
    "PSE": "Palestinians|Palestinian Authority",
    "ISR": "Israelis|Tel Aviv",
    "IRN": "Iranians|Islamic Republic",
    "BOL": "La Paz",
    "TZA": "Tanzanian",
    "XKX": "Kosovo|Kosovar|Pristina",
}
NAMES = {"XKX": "Kosovo", "MKD": "North Macedonia", "SWZ": "Eswatini", "PSE": "Palestine", "VAT": "Vatican", "MMR": "Myanmar"}
# Capitals whose name is oftener something else.
NOT_BYWORDS = {"victoria", "kingston", "georgetown", "san jose", "douglas", "stanley", "west island", "the valley",
               "jamestown", "wellington", "santiago", "male", "road town", "plymouth", "monaco", "singapore", "djibouti",
               "luxembourg", "brussels", "vienna", "jersey", "jerusalem", "roseau", "hamilton", "christmas island"}  # fmt: skip
# Bodies that speak as one, by the words that name them.
BODIES = {
    "European Union": "EU|E.U.|European Union|European Commission|European Council|EEAS|European External Action Service",
    "United Nations": "UN|U.N.|United Nations",
    "NATO": "NATO|North Atlantic Council",
    "G7": "G7|G-7|Group of Seven",
    "G20": "G20|G-20",
    "African Union": "African Union",
    "Arab League": "Arab League",
    "ASEAN": "ASEAN",
    "BRICS": "BRICS",
    "OIC": "OIC|Organisation of Islamic Cooperation|Organization of Islamic Cooperation",
    "OSCE": "OSCE",
    "IAEA": "IAEA|International Atomic Energy Agency",
    "GCC": "GCC|Gulf Cooperation Council",
    "Hamas": "Hamas",
    "Hezbollah": "Hezbollah",
    "Taliban": "Taliban",
}


MOVEMENTS = ("Hamas", "Hezbollah", "Taliban")
# Names that hold a country's, and are none.
NO_COUNTRY = (
    (
        "New Mexico|Northern Ireland|British Columbia|New England|New Jersey|Jersey City|Turkish Cypriot|Turkish Cypriots|Indian Ocean|"
        "Gulf of Mexico|South China Sea|East China Sea|Sea of Japan|Latin America|North America|South America|Central America|"
        "PEN America|New America|Miss America|Copa America|Corporate America|Captain America|Bank of America|Voice of America|"
        "Boy Scouts of America|Girl Scouts of America|Latin-America|European Council on"  # the last: a think tank, on foreign relations
    ).split("|")
)
# Where "Georgia" is the American state.
STATE_BEFORE = re.compile(r"\b(?:Atlanta|Augusta|Savannah|Macon|Marietta|Athens), $")
STATE_AFTER = re.compile(
    r"(?:[’']s)? (?:Gov\b|Governor|Lt\b|Lieutenant Governor|Sen\b|Senat|Rep\b|Republican|Democrat|Secretary of State|Attorney General|Tech\b|"
    r"State (?:University|Patrol|Sen|Rep)|General Assembly|House of Representatives)"
)


@functools.cache
def by_code(code: str) -> Country:
    """The country with an ISO 3166-1 alpha-3 code that `find` knows."""
    return next(c for c in _table().values() if c.code == code)


@functools.cache
def _table() -> dict[str, Country]:
    import countryinfo

    table: dict[str, Country] = {}
    by_code: dict[str, Country] = {}
    entries = [c.info() for c in countryinfo.all_countries()]
    for info in entries:
        code, name = str(info.get("ISO", {}).get("alpha3") or ""), str(info.get("name") or "").removeprefix("The ")
        if code and code not in by_code:
            by_code[code] = Country(NAMES.get(code, name), code)
    by_code["XKX"] = Country("Kosovo", "XKX")  # user-assigned code, as the European Union and the IMF use it
    for code, words in EXTRA.items():
        for word in words.split("|"):
            table.setdefault(word.lower(), by_code[code])
    for info in entries:
        code = str(info.get("ISO", {}).get("alpha3") or "")
        if code not in by_code:
            continue
        capital = info.get("capital") if isinstance(info.get("capital"), str) else ""
        demonyms = re.split(r"[,/]", str(info.get("demonym") or ""))
        longer = [w for w in info.get("altSpellings") or [] if len(w) > 4 and w.isascii()]
        for word in (str(info.get("name") or "").removeprefix("The "), *demonyms, *longer):
            if word.strip():
                table.setdefault(word.strip().lower(), by_code[code])
        if capital and capital.lower() not in NOT_BYWORDS:
            table.setdefault(capital.lower(), by_code[code])
    for name, words in BODIES.items():
        for word in words.split("|"):
            table.setdefault(word.lower(), Country(name, ""))
    return table


@functools.cache
def _pattern() -> re.Pattern[str]:
    words = sorted([*_table(), *NO_COUNTRY], key=len, reverse=True)
    backed = r"(?!-(?:backed|led|run|based|born|controlled|occupied|administered|sponsored|aligned|brokered|mediated))"
    return re.compile(r"(?<![\w.])(?:" + "|".join(re.escape(w) for w in words) + r")(?!\w)" + backed, re.IGNORECASE)


def find(text: str) -> list[tuple[int, int, Country]]:
    """The countries and bodies named in `text`: (start, end, country), in text order.

    Words are read with their capitals ("us" is not "US", "turkey" is not "Turkey").
    """
    out = []
    table = _table()
    for match in _pattern().finditer(text):
        word, found = match.group(), table.get(match.group().lower())
        if word == "Georgia" and (
            STATE_BEFORE.search(text[max(0, match.start() - 40) : match.start()]) or STATE_AFTER.match(text, match.end())
        ):
            continue
        if found and word[0].isupper() and (len(word) > 3 or word.isupper() or "." in word):
            out.append((match.start(), match.end(), found))
    return out


def country_of(text: str | None) -> Country | None:
    """The first country or body named in `text`, or None."""
    found = find(text) if text else []
    return found[0][2] if found else None


# Heads of names that a country's demonym or name only places: "Syrian rebels" are not Syria, nor is "Greek daily Kathimerini" Greece.
NOT_STATE = re.compile(
    r"\b(?:coalition|opposition|rebels?|insurgents?|militias?|militants?|separatists?|part(?:y|ies)|rally|groups?|movement|alliance|"
    r"newspapers?|dail(?:y|ies)|paper|news|agency|times|post|mail|journal|magazine|television|tv|broadcaster|media|"
    r"experts?|analysts?|scholars?|academics?|professors?|researchers?|economists?|historians?|activists?|protesters?|demonstrators?|"
    r"dissidents?|journalists?|reporters?|writers?|authors?|residents?|citizens|voters|workers|volunteers?|students?|survivors?|victims?|"
    r"famil(?:y|ies)|company|companies|corporation|bank(?! of [A-Z])|university|institute|think tank|union|church|association|committee of)\b",
    re.IGNORECASE,
)

# Those who are for or against a state are not the state ("Kremlin critics", "opponents of the Kremlin"); a "rival Turkey" is.
FOR_OR_AGAINST = re.compile(r"\b(?:critics?|opponents?|rivals?|supporters?|loyalists?)\b", re.IGNORECASE)


def party_of(name: str | None) -> Country | None:
    """The country or body that speaks through `name`; None where a country is named but does not ("Syrian rebel coalition")."""
    all_of = [c for _, _, c in find(name)] if name else []
    found = next((c for c in all_of if c.name in MOVEMENTS), all_of[0] if all_of else None)  # "Lebanese Hezbollah" is Hezbollah
    if found is None or name is None or not found.code or is_country(name):
        return found
    other = FOR_OR_AGAINST.search(name)
    return None if NOT_STATE.search(name) or (other and not is_country(name[other.end() :])) else found


def is_country(text: str) -> bool:
    """Whether `text` is nothing but the name, demonym or byword of a country or body."""
    return text.strip().lower().removeprefix("the ").removesuffix("'s").removesuffix("’s") in _table()


def is_state(text: str) -> bool:
    """Whether `text` names a country, not a body of states or a movement."""
    found = _table().get(text.strip().lower().removeprefix("the "))
    return found is not None and bool(found.code)


def canonical(text: str) -> str:
    """The one name of the country that `text` names ("Moscow" → "Russia"); other text unchanged."""
    country = _table().get(text.strip().lower().removeprefix("the ").removesuffix("'s").removesuffix("’s"))
    return country.name if country else text
