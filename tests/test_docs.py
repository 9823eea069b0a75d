"""What the README promises is what there is, and back."""

from __future__ import annotations

import re
from pathlib import Path

from discord import app_commands

from bot.app import COGS, PERMISSIONS, Attache
from bot.clock import SystemClock
from bot.environment import EX_CONFIG
from bot.errors import EX_SOFTWARE, EX_UNAVAILABLE
from data.database import Database
from tests.ask.servers import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


async def commands_of(db: Database) -> set[str]:
    """Return the full name of every command of the bot."""
    bot = Attache(db, SystemClock())
    for name in COGS:
        await bot.load_extension(name)
    return {
        command.qualified_name for command in bot.tree.walk_commands() if not isinstance(command, app_commands.Group)
    }


def commands_in_readme() -> set[str]:
    found = set()
    for row in re.findall(r"^\| `/(.+?) \|", README, re.MULTILINE):
        first, *others = row.replace("`", "").split(" ")
        found |= {f"{first} {other}" for other in others} if others else {first}
    return found


async def test_every_command_is_in_the_readme_and_back(db):
    assert await commands_of(db) == commands_in_readme()


def test_the_readme_asks_for_the_permissions_that_the_bot_needs():
    numbers = set(re.findall(r"permissions=(\d+)|number \*\*(\d+)\*\*", README))
    assert {first or second for first, second in numbers} == {str(PERMISSIONS.value)}


def test_the_readme_tells_how_many_questions_the_tables_hold():
    sizes = {name: len(table(name)) for name in ("first", "dated", "second")}
    assert f"holds {sum(sizes.values())} questions" in README
    told = re.search(
        r"The second half of the table,\s(\d+) questions.+?at the first attempt, (\d+) of them \((\d+)%\)",
        README,
        re.DOTALL,
    )
    assert told
    total, right, percent = (int(number) for number in told.groups())
    assert total == sizes["second"]
    assert percent == round(100 * right / total)


def test_the_readme_tells_every_exit_status_that_a_service_manager_may_see():
    statuses = re.findall(r"\*\*(\d+)\*\* (?:on|when|after)", README)
    assert sorted(map(int, statuses)) == [0, EX_UNAVAILABLE, EX_SOFTWARE, EX_CONFIG]
    assert f"RestartPreventExitStatus={EX_CONFIG}" in README


def test_the_readme_tells_how_to_get_it_and_what_was_never_tried():
    assert README.index("git clone ") < README.index("make demo ")
    assert "has not yet run on the real Discord" in README


def test_every_file_that_the_readme_links_is_there():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_target_that_the_readme_names_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"make ([a-z]+) {2,}", README)) | set(re.findall(r"`make ([a-z]+)`", README))
    assert {"demo", "test", "run"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
