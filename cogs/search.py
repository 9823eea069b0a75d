"""`/search`: searches the text of all records, with filters. It can also open one record, or show a source's facts."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast

from discord import app_commands
from discord.ext import commands

from bot import dates
from bot.app import Attache
from bot.errors import BadInput
from bot.ledger.kinds import KIND_WORDS, KINDS, STAGES
from bot.ledger.values import quoted
from bot.ledger.words import one_line, slug_of, words_of
from bot.services import guilds, records, sources
from bot.services.lists import SearchListing, SourceListing
from bot.services.search import Wanted
from bot.ui.text import escaped
from cogs.shared.answers import Interaction
from cogs.shared.fixed_choices import ChoiceArgument
from cogs.shared.lists import answer_list
from cogs.shared.records import AnyRecord, Participant, Topic, card_of, get_record
from cogs.shared.sources import Source, get_sources
from data.records import Kind

OneKind = app_commands.Transform[str, ChoiceArgument({kind: KIND_WORDS[kind][1] for kind in KINDS})]
Stage = app_commands.Transform[str, ChoiceArgument(STAGES)]
Order = app_commands.Transform[
    str, ChoiceArgument({"best": "best first: names before other texts", "newest": "newest first"})
]
_LONGEST = 400  # Characters of the text that are searched for and, for further pages, stored.


class SearchCog(commands.Cog):
    """The command `/search`."""

    def __init__(self, bot: Attache) -> None:
        self.bot = bot

    # Commands

    @app_commands.command(name="search")
    @app_commands.guild_only()
    @app_commands.describe(
        text="Words to look for; or choose a record from the list while typing",
        kind="Only records of this kind",
        participant="Only records that name this person, organisation or country",
        topic="Only records about this topic",
        stage="Only deals at this stage",
        source="Only what rests on this source: a title, a link or a host",
        dated="Only records last reported then: a day, month, year or range, like March 2024",
        order="Best first, or newest first",
    )
    @app_commands.rename(dated="date")
    async def search(
        self,
        interaction: Interaction,
        text: AnyRecord | None = None,
        kind: OneKind | None = None,
        participant: Participant | None = None,
        topic: Topic | None = None,
        stage: Stage | None = None,
        source: Source | None = None,
        dated: str | None = None,
        order: Order = "best",
    ) -> None:
        """Search the whole record, or open any of its records"""
        now = self.bot.clock.now()
        actor = await self.bot.permissions.actor(interaction, now)
        text = one_line(text or "")
        if source and not (text or kind or participant or topic or stage or dated):
            await answer_list(interaction, SourceListing(source))
            return
        if not (kind or participant or topic or stage or dated or source):
            # A chosen record arrives as its slug. What users type is hardly ever a slug.
            opened = await records.find(self.bot.db.read, actor.guild_id, text) if text == slug_of(text) else None
            if opened is not None:
                view = await card_of(interaction, actor, opened, now)
                await interaction.response.send_message(view=view, ephemeral=True)
                return
            if not text:
                await guilds.get(self.bot.db.read, actor.guild_id)
                raise BadInput(
                    "There is nothing to look for yet. Nothing was changed. Write a few words, or choose a filter such "
                    "as kind or date."
                )
        if text and not words_of(text[:_LONGEST]):
            await guilds.get(self.bot.db.read, actor.guild_id)
            raise BadInput(f"{quoted(text)} has no word to look for. Nothing was changed. Write a name or a few words.")
        listing = await self._listing(actor.guild_id, now, text, kind, participant, topic, stage, dated, order, source)
        await answer_list(interaction, listing)

    # Shared steps

    async def _listing(
        self,
        guild_id: int,
        now: datetime,
        text: str,
        kind: str | None,
        participant: str | None,
        topic: str | None,
        stage: str | None,
        dated: str | None,
        order: str,
        source: str | None,
    ) -> SearchListing:
        """Return the list of results for the options of `/search`. Raise a UserError if an option cannot be used."""
        if stage and kind not in (None, "deal"):
            raise BadInput("Only deals have a stage. Nothing was changed. Leave out the kind or the stage.")
        filters = [f"kind {KIND_WORDS[cast(Kind, kind)][0]}"] if kind else []
        slugs: dict[str, str] = {}
        names: tuple[tuple[Kind, str | None], ...] = (("participant", participant), ("topic", topic))
        for named_kind, name in names:
            if name:
                record = (await get_record(self.bot, guild_id, name, (named_kind,))).record
                slugs[named_kind] = record.slug
                filters.append(f"{named_kind} {escaped(record.name, 100)}")
        filters += [f"stage {STAGES[stage].lower()}"] if stage else []
        first = last = None
        if dated:
            guild = await guilds.get(self.bot.db.read, guild_id)
            first, last, period = _period(dated, dates.local_date(now, guild.zone))
            filters.append(period)
        cited: tuple[int, ...] = ()
        if source:
            matches = await get_sources(self.bot.db.read, guild_id, source)
            if one_publication := len(matches) == 1:
                matches = await sources.copies(self.bot.db.read, guild_id, matches[0])
            cited = tuple(match.id for match in matches)
            filters.append(f"source {escaped(matches[0].title if one_publication else source, 100)}")
        wanted = Wanted(
            text[: _LONGEST + 1],  # With one character too many, the answer says that the text was clipped.
            cast(Kind | None, kind),
            slugs.get("participant"),
            slugs.get("topic"),
            stage,
            first,
            last,
            cited,
            "newest" if order == "newest" else "best",
        )
        return SearchListing(wanted, ", ".join(filters))


def _period(text: str, today: date) -> tuple[date | None, date | None, str]:
    """Return the (a) first day, (b) last day and (c) words of a period that the user typed, such as "March 2024".

    In an open period, such as "since 2018", the last day is None. Raise BadInput if the text is no date or has no first
    day, such as "unknown".
    """
    dated = dates.parse_fact_date(text, today=today)
    if dated.first is None:
        raise BadInput(
            f"{quoted(text)} is no date to search by. Nothing was changed. Write a day, a month, a year or a range, "
            "like March 2024."
        )
    return dated.first, dated.last, f"date {escaped(dates.format_fact_date(dated, weekday=False), 100)}"


async def setup(bot: Attache) -> None:
    await bot.add_cog(SearchCog(bot))
