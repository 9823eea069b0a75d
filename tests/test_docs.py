"""Tests that the documents match the program: commands, permissions, exit statuses, paths, packages and tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from discord import app_commands

from bot.app import COGS, PERMISSIONS, Attache
from bot.clock import SystemClock
from bot.errors import EX_SOFTWARE, EX_UNAVAILABLE
from bot.preflight import EX_CONFIG
from data.database import Database
from data.rows import fetch_values
from tests.ask.servers import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


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


DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "tests/README.md", "data/dossiers/README.md")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str):
    document = ROOT / name
    text = document.read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert [link for link in links if not (document.parent / link).exists()] == []
    assert [path for path in paths_in(text) if not (ROOT / path).exists()] == []


def paths_in(text: str) -> list[str]:
    """Return the paths of this repository that a text names, such as `bot/app.py` or `cogs/`."""
    return re.findall(r"(?<![\w./-])((?:bot|cogs|data|docs|tests)/[\w./-]*\w/?|(?:bot|cogs|data|docs|tests)/)", text)


def test_a_path_is_found_wherever_it_stands():
    assert paths_in("`bot/app.py`: see data/ or\n  (tests/README.md), not demobot/a.py, [d](docs/card.png).") == [
        "bot/app.py",
        "data/",
        "tests/README.md",
        "docs/card.png",
    ]


def test_the_architecture_names_every_package():
    packages = [
        path.parent.relative_to(ROOT) for room in ("bot", "cogs") for path in ROOT.glob(f"{room}/**/__init__.py")
    ]
    assert [str(package) for package in packages if f"| `{package.as_posix()}/` |" not in ARCHITECTURE] == []


async def test_the_architecture_tells_every_table(db: Database):
    tables = await fetch_values(
        db.read, str, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    )
    ours = {name for name in tables if not name.startswith("search_index_")}
    section = ARCHITECTURE.partition("## Tables")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == ours


def test_every_target_that_the_readme_names_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"make ([a-z]+) {2,}", README)) | set(re.findall(r"`make ([a-z]+)`", README))
    assert {"demo", "test", "run"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
