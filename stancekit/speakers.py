"""Speakers: the words that name a source ("he", "Araghchi", "the Iranian Foreign Minister") to one resolved name.

A `Cast` reads an article once: it collects persons with their roles and countries ("Iranian Foreign Minister Seyed
Abbas Araghchi"; "Ned Price, Department Spokesperson") and then resolves the sources of its statements in text order,
so that pronouns and short forms go to whom the article last had speak. Rules, no model: each is about a form of words.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections import Counter
from dataclasses import dataclass, field

from . import countries, officeholders
from .names import (
    DOCUMENT,
    FIRST_PERSON,
    LEADING,
    MAX_INITIALS,
    MEDIA,
    ONE_OF,
    PAIR,
    PARTY_AFTER,
    PLURAL,
    PRONOUN,
    REMARK,
    ROLE,
    ROLE_WORD,
    SPEECH,
    STATE_OFFICES,
    actors,
    body,
    country_after,
    differ,
    known_country,
    role_country,
    role_key,
    runs,
    surname,
    titled,
)
from .segment import Layout, Turn

# Roles in which someone of a known name does not speak for a state.
NO_OFFICE = {"commissioner", "secretary general", "professor", "analyst", "expert", "researcher", "fellow", "economist", "lawyer",
             "editor", "host", "correspondent", "reporter", "journalist", "judge", "bishop", "high commissioner", "high representative"}  # fmt: skip
# Labels of a transcript's turns: who asks, who has others ask, and someone by the last name.
QUESTIONER = re.compile(r"Q|QUESTION|QUESTIONER|REPORTER|PRESS|THE PRESS|THE MEDIA", re.IGNORECASE)
MODERATOR = re.compile(r"MODERATOR|OPERATOR", re.IGNORECASE)
TITLED = re.compile(r"(?:MR|MS|MRS)\.? [\w’'\-]+", re.IGNORECASE)
NAMED = 3  # how often a text must name a country to be about it
# A noun right before a name that is no title ("Irish teacher John Kirby").
CALLED = re.compile(
    r"\b(?!(?:said|says|told|by|of|and|with|to|from|that|when|as|than|for|on|in|about|against|the|but|or|while|if|after|before|asked|met|between|thanks?|quoted|president|minister|then|former)\b)[a-z]{4,} $"
)


@dataclass(slots=True)
class Person:
    """Someone the article names: the fullest name, and the roles and country it gives them."""

    name: str
    roles: set[str] = field(default_factory=set)
    country: countries.Country | None = None
    near: list[countries.Country] = field(default_factory=list)  # those the paragraph names that first gives a role
    block: int = -1  # number of that paragraph


@dataclass(frozen=True, slots=True)
class Speaker:
    """A resolved speaker and the party whose stance they voice."""

    name: str | None
    holder: str | None = None
    code: str | None = None  # ISO 3166 alpha-3 of the holder's country


class Cast:
    """The persons of one article, and the memory of who spoke last."""

    def __init__(self, layout: Layout) -> None:
        self.text, self.layout = layout.text, layout
        # By surname, or by the whole name in lower case where another first name has the surname already:
        self.persons: dict[str, Person] = {}  # those with a role, and those who spoke
        self.names: dict[str, Person] = {}  # other runs of capitalised words
        self.first: dict[str, dict[str, Person]] = {}  # persons by the first word of their name, then by name
        self.sources: list[str] = []  # resolved names of non-persons, in the order they spoke
        self.mentions: list[tuple[int, str]] = []  # where a person is named: (offset, key as above)
        self.last: str | None = None  # the last speaker
        self.last_at = -1  # where the last speaker spoke
        self.last_person: str | None = None
        self.last_group: str | None = None
        self.last_joint: str | None = None  # who last spoke together
        self.pronouns: dict[str, str] = {}  # "he" or "she", by the name it was resolved to
        for number, block in enumerate(layout.blocks):
            self._read(self.text[block.start : min(block.end, block.start + 5_000)], number, block.start)
        for turn in layout.turns:
            self._read_turn(turn)
        self.mentions = sorted(m for m in self.mentions if m[1] in self.persons or m[1] in self.names)
        self._place()

    def _read(self, text: str, number: int, offset: int) -> None:
        """Collect the persons of a paragraph, with the role before or after their name."""
        for start, end in runs(text):
            name = text[start:end]
            before = text[max(0, start - 70) : start]
            if " " not in name and not titled(before):
                self.mentions.append((offset + start, surname(name)))
                continue
            after = re.match(r"[,(] *((?:the |a |an )?[^,.;()]{3,80})", text[end : end + 100])
            role_before = re.search(rf"((?:[\w.’'\-]+ ){{0,5}}{ROLE}(?: of [a-z ]+)?)[ ,]*$", before, re.IGNORECASE)
            lead = re.split(r",| and | with | by |(?<=[a-z]{2})\. ", role_before.group(1))[-1] if role_before else ""
            tail = after.group(1) if after and ROLE_WORD.search(after.group(1)) else ""
            person = self._person(name, named=not (lead or tail))
            self.mentions.append((offset + start, self._key(name)))
            if others := [m for m in ROLE_WORD.finditer(lead) if runs(lead[m.end() :])]:
                lead = lead[others[-1].end() :]  # "Minister Amina Wanjiru met Norway's Prime Minister": of someone else
            for phrase in (lead, tail):
                if key := role_key(phrase):
                    person.roles.add(key)
                    person.block = number if person.block < 0 else person.block
                    behind = country_after(text, end) if phrase is lead else None
                    person.country = person.country or role_country(phrase, behind)
            if person.country is None and (match := PARTY_AFTER.match(text, end)):
                person.country = countries.country_of(match["party"])
            if person.country is None and lead and not tail:
                person.near = person.near or actors(text[: min(start, 2_000)])

    def _read_turn(self, turn: Turn) -> None:
        """Collect who speaks in a transcript's turn: "FOREIGN MINISTER LAPID: …"."""
        label = turn.label
        key, found = role_key(label), runs(label.title())
        if key and found:
            name = label.title()[found[-1][0] : found[-1][1]]
            if known := self.names.get(self._key(name)):
                self.persons.setdefault(self._key(name), known)
            person = self._person(name)
            person.roles.add(key)

    def _place(self) -> None:
        """A country for those who hold an office of state, but whose role names none.

        First what is known of them (`officeholders`), then the countries named before them in the paragraph that introduces
        them, then the one that a report names at least three times and three times as often as any other. What a person is said
        to do to a country tells nothing, so those named after them do not count. Nor does a country while someone else is known
        to hold the same office of it, or is introduced as its officer in the same paragraph (those who meet are of different
        countries). A transcript names others oftener than the speakers' own.
        """
        for person in self.persons.values():
            if person.country is None and person.roles:
                person.country = self._officeholder(person.name, person.roles)
        homeless = [p for p in self.persons.values() if p.country is None and p.roles & STATE_OFFICES]
        if not homeless:
            return
        all_of = [] if self.layout.turns else self.lands
        for person in homeless:
            others = [p for p in self.persons.values() if p.country and p is not person]
            taken = {p.country for p in others if p.roles & person.roles or (p.roles and p.block == person.block >= 0)}
            for pool, least in ((person.near, 1), (all_of, NAMED)):
                counts = Counter(c for c in pool if c not in taken).most_common(2)
                if counts and counts[0][1] >= least and (len(counts) == 1 or least == 1 or counts[0][1] >= 3 * counts[1][1]):
                    person.country = counts[0][0]
                    break

    def _key(self, name: str) -> str:
        """The key of a name in `persons` and `names`."""
        known = self.persons.get(surname(name)) or self.names.get(surname(name))
        return name.lower() if known and differ(name, known.name) else surname(name)

    def _known(self, name: str) -> Person | None:
        """The person that a name, in full or the last name alone, stands for."""
        key = self._key(name)
        return self.persons.get(key) or self.names.get(key)

    def _enter(self, name: str, entries: dict[str, Person]) -> Person:
        person = entries[self._key(name)] = Person(name)
        if " " in name:
            self.first.setdefault(name.split(maxsplit=1)[0], {})[name] = person
        return person

    def _person(self, name: str, named: bool = False) -> Person:
        """The entry of a person; `named`: only named, without a role, which may be no person at all."""
        key, entries = self._key(name), self.names if named else self.persons
        if named and key in self.persons:
            return self.persons[key]
        person = entries.get(key)
        if person is None:
            return self._enter(name, entries)
        if len(name.split()) > len(person.name.split()) and person.name.split()[0] == name.split(maxsplit=1)[0]:
            person.name = name
            self.first.setdefault(name.split(maxsplit=1)[0], {})[name] = person
        return person

    def resolve(self, source: str | None, at: int | None = None) -> str | None:
        """The speaker that `source` names.

        Args:
            source: the words of the source as they stand, or None for a statement whose source is not named.
            at: offset of the source in the article, for pronouns: they may point to someone named since the last speaker.
        """
        if source is None:
            return None
        source = source[:300]  # a name and what it is called; no more is looked at
        words = source.strip(' \t\r\n,;:"“”').rstrip("’'")
        if not re.search(r"\b[A-Z]\.$", words):
            words = words.rstrip(".")
        if PRONOUN.match(words):
            name = self._pronoun(words, at)
        elif PAIR.match(words):
            name = self._pair() or self._group(words)
        else:
            name = self._person_in(words) or self._by_role(words) or self._group(words)
        if name:
            self.last, self.last_at = name, at if at is not None else self.last_at
            if (person := self.persons.get(self._key(name))) and person.name == name:
                self.last_person = name
            else:
                self.last_group = name
                self.last_joint = name if " and " in name else self.last_joint
        return name

    def quoted_in(self, sentence: str) -> str | None:
        """The speaker whom a news outlet quotes in a sentence ("Wang urged …, the agency reported"), if it names one."""
        if match := re.search(r"\bquoted (?P<who>[\w .’'\-]+?) as saying|, quoting (?P<other>[^,.]+)", sentence):
            return self.resolve(match["who"] or match["other"])
        for match in re.finditer(rf"(?P<who>(?:[\w.’'\-]+ ){{1,6}}?)(?:also |again |has |had )?[\"“]?{SPEECH}\b", sentence):
            who = match["who"].strip()
            if MEDIA.search(who) is None and ((found := runs(who)) or (PRONOUN.match(who) and self.last)):
                return self.resolve(who[found[-1][0] : found[-1][1]] if found else who)
        return None

    def names_speaker(self, words: str) -> bool:
        """Whether words name someone the article knows, a country, or "he"/"she" where someone has spoken."""
        bare = LEADING.sub("", words.strip())
        if PRONOUN.match(words):
            return words.lower() in ("he", "she") and self.last_person is not None
        if countries.is_country(bare) or PAIR.match(words):
            return countries.is_state(bare) or bool(PAIR.match(words) and self._pair())
        found = runs(words)
        if found and words[found[-1][1] :].strip(" ,") == "":
            name = words[slice(*found[-1])]
            person = self.persons.get(self._key(name)) or self._family_first(name)
            return person is not None and bool(person.roles or person.name == self.last_person)
        return not found and bool(role_key(words)) and words.lower().startswith("the ") and self._by_role(words) is not None

    def subject(self, start: int, end: int) -> tuple[int, int] | None:
        """The known speaker that a sentence begins with: its span, without what the comma after it adds."""
        words = re.match(r"(?:[\w.’'\-]+ ){1,10}", self.text[start:end])
        at = words.end() if words else 0
        while at > 0:
            at = self.text.rfind(" ", start, start + at) - start
            if at > 0 and self.names_speaker(self.text[start : start + at].rstrip(",")):
                return start, start + at
        return None

    def _pair(self) -> str | None:
        """Whom "the two leaders" are: who last spoke together, else the first two persons of different countries."""
        if self.last_joint:
            return self.last_joint
        with_country = [p for p in self.persons.values() if p.country and p.roles]
        for other in with_country[1:]:
            if other.country != with_country[0].country:
                return f"{with_country[0].name} and {other.name}"
        return None

    def named_in(self, start: int, end: int) -> str | None:
        """The last person named between two offsets, in full, and remembered as the one who speaks."""
        i = bisect.bisect_left(self.mentions, (end, ""))
        if i and self.mentions[i - 1][0] >= start:
            key = self.mentions[i - 1][1]
            person = self.persons.setdefault(key, self.persons.get(key) or self.names[key])
            return self.resolve(person.name, start)
        return None

    def _introduced(self, at: int) -> str | None:
        """Someone named as the subject of the sentence before `at`, after the last speaker spoke."""
        i = self.layout.sentence_at(at)
        previous = self.layout.sentences[i - 1] if i > 0 else None
        if previous is None or self.layout.quote_at(previous.start) >= 0:
            return None
        j = bisect.bisect_left(self.mentions, (max(previous.start, self.last_at), ""))
        if j < len(self.mentions) and self.mentions[j][0] < min(previous.end, previous.start + 80):
            key = self.mentions[j][1]
            person = self.persons.get(key)
            return person.name if person and person.roles else None
        return None

    def _pronoun(self, word: str, at: int | None = None) -> str | None:
        if FIRST_PERSON.match(word):
            return self.last
        if PLURAL.match(word):
            both = word[:1].upper() + word[1:] if word.lower().endswith("sides") else None
            return self.last_group or self.last or both
        if word.lower() in ("it", "its"):
            return self.last_group or self.last
        word = word.lower()
        if word not in ("he", "she"):
            return self.last_person or self.last
        name = (self._introduced(at) if at is not None else None) or self.last_person or self.last
        if name and self.pronouns.get(name, word) != word:
            name = self._other(word, at) or name
        name = name or self._main(at)
        if name:
            self.pronouns.setdefault(name, word)
        return name

    def _main(self, at: int | None) -> str | None:
        """Whom the article named oftenest before `at`, for "he" or "she" where nobody has spoken yet."""
        before = self.mentions[: bisect.bisect_left(self.mentions, (at if at is not None else len(self.text), ""))]
        known = Counter(key for _, key in before if key in self.persons and self.persons[key].roles)
        return self.persons[known.most_common(1)[0][0]].name if known else None

    def _other(self, word: str, at: int | None) -> str | None:
        """The person last named before `at` who may be "he" (or "she"), the last speaker being "she" (or "he")."""
        for _, key in reversed(
            self.mentions[: bisect.bisect_left(self.mentions, (at if at is not None else len(self.text), ""))]
        ):
            person = self.persons.get(key) or self.names.get(key)
            if person and " " in person.name and self.pronouns.get(person.name, word) == word:
                return person.name
        return None

    def _person_in(self, source: str) -> str | None:
        """The person named in the source's words, with the fullest form of the name."""
        found = [(s, e) for s, e in runs(source)]
        joined = self._joint(source, found)
        if joined:
            return joined
        for start, end in found:
            name = source[start:end]
            if self._is_place(source, start):
                continue
            known = self._known(name) or self._family_first(name)
            if " " not in name and source[end : end + 2].strip(" ,.’'"):
                continue  # a single name counts only at the end of its phrase
            if known:
                return self.persons.setdefault(self._key(known.name), known).name
            if name.isupper() and len(name) > 3:
                name = name.title()
            possessive = re.match(r"[’']s ", source[end:])
            titled = ROLE_WORD.search(source[:start]) is not None
            if (" " in name or titled) and not possessive:
                person = self._enter(name, self.persons)
                if titled and (key := role_key(source[:start])):
                    person.roles.add(key)
                return person.name
        return None

    def _family_first(self, name: str) -> Person | None:
        """The person whose name begins with a single word that is nobody's last name: "Wang" → "Wang Yi"."""
        if " " in name:
            return None
        fitting = self.first.get(name, {})
        return next(iter(fitting.values())) if len(fitting) == 1 else None

    @staticmethod
    def _is_place(source: str, start: int) -> bool:
        return bool(re.search(r"\b(?:in|of|at|from|near|for)(?: the)? $", source[:start]))

    def _joint(self, source: str, found: list[tuple[int, int]]) -> str | None:
        """Two persons that speak together: "Nuland and Mora", "the President and the Prime Minister"."""
        parts = re.split(r"\band\b", source)
        if len(parts) != 2 or "," in source:
            return None
        if len(found) == 2:
            known = [self._known(source[s:e]) for s, e in found]
            names = [p.name for p in known if p]
        elif not found and all(role_key(p) for p in parts):
            names = [n for n in (self._by_role(f"the {p.strip()}") for p in parts) if n]
        else:
            return None
        return " and ".join(names) if len(set(names)) == 2 else None

    def _by_role(self, source: str) -> str | None:
        """The person who holds the role that the source names ("the Iranian Foreign Minister")."""
        key = role_key(source)
        if not key or re.search(rf"\b{ROLE}s\b", source, re.IGNORECASE):
            return None
        country = countries.country_of(source)
        fitting = [p for p in self.persons.values() if key in p.roles and (not country or p.country in (country, None))]
        if country and any(p.country == country for p in fitting):
            fitting = [p for p in fitting if p.country == country]
        if not fitting and not country and key in ("minister", "secretary", "leader", "official", "diplomat", "general"):
            fitting = [p for p in self.persons.values() if any(key in r.split() for r in p.roles)]
        names = [p.name for p in fitting]
        if self.last_person in names:
            return self.last_person
        definite = source.lower().startswith("the ") or country is not None
        return names[0] if names and definite and key not in ("official", "analyst", "expert", "diplomat") else None

    def _group(self, source: str) -> str | None:
        """A body, a country, an unnamed source: the words themselves, or the fuller form the article gave before."""
        if named := ONE_OF.match(source):
            source = named["name"]
        head = REMARK.split(source, maxsplit=1)[0].strip() or source
        bare = LEADING.sub("", head)
        if bare.lower() in ("the", "a", "an"):  # what is left of a source that was cut short
            return None
        if countries.is_country(bare) and (countries.is_state(bare) or len(bare) <= MAX_INITIALS):
            name = countries.canonical(bare)
        elif DOCUMENT.search(bare):
            country = countries.country_of(bare)
            name = country.name if country else (self.last_group or self.last or bare)
        else:
            name = self._fuller(head, bare)
        name = re.sub(r"[’']s$", "", name)
        if len(name.split()) > 12:
            name = " ".join(name.split()[:12])
        if name and name not in self.sources:
            self.sources.append(name)
        return name or None

    def _fuller(self, head: str, bare: str) -> str:
        """ "The Observatory" → the longer name, spoken or only named, that holds the word."""
        if head.lower().startswith("the ") and re.fullmatch(r"paper|newspaper|daily|agency|news agency|broadcaster", bare):
            return next((n for n in reversed(self.sources) if MEDIA.search(n)), bare)
        if head.lower().startswith("the ") and len(bare.split()) <= 2 and not bare.endswith("s"):
            last = re.escape(bare.rsplit(maxsplit=1)[-1])
            for name in reversed(self.sources):
                if re.search(rf"\b{last}\b", name, re.IGNORECASE) and len(name) > len(bare):
                    return name
            if bare[0].isupper():
                longer = re.search(
                    rf"\b((?:[A-Z][\w\-]*(?: (?:of|for|and|the))? ){{1,6}}{last}\b(?: (?:of|for)(?: the)?(?: [A-Z][\w\-]*){{1,6}})?)",
                    self.text,
                )
                if longer and len(longer.group(1)) > len(bare):
                    return LEADING.sub("", longer.group(1))
        return bare

    def _officeholder(self, name: str, roles: set[str]) -> countries.Country | None:
        """The country of a well-known holder of an office, unless the text calls them something else ("Mike Johnson, a farmer")."""
        if roles & NO_OFFICE:
            return None
        at = -1 if roles or " " not in name else self.text.find(name)
        if at >= 0 and (
            re.match(r",? an? \w|, the [a-z]|, who\b", self.text[at + len(name) :][:12])
            or CALLED.search(self.text[max(0, at - 30) : at])
        ):
            return None
        return known_country(name, office=bool(roles & STATE_OFFICES)) or self._briefing(name)

    def _briefing(self, name: str) -> countries.Country | None:
        """The country of a well-known spokesperson whom a briefing calls by the last name alone ("MR. KIRBY: …"): it has questions, and names the country."""
        if " " in name or name.lower() not in self.briefers:
            return None
        code = officeholders.spokesperson_code(name)
        return countries.by_code(code) if code and sum(c.code == code for c in self.lands) >= NAMED else None

    @functools.cached_property
    def briefers(self) -> set[str]:
        """The last names, in lower case, of those who speak in a briefing; none where nobody asks."""
        labels = {turn.name for turn in self.layout.turns}
        asked = any(QUESTIONER.fullmatch(label) or MODERATOR.fullmatch(label) for label in labels)
        return {label.split()[-1].lower() for label in labels if asked and TITLED.fullmatch(label)}

    @functools.cached_property
    def lands(self) -> list[countries.Country]:
        """The countries that the text names, as often as it does."""
        return [c for _, _, c in countries.find(self.text[:50_000]) if c.code]

    def holder(self, name: str | None) -> Speaker:
        """The party that a resolved speaker speaks for: their country or body, else themselves."""
        if name is None:
            return Speaker(None)
        person = self.persons.get(self._key(name))
        itself = person is not None and person.name == name
        country = person.country if person and itself and person.roles else None
        country = country or self._officeholder(name, person.roles if person and itself else set())
        if not country and not itself:
            parts = [self._known(p) for p in name.split(" and ")]
            named = zip(parts, name.split(" and "), strict=True)
            lands = [c for c in (p.country if p else countries.party_of(part) for p, part in named) if c]
            if len(lands) > 1:
                return Speaker(name, " and ".join(dict.fromkeys(c.name for c in lands)))
            country = countries.party_of(name)
        if country:
            return Speaker(name, country.name, country.code or None)
        return Speaker(name, body(name))
