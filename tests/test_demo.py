"""Tests of `make demo`: the tour plays to its end, the page answers, and a port in use is reported."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import struct
import sys
from pathlib import Path

import aiohttp
import pytest

from bot.demo import tour
from bot.demo.page import _free, _show_newest
from bot.demo.world import AVATAR, QUESTIONS, demo_world

ROOT = Path(__file__).parent.parent


def test_the_tour_plays_to_its_end_and_asks_five_questions_one_of_them_not_in_the_record(capsys):
    assert asyncio.run(tour.run_tour()) == 0
    told = capsys.readouterr().out
    assert "Waiting for U.S. government clearances" in told
    assert re.search(r"All \d\d steps went well", told)
    asked = [step for step in told.split("\n── ") if "types /ask question:" in step.partition("\n")[0]]
    assert len(asked) == 5
    assert sum("not in the record" in step for step in asked) == 1


@pytest.mark.parametrize("expected", ["this is not in the answer", "Who must act on the drones?"])
def test_a_question_of_the_tour_fails_when_its_answer_lacks_something_though_the_heading_has_it(
    monkeypatch, capsys, expected
):
    async def visit(playing: tour.Tour) -> None:
        await playing.asks(playing.world.member, "Who must act on the drones?", expected)

    monkeypatch.setattr(tour, "_visit", visit)
    assert asyncio.run(tour.run_tour()) == 1
    assert "Step 1 failed" in capsys.readouterr().err


async def test_the_page_opens_at_three_questions_and_scrolls_to_an_answer():
    async with demo_world() as world:
        page = world.env.preview(world.channel, viewers=[world.member], layout="channel")
        async with page:
            first = await page.snapshot()
            opened = first["messages"][first["targetId"]]["content"]
            assert first["targetId"] == first["timeline"][-1]
            assert opened.splitlines()[1:] == [f"- {question}" for question in QUESTIONS]
            assert len(QUESTIONS) == 3

            await world.member.slash(world.channel, "ask", question=next(iter(QUESTIONS)))
            assert (await page.snapshot())["targetId"] == first["targetId"]
            _show_newest(page, {})
            then = await page.snapshot()
            assert then["targetId"] == then["timeline"][-1] != first["targetId"]


async def test_the_bot_has_its_picture_in_the_page_and_the_newest_deals_are_offered_before_a_letter_is_typed():
    async with demo_world() as world:
        page = world.env.preview(world.channel, viewers=[world.member], layout="channel", assets=world.pictures)
        async with page:
            snapshot = await page.snapshot()
        bot = snapshot["messages"][snapshot["targetId"]]["author"]
        assert (bot["name"], bot["avatar_kind"], bot["avatar_available"]) == ("Attaché", "custom", True)
        offered = await world.member.autocomplete(world.channel, "deal show", "deal", "")
        assert [choice["name"].partition(" (")[0] for choice in offered] == [
            "31 armed drones for India",
            "Fighter-jet engines",
            "Infantry combat vehicles",
        ]


def test_the_picture_is_a_small_square_png():
    picture = AVATAR.read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (256, 256)
    assert len(picture) < 20_000


def test_a_step_that_fails_ends_the_tour_with_its_name(monkeypatch, capsys):
    async def visit(playing: tour.Tour) -> None:
        await playing.types(playing.world.member, "deal show", "this is not on the card", deal="armed-drones")

    monkeypatch.setattr(tour, "_visit", visit)
    assert asyncio.run(tour.run_tour()) == 1
    assert "Step 1 failed" in capsys.readouterr().err


def test_a_second_demo_takes_the_next_free_pair_of_ports():
    port = free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port + 1))
        assert _free(port) >= port + 2


@pytest.mark.parametrize(
    ("markup", "read"),
    [
        ("## Head\n-# quiet **loud** *soft*", "Head\nquiet loud soft"),
        ("</deal show:123> and `/setup`", "/deal show and /setup"),
        ("Saved <t:1795538097:f> (<t:1795538097:R>).", "Saved 24 November 2026, 22:04."),
        (r"31 \(announced\), 2 \* 3, a\_b", "31 (announced), 2 * 3, a_b"),
    ],
)
def test_the_tour_shows_what_a_client_shows(markup, read):
    assert tour._readable(markup) == read


def free_ports() -> int:
    """Return the lower of two neighbouring ports that are both free."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


async def start(port: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", str(port),
        cwd=ROOT, env={**os.environ}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_the_page_prints_its_address_answers_there_and_ends_on_ctrl_c():
    port = free_ports()
    process = await start(port)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            told = ""
            while "Ctrl+C" not in told:
                line = await process.stdout.readline()
                assert line, "the demo ended before it told its address"
                told += line.decode()
        address = re.search(rf"http://127\.0\.0\.1:{port}/\S*", told)
        assert address, told
        async with aiohttp.ClientSession() as browser:
            async with browser.get(address[0]) as page:
                shown = await page.text()
            async with browser.get(f"{address[0].partition('#')[0]}commands.js") as script:
                assert "if (!current) queryAutocomplete(option, current);" in await script.text()
        assert "<title>Attaché</title>" in shown
        assert "<strong>Attaché</strong>" in shown
        assert "simcord" not in re.sub(r"window\.simcordPreview", "", shown.casefold(), flags=re.IGNORECASE)
        for tool in ("refresh", "capture-open", "inspector-toggle"):
            assert f'id="{tool}" hidden' in shown

        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
