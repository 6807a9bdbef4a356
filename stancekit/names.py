"""Names and roles in words: which runs of capitals are persons, what office a phrase names, and whose office it is.

Patterns and small functions without memory; `speakers` puts them together for one article.
"""

from __future__ import annotations

import re

from . import countries, officeholders

ROLE = (
    r"(?:(?:vice|deputy|acting|prime|foreign|defen[cs]e|interior|finance|energy|justice|trade|culture|first|assistant|under|"
    r"former|then|crown|supreme|top|chief|national security|attorney|secretary|state|press|permanent|special|senior|"
    r"alternate|presidential|opposition|party|majority|minority|high|general|lead|homeland security|military|government|"
    r"economic development|health|environment|science|education)[ -])*"
    r"(?:president|minister|premier|chancellor|secretary[- ]general|secretary of [a-z]+|secretary|king|queen|emir|sultan|"
    r"prince(?:ss)?|ambassador|envoy|spokes(?:man|woman|person)|senator|sen\.|rep\.|representative|governor|gov\.|"
    r"congress(?:man|woman)|general|gen\.|admiral|adm\.|colonel|col\.|commander|leader|chief|head|director(?: general)?|"
    r"chair(?:man|woman|person)?|mayor|commissioner|advis[eo]r|diplomat|official|analyst|expert|ayatollah|sheikh|pope|"
    r"archbishop|judge|justice|speaker|deputy|lawmaker|counsellor|councilor|coordinator|administrator|lady|professor|"
    r"charg[eé] d[’']affaires|sheriff|captain|lieutenant|sergeant|bishop|cardinal|rabbi|imam|prosecutor|treasurer|marshal|baroness|researcher|fellow|economist|strategist|lawyer|attorney|editor|host|correspondent|reporter|journalist|candidate|"
    r"mr\.?|mrs\.?|ms\.?|dr\.?)"
)
ROLE_WORD = re.compile(rf"\b{ROLE}(?!\w)", re.IGNORECASE)
# A run of capitalised words, with the small words that stand inside names.
WORD = r"(?:(?:[A-ZÀ-ÖØ-Þ]\.)+|(?:Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|Adm|Col|St|Jr|Sr)\.|[A-ZÀ-ÖØ-Þ][\w’'\-]*)"
RUN = re.compile(
    rf"{WORD}(?:(?: (?:al|el|bin|ibn|de|da|di|du|del|della|der|den|van|von|la|le|dos|ter|y|ul|ur|abu|bint)(?=[ \-]))*"
    rf" {WORD}| (?:al|el|ul|an|as|ash|ad|ar)-\w+)*"
)
ORGANISATION = re.compile(
    r"\b(?:ministry|department|office|house|council|senate|congress|parliament|party|union|agency|news|times|post|"
    r"journal|court|commission|committee|organi[sz]ation|association|institute|university|centre|center|group|forum|"
    r"bank|fund|service|army|forces?|guard|police|government|administration|bureau|embassy|mission|delegation|coalition|"
    r"alliance|movement|front|league|nations|network|television|radio|company|corporation|corp|inc|foundation|campaign|"
    r"observatory|monitor|headquarters|authority|assembly|summit|conference|statement|report|survey|poll|team|"
    r"republicans?|democrats?|street|journal|magazine|daily|agreement|community|states|cabinet|leaders|ministers)\b",
    re.IGNORECASE,
)
PRONOUN = re.compile(r"^(?:he|she|they|it|i|we|you|who|his|her|their|its|the two|both|both sides|the two sides)$", re.IGNORECASE)
FIRST_PERSON = re.compile(r"^(?:i|we|us|our|my|me)$", re.IGNORECASE)
PLURAL = re.compile(r"^(?:they|their|the two|both|both sides|the two sides)$", re.IGNORECASE)
LEADING = re.compile(r"^(?:the|a|an|one(?! of)|his|her|their|its|another|some)\s+", re.IGNORECASE)
# Where a source's name ends and a remark on it begins.
REMARK = re.compile(
    r",| who | which | whose | that | speaking | in (?:a|an|his|her|the|its)\b| on (?:\w+day|a|the)\b| at (?:a|the)\b|\(| [-–—] "
)
ONE_OF = re.compile(
    r"one of [^,]{3,60}, (?:the )?(?P<name>[A-Z][^,(]+)", re.IGNORECASE
)  # "One of these groups, the Dock Workers"
MEDIA = re.compile(
    r"\b(?:news(?:paper)?s?|agency|radio|television|tv|daily|paper|times|post|journal|mail|gazette|herald|guardian|reuters|"
    r"xinhua|tass|interfax|ria|irna|isna|mehr|fars|kcna|yonhap|kyodo|anadolu|al[- ]jazeera|bbc|cnn|afp|associated press|ap|"
    r"bloomberg|sana|wafa|press trust|global times|people’?'?s daily|media|report)\b",
    re.IGNORECASE,
)
SPEECH = (
    r"(?:said|says|told|urged|urges|warned|warns|called|repeated|added|stressed|stated|vowed|rejected|denied|condemned|"
    r"welcomed|announced|expressed|reiterated|noted|insisted|pledged|promised|accused|criticised|criticized)"
)
PAIR = re.compile(r"^(?:the|both|these|two|its|their)?\s*(?:two |both )?(?:leaders|ministers|presidents|sides|officials|diplomats|parties|"
                  r"countries|secretaries|counterparts|foreign ministers|heads of \w+)$", re.IGNORECASE)  # fmt: skip
# "Prime Minister Mustafa Al-Kadhimi of Iraq", "Enrique Mora represented the European Union"
PARTY_AFTER = re.compile(
    r",?(?: Jr\.?)?,? (?:of|from|who represents|represent(?:ed|s|ing)|on behalf of) (?P<party>(?:the )?[A-Z][\w.]*(?: [A-Z][\w.]*){0,3})"
)
MAX_INITIALS = 5  # "EU", "U.N.": initials are spelt out, a body's own name ("European Commission") stays
STATE_OFFICES = {"president", "vice president", "prime minister", "deputy prime minister", "foreign minister", "minister",
                 "defense minister", "defence minister", "interior minister", "finance minister", "energy minister",
                 "trade minister", "chancellor", "king", "queen", "emir", "sultan", "crown prince", "supreme leader",
                 "deputy foreign minister", "president-elect"}  # fmt: skip
DOCUMENT = re.compile(r"\b(?:statement|communiqu[eé]|press release|proposal|resolution|letter|editorial|text)\b", re.IGNORECASE)
SHORT_FORMS = [{"bill", "william"}, {"bob", "robert"}, {"jim", "james"}, {"dick", "richard"}, {"ted", "edward"}, {"jack", "john"},
               {"chuck", "charles"}, {"peggy", "margaret"}, {"harry", "henry"}, {"hank", "henry"}, {"sasha", "alexander"}]  # fmt: skip
TITLES = {"mr", "mrs", "ms", "dr", "sir", "lord", "lady", "president", "minister", "secretary", "senator", "general", "honorable"}
NOT_NAMES = {"the", "on", "in", "at", "but", "and", "if", "as", "when", "while", "monday", "tuesday", "wednesday", "thursday",
             "friday", "saturday", "sunday", "january", "february", "march", "april", "may", "june", "july", "august",
             "september", "october", "november", "december", "he", "she", "they", "it", "we", "i", "his", "her", "our",
             "this", "that", "these", "those", "for", "to", "from", "with", "after", "before", "however", "also",
             "a", "an", "arab", "european", "african", "asian", "islamic", "muslim", "christian", "jewish", "kurdish", "gulf",
             "latin", "nordic", "republican", "democratic", "democrat", "conservative", "western", "yesterday", "today", "earlier", "foreign",
             "state", "defense", "defence", "prime", "national", "security", "former", "then", "ex"}  # fmt: skip


def runs(text: str) -> list[tuple[int, int]]:
    """Runs of capitalised words in `text` that may be a person's name, titles and demonyms stripped off."""
    out = []
    for match in RUN.finditer(text):
        start, end = match.span()
        part = text[start:end]
        for marker in ("’s", "'s", "’", "'"):
            if part.endswith(marker):
                part = part.removesuffix(marker)
                break
        roles = [m.end() for m in ROLE_WORD.finditer(part) if m.end() < len(part)]
        at = start + (roles[-1] + 1 if roles else 0)
        words = part[at - start :].split(" ")
        while words and is_title(words[0]):
            at += len(words.pop(0)) + 1
        while words and (ROLE_WORD.fullmatch(words[-1]) or words[-1].lower() in NOT_NAMES):
            words.pop()
        if len(words) > 2 and re.search(r"\b(?:for|of) $", text[:at]):  # "Secretary for Political Affairs Jane Doe"
            at += sum(len(w) + 1 for w in words[:-2])
            words = words[-2:]
        name = " ".join(words)
        if name and not ORGANISATION.search(name) and not countries.is_country(name) and "’s " not in name and "'s " not in name:
            out.append((at, at + len(name)))
    return out


def is_title(word: str) -> bool:
    """Whether a word at the head of a run of capitals is a title, a role, a demonym or a small word, not a name."""
    plain = word.rstrip(".").removesuffix("’s").removesuffix("'s")
    return (
        plain.lower() in TITLES
        or plain.lower() in NOT_NAMES
        or ROLE_WORD.fullmatch(word) is not None
        or (countries.is_country(plain) and len(plain) > 1)
    )


def surname(name: str) -> str:
    """The last word of a name, lower case."""
    words = [w for w in re.findall(r"[\w’'\-]+", name) if w.lower() not in ("jr", "sr", "ii", "iii")]
    return words[-1].lower() if words else ""


def differ(a: str, b: str) -> bool:
    """Whether two names with the same surname must be of two persons: their first names have nothing in common."""
    one, two = ([w.lower() for w in name.split()[:-1]] for name in (a, b))
    if not one or not two or set(one) & set(two):
        return False

    def alike(x: str, y: str) -> bool:
        initial = x[0] == y[0] and (len(x.rstrip(".")) == 1 or len(y.rstrip(".")) == 1)
        return initial or x[:2] == y[:2] or x in y or y in x or {x, y} in SHORT_FORMS

    return not any(alike(x, y) for x in one for y in two)


def role_key(text: str) -> str:
    """A role's comparable form: "The Iranian Foreign Minister" → "foreign minister"; "" if there is none."""
    if re.search(r"\btop\b.*\bdiplomat\b", text, re.IGNORECASE):
        return "foreign minister"
    found = [m.group().lower() for m in ROLE_WORD.finditer(text)]
    found = [f for f in found if f.rstrip(".") not in ("mr", "mrs", "ms", "dr")]
    key = re.sub(r"^(?:former|then|acting|senior) ", "", found[0]) if found else ""
    return {"premier": "prime minister", "top diplomat": "foreign minister", "secretary of state": "foreign minister",
            "sen.": "senator", "gov.": "governor", "spokesman": "spokesperson", "spokeswoman": "spokesperson"}.get(key, key)  # fmt: skip


def known_country(name: str, office: bool) -> countries.Country | None:
    """The country of a well-known holder of an office (see `officeholders.country_code`)."""
    code = officeholders.country_code(name, office)
    return countries.by_code(code) if code else None


def actors(text: str) -> list[countries.Country]:
    """The countries a text names, but for those that are only a place ("in Jeddah, Saudi Arabia")."""
    place = re.compile(r"(?:\b(?:in|at|near|from)(?: the)? |[A-Z]\w+, )$")
    return [c for start, _, c in countries.find(text) if c.code and not place.search(text[max(0, start - 30) : start])]


def body(name: str) -> str:
    """The body that a nameless spokesperson speaks for ("spokesman for the Fisheries Council"); else `name` itself."""
    match = re.search(
        r"\bspokes(?:man|woman|person) (?:for|of) (?:the )?(?P<after>.+)|(?P<before>.+?) spokes(?:man|woman|person)$", name
    )
    return LEADING.sub("", match["after"] or match["before"]) if match else name


def titled(before: str) -> bool:
    """Whether `before` ends in a role with its country: "Turkish president "."""
    match = re.search(rf"(?P<lead>[A-Z]\w+ )(?:\w+ )?{ROLE} $", before, re.IGNORECASE)
    return match is not None and countries.is_country(match["lead"].strip())


# Offices that are the United States' where no other country is named, unless the opposition's.
OF_THE_US = re.compile(
    r"secretary of (?:state|defense)|department spokesperson|(?<!opposition )\b(?:sen(?:ator|\.)|rep\.)|white house|congress",
    re.IGNORECASE,
)
OF_LAND = re.compile(r" of (?:the )?(?P<land>[A-Z][\w.’'\-]*(?: (?:and )?[A-Z][\w.’'\-]*)*)")


def country_after(text: str, at: int) -> countries.Country | None:
    """The country of "… of Slovenia" right behind `at`, where a person's name ends; a demonym or a name that goes on is none."""
    match = OF_LAND.match(text, at)
    word = re.sub(r"[’']s$|\.$", "", match["land"]) if match else ""
    land = countries.country_of(word) if countries.is_country(word) else None
    demonym = land is not None and land.name != word and re.search(r"(?:an|ish|ese|ch|i|s)$", word)
    return land if land and land.code and not demonym else None


def role_country(phrase: str, after: countries.Country | None = None) -> countries.Country | None:
    """The country of a role phrase, in itself or by the words behind the person's name; the United States for offices whose titles are its own.

    Args:
        phrase: the role, as it stands before or after a name.
        after: the country that `country_after` finds behind the name.
    """
    if country := countries.party_of(phrase):
        return country
    us = OF_THE_US.search(phrase)
    if after and not (us and after.name == "Georgia"):  # Senator Quist of Georgia
        return after
    if us:
        return countries.Country("United States", "USA")
    return None
