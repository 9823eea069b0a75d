"""What all parts of an answer share: the question, one server's record as it stands or stood, and what was found."""

# pyright: standard
# Not strict until the next issues rebuild it.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from bot.ask.finding import Finding, Missing, Told
from bot.ask.lexicon import lexicon
from bot.ask.reading import Name, Reading
from bot.ledger.cited import undated
from bot.ledger.fold import live_updates
from bot.ledger.kinds import find_field, kind_of
from bot.ledger.words import words_of
from bot.services import past, records, updates
from bot.services.asking._words import forms, held_by
from bot.services.index import RECORD_ID
from data.database import Connection
from data.records import Fact, Kind, Opened, Row, Update

MOST = 5
"""So many records, statements or changes are told in an answer; of the rest it says how many they are."""

_WORDS = 8
"""So many words are looked for together; a question of more is about fewer things than it has words."""
DEFINITE: tuple[Kind, ...] = ("deal", "dialogue", "session", "document")
"""Kinds of which a noun alone ("the deal") can mean one record."""
LISTED: tuple[Kind, ...] = ("deal", "session", "document", "event", "pending")
"""Kinds of which a noun can ask for a list."""


class Understood(Struct, frozen=True):
    """A question that was read, and the words that the server's record holds."""

    reading: Reading
    known: frozenset[str]
    today: date

    @property
    def takes_long(self) -> bool:
        """Whether every record of the server has to be looked at: a list as of a past day."""
        asked = self.reading.asked
        return asked is not None and not asked.of and not self.reading.names


class Text(Struct, frozen=True):
    """A record that holds some words: all of its words, as they are searched."""

    slug: str
    kind: Kind
    name: frozenset[str]
    words: frozenset[str]

    def rank(self, words: Sequence[str]) -> tuple[int, int]:
        """How many of some words it holds, and how many of them in its name."""
        return held_by(words, self.words), held_by(words, self.name)


class Scene:
    """One question on its way to an answer."""

    def __init__(self, conn: Connection, guild_id: int, understood: Understood, chosen: str) -> None:
        self.conn, self.guild_id = conn, guild_id
        self.reading = reading = understood.reading
        self.known = understood.known
        self.today = understood.today
        self.chosen = chosen
        self.lex = lexicon()
        self.aspects = reading.of("aspects")
        self.subjects: list[Opened] = []
        self.ambiguous: list[Name] = []
        self.names: dict[str, Name] = {}
        self._apart: set[frozenset[str]] = set()  # Words that no record of this server holds together.
        self.governments: dict[str, list[Opened]] = {}
        self.found = Finding(reading)
        self.left = [reading.word(place) for place in reading.left]

    def ask_which(self, rows: Sequence[Row]) -> None:
        self.found.options = list(rows)

    def lists(self) -> bool:
        """Whether several records are asked for, by a plural or by a word such as "which"."""
        for (category, kind), places in self.reading.meanings.items():
            if category != "kinds" or kind not in LISTED:
                continue
            for place in places:
                before = {self.reading.word(place - 1), self.reading.word(place - 2)}
                word = self.reading.word(place)
                if word.endswith("s") and word not in self.lex.grammar["no_plural"]:
                    return True
                if before & self.lex.grammar["several"]:
                    return True
        return False

    def main(self) -> Opened:
        """The record whose card stands below: a deal, a pending item or talks rather than a country."""
        order = {kind: place for place, kind in enumerate(("pending", "deal", "session", "document", "event"))}
        told = [line.opened for line in self.found.told]
        return min(told or self.subjects, key=lambda one: order.get(one.record.kind, 9))

    def about(self) -> Opened | None:
        """The record in which one would look for what is missing."""
        return self.main() if self.subjects else None

    def held(self, words: Iterable[str]) -> list[str]:
        """Those of the words that this server's record holds in some form."""
        return [word for word in words if not forms(word).isdisjoint(self.known)]

    async def texts(
        self,
        *,
        kinds: Sequence[Kind] = (),
        linked: Sequence[Opened] = (),
        words: Sequence[str] = (),
        stage: str | None = None,
        limit: int = 40,
    ) -> list[Text]:
        """The records of some kinds that are linked with others and hold the most of some words, newest first.

        All of the words where some record holds them all, else any.
        """
        tags = self.tags(kinds, linked, stage)
        # Of the forms that a word may have, those that this server's record holds.
        held_forms = [sorted(forms(word) & self.known) for word in self.held(words)[:_WORDS]]
        groups = [" OR ".join(f'"{form}"' for form in one) for one in held_forms]
        if words and not groups:
            return []
        together = frozenset(groups)
        for joiner in (" AND ", " OR ") if len(groups) > 1 else (" AND ",):
            if joiner == " AND " and together in self._apart:
                continue
            held = joiner.join(f"({group})" for group in groups)
            match = f"tags : ({tags}) AND {{name body}} : ({held})" if held else f"tags : ({tags})"
            rows = list(
                await self.conn.execute_fetchall(
                    "WITH hit AS (SELECT rowid, name, body FROM search_index WHERE search_index MATCH ? "
                    "ORDER BY rowid DESC LIMIT ?) "
                    "SELECT r.slug, r.kind, hit.name, hit.body FROM hit CROSS JOIN record r ON r.id = hit.rowid & ?",
                    (match, limit, RECORD_ID),
                )
            )
            if rows:
                texts = [
                    Text(slug, kind, frozenset(name.split()), frozenset(f"{name} {body}".split()))
                    for slug, kind, name, body in rows
                ]
                return sorted(texts, key=lambda text: text.rank(words), reverse=True)
            if joiner == " AND " and groups and not (kinds or linked or stage):
                self._apart.add(together)
        return []

    def tags(self, kinds: Sequence[Kind], linked: Sequence[Opened], stage: str | None = None) -> str:
        """The search for records of this server, of some kinds and at a stage, that name all of some others."""
        guild = f"g{self.guild_id}"
        of_kinds = " OR ".join(f"{guild}k{kind}" for kind in kinds) or guild
        of_stage = [f"{guild}s{stage.replace('_', '')}"] if stage else []
        # What names a country's government names the country.
        named = [[one, *self.governments.get(one.record.slug, ())] for one in linked]
        of_linked = [f"({' OR '.join(f'{guild}r{each.record.id}' for each in one)})" for one in named]
        return " AND ".join([*of_linked, *of_stage, f"({of_kinds})"])

    async def rows(self, slugs: Sequence[str]) -> list[Row]:
        found = await records.get_many(self.conn, self.guild_id, slugs)
        return [row_of(one) for one in found]

    async def open(self, slugs: Sequence[str]) -> list[Opened]:
        """Records as they stand, or stood on the day that is asked about."""
        found = await records.get_many(self.conn, self.guild_id, slugs)
        if self.found.day is None:
            return found
        stood = await past.get_many(self.conn, self.guild_id, found, self.found.day)
        return [stood[one.record.slug] for one in found if one.record.slug in stood]

    def show(self, found: Sequence[Opened]) -> None:
        if not found:
            return
        self.found.statements = list(found[:MOST])
        self.found.statements_total = len(found)
        if len(found) == 1 and self.found.card is None:
            self.found.card = found[0]

    def no_state(self, category: str, name: str, subject: Opened | None) -> Missing:
        return Missing(sentence_case(self.lex.states[category][name].absent), subject)

    async def reached(self, deal: Opened, stage: str) -> Update | None:
        """The first update by which a deal came to a stage."""
        history = await updates.history(self.conn, self.guild_id, deal.record.slug)
        found = [u for u in live_updates(history) if u.field == "stage" and u.value == stage and u.date.day]
        return min(found, key=lambda u: (u.date.day or date.min, u.id), default=None)


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def facts_of(one: Opened, *fields: str) -> list[tuple[str, Fact]]:
    """The facts of some fields of a record, each with its field."""
    return [(field, fact) for field in fields for fact in one.record.state.facts(field)]


def stage_of(deal: Opened) -> Told:
    """How far a deal is: its phrase, and the facts that it comes from."""
    fields = ("stage", "side_state", "approved_by", "approval")
    return Told(deal, facts_of(deal, *fields), "stage")


def identity(one: Opened) -> Told:
    """What a record is: the phrase that lists give of it."""
    return Told(one, facts_of(one, *kind_of(one.record.kind).status), "identity")


def row_of(one: Opened) -> Row:
    newest = one.record.state.newest
    return Row(
        one.record.kind,
        one.record.slug,
        one.record.name,
        one.record.status,
        newest.day.isoformat() if newest and newest.day else None,
    )


def words_held(one: Opened) -> set[str]:
    """The words that a record holds, and those of the records it is linked with."""
    names = one.names
    found: list[str] = [one.record.name, undated(one.record.status)]
    for field_name, facts in one.record.state.fields.items():
        field = find_field(one.record.kind, field_name)
        if field is not None:
            found += [field.type.words(fact.value, names) for fact in facts]
    found += [f"{link.name} {undated(link.status)} {link.role}" for link in one.links[:60]]
    return set(words_of(" ".join(found)))
