"""Answers: a question is read, the records it names are found, and the facts that answer it are gathered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from bot import when
from bot.ask.finding import Changed, Finding, Listed, Missing, Told
from bot.ask.lexicon import Group, inflections, lexicon, same
from bot.ask.reading import Name, Named, Reading, Token, grams, plurals, read, tokens
from bot.errors import BadInput
from bot.ledger.fields import STAGES, find_field, get_field, stage_rank
from bot.ledger.fold import live_updates
from bot.ledger.words import distance, skeleton, spelling_variants, words_of
from bot.services import past, records, updates
from data.database import Connection
from data.records import Fact, Kind, Opened, Row, Update

MOST = 5
"""So many records, statements or changes are told in an answer; of the rest it says how many they are."""

_ALIKE = 7  # Of a name that more records share than can be offered, so many are looked at.


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


async def understand(conn: Connection, guild_id: int, text: str, *, now: datetime, zone: str) -> Understood:
    """Reads a question with the names and words of a server's record. BadInput when there is no word in it."""
    found, clipped = tokens(text)
    if not found:
        raise BadInput("There is no word in this question. Nothing was changed. Ask in a few words, or use /search.")
    named, known = await _look_up(conn, guild_id, found)
    mended = await _mended(conn, guild_id, found, known)
    if mended is not None:
        found = mended
        named, known = await _look_up(conn, guild_id, found)
    today = when.local_date(now, zone)
    return Understood(read(found, named, today=today, clipped=clipped), known, today)


async def find(conn: Connection, guild_id: int, understood: Understood, *, chosen: str = "") -> Finding:
    """What the record of a server says to a question. `chosen` is the record that was picked among several."""
    return await _Answering(conn, guild_id, understood, chosen).find()


async def _look_up(
    conn: Connection, guild_id: int, found: Sequence[Token]
) -> tuple[dict[str, list[Named]], frozenset[str]]:
    """Which records the runs of words name, and which words this server's record holds. One read."""
    lex = lexicon()
    words = {form for token in found if token.word not in lex.small for form in _forms(token.word)}
    beginnings = {token.word for token in found if token.word not in lex.known and not token.word.isdecimal()}
    rows = await conn.execute_fetchall(
        "SELECT g.value, (SELECT json_group_array(json_array(x.how, r.kind, r.slug, r.name)) FROM ("
        "SELECT how, record_id FROM name WHERE guild_id = ?1 AND norm = g.value ORDER BY how LIMIT ?4) x "
        "JOIN record r ON r.id = x.record_id AND r.live = 1) FROM json_each(?2) g "
        "WHERE EXISTS (SELECT 1 FROM name n WHERE n.guild_id = ?1 AND n.norm = g.value) "
        "UNION ALL SELECT w.value, NULL FROM json_each(?3) w "
        "WHERE EXISTS (SELECT 1 FROM spelling s WHERE s.guild_id = ?1 AND s.variant = w.value AND s.word = w.value) "
        "UNION ALL SELECT b.value, (SELECT json_group_array(json_array(4, r.kind, r.slug, r.name)) FROM ("
        "SELECT DISTINCT record_id FROM name WHERE guild_id = ?1 AND kind = 'participant' AND how = 0 "
        "AND norm > b.value || ' ' AND norm < b.value || '!' LIMIT 2) x "
        "JOIN record r ON r.id = x.record_id AND r.live = 1) FROM json_each(?5) b",
        (guild_id, _json(grams(found)), _json(words), _ALIKE, _json(beginnings)),
    )
    named: dict[str, list[Named]] = {}
    known: set[str] = set()
    for text, candidates in rows:
        if candidates is None:
            known.add(text)
        else:
            named.setdefault(text, []).extend(Named(*one) for one in msgspec.json.decode(candidates))
    return named, frozenset(known)


def _json(values: Iterable[Any]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _forms(word: str) -> set[str]:
    """The forms of a word under which the record may hold it."""
    return {*inflections(word), *plurals(word), *(form for stem in _stems(word) for form in inflections(stem))}


def _stems(word: str) -> list[str]:
    endings = (("ies", "y"), ("ied", "y"), ("es", ""), ("s", ""), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"))
    return [word[: -len(e)] + to for e, to in endings if word.endswith(e) and len(word) - len(e) >= 3]


async def _mended(conn: Connection, guild_id: int, found: Sequence[Token], known: frozenset[str]) -> list[Token] | None:
    """The words with their slips mended; None when there is nothing to mend.

    A slip is a word that neither the lexicon nor this server's record holds and that is near to one of either.
    """
    lex = lexicon()
    strange = {
        token.word
        for token in found
        if len(token.word) >= 4
        and token.word.isalpha()
        and token.word not in lex.known
        and not any(form in known for form in _forms(token.word))
    }
    if not strange:
        return None
    keys = [(word, key) for word in sorted(strange) for key in _spellings(word)]
    halves = {(word, word[:i], word[i:]) for word in strange for i in range(2, len(word) - 1) if len(word) >= 5}
    rows = await conn.execute_fetchall(
        "SELECT json_extract(g.value, '$[0]'), s.word FROM json_each(?2) g "
        "CROSS JOIN spelling s ON s.guild_id = ?1 AND s.variant = json_extract(g.value, '$[1]') "
        "UNION ALL SELECT '', w.value FROM json_each(?3) w "
        "WHERE EXISTS (SELECT 1 FROM spelling s WHERE s.guild_id = ?1 AND s.variant = w.value AND s.word = w.value) "
        "LIMIT 3000",
        (guild_id, _json(keys), _json({half for _, *both in halves for half in both if len(half) >= 3})),
    )
    near: dict[str, set[str]] = {}
    there: set[str] = set()
    for word, candidate in rows:
        near.setdefault(word, set()).add(candidate)
        if not word:
            there.add(candidate)
    instead = {word: _nearest(word, near.get(word, set())) or _parted(word, there) for word in strange}
    if not any(instead.values()):
        return None
    mended: list[Token] = []
    for token in found:
        words = instead.get(token.word) or (token.word,)
        mended += [Token(word, token.chunk, token.raw) for word in words]
    return mended


def _spellings(word: str) -> set[str]:
    return spelling_variants(word) | ({"~" + skeleton(word)} if len(word) >= 5 else set())


def _nearest(word: str, of_record: set[str]) -> tuple[str, ...] | None:
    """The word meant by a slip; the server's own words before those of questions."""
    ranked = [(distance(word, one), 0, one) for one in of_record]
    ranked += [(far, 1, one) for far, one in lexicon().mended(word)]
    ranked = [(far, rank, one) for far, rank, one in ranked if _is_slip(word, one, far)]
    if not ranked:
        return None
    *_, meant = min(ranked)
    return lexicon().read_as.get(meant, (meant,))


def _is_slip(word: str, meant: str, far: int) -> bool:
    """Whether one word is likely meant by another: the shorter they are, the more alike they have to be."""
    if len(word) >= 8:
        return far <= 2 or (far == 3 and skeleton(word) == skeleton(meant))
    if far > 1:
        return False
    # A letter in the place of another makes another word of a short one more often than it is a slip.
    replaced = [(a, b) for a, b in zip(word, meant, strict=False) if a != b] if len(word) == len(meant) else []
    return not (len(replaced) == 1 and not {*replaced[0]} <= set("aeiouy"))


def _parted(word: str, there: set[str]) -> tuple[str, ...] | None:
    """Two words that were written as one."""
    lex = lexicon()

    def held(half: str) -> bool:
        return half in there or (half in lex.known and (len(half) >= 3 or half in ("is", "to", "of", "in", "do")))

    for i in range(2, len(word) - 1):
        if held(word[:i]) and held(word[i:]):
            return word[:i], word[i:]
    return None


class _Text(Struct, frozen=True):
    """A record that holds some words: all of its words, as they are searched."""

    slug: str
    kind: Kind
    name: frozenset[str]
    words: frozenset[str]

    def rank(self, words: Sequence[str]) -> tuple[int, int]:
        """How many of some words it holds, and how many of them in its name."""
        return _held_by(words, self.words), _held_by(words, self.name)


_SUBJECTS: tuple[Kind, ...] = ("deal", "dialogue", "session", "document", "topic", "place", "participant")
"""Kinds that a name rather means than a statement, event or pending item of the same name."""
_DEFINITE: tuple[Kind, ...] = ("deal", "dialogue", "session", "document")
"""Kinds of which a noun alone ("the deal") can mean one record."""


class _Answering:
    """One question on its way: the record of one server, as it stands or as it stood."""

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
        self.found = Finding(reading)

    # What the question is about

    async def find(self) -> Finding:
        await self._choose_subjects()
        if not self.found.which:
            await self._take_time()
            await self._answer()
        self._mark_unknown()
        return self.found

    async def _choose_subjects(self) -> None:
        slugs: dict[str, None] = {}
        for name in self.reading.names:
            meant = self._meant(name)
            if len(meant) == 1:
                slugs[meant[0].slug] = None
                self.names[meant[0].slug] = name
            else:
                self.ambiguous.append(name)
        self.subjects = await records.get_many(self.conn, self.guild_id, list(slugs))
        if self.ambiguous:
            await self._narrow()
        if not self.subjects and not self.found.which:
            await self._take_by_name()
        if not self.subjects and not self.found.which:
            await self._take_definite()
        elif self.subjects:
            await self._take_linked()

    def _meant(self, name: Name) -> list[Named]:
        """The records that a name means here: what was picked, else by the words around it."""
        found = list(name.candidates)
        if len(found) == 1:
            return found
        picked = [one for one in found if one.slug == self.chosen]
        if picked:
            return picked
        asked = set(self.reading.of("kinds"))
        if fitting := [one for one in found if one.kind in asked]:
            found = fitting
        if len(found) > 1 and {one.kind for one in found} == {"place", "participant"}:
            before = self.reading.word(name.start - 1)
            wanted: Kind = "place" if before in self.lex.at or self.reading.has("aspects", "place") else "participant"
            found = [one for one in found if one.kind == wanted]
        if len(found) > 1:
            found = [one for one in found if one.kind in _SUBJECTS] or found
        return found

    async def _narrow(self) -> None:
        """Several records have the name: what is linked with the others that are named, or the question back."""
        for name in self.ambiguous:
            meant = self._meant(name)
            around = {link.slug for one in self.subjects for link in one.links}
            linked = [one.slug for one in meant if one.slug in around]
            if len(linked) == 1:
                self.names[linked[0]] = name
                self.subjects += await records.get_many(self.conn, self.guild_id, linked)
            elif not self.subjects:
                self._ask_which(await self._rows([one.slug for one in meant]))
                return

    def _ask_which(self, rows: Sequence[Row]) -> None:
        self.found.options = list(rows)
        self.found.which = True

    async def _take_definite(self) -> None:
        """A noun alone: the only record of that kind, or of those that hold the words beside it; else which one."""
        if self._lists():
            return
        for kind in self.reading.of("kinds"):
            if kind not in _DEFINITE:
                continue
            words = self._left_words()
            held = await self._texts(kinds=(kind,), words=words) if words else []
            if held:
                rows = await self._rows([one.slug for one in held[:_ALIKE]])
            elif words and kind != "deal":
                continue
            else:
                rows, _ = await records.list_kind(self.conn, self.guild_id, kind, limit=_ALIKE)
            nouns = [self.reading.word(place) for place in self.reading.meanings["kinds", kind]]
            rows = [row for row in rows if _held_by(nouns, words_of(row.name))] or rows
            if self.chosen and self.chosen in {row.slug for row in rows}:
                rows = [row for row in rows if row.slug == self.chosen]
            if len(rows) == 1:
                self.subjects = await records.get_many(self.conn, self.guild_id, [rows[0].slug])
                return
            if rows and not (words and not held):
                self._ask_which(rows)
                return

    async def _take_by_name(self) -> None:
        """The one record whose name holds two words of the question or more, in any order, and no other as many."""
        cued = {place for places in self.reading.meanings.values() for place in places}
        words = [self.reading.word(place) for place in sorted({*self.reading.left, *cued})]
        words = [word for word in dict.fromkeys(words) if word not in self.lex.small]
        if len(self._held(words)) < 2 or not self._held(self._left_words()):
            return
        ranked = [(text.rank(words)[1], text) for text in await self._texts(words=words)]
        most = max((count for count, _ in ranked), default=0)
        best = [text for count, text in ranked if count == most]
        if (
            most >= 2
            and len(best) == 1
            and not best[0].rank(self._left_words())[0] < len(self._held(self._left_words()))
        ):
            self.subjects = await records.get_many(self.conn, self.guild_id, [best[0].slug])

    async def _take_linked(self) -> None:
        """A noun beside a name ("the deal with", "the clash in"): the one record of that kind linked with it."""
        there = {one.record.kind for one in self.subjects}
        if self._lists() or there & {"deal", "event"}:
            return
        for kind in self.reading.of("kinds"):
            if kind not in ("deal", "event", "session") or kind in there:
                continue
            nouns = [self.reading.word(place) for place in self.reading.meanings["kinds", kind]]
            words = [*self._left_words(), *(nouns if kind == "event" else [])]
            texts = await self._texts(kinds=(kind,), linked=self.subjects, words=self._held(words))
            texts = [text for text in texts if text.rank(words) == texts[0].rank(words)]
            if len(texts) == 1:
                self.subjects = [*await records.get_many(self.conn, self.guild_id, [texts[0].slug]), *self.subjects]
                return

    def _lists(self) -> bool:
        """Whether several records are asked for, by a plural or by a word such as "which"."""
        for (category, kind), places in self.reading.meanings.items():
            if category != "kinds" or kind not in ("deal", "session", "document", "event", "pending"):
                continue
            for place in places:
                before = {self.reading.word(place - 1), self.reading.word(place - 2)}
                word = self.reading.word(place)
                if word.endswith("s") and word not in ("talks", "negotiations", "series"):
                    return True
                if before & {"which", "what", "any", "all", "every", "each", "many"}:
                    return True
        return False

    # The time that it asks about

    async def _take_time(self) -> None:
        asked = self.reading.asked
        relative = await self._stage_day()
        if relative is not None:
            self.found.day = relative
        elif asked is not None and not asked.of and asked.mode in ("at", "before") and not self._of_period():
            day = asked.day(self.today)
            self.found.day = day if day < self.today else None
        if self.found.day is None or not self.subjects:
            return
        await self._go_back()

    async def _go_back(self) -> None:
        """The records named as they stood on the day."""
        assert self.found.day is not None  # A past day is asked about.
        self.found.later = max(
            (
                one.record.state.newest
                for one in self.subjects
                if one.record.state.newest and one.record.state.newest.day
            ),
            key=lambda newest: newest.day or date.min,
            default=None,
        )
        if self.found.later and (self.found.later.day or date.min) <= self.found.day:
            self.found.later = None
        stood = await past.get_many(self.conn, self.guild_id, self.subjects, self.found.day)
        for one in self.subjects:
            if one.record.slug not in stood:
                self.found.lines.append(Missing("A fact dated by then", one))
        self.subjects = [stood[one.record.slug] for one in self.subjects if one.record.slug in stood]

    def _of_period(self) -> bool:
        """Whether what was reported in a time is asked for, rather than how things stood at its end."""
        asked = self.reading.asked
        if asked is None or asked.of:
            return False
        strong = [n for n in self.aspects if not self.lex.aspects[n].weak and n not in ("summary", "list")]
        event = any(one.record.kind in ("event", "session") for one in self.subjects)
        return (
            self.reading.has("aspects", "changed")
            or (self.reading.has("aspects", "happened") and not event)
            or (not strong and (asked.mode in ("since", "between") or (asked.last - asked.first).days > 0))
        )

    async def _stage_day(self) -> date | None:
        """The day before a stage was reached, where the question says "before the signature" without a date."""
        before = next((i for i, token in enumerate(self.reading.tokens) if token.word in ("before", "until")), None)
        deals = [one for one in self.subjects if one.record.kind == "deal"]
        if before is None or self.reading.asked is not None or not deals:
            return None
        after = [
            stage
            for (category, stage), places in self.reading.meanings.items()
            if category == "stages" and any(before < place <= before + 4 for place in places)
        ]
        for stage in after:
            reached = await self._reached(deals[0], stage)
            if reached is not None and reached.date.day is not None:
                return min(reached.date.day, self.today).fromordinal(reached.date.day.toordinal() - 1)
        return None

    async def _reached(self, deal: Opened, stage: str) -> Update | None:
        """The first update by which a deal came to a stage."""
        history = await updates.history(self.conn, self.guild_id, deal.record.slug)
        found = [u for u in live_updates(history) if u.field == "stage" and u.value == stage and u.date.day]
        return min(found, key=lambda u: (u.date.day or date.min, u.id), default=None)

    # What it is after

    async def _answer(self) -> None:
        has = self.reading.has
        found = self.found
        self.left = self._left_words()
        if self._of_period() or (has("aspects", "changed") and not has("aspects", "compare")):
            await self._tell_changes()
        elif has("aspects", "happened") and await self._tell_events():
            pass
        elif has("aspects", "bystanders"):
            await self._list_bystanders()
        elif has("aspects", "compare") and await self._find_other():
            await self._compare()
        elif self._asks_for_list():
            await self._list()
        elif self._asks_what_was_said():
            await self._tell_statements()
        else:
            await self._tell_fields()
        if not found.answered and not found.changed and found.card is None and not found.lines:
            await self._tell_by_words()
        if has("aspects", "source") and self.subjects and not any(isinstance(one, Told) for one in found.lines):
            found.sources_of = self.subjects[0]
        told = [line.opened for line in found.lines if isinstance(line, Told)]
        if told and found.which:
            found.which, found.options = False, []  # What could be told is the answer to the rest as well.
        if found.card is None and (self.subjects or told):
            found.card = self._main()
        if not found.answered and found.card is None and not found.options:
            await self._offer_closest()

    def _main(self) -> Opened:
        """The record whose card stands below: a deal, a pending item or talks rather than a country."""
        order = {kind: place for place, kind in enumerate(("pending", "deal", "session", "document", "event"))}
        told = [line.opened for line in self.found.lines if isinstance(line, Told)]
        return min(told or self.subjects, key=lambda one: order.get(one.record.kind, 9))

    def _about(self) -> Opened | None:
        """The record in which one would look for what is missing."""
        return self._main() if self.subjects else None

    def _left_words(self) -> list[str]:
        """The words that nothing explains and that the record may hold."""
        return [self.reading.word(place) for place in self.reading.left]

    def _held(self, words: Iterable[str]) -> list[str]:
        """Those of the words that this server's record holds in some form."""
        return [word for word in words if any(form in self.known for form in _forms(word))]

    async def _texts(
        self, *, kinds: Sequence[Kind] = (), linked: Sequence[Opened] = (), words: Sequence[str] = (), limit: int = 40
    ) -> list[_Text]:
        """The records of some kinds that are linked with others and hold the most of some words, newest first.

        All of the words where some record holds them all, else any.
        """
        guild = f"g{self.guild_id}"
        tags = [f"{guild}r{one.record.id}" for one in linked]
        of_kinds = " OR ".join(f"{guild}k{kind}" for kind in kinds) or guild
        groups = [" OR ".join(f'"{form}"' for form in sorted(_forms(word))) for word in self._held(words)]
        if words and not groups:
            return []
        scope = f"tags : ({' AND '.join([*tags, f'({of_kinds})'])})"
        for joiner in (" AND ", " OR ") if len(groups) > 1 else (" AND ",):
            held = joiner.join(f"({group})" for group in groups)
            match = f"{scope} AND {{name body}} : ({held})" if held else scope
            rows = list(
                await self.conn.execute_fetchall(
                    "SELECT r.slug, r.kind, t.name, t.body FROM text t JOIN record r ON r.text_id = t.rowid "
                    "WHERE text MATCH ? AND r.guild_id = ? ORDER BY t.rowid DESC LIMIT ?",
                    (match, self.guild_id, limit),
                )
            )
            if rows:
                texts = [
                    _Text(slug, kind, frozenset(name.split()), frozenset(f"{name} {body}".split()))
                    for slug, kind, name, body in rows
                ]
                return sorted(texts, key=lambda text: text.rank(words), reverse=True)
        return []

    async def _rows(self, slugs: Sequence[str]) -> list[Row]:
        found = await records.get_many(self.conn, self.guild_id, slugs)
        return [_row(one) for one in found]

    async def _open(self, slugs: Sequence[str]) -> list[Opened]:
        """Records as they stand, or stood on the day that is asked about."""
        found = await records.get_many(self.conn, self.guild_id, slugs)
        if self.found.day is None:
            return found
        stood = await past.get_many(self.conn, self.guild_id, found, self.found.day)
        return [stood[one.record.slug] for one in found if one.record.slug in stood]

    # Facts

    async def _tell_fields(self) -> None:
        """Facts of the fields that are asked for: of the records named, or of those that hold the other words."""
        if not self.subjects and self.reading.has("aspects", "approval"):
            self.subjects = await self._by_cue("approval", self.lex.aspects["approval"].fields)
        await self._check_states()
        if self.reading.has("aspects", "pending", "who_acts", "due", "closes"):
            await self._tell_pending()
        for role in self.reading.of("roles"):
            await self._tell_role(role)
        strong = [name for name in self.aspects if not self.lex.aspects[name].weak]
        weak = [name for name in self.aspects if self.lex.aspects[name].weak]
        groups = self.reading.of("groups")
        if groups and not {"parties", "attended"} & set(strong) and not self.reading.of("roles"):
            strong += [
                "attended" if "person" in groups and one.record.kind == "session" else "parties"
                for one in self.subjects
                if one.record.kind in ("deal", "session", "dialogue", "event", "document")
            ][:1]
        for name in strong:
            if name in ("pending", "who_acts", "due", "closes") or not self.lex.aspects[name].fields:
                continue
            await self._tell_aspect(name)
        if self.reading.has("aspects", "reason"):
            self.found.lines.append(Missing(self.lex.aspects["reason"].absent, self._about()))
        if not self.found.lines:
            for name in weak:
                if self.lex.aspects[name].fields:
                    await self._tell_aspect(name, quiet=name == "place" and "date" in weak)
            if len(self._held(self.left)) > 1 and not any(isinstance(one, Told) for one in self.found.lines):
                texts = await self._texts(kinds=("statement",), words=self.left)
                self._show_statements(
                    await self._open([t.slug for t in texts if t.rank(self.left)[0] == len(self.left)])
                )
        told = {(line.opened.record.slug, line.label) for line in self.found.lines if isinstance(line, Told)}
        self.found.lines = [
            line
            for line in dict.fromkeys(_Key(line) for line in self.found.lines)
            for line in [line.line]
            if not (isinstance(line, Missing) and line.opened and (line.opened.record.slug, line.what) in told)
        ]
        if any(isinstance(line, Told) for line in self.found.lines):
            # What is missing in a place where nobody would look for it is not worth a line beside an answer.
            self.found.lines = [line for line in self.found.lines if isinstance(line, Told) or line.opened is not None]

    async def _tell_aspect(self, name: str, *, quiet: bool = False) -> None:
        aspect = self.lex.aspects[name]
        told = False
        if name == "parties" and self.subjects and all(one.record.kind == "participant" for one in self.subjects):
            await self._tell_roles_of(self.subjects[0])
            return
        holders = await self._holders(aspect.fields, talks=aspect.weak)
        if not any(one.record.facts(field) for one in holders for field in aspect.fields.get(one.record.kind, ())):
            holders = await self._by_cue(name, aspect.fields) or holders
        future = name == "date" and self.reading.has("future", "")
        for subject in holders:
            kind = subject.record.kind
            fields = [*aspect.fields.get(kind, ()), *aspect.fields.get("any", ())]
            facts = [(field, fact) for field in fields for fact in subject.record.facts(field)]
            if name in ("parties", "attended"):
                facts = await self._only_group(await self._only_named(subject, facts))
            if name == "began" and kind in ("deal", "pending") and (first := _first(subject)):
                self.found.lines.append(Told(subject, "On the record since", [first]))
            elif future and facts and kind in ("session", "event", "dialogue", "document"):
                self.found.lines.append(Missing("A date to come", subject))
            elif facts and name == "stage" and kind == "deal":
                self.found.lines.append(_stage_of(subject))
            elif facts:
                for field in dict.fromkeys(field for field, _ in facts):
                    of_field = [(one, fact) for one, fact in facts if one == field]
                    self.found.lines.append(Told(subject, get_field(kind, field).label, of_field))
                if name == "value" and self._per_unit(subject):
                    self.found.lines.append(Missing("A price for one", subject))
            elif not quiet:
                groups = self.reading.of("groups") if name in ("parties", "attended") else []
                absent = self.lex.groups[groups[0]].absent if groups else aspect.absent
                self.found.lines.append(Missing(absent or "That", subject))
            told = True
        if not told and not quiet and aspect.absent:
            self.found.lines.append(Missing(aspect.absent, self._about()))

    def _per_unit(self, deal: Opened) -> bool:
        """Whether the price of one of several is asked for, as in "a tonne of"."""
        counted = {word for fact in deal.record.facts("quantity") for word in words_of(str(fact.value))}
        return any(
            self.reading.word(place - 1) in ("a", "an", "per", "each", "one", "single", "every")
            and any(same(self.reading.word(place), word) for word in counted)
            for place in self.reading.left
        )

    async def _only_named(self, subject: Opened, facts: list[tuple[str, Fact]]) -> list[tuple[str, Fact]]:
        """Of the parties those that the question names; who is named and takes no part is told to be missing."""
        named = [one.record for one in self.subjects if one.record.kind == "participant"]
        if not named or subject.record.kind == "participant":
            return facts
        there = {fact.value.get("record") for _, fact in facts if isinstance(fact.value, dict)}
        people = await records.get_many(self.conn, self.guild_id, [slug for slug in there if slug])
        countries = {one.slug for one in named if one.slug not in there}
        sent = {
            one.record.slug
            for one in people
            if (country := one.record.value("country")) and country["record"] in countries
        }
        if sent:
            return [(f, fact) for f, fact in facts if isinstance(fact.value, dict) and fact.value.get("record") in sent]
        for one in named:
            if one.slug not in there:
                self.found.lines.append(Missing(f"That {one.name} takes part", subject))
        chosen = {one.slug for one in named}
        own = [
            (field, fact)
            for field, fact in facts
            if isinstance(fact.value, dict) and fact.value.get("record") in chosen
        ]
        return own or facts

    async def _only_group(self, facts: list[tuple[str, Fact]]) -> list[tuple[str, Fact]]:
        """Of the parties those that are countries, people or companies, where one of these is asked for."""
        groups = [self.lex.groups[name] for name in self.reading.of("groups")]
        if not groups or not facts:
            return facts
        slugs = [fact.value["record"] for _, fact in facts if isinstance(fact.value, dict) and fact.value.get("record")]
        found = await records.get_many(self.conn, self.guild_id, slugs)
        own = {one.record.slug for one in found if any(_is_of(one, group) for group in groups)}
        return [
            (field, fact) for field, fact in facts if isinstance(fact.value, dict) and fact.value.get("record") in own
        ]

    async def _holders(self, fields: dict[str, list[str]], *, talks: bool = False) -> list[Opened]:
        """The records in which these fields are looked up: those named, else those linked with them or found by words.

        With `talks` a deal or document also leads to the session at which it was raised.
        """
        if "any" in fields:
            return self.subjects
        own = [one for one in self.subjects if one.record.kind in fields]
        if own:
            return own
        wanted: list[Kind] = list(fields)  # pyright: ignore[reportAssignmentType]  # the file's kinds
        for subject in self.subjects:
            linked = [link.slug for link in subject.links if link.kind in wanted]
            if subject.record.kind == "dialogue" and "session" in wanted:
                return await self._open([link.slug for link in subject.links if link.kind == "session"][:1])
            if talks and subject.record.kind in ("deal", "document") and "session" in wanted and linked:
                return await self._open(linked[:1])
            if subject.record.kind == "event" and linked:
                return await self._open(linked[:1])
        if not self.subjects and not self.left:
            return await self._only_ones(wanted)
        held = self._held(self.left)
        texts = await self._texts(kinds=wanted, linked=self.subjects, words=self.left) if held or self.subjects else []
        if not texts and held:
            texts = await self._texts(kinds=wanted, words=self.left)
        if not texts:
            return []
        if held:
            best = texts[0].rank(self.left)
            texts = [text for text in texts if text.rank(self.left) == best]
        found = await self._open([text.slug for text in texts[:MOST]])
        if len(found) > 1:
            with_facts = [one for one in found if any(one.record.facts(f) for f in fields.get(one.record.kind, ()))]
            found = with_facts[:3] or found[:1]
        return found

    async def _tell_roles_of(self, one: Opened) -> None:
        """What somebody is in deals and talks; or who they are, where they are in none."""
        linked = [link.slug for link in one.links if link.field in ("party", "attended") and not link.outward]
        for other in await self._open(list(dict.fromkeys(linked))[:3]):
            facts = [
                (field, fact)
                for field in ("party", "attended")
                for fact in other.record.facts(field)
                if fact.value.get("record") == one.record.slug
            ]
            self.found.lines.append(Told(other, "", facts))
        if not linked and not any(line.opened is one for line in self.found.lines):
            self.found.lines.append(_identity(one))
        self.found.card = one

    async def _by_cue(self, name: str, fields: dict[str, list[str]]) -> list[Opened]:
        """Where no record is named that has such fields: those that hold the very word by which they were asked for."""
        if any(one.record.kind in fields for one in self.subjects) or self.lex.aspects[name].weak:
            return []
        cues = [self.reading.word(place) for place in self.reading.meanings["aspects", name]]
        wanted: list[Kind] = [kind for kind in fields if kind != "any"]  # pyright: ignore[reportAssignmentType]  # the file's kinds
        words = [word for word in cues if word not in self.lex.small]
        texts = await self._texts(kinds=wanted, words=[*words, *self.left]) if words else []
        texts = [text for text in texts if text.rank(words)[0]]
        found = await self._open([text.slug for text in texts[:MOST]])
        return [one for one in found if any(one.record.facts(field) for field in fields.get(one.record.kind, ()))][:2]

    async def _only_ones(self, kinds: Sequence[Kind]) -> list[Opened]:
        """The record that is meant where none is named: the only one of its kind; of several it asks which."""
        for kind in kinds:
            if kind not in _DEFINITE:
                continue
            rows, _ = await records.list_kind(self.conn, self.guild_id, kind, limit=_ALIKE)
            rows = [row for row in rows if row.slug == self.chosen] or rows
            if len(rows) == 1:
                return await self._open([rows[0].slug])
            if rows:
                self._ask_which(rows)
                return []
        return []

    async def _tell_role(self, role: str) -> None:
        """Who has a role in a deal, or the deals in which somebody has it."""
        meant = self.lex.roles[role]
        deals = [one for one in self.subjects if one.record.kind == "deal"]
        named = [one for one in self.subjects if one.record.kind == "participant"]
        exact = not self._other_answer()
        if (
            self.subjects
            and not deals
            and not named
            and any(one.record.kind in ("event", "session") for one in self.subjects)
        ):
            return
        if not deals and named:
            linked = [link for one in named for link in one.links if link.kind == "deal"]
            own = [link.slug for link in linked if _is_role(link.role, meant.roles)]
            deals = await self._open(list(dict.fromkeys(own or [link.slug for link in linked]))[:MOST])
        if not deals:
            deals = await self._holders({"deal": ["party"]}) if self.left or not named else []
        if not deals and exact:
            self.found.lines.append(Missing(meant.absent, self._about()))
        asks_who = any(token.word in ("who", "which", "what", "whom") for token in self.reading.tokens)
        for deal in deals:
            parties = [("party", fact) for fact in deal.record.facts("party") if fact.value.get("role")]
            holders = [(field, fact) for field, fact in parties if _is_role(fact.value["role"], meant.roles)]
            of_named = {fact.value["record"] for _, fact in holders} & {one.record.slug for one in named}
            if holders:
                if named and not of_named and not asks_who and exact:
                    self.found.lines.append(Missing(f"{named[0].record.name} as {meant.absent.lower()}", deal))
                self.found.lines.append(Told(deal, "", holders))
            elif exact:
                self.found.lines.append(Missing(meant.absent, deal))
                if parties:
                    self.found.lines.append(Told(deal, "", parties))

    def _other_answer(self) -> bool:
        """Whether something more exact is asked for, so that a missing role is not worth a line."""
        plain = {"identify", "people", "list", "date", "place", "summary", "said"}
        return bool(set(self.aspects) - plain)

    async def _check_states(self) -> None:
        """What a question for a stage finds: that it was reached, or that this is not in the record."""
        lines = self.found.lines
        for subject in self.subjects:
            kind = subject.record.kind
            if kind == "deal":
                await self._check_deal(subject)
            elif kind == "session" and (asked := self.reading.of("session_states")):
                if self.reading.has("future", ""):
                    lines.append(Missing("A date to come", subject))
                elif subject.record.value("state") not in asked:
                    lines.append(self._no_state("session_states", asked[0], subject))
                lines.append(Told(subject, "State", [("state", fact) for fact in subject.record.facts("state")]))
            elif kind == "statement" and self.reading.yes_no and (outcomes := self.reading.of("outcomes")):
                lines.append(self._no_state("outcomes", outcomes[0], subject))
            elif kind in ("document", "dialogue") and (stages := self.reading.of("stages")):
                lines.append(self._no_state("stages", stages[0], subject))

    def _no_state(self, category: str, name: str, subject: Opened) -> Missing:
        return Missing(sentence_case(self.lex.states[category][name].absent), subject)

    async def _check_deal(self, deal: Opened) -> None:
        """The stages and side states that are asked for: reached when, or not in the record and what is instead."""
        lines: list[Told | Missing] = []
        stage = deal.record.value("stage") or "unspecified"
        asked = self.reading.of("stages")
        if deal.record.facts("approval"):
            # The approvals themselves are told, each with who gives it.
            asked = [one for one in asked if one != "approved"]
        for one in asked:
            if stage_rank(stage) < stage_rank(one):
                lines.append(self._no_state("stages", one, deal))
            elif stage != one and (reached := await self._reached(deal, one)):
                fact = Fact(reached.value, reached.date, reached.id, reached.source_id, reached.locator)
                lines.append(Told(deal, "Stage reached", [("stage", fact)]))
        sides = [one for one in self.reading.of("side_states") if deal.record.value("side_state") != one]
        lines += [self._no_state("side_states", one, deal) for one in sides]
        if asked or self.reading.of("side_states"):
            lines.append(_stage_of(deal))
        self.found.lines += lines

    async def _tell_pending(self) -> None:
        """Open items: of what is named, or all of them, with who must act and by when."""
        items = [one for one in self.subjects if one.record.kind == "pending"]
        about = [one for one in self.subjects if one.record.kind != "pending"]
        if not items:
            if self.found.day is None:
                slugs = await self._waiting(about)
            else:
                slugs = await self._waited(about)
            items = await self._open(slugs[:MOST])
            items = [one for one in items if one.record.open]
            if not about and len(slugs) > 0 and not self._held(self.left):
                self.found.listed = Listed("pending", [_row(one) for one in items], len(slugs), counted=True)
                return
        for item in items:
            who = [("who", fact) for fact in item.record.facts("who")]
            if who and (item.record.open or not self.reading.has("aspects", "due")):
                self.found.lines.append(Told(item, "Who must act" if item.record.open else "Who had to act", who))
            due = [("due", fact) for fact in item.record.facts("due")]
            if due and item.record.open:
                self.found.lines.append(Told(item, "Due", due))
            elif self.reading.has("aspects", "due"):
                self.found.lines.append(Missing("A due date", item))
            if not item.record.open:
                closed = [("state", f) for f in item.record.facts("state")] + [
                    ("outcome", f) for f in item.record.facts("outcome")
                ]
                self.found.lines.append(Told(item, "State", closed))
            if item.record.open:
                ended = [one for one in self.reading.of("outcomes") if one != "given" or not about]
                self.found.lines += [self._no_state("outcomes", one, item) for one in ended[:1]]
            if self.reading.has("aspects", "closes"):
                facts = [("closes_when", fact) for fact in item.record.facts("closes_when")]
                self.found.lines.append(Told(item, "Closes when", facts) if facts else Missing("What closes it", item))
        if not items and about:
            self.found.lines.append(Missing("An open item", about[0]))

    async def _waiting(self, about: Sequence[Opened]) -> list[str]:
        """The open items about the records named, or on which one of them has to act; all when none is named."""
        if about:
            found: dict[str, None] = {}
            of_deals = [one for one in about if one.record.kind == "deal"] or list(about)
            governments = [
                link.slug
                for one in of_deals
                for link in one.links
                if link.field == "country" and not link.outward and link.headline.startswith("government")
            ]
            of_deals += await self._open(governments)
            for one in of_deals:
                found |= {link.slug: None for link in one.links if link.kind == "pending" and link.open}
            return list(found)
        if held := self._held(self.left):
            texts = await self._texts(kinds=("pending",), words=held)
            if texts and _held_by(held, texts[0].words):
                return [text.slug for text in texts]
        waiting = await records.list_waiting(self.conn, self.guild_id)
        return [one.slug for one in waiting]

    async def _waited(self, about: Sequence[Opened]) -> list[str]:
        if about:
            return [link.slug for one in about for link in one.links if link.kind == "pending" and link.open]
        assert self.found.day is not None  # A past day is asked about.
        rows, _ = await records.list_kind_as_of(
            self.conn, self.guild_id, "pending", day=self.found.day, open=True, limit=50
        )
        return [row.slug for row in rows]

    # Statements

    def _asks_what_was_said(self) -> bool:
        has = self.reading.has
        if not (has("aspects", "said", "acted_in_words", "joint") or has("kinds", "statement")):
            return False
        strong = {n for n in self.aspects if not self.lex.aspects[n].weak} - {
            "said",
            "acted_in_words",
            "list",
            "joint",
            "compare",
            "summary",
            "source",
        }
        only_deals = bool(self.subjects) and all(one.record.kind in ("deal", "pending") for one in self.subjects)
        if only_deals and (strong or self.reading.of("roles")) and not has("kinds", "statement"):
            return False
        if has("aspects", "said") or has("kinds", "statement"):
            return not (
                strong & {"value", "quantity", "delivery"} and any(one.record.kind == "deal" for one in self.subjects)
            )
        return not strong and not self.reading.of("roles")

    async def _tell_statements(self) -> None:
        speakers, abouts = self._sides()
        acted = [self.reading.word(place) for place in self.reading.meanings.get(("aspects", "acted_in_words"), ())]
        words = [*self.left, *acted]
        named = [one for one in self.subjects if one.record.kind == "statement"]
        by = {one.record.slug for one in speakers}
        if named:
            own = [one for one in named if await self._is_by(one, by)]
            if not own:
                self.found.lines.append(Missing("Such a statement", speakers[0]))
            self._show_statements(own or named)
            return
        found = await self._said([*abouts], words, by)
        whole = len(self._held(words)) == len(words)
        if found and (whole or not words or self._covers(found, words)):
            self._show_statements(found)
            if self.reading.has("aspects", "joint") and not any([await self._is_joint(one) for one in found]):
                self.found.lines.insert(0, Missing("A joint position on this"))
            return
        if found and len([w for w in words if _held_by([w], _words_of(found[0]))]) * 2 >= len(words):
            self._show_statements(found)
            return
        self.found.lines.append(Missing("Such a statement", speakers[0] if speakers else None))
        if len(self.subjects) > 1 and any(one.record.kind == "deal" for one in self.subjects) and not words:
            await self._tell_relation()
            return
        both = [*speakers, *abouts]
        for linked, held in ((abouts, words), ([], words), (both, []), (abouts, []), (speakers, [])):
            if not linked and not self._held(held):
                continue
            known = await self._said(linked, held, set())
            if known:
                self._show_statements(known)
                return
        if not self.subjects:
            await self._tell_by_words()

    async def _is_by(self, statement: Opened, by: set[str]) -> bool:
        """Whether a statement is by all of these, or a document's that all of these have issued."""
        whose = {fact.value.get("record") for fact in statement.record.facts("whose")}
        if by <= whose:
            return True
        documents = [link.slug for link in statement.links if link.field == "whose" and link.kind == "document"]
        issued = await records.get_many(self.conn, self.guild_id, documents)
        issuers = {fact.value.get("record") for one in issued for fact in one.record.facts("issuer")}
        # One of the issuers alone did not say it: what a joint document says is told as the document's.
        return len(by) > 1 and by <= whose | issuers

    async def _is_joint(self, statement: Opened) -> bool:
        documents = [link.slug for link in statement.links if link.field == "whose" and link.kind == "document"]
        issued = await records.get_many(self.conn, self.guild_id, documents)
        return len(statement.record.facts("whose")) > 1 or any(len(one.record.facts("issuer")) > 1 for one in issued)

    def _covers(self, found: Sequence[Opened], words: Sequence[str]) -> bool:
        return all(_held_by([word], _words_of(found[0])) for word in words)

    def _sides(self) -> tuple[list[Opened], list[Opened]]:
        """Who speaks and what is spoken about. Who comes first and not after a word such as "about" speaks."""
        speakers: list[Opened] = []
        abouts: list[Opened] = []
        ends = -1
        for one in self.subjects:
            name = self.names.get(one.record.slug)
            before, and_ = "", False
            if name is not None:
                first = name.start - (2 if self.reading.word(name.start - 1) in ("the", "a", "an") else 1)
                before = self.reading.word(first)
                and_ = before == "and" and first == ends
            may = one.record.kind in ("participant", "document") and before not in self.lex.about
            if one.record.kind == "statement":
                continue
            if may and (not speakers or before == "by" or (and_ and not abouts)):
                speakers.append(one)
                ends = name.end if name is not None else -1
            else:
                abouts.append(one)
        return speakers, abouts

    async def _said(self, linked: Sequence[Opened], words: Sequence[str], by: set[str]) -> list[Opened]:
        """Statements that are linked with all of these, hold the most of the words, and are by all of the speakers."""
        speakers = [one for one in self.subjects if one.record.slug in by]
        tagged = [*linked, *speakers] if len(by) == 1 else list(linked)
        if not tagged and not words:
            tagged = speakers[:1]
        texts = await self._texts(kinds=("statement",), linked=tagged, words=words)
        if words and texts:
            best = texts[0].rank(words)[0]
            texts = [text for text in texts if text.rank(words)[0] == best] if best else []
        found = await self._open([text.slug for text in texts[:20]])
        return [one for one in found if not by or await self._is_by(one, by)]

    def _show_statements(self, found: Sequence[Opened]) -> None:
        if not found:
            return
        self.found.statements = list(found[:MOST])
        self.found.statements_total = len(found)
        if len(found) == 1 and self.found.card is None:
            self.found.card = found[0]

    # Lists, changes and comparisons

    def _asks_for_list(self) -> bool:
        if self.reading.has("kinds", "statement") and not self.reading.has("kinds", "deal"):
            return False
        if self._lists():
            return True
        if not self.reading.of("groups") or self.subjects or self.left:
            return False
        fields = [n for n in self.aspects if self.lex.aspects[n].fields and not self.lex.aspects[n].weak]
        return not set(fields) - {"parties"}

    async def _list(self) -> None:
        kinds = [
            kind for kind in self.reading.of("kinds") if kind in ("deal", "session", "document", "event", "pending")
        ]
        if not kinds and self.reading.of("groups"):
            await self._list_group()
            return
        kind: Kind = kinds[0] if kinds else "participant"  # pyright: ignore[reportAssignmentType]  # the file's kinds
        if kind == "pending" or (kind == "deal" and self.reading.has("aspects", "pending") and not self.subjects):
            await self._tell_pending()
            if self.found.answered or self.found.lines:
                return
        stages = [one for one in self.reading.of("stages") if one in STAGES]
        counted = self.reading.has("aspects", "count")
        linked = [one for one in self.subjects if one.record.kind != kind]
        named = [one for one in self.subjects if one.record.kind == kind]
        if named:
            await self._tell_fields()
            return
        if self.found.day is not None and not linked and kind == "deal":
            rows, total = await records.list_kind_as_of(
                self.conn, self.guild_id, kind, day=self.found.day, stage=stages[0] if stages else None, limit=MOST
            )
        else:
            rows, total = await records.list_kind(
                self.conn,
                self.guild_id,
                kind,
                stage=stages[0] if stages and kind == "deal" else None,
                linked=[one.record.slug for one in linked],
                limit=MOST,
            )
        words = tuple((one.record.slug, one.record.name) for one in linked)
        self.found.listed = Listed(kind, rows, total, words, stages[0] if stages else None, counted)

    async def _list_group(self) -> None:
        """The countries, people or companies there are."""
        groups = [self.lex.groups[name] for name in self.reading.of("groups")]
        found: dict[str, Opened] = {}
        for group in groups:
            texts = await self._texts(kinds=("participant",), words=[*(group.holds or [group.type])], limit=200)
            found |= {one.record.slug: one for one in await self._open([t.slug for t in texts]) if _is_of(one, group)}
        rows = sorted((_row(one) for one in found.values()), key=lambda row: row.name.casefold())
        self.found.listed = Listed("participant", rows[:MOST], len(rows), counted=True)

    async def _tell_changes(self) -> None:
        asked = self.reading.asked
        first, last = (asked.first, asked.last) if asked is not None and not asked.of else (date.min, self.today)
        if asked is not None and asked.mode == "since":
            first, last = asked.first, self.today
        if asked is not None and asked.mode == "before":
            first, last = date.min, asked.day(self.today)
        since = await self._since_stage()
        if since is not None:
            first = since
        subjects = self.subjects
        if not subjects:
            subjects = await self._open([row.slug for row in await self._newest(first, last)])
        seen: set[str] = set()
        for subject in subjects:
            around = [link.slug for link in subject.links if link.kind == "pending" and subject.record.kind == "deal"]
            for one in [subject, *await records.get_many(self.conn, self.guild_id, around[:MOST])]:
                if one.record.slug in seen:
                    continue
                seen.add(one.record.slug)
                history = await updates.history(self.conn, self.guild_id, one.record.slug)
                kept = [
                    update
                    for update in live_updates(history)
                    if update.date.first is not None
                    and first <= update.date.first
                    and (update.date.day or update.date.first) <= last
                    and (field := find_field(one.record.kind, update.field)) is not None
                    and (field.reports if self.subjects else field.milestone)
                ]
                if kept:
                    self.found.changed.append(Changed(one, kept))
        if last < self.today and self.subjects:
            self.found.day = last
            await self._go_back()
            self.found.lines = [line for line in self.found.lines if not self.found.changed]
        if not self.found.changed:
            self.found.lines.append(Missing("A report from that time", subjects[0] if subjects else None))

    async def _since_stage(self) -> date | None:
        """The day after a stage was reached, where the question says "since the signature"."""
        deals = [one for one in self.subjects if one.record.kind == "deal"]
        since = next((i for i, token in enumerate(self.reading.tokens) if token.word in ("since", "after")), None)
        if since is None or self.reading.asked is not None or not deals:
            return None
        for (category, stage), places in self.reading.meanings.items():
            if category == "stages" and any(since < place <= since + 3 for place in places):
                reached = await self._reached(deals[0], stage)
                if reached is not None and reached.date.day is not None:
                    return reached.date.day.fromordinal(reached.date.day.toordinal() + 1)
        return None

    async def _newest(self, first: date, last: date) -> list[Row]:
        """The records of which something was reported in a time, the newest first."""
        rows = await self.conn.execute_fetchall(
            "SELECT kind, slug, name, headline, newest_on FROM record WHERE guild_id = ? AND live = 1 "
            "AND newest_on >= ? AND newest_on <= ? AND kind IN ('deal', 'session', 'pending') "
            "ORDER BY newest_on DESC, kind, id LIMIT ?",
            (self.guild_id, first.isoformat(), last.isoformat(), MOST),
        )
        return [Row(*row) for row in rows]

    async def _tell_events(self) -> bool:
        """What happened to the records named: the events that are linked with them."""
        if not self.subjects or any(one.record.kind in ("event", "session", "deal") for one in self.subjects):
            return False
        texts = await self._texts(kinds=("event",), linked=self.subjects, words=self._held(self.left))
        for one in await self._open([text.slug for text in texts[:3]]):
            involved = [("involved", fact) for fact in one.record.facts("involved")]
            self.found.lines.append(_identity(one))
            if involved:
                self.found.lines.append(Told(one, "Involved", involved))
        return bool(texts)

    async def _list_bystanders(self) -> None:
        """Those who are mentioned and take part in nothing."""
        pairs, _ = await records.list_participants(self.conn, self.guild_id, limit=200)
        rows = [row for row, party in pairs if not party]
        self.found.listed = Listed("participant", rows[:MOST], len(rows), counted=True)

    async def _find_other(self) -> bool:
        """Whether there are two to compare; of "the fourth and fifth round" the first is found by its word."""
        if len(self.subjects) == 1 and self._held(self.left):
            first = self.subjects[0]
            texts = await self._texts(kinds=(first.record.kind,), words=self.left)
            others = [text.slug for text in texts if text.slug != first.record.slug and text.rank(self.left)[1]]
            self.subjects = [*await self._open(others[:1]), first]
        return len(self.subjects) > 1

    async def _compare(self) -> None:
        kind = self.subjects[0].record.kind
        for one in self.subjects[:3]:
            if one.record.kind == "deal":
                self.found.lines.append(_stage_of(one))
            for field in _COMPARED.get(kind, ()):
                facts = [(field, fact) for fact in one.record.facts(field)]
                if facts:
                    self.found.lines.append(Told(one, get_field(one.record.kind, field).label, facts))
        if kind == "participant":
            self.found.lines = []
            for one in self.subjects[:3]:
                self.found.lines.append(_identity(one))
                await self._tell_roles_of(one)
        if not self.found.lines:
            self.found.lines = [_identity(one) for one in self.subjects[:3]]

    # Whatever is left

    async def _tell_by_words(self) -> None:
        """No cue told what is asked for: how the named are linked, what holds the other words, or who somebody is."""
        held = self._held(self.left)
        if self.subjects and (not held or all(_held_by([w], _words_of(self.subjects[0])) for w in held)):
            if len(self.subjects) > 1 and await self._tell_relation():
                return
            lost = len(held) < len(self.left) or any(
                self.reading.word(place - 1) in ("which", "what", "whose") for place in self.reading.left
            )
            if lost:
                self.found.lines.append(Missing("The answer", self.subjects[0]))
            else:
                self.found.lines += [_identity(one) for one in self.subjects[:2]]
            return
        if held:
            texts = await self._texts(linked=self.subjects, words=self.left) if self.subjects else []
            apart = not texts and bool(self.subjects)
            texts = texts or await self._texts(words=self.left)
            most = _held_by(self.left, texts[0].words) if texts else 0
            best = (
                [text for text in texts if text.rank(self.left) == texts[0].rank(self.left)]
                if most * 2 >= len(self.left)
                else []
            )
            found = await self._open([text.slug for text in best[:MOST]])
            said = [one for one in found if one.record.kind == "statement"]
            if most < len(self.left) or (apart and found):
                self.found.lines.append(Missing("Part of what was asked", self.subjects[0] if self.subjects else None))
            if said and len(said) == len(found):
                self._show_statements(said)
            elif found:
                first = next((one for one in found if one.record.kind != "statement"), found[0])
                weak = [name for name in self.aspects if self.lex.aspects[name].fields]
                for name in weak:
                    for field in self.lex.aspects[name].fields.get(first.record.kind, ()):
                        facts = [(field, fact) for fact in first.record.facts(field)]
                        if facts:
                            self.found.lines.append(Told(first, get_field(first.record.kind, field).label, facts))
                if not any(isinstance(line, Told) for line in self.found.lines):
                    if first.record.value("item_kind") == "research_gap" and most == len(self.left):
                        self.found.lines.append(Missing("The answer", first))
                    self.found.lines.append(_identity(first))
                self.found.card = first
            elif self.subjects and not self.found.lines:
                self.found.lines.append(Missing("The answer", self.subjects[0]))
            if found or self.subjects:
                return
        if self.subjects and not self.found.lines:
            self.found.lines.append(Missing("The answer", self.subjects[0]))
        if not self.subjects and not self.reading.left and not self.reading.names:
            rows, total = await records.list_kind(self.conn, self.guild_id, "deal", limit=MOST)
            if self.aspects or self.reading.of("kinds"):
                self.found.listed = Listed("deal", rows, total)

    async def _tell_relation(self) -> bool:
        """How two records are linked: directly, or by others that name both."""
        one, other = self.subjects[:2]
        for a, b in ((one, other), (other, one)):
            fields = [link.field for link in a.links if link.outward and link.slug == b.record.slug]
            for field in dict.fromkeys(fields):
                facts = [
                    (field, fact)
                    for fact in a.record.facts(field)
                    if isinstance(fact.value, dict)
                    and b.record.slug in (fact.value.get("record"), fact.value.get("side"))
                ]
                if facts:
                    self.found.lines.append(Told(a, get_field(a.record.kind, field).label, facts))
        if any(isinstance(line, Told) for line in self.found.lines):
            return True
        texts = await self._texts(linked=[one, other])
        said = [text.slug for text in texts if text.kind == "statement"]
        if said:
            found = await self._open(said[:20])
            speakers, _ = self._sides()
            by = {subject.record.slug for subject in speakers}
            own = [s for s in found if by <= {fact.value.get("record") for fact in s.record.facts("whose")}]
            self._show_statements(own or found)
            if not own and not self.found.lines:
                self.found.lines.append(Missing("Such a statement", speakers[0] if speakers else None))
            return True
        if texts:
            found = await self._open([text.slug for text in texts[:3]])
            self.found.lines += [_identity(both) for both in found]
            return True
        self.found.lines.append(Missing("A link between the two", one))
        self.found.lines += [_identity(subject) for subject in self.subjects[:2]]
        return True

    async def _offer_closest(self) -> None:
        close: dict[str, Row] = {}
        for word in self.left[:3]:
            for row, _ in await records.complete(self.conn, self.guild_id, word, limit=3):
                close.setdefault(row.slug, row)
        if not close and not self.left:
            rows, _ = await records.list_kind(self.conn, self.guild_id, "deal", limit=3)
            close = {row.slug: row for row in rows}
        self.found.options = list(close.values())[:MOST]

    def _mark_unknown(self) -> None:
        """The words that neither the answer nor the lexicon explains, so that the answer can say so."""
        found = self.found
        if not self.reading.left:
            return
        shown = [
            *(line.opened for line in found.lines if line.opened is not None),
            *found.statements,
            *(one.opened for one in found.changed),
            *([found.card] if found.card else []),
            *self.subjects,
        ]
        words = {word for one in shown for word in _words_of(one)}
        words |= {
            word
            for row in [*(found.listed.rows if found.listed else []), *found.options]
            for word in words_of(f"{row.name} {row.headline}")
        }
        found.unknown = tuple(place for place in self.reading.left if not _held_by([self.reading.word(place)], words))


_COMPARED: dict[str, tuple[str, ...]] = {
    "deal": ("party", "value", "quantity", "deal_type"),
    "participant": ("type", "title", "org_type", "country"),
    "session": ("held_on", "place", "attended", "agenda", "produced"),
    "document": ("doc_type", "issuer", "dated", "topic"),
    "statement": ("whose", "said"),
    "pending": ("who", "due"),
}


class _Key:
    """A line that equals another one when it tells the same of the same record."""

    def __init__(self, line: Told | Missing) -> None:
        self.line = line
        slug = line.opened.record.slug if line.opened else ""
        facts = tuple(fact.update for _, fact in line.facts) if isinstance(line, Told) else ()
        self.key = (slug, line.label if isinstance(line, Told) else line.what, facts)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.key == other.key


def sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _stage_of(deal: Opened) -> Told:
    """How far a deal is: its phrase, and the facts that it comes from."""
    fields = ("stage", "side_state", "approved_by", "approval")
    return Told(deal, "Stage", [(field, fact) for field in fields for fact in deal.record.facts(field)])


def _first(one: Opened) -> tuple[str, Fact] | None:
    """The fact with the earliest date, by which a record is on the record since then."""
    dated = [
        (field, fact)
        for field, of_field in one.record.state.facts.items()
        for fact in of_field
        if fact.date.day is not None and get_field(one.record.kind, field).reports
    ]
    return min(dated, key=lambda pair: pair[1].date.day or date.max, default=None)


def _identity(one: Opened) -> Told:
    """What a record is: the phrase that lists give of it."""
    return Told(one, "What it is", [("name", fact) for fact in one.record.facts("name")])


def _row(one: Opened) -> Row:
    newest = one.record.state.newest
    return Row(
        one.record.kind,
        one.record.slug,
        one.record.name,
        one.record.headline,
        newest.day.isoformat() if newest and newest.day else None,
    )


def _is_role(role: str, known: Sequence[str]) -> bool:
    words = words_of(role)
    return any(same(word, one) for word in words for one in known)


def _is_of(one: Opened, group: Group) -> bool:
    """Whether a participant is of the type, and is one of the things, that a noun means."""
    if one.record.value("type") != group.type:
        return False
    words = words_of(str(one.record.value("org_type") or ""))
    return not group.holds or any(same(word, held) for word in words for held in group.holds)


def _words_of(one: Opened) -> set[str]:
    """The words that a record holds, and those of the records it is linked with."""
    names = one.names
    found: list[str] = [one.record.name, one.record.headline]
    for field_name, facts in one.record.state.facts.items():
        field = find_field(one.record.kind, field_name)
        if field is not None:
            found += [field.type.words(fact.value, names) for fact in facts]
    found += [f"{link.name} {link.headline} {link.role}" for link in one.links[:60]]
    return set(words_of(" ".join(found)))


def _held_by(words: Iterable[str], held: Iterable[str]) -> int:
    """How many of the words, in some form, are among others."""
    there = set(held)
    return sum(1 for word in words if any(form in there for form in _forms(word)))
