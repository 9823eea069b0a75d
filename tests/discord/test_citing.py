"""Tests of *Cite* in a simulated server: on cards, below saved updates, and as a file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.services import sources, updates
from bot.services.updates import Change
from data.records import Money
from tests.builders import on_day
from tests.discord.conftest import World, id_of, labels_of, reply, text_of
from tests.discord.looking import ask

LINK = "https://news.example/a_(b)"


async def add(world: World, title: str, field: str, value: Any, url: str) -> None:
    """Enter a fact of the drone deal from a source."""
    async with world.db.write(world.guild.id) as conn:
        source = await sources.ensure(conn, world.guild.id, title=title, url=url)
        change = Change("armed-drones", "deal", field, value, on_day("2024-03-05"), source, "page 3", "r")
        await updates.append(conn, world.guild.id, [change], now=world.now, person_id=1, origin="editor")


async def test_a_card_is_cited_in_three_forms(world: World):
    await add(world, "Deal & more", "stage", "signed", LINK)
    card = reply(await ask(world, "deal show", deal="armed-drones"))
    plain = reply(await world.member.click(card, label="Cite"))
    assert plain.flags.ephemeral
    assert text_of(plain).startswith(
        "## Cite 31 armed drones for India\n```\nDeal & more. Undated. https://news.example/a"
    )
    assert "Cited for 31 armed drones for India, as of 5 March 2024. Page 3." in text_of(plain)
    assert "News article without a title." in text_of(plain)
    assert "list of names" not in text_of(plain)
    assert labels_of(plain) == ["BibTeX", "RIS"]
    bibtex = reply(await world.member.click(plain, label="BibTeX"))
    assert "title = {{Deal \\& more}}," in text_of(bibtex)
    ris = reply(await world.member.click(bibtex, label="RIS"))
    assert "TI  - Deal & more\r\n" in text_of(ris)
    assert labels_of(ris) == ["Plain text", "BibTeX"]


async def test_many_sources_are_cited_in_a_file(world: World):
    for n in range(30):
        title, url = f"A longer title of report {n:02} " + "x" * 100, f"https://press{n}.example/{'a' * 100}"
        await add(world, title, "value", Money(Decimal(n + 1), "USD"), url)
    card = reply(await ask(world, "deal show", deal="armed-drones"))
    message = reply(await world.member.click(card, label="Cite"))
    assert [attachment.filename for attachment in message.attachments] == ["armed-drones.txt"]
    assert labels_of(message) == ["BibTeX", "RIS"]
    assert message.flags.ephemeral
    bibtex = reply(await world.member.click(message, label="BibTeX"))
    assert [attachment.filename for attachment in bibtex.attachments] == ["armed-drones.bib"]


async def test_what_was_saved_is_cited_and_described_at_once(world: World):
    form = await world.editor.slash(world.channel, "update stage", deal="Drone deal", stage="signed")
    typed = {
        "date": "5 March 2024",
        "source": "https://news.example/x https://web.archive.org/web/2/https://news.example/x page 3",
        "published": "6 March 2024",
        "value": ["signed"],
    }
    saved = reply(await world.editor.click(reply(await world.editor.submit_modal(form, typed)), label="Save"))
    cited = text_of(reply(await world.editor.click(saved, label="Cite")))
    assert "https://news.example/x" in cited
    assert "Archived: https://web.archive.org/web/2/https://news.example/x" in cited
    assert "News article without a title" not in cited
    described = await world.editor.click(saved, label="Describe this source")
    assert described.modal is not None
    assert id_of(saved, "Cite").startswith("source.cite:v1::armed-drones::")


async def test_an_update_that_only_goes_into_the_history_is_cited_too(world: World):
    form = await world.editor.slash(world.channel, "update stage", deal="Drone deal", stage="proposed")
    typed = {"date": "5 March 2022", "source": "Old note, page 9", "published": "undated", "value": ["proposed"]}
    saved = reply(await world.editor.click(reply(await world.editor.submit_modal(form, typed)), label="Save"))
    cited = text_of(reply(await world.editor.click(saved, label="Cite")))
    assert "Old note. Undated. Cited for 31 armed drones for India, as of 5 March 2022. Page 9." in cited
