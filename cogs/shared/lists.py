"""Pages of lists, as answers to commands and to page buttons.

The custom id of a page button has a key that identifies the list.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from discord import ui

from bot.app import Attache
from bot.interactions.cache import quarter_of
from bot.interactions.permissions import Actor
from bot.ledger.kinds import KIND_WORDS, ON_REQUEST_KINDS
from bot.services import guilds, index, questions, records, search, source_facts
from bot.services import sources as source_rows
from bot.services.lists import KindListing, Listing, PendingListing, SearchListing, SourceListing
from bot.ui import lists, sources
from bot.ui.ids import number
from bot.ui.text import plural, sentence
from cogs.shared.answers import Interaction, dm_guild_id
from cogs.shared.sources import get_sources
from data.database import Connection, Database
from data.records import Row

_SEARCH = "~"  # A key that begins with this holds the words of a search.
_SOURCE = "*"  # A key that begins with this names a source, as in `SourceListing`.
_LONGEST = 60  # The most characters of a search in a key. The custom id also has the server and the page.


async def answer_list(interaction: Interaction, listing: Listing) -> None:
    """Answer a command privately with the first page of a list."""
    bot = interaction.client
    now = bot.clock.now()
    actor = await bot.permissions.actor(interaction, now)
    if isinstance(listing, KindListing):  # For the other lists, the pages check that the server is set up.
        await guilds.get(bot.db.read, actor.guild_id)
    view = await list_page(interaction, actor, listing, 0, now)
    await interaction.response.send_message(view=view, ephemeral=True)


async def list_page(
    interaction: Interaction, actor: Actor, listing: Listing, page: int, now: datetime, key: str = ""
) -> ui.LayoutView:
    """Render one page of a list. If the list has no such page any more, render its first or last page.

    `key` is the key in the pressed page button, or "" for a new list. If a new list has several pages, it gets a key.
    If it has no short key, it is also stored.
    """
    match listing:
        case KindListing():
            return await _kind_page(interaction, actor, listing, page, now, key)
        case PendingListing():
            return await _pending_page(interaction, actor, listing, page, now, key)
        case SearchListing():
            return await _search_page(interaction, actor, listing, page, now, key)
        case SourceListing():
            return await source_page(interaction, actor, listing, page, now, key)


# Keys


def short_key(listing: Listing) -> str:
    """Return the short key of a list, which says all about the list. Return "" if the list has to be stored instead.

    "deal" is the key of all deals, "all" of all open pending items, and "~drones" of the search for "drones".
    """
    match listing:
        case KindListing(kind, None, ()):
            return kind
        case PendingListing(None):
            return "all" if listing.everything else "pending"
        case SearchListing(wanted) if wanted == search.Wanted(wanted.text):
            return _SEARCH + wanted.text if _fits(wanted.text) else ""
        case SourceListing(text):
            return _SOURCE + text if _fits(text) else ""
        case _:
            return ""


def _fits(text: str) -> bool:
    """Return whether a text fits into the key of a list. Discord counts the UTF-16 units of a custom id."""
    return ":" not in text and len(text.encode("utf-16-le", "surrogatepass")) <= 2 * _LONGEST


async def get_listing(conn: Connection, guild_id: int, key: str, now: datetime) -> Listing:
    """Return the list that a key identifies. Raise UserError if the list was stored more than a day ago."""
    if key in ("all", "pending"):
        return PendingListing(everything=key == "all")
    if key in KIND_WORDS:
        return KindListing(key)
    if key.startswith(_SEARCH):
        return SearchListing(search.Wanted(key.removeprefix(_SEARCH)))
    if key.startswith(_SOURCE):
        return SourceListing(key.removeprefix(_SOURCE))
    return await questions.get(conn, guild_id, number(key), now=now)


async def _make_key(db: Database, actor: Actor, listing: Listing, now: datetime) -> str:
    """Return a key of a list. If the list has no short key, store it for a day."""
    if key := short_key(listing):
        return key
    async with db.write(actor.guild_id) as conn:
        return str(await questions.keep(conn, actor.guild_id, listing, now=now, user_id=actor.user_id))


# Records of a kind


async def _kind_page(
    interaction: Interaction, actor: Actor, listing: KindListing, page: int, now: datetime, key: str
) -> ui.LayoutView:
    """Render one page of a list of records of a kind, as `list_page` does."""
    bot = interaction.client
    rows, total, mentioned = await _kind_rows(bot.db.read, actor.guild_id, listing, page)
    if not rows and page > 0:
        page = 0
        rows, total, mentioned = await _kind_rows(bot.db.read, actor.guild_id, listing, page)
    if not rows:
        return await _empty_kind(bot.db.read, bot.mention, actor.guild_id, listing)
    if not key and total > lists.ROWS:
        key = await _make_key(bot.db, actor, listing, now)
    noun = KIND_WORDS[listing.kind]
    return lists.kind_page(
        sentence(noun[1]),
        rows,
        total,
        page,
        key=key,
        noun=noun,
        line=f"{plural(total, *noun)}: {listing.filters}" if listing.filters else "",
        guild_id=dm_guild_id(interaction, actor.guild_id),
        mentioned=mentioned,
    )


async def _kind_rows(
    conn: Connection, guild_id: int, listing: KindListing, page: int
) -> tuple[list[Row], int, frozenset[str]]:
    """Return (a) the rows of one page, (b) the number of rows on all pages, (c) the slugs of "mentioned" participants.

    Mentioned participants are those on this page that have no role in a deal or in talks. The page lists them under a
    separate heading. For other kinds, and for a filtered list, (c) is empty.
    """
    offset = page * lists.ROWS
    if listing.kind == "participant" and not listing.linked:
        pairs, total = await records.list_participants(conn, guild_id, offset=offset, limit=lists.ROWS)
        return [row for row, _ in pairs], total, frozenset(row.slug for row, party in pairs if not party)
    rows, total = await records.list_kind(
        conn, guild_id, listing.kind, stage=listing.stage, linked=listing.linked, offset=offset, limit=lists.ROWS
    )
    return rows, total, frozenset()


async def _empty_kind(
    conn: Connection, mention: Callable[[str], str], guild_id: int, listing: KindListing
) -> ui.LayoutView:
    """Render the answer for a list without records. It says whether the filters are the reason."""
    noun, nouns = KIND_WORDS[listing.kind]
    if listing.filters:
        _, total = await records.list_kind(conn, guild_id, listing.kind, limit=1)
        count = f"{plural(total, noun, nouns)} {'is' if total == 1 else 'are'} in the record"
        return lists.empty_list(
            sentence(nouns),
            f"No {noun} in the record fits: {listing.filters}. {count}: {mention(f'{listing.kind} list')}.",
        )
    return lists.empty_list(
        sentence(nouns),
        f"No {noun} is in the record yet. Someone with Manage Server can load a dossier with "
        f"{mention('settings load')}.",
    )


# Pending items


async def _pending_page(
    interaction: Interaction, actor: Actor, listing: PendingListing, page: int, now: datetime, key: str
) -> ui.LayoutView:
    """Render one page of a list of open pending items, as `list_page` does."""
    bot = interaction.client
    rendered = await _rendered_pending(bot, actor.guild_id, listing, page, now)
    if rendered is None:
        about = f" about {listing.about_name}" if listing.about_name else ""
        return lists.empty_list(
            "What is still open",
            f"Nothing is on the record as open{about}. "
            f"An editor can enter a pending item with {bot.mention('update pending')}.",
        )
    if not key and rendered.total > lists.ITEMS:
        key = await _make_key(bot.db, actor, listing, now)
    everything_key = ""
    if rendered.hidden:
        everything = PendingListing(listing.about, listing.about_name, everything=True)
        everything_key = await _make_key(bot.db, actor, everything, now)
    return lists.pending_page(
        rendered, key=key, everything_key=everything_key, guild_id=dm_guild_id(interaction, actor.guild_id)
    )


async def _rendered_pending(
    bot: Attache, guild_id: int, listing: PendingListing, page: int, now: datetime
) -> lists.RenderedPage | None:
    """Return one rendered page of the open pending items, or None if no item is open.

    The page comes from the cache if it was rendered in the same quarter of an hour and the server's records have not
    changed since.
    """
    conn, cache_key = bot.db.read, (guild_id, listing, page)
    depends_on = await records.standing(conn, guild_id), quarter_of(now)
    cached = bot.page_cache.get(cache_key, depends_on)
    if cached is not None:
        return cached
    await guilds.get(conn, guild_id)
    waiting = await records.list_waiting(conn, guild_id, about=listing.about)
    if not waiting:
        return None
    listed = [item for item in waiting if listing.everything or item.item_kind not in ON_REQUEST_KINDS]
    page = min(page, max(-(-len(listed) // lists.ITEMS) - 1, 0))
    slugs = [item.slug for item in listed[page * lists.ITEMS : (page + 1) * lists.ITEMS]]
    items = await records.get_many(conn, guild_id, slugs)
    rendered = lists.render_pending(
        waiting, items, page, now=now, about=listing.about_name, everything=listing.everything
    )
    return bot.page_cache.put(cache_key, depends_on, rendered)


# Search results


async def _search_page(
    interaction: Interaction, actor: Actor, listing: SearchListing, page: int, now: datetime, key: str
) -> ui.LayoutView:
    """Render one page of the results of a search, as `list_page` does."""
    bot = interaction.client
    rendered, read_as = await _rendered_search(bot, actor.guild_id, listing, page)
    if not rendered.choices and page > 0:
        rendered, read_as = await _rendered_search(bot, actor.guild_id, listing, 0)
    if not rendered.choices:
        await guilds.get(bot.db.read, actor.guild_id)
        text = listing.wanted.text
        close = await index.complete(bot.db.read, actor.guild_id, text, limit=3) if text else []
        return lists.no_results(text, listing.filters, [row.name for row, _ in close], bot.mention("search"), read_as)
    if not key and rendered.total > lists.ROWS:
        key = await _make_key(bot.db, actor, listing, now)
    return lists.search_page(rendered, key=key, guild_id=dm_guild_id(interaction, actor.guild_id))


async def _rendered_search(
    bot: Attache, guild_id: int, listing: SearchListing, page: int
) -> tuple[lists.RenderedPage, str]:
    """Return (a) one rendered page of search results and (b) the text of the search with its typos corrected.

    The page comes from the cache if the server's records have not changed since it was rendered.
    """
    conn, wanted, cache_key = bot.db.read, listing.wanted, (guild_id, listing, page)
    understood = await search.understand(conn, guild_id, wanted)
    cached = bot.page_cache.get(cache_key, understood.newest)
    if cached is not None:
        return cached, understood.read_as
    results = await search.search(
        conn, guild_id, wanted, understood=understood, offset=page * lists.ROWS, limit=lists.ROWS
    )
    rendered = lists.render_search(
        wanted.text,
        listing.filters,
        [(hit.row, hit.fact) for hit in results.hits],
        understood.terms,
        results.total,
        page,
        more=results.more,
        read_as=understood.read_as if understood.corrected else "",
        left_out=understood.left_out,
        newest=wanted.order == "newest" or not understood.terms,
    )
    return bot.page_cache.put(cache_key, understood.newest, rendered), understood.read_as


# Facts of sources


async def source_page(
    interaction: Interaction,
    actor: Actor,
    listing: SourceListing,
    page: int,
    now: datetime,
    key: str = "",
    note: str = "",
) -> ui.LayoutView:
    """Render one page of a list of the facts of sources, as `list_page` does.

    `note` is a line above the list, in Markdown. Raise NotInRecord if no source fits the text of the list.
    """
    bot = interaction.client
    guild = await guilds.get(bot.db.read, actor.guild_id)
    matches = await get_sources(bot.db.read, actor.guild_id, listing.text)
    if len(matches) == 1:
        matches = await source_rows.copies(bot.db.read, actor.guild_id, matches[0])
    shown = await source_facts.load(bot.db.read, actor.guild_id, matches)
    if len(shown.sources) == 1:
        listing = SourceListing(f"#{matches[0].id}")
        key = ""
    return sources.render(
        shown,
        listing.text,
        page,
        key=key or await _make_key(bot.db, actor, listing, now),
        editor=actor.may_edit(guild),
        guild_id=dm_guild_id(interaction, actor.guild_id),
        note=note,
    )
