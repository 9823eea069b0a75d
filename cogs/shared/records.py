"""Parts of commands about records: the argument that names one, its card as an answer, and lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import discord
from discord import app_commands, ui

from bot.app import Attache
from bot.errors import BadInput, NotInRecord
from bot.interactions.cache import CachedRecord, PageCache, RecordCache, quarter_of
from bot.interactions.permissions import Actor
from bot.ledger.cited import shortened
from bot.ledger.kinds import KIND_WORDS, KINDS, ON_REQUEST_KINDS, STAGES
from bot.ledger.words import one_line
from bot.services import follows, guilds, index, questions, records, search
from bot.services.questions import Listing
from bot.ui import cards, lists
from bot.ui.choices import LIMIT, Offered, choices
from bot.ui.ids import number
from bot.ui.text import escaped, plural, sentence
from data.database import Connection, Database
from data.records import Kind, Opened, Row

Interaction = discord.Interaction[Attache]


_LEAST_BESIDE = 20  # Fewer characters beside a name would say nothing.


class RecordArgument(app_commands.Transformer[discord.Client]):
    """A command option that takes a record, chosen or typed. The command itself looks the record up."""

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = kinds or KINDS

    async def transform(self, interaction: discord.Interaction, value: str, /) -> str:
        return one_line(value)  # A lone half of a character could not even be looked up.

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]  # the client is ours
        self, interaction: Interaction, value: str, /
    ) -> list[app_commands.Choice[str]]:
        return choices(await self.offered(interaction, value))

    async def offered(self, interaction: Interaction, value: str) -> list[Offered]:
        """Return the completions of a half-typed value, the likeliest first."""
        if interaction.guild_id is None:
            return []
        matches = await index.complete(interaction.client.db.read, interaction.guild_id, value, self._kinds)
        return [_choice(row, len(self._kinds) > 1) for row, _ in matches]


def _choice(row: Row, with_kind: bool) -> Offered:
    """Return a record as a choice: with its kind where several kinds are offered, else with its status line."""
    room = LIMIT - len(row.name) - 3
    beside = shortened(row.status, room) if row.status and room >= _LEAST_BESIDE else ""
    return Offered(row.name, KIND_WORDS[row.kind][0] if with_kind else beside, row.slug)


Deal = app_commands.Transform[str, RecordArgument("deal")]
Participant = app_commands.Transform[str, RecordArgument("participant")]
Dialogue = app_commands.Transform[str, RecordArgument("dialogue")]
Topic = app_commands.Transform[str, RecordArgument("topic")]
Item = app_commands.Transform[str, RecordArgument("pending")]
AnyRecord = app_commands.Transform[str, RecordArgument()]


async def find(conn: Connection, cache: RecordCache, guild_id: int, text: str, kinds: Sequence[Kind] = KINDS) -> Opened:
    """Return the record that a person named. Raise a UserError when there is none, or nothing is set up yet."""
    return (await _cached(conn, cache, guild_id, text, kinds))[0].opened


async def _cached(
    conn: Connection,
    cache: RecordCache,
    guild_id: int,
    text: str,
    kinds: Sequence[Kind],
    user_id: int | None = None,
) -> tuple[CachedRecord, bool]:
    """Return the record that a person named, and whether that person follows it."""
    try:
        return await cache.open_for(conn, guild_id, text, kinds, user_id)
    except (NotInRecord, BadInput):
        await guilds.get(conn, guild_id)
        raise


async def card_of(
    interaction: Interaction,
    actor: Actor,
    opened: Opened,
    now: datetime,
    *,
    shared: bool = False,
    sharable: bool = True,
    note: str = "",
    rendered: cards.RenderedCard | None = None,
    following: bool | None = None,
) -> ui.LayoutView:
    """Return the card of a record for an actor. A dialogue's card includes its latest session.

    Whether the reader of a private card is `following` is looked up where it is not given.
    """
    conn = interaction.client.db.read
    session = None
    if following is None and not shared:
        follow = await follows.find_own(conn, actor.guild_id, actor.user_id, opened.record.slug)
        following = follow is not None
    if opened.record.kind == "dialogue":
        latest = [link.slug for link in opened.links if link.kind == "session" and not link.outward][:1]
        sessions = await records.get_many(conn, actor.guild_id, latest)
        session = sessions[0] if sessions else None
    return cards.record(
        opened,
        now=now,
        editor=actor.may_edit(opened),
        guild_id=in_ids(interaction, actor),
        shared=shared,
        sharable=sharable,
        session=session,
        note=note,
        rendered=rendered if session is None else None,
        following=bool(following),
    )


def in_ids(interaction: Interaction, actor: Actor) -> int | None:
    """Return the server that custom ids have to name: the actor's in a DM, None in a server, where Discord says it."""
    return None if interaction.guild_id is not None else actor.guild_id


async def answer_card(interaction: Interaction, text: str, kinds: Sequence[Kind]) -> None:
    """Answer a command privately with the card of the record that was named."""
    bot = interaction.client
    now = bot.clock.now()
    actor = await bot.permissions.actor(interaction, now)
    try:
        cached, following = await _cached(bot.db.read, bot.record_cache, actor.guild_id, text, kinds, actor.user_id)
    except NotInRecord as error:
        # A question changes nothing anyway; what helps is where all such records are listed.
        several = KIND_WORDS[kinds[0]][1]
        raise NotInRecord(error.refusal, f"/{kinds[0]} list shows the {several} here.") from None
    view = await card_of(interaction, actor, cached.opened, now, rendered=cached.rendered(now), following=following)
    await interaction.response.send_message(view=view, ephemeral=True)


async def answer_list(interaction: Interaction, listing: Listing) -> None:
    """Answer a command privately with the first page of a list."""
    bot = interaction.client
    now = bot.clock.now()
    actor = await bot.permissions.actor(interaction, now)
    if listing.wanted is None and listing.kind != "pending":  # These two look by themselves where they have to.
        await guilds.get(bot.db.read, actor.guild_id)
    view = await list_page(interaction, actor, listing, 0, now)
    await interaction.response.send_message(view=view, ephemeral=True)


_SEARCH = "~"  # Before words that a page button carries.
_CARRIED = 60  # Characters of them, so that the id has room for a server and a page.


def plain_key(listing: Listing) -> str | None:
    """Return the key that a page button carries for a list without filters, or for a search for few words.

    Return None for a list that does not fit into a custom id and has to be stored.
    """
    if listing.wanted is not None:
        text = listing.wanted.text
        short = len(text.encode("utf-16-le", "surrogatepass")) <= 2 * _CARRIED  # As Discord counts.
        return _SEARCH + text if listing.wanted == search.Wanted(text) and short and ":" not in text else None
    if listing.linked or listing.stage:
        return None
    return "all" if listing.everything else listing.kind


async def listing_of(conn: Connection, guild_id: int, key: str, now: datetime) -> Listing:
    """Return the list that a page button names."""
    if key == "all":
        return Listing("pending", everything=True)
    if key in KIND_WORDS:
        return Listing(key)
    if key.startswith(_SEARCH):
        return Listing(wanted=search.Wanted(key.removeprefix(_SEARCH)))
    return await questions.get(conn, guild_id, number(key), now=now)


async def list_page(
    interaction: Interaction, actor: Actor, listing: Listing, page: int, now: datetime, key: str | None = None
) -> ui.LayoutView:
    """Return one page of a list. Store a list with filters when it has more than one page."""
    bot = interaction.client
    guild_id = in_ids(interaction, actor)
    if listing.kind == "pending":
        return await _pending_page(interaction, actor, listing, page, now, key)
    if listing.wanted is not None or listing.kind is None:
        return await _found_page(interaction, actor, listing, page, now, key)
    found, total, mentioned = await _rows(bot.db.read, actor.guild_id, listing.kind, listing, page)
    if not found and page > 0:
        page = 0
        found, total, mentioned = await _rows(bot.db.read, actor.guild_id, listing.kind, listing, page)
    if not found:
        return await _nothing(bot.db.read, bot.mention, actor.guild_id, listing.kind, listing.words)
    key = key or plain_key(listing)
    if key is None:
        key = await _kept(bot.db, actor, listing, now) if total > lists.ROWS else "deal"
    noun = KIND_WORDS[listing.kind]
    return lists.rows(
        sentence(noun[1]),
        found,
        total,
        page,
        key=key,
        noun=noun,
        line=f"{plural(total, *noun)}: {listing.words}" if listing.words else "",
        guild_id=guild_id,
        mentioned=mentioned,
    )


async def _rows(
    conn: Connection, guild_id: int, kind: Kind, listing: Listing, page: int
) -> tuple[list[Row], int, frozenset[str]]:
    """Return the rows of one page, how many there are in all, and the participants that are only mentioned."""
    offset = page * lists.ROWS
    if kind == "participant" and not listing.linked:
        pairs, total = await records.list_participants(conn, guild_id, offset=offset, limit=lists.ROWS)
        return [row for row, _ in pairs], total, frozenset(row.slug for row, party in pairs if not party)
    found, total = await records.list_kind(
        conn, guild_id, kind, stage=listing.stage, linked=listing.linked, offset=offset, limit=lists.ROWS
    )
    return found, total, frozenset()


async def _found_page(
    interaction: Interaction, actor: Actor, listing: Listing, page: int, now: datetime, key: str | None
) -> ui.LayoutView:
    """Return one page of search results."""
    bot = interaction.client
    wanted = listing.wanted or search.Wanted()
    rendered, read_as = await _searched(bot.db.read, bot.page_cache, actor.guild_id, listing, wanted, page)
    if not rendered.choices and page > 0:
        rendered, read_as = await _searched(bot.db.read, bot.page_cache, actor.guild_id, listing, wanted, 0)
    if not rendered.choices:
        await guilds.get(bot.db.read, actor.guild_id)
        close = await index.complete(bot.db.read, actor.guild_id, wanted.text, limit=3) if wanted.text else []
        return lists.nothing_found(
            wanted.text, listing.words, [row.name for row, _ in close], bot.mention("search"), read_as
        )
    key = key or plain_key(listing)
    if key is None:
        key = await _kept(bot.db, actor, listing, now) if rendered.total > lists.ROWS else "deal"
    return lists.found(rendered, key=key, guild_id=in_ids(interaction, actor))


async def _searched(
    conn: Connection, cache: PageCache, guild_id: int, listing: Listing, wanted: search.Wanted, page: int
) -> tuple[lists.RenderedPage, str]:
    """Return one page of search results, from the cache while nothing has changed, and the words as they were read."""
    understood = await search.understand(conn, guild_id, wanted)
    key = (guild_id, listing, page)
    cached = cache.get(key, understood.newest)
    if cached is not None:
        return cached, understood.read_as
    results = await search.search(
        conn, guild_id, wanted, understood=understood, offset=page * lists.ROWS, limit=lists.ROWS
    )
    rendered = lists.render_found(
        wanted.text,
        listing.words,
        [(hit.row, hit.fact) for hit in results.hits],
        understood.terms,
        results.total,
        page,
        more=results.more,
        read_as=understood.read_as if understood.corrected else "",
        left_out=understood.left_out,
        newest=wanted.order == "newest" or not understood.terms,
    )
    return cache.put(key, understood.newest, rendered), understood.read_as


async def _pending_page(
    interaction: Interaction, actor: Actor, listing: Listing, page: int, now: datetime, key: str | None
) -> ui.LayoutView:
    """Return one page of the pending items, from the cache while nothing has changed."""
    bot = interaction.client
    stands = await records.standing(bot.db.read, actor.guild_id), quarter_of(now)
    cache_key = (actor.guild_id, listing, page)
    rendered = bot.page_cache.get(cache_key, stands)
    if rendered is None:
        await guilds.get(bot.db.read, actor.guild_id)
        about = listing.linked[0] if listing.linked else None
        waiting = await records.list_waiting(bot.db.read, actor.guild_id, about=about)
        if not waiting:
            return await _nothing(bot.db.read, bot.mention, actor.guild_id, "pending", listing.words)
        asked = [item for item in waiting if listing.everything or item.item_kind not in ON_REQUEST_KINDS]
        shown = min(page, max(-(-len(asked) // lists.ITEMS) - 1, 0))
        here = [item.slug for item in asked[shown * lists.ITEMS : (shown + 1) * lists.ITEMS]]
        items = await records.get_many(bot.db.read, actor.guild_id, here)
        rendered = lists.render_pending(
            waiting, items, shown, now=now, about=listing.words, everything=listing.everything
        )
        bot.page_cache.put(cache_key, stands, rendered)
    everything = Listing("pending", linked=listing.linked, words=listing.words, everything=True)
    key = key or plain_key(listing)
    if key is None and rendered.total > lists.ITEMS:
        key = await _kept(bot.db, actor, listing, now)
    return lists.pending(
        rendered,
        key=key or "pending",
        everything_key=(plain_key(everything) or await _kept(bot.db, actor, everything, now))
        if rendered.hidden
        else "",
        guild_id=in_ids(interaction, actor),
    )


async def _kept(db: Database, actor: Actor, listing: Listing, now: datetime) -> str:
    async with db.write(actor.guild_id) as conn:
        return str(await questions.keep(conn, actor.guild_id, listing, now=now, user_id=actor.user_id))


async def _nothing(
    conn: Connection, mention: Callable[[str], str], guild_id: int, kind: Kind, asked: str
) -> ui.LayoutView:
    """Return the answer for an empty list: what is missing and what can be done. `asked` are its filters."""
    one, many = KIND_WORDS[kind]
    if kind == "pending":
        title = "What is still open"
        about = f" about {asked}" if asked else ""  # Escaped already, as all words of filters are.
        return lists.empty(
            title,
            f"Nothing is on the record as open{about}. "
            f"An editor can enter a pending item with {mention('update pending')}.",
        )
    if asked:
        _, total = await records.list_kind(conn, guild_id, kind, limit=1)
        count = f"{plural(total, one, many)} {'is' if total == 1 else 'are'} in the record"
        return lists.empty(
            sentence(many),
            f"No {one} in the record fits: {asked}. {count}: {mention(f'{kind} list')}.",
        )
    return lists.empty(
        sentence(many),
        f"No {one} is in the record yet. Someone with Manage Server can load a dossier with "
        f"{mention('settings load')}.",
    )


async def filters(
    conn: Connection,
    cache: RecordCache,
    guild_id: int,
    *,
    stage: str | None,
    participant: str | None,
    topic: str | None,
) -> Listing:
    """Return the list of deals with these filters. Raise a UserError when a name is not in the record."""
    await guilds.get(conn, guild_id)
    linked: list[str] = []
    words = [f"stage {STAGES[stage].lower()}"] if stage else []
    asked: tuple[tuple[Kind, str | None], ...] = (("participant", participant), ("topic", topic))
    for kind, text in asked:
        if text:
            opened = await find(conn, cache, guild_id, text, (kind,))
            linked.append(opened.record.slug)
            words.append(f"{kind} {escaped(opened.record.name, 100)}")
    return Listing("deal", stage=stage, linked=tuple(linked), words=", ".join(words))
