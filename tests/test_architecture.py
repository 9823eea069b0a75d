"""Tests of the rules of the architecture: who may import whom, where SQL and the clock are used, and some others.

A rule is a function that yields its violations in some source files, each as "path:line". Each rule is also tested on
an offence, to prove that it can fail.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Source:
    """A Python file of the project, with what the rules ask about it."""

    path: str
    text: str

    @property
    def module(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """Return the line and the dotted name of each import. `from a import b` yields both a and a.b."""
        names: list[tuple[int, str]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                names.append((node.lineno, origin))
                names += [(node.lineno, f"{origin}.{alias.name}") for alias in node.names]
        return names

    def imported_from(self, modules: set[str]) -> set[str]:
        """Return which of these modules the file imports. `from a import b` imports a.b if that is a module, else a."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                parts = {f"{origin}.{alias.name}" for alias in node.names}
                names |= {part if part in modules else origin for part in parts}
        return names & modules

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.module.split(".") if self.path.endswith("/__init__.py") else self.module.split(".")[:-1]
        return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])

    @cached_property
    def names(self) -> list[tuple[int, str]]:
        """Return the line and the dotted name of each use of an imported object, after resolving `import a as b`."""
        local: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.name if alias.asname else alias.name.partition(".")[0]
                    local[alias.asname or name] = name
            elif isinstance(node, ast.ImportFrom):
                local |= {alias.asname or alias.name: f"{self._origin(node)}.{alias.name}" for alias in node.names}
        uses: list[tuple[int, str]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute):
                dotted = ast.unparse(node)
                first, _, rest = dotted.partition(".")
                if first in local:
                    uses.append((node.lineno, ".".join(filter(None, [local[first], rest]))))
        return uses

    @cached_property
    def comments(self) -> list[tuple[int, str]]:
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def within(name: str, *modules: str) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def forbidden_imports(source: Source, *modules: str) -> Iterator[str]:
    for line in sorted({line for line, name in source.imports if within(name, *modules)}):
        yield f"{source.path}:{line}"


def data_knows_nothing_of_ours(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if within(source.module, "data"):
            yield from forbidden_imports(source, "bot", "cogs", "tests")


PURE = ("bot.ledger", "bot.dates", "bot.dossier", "bot.ask", "bot.message_contents")


def services_and_pure_packages_know_no_discord(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if within(source.module, "bot.services", *PURE):
            yield from forbidden_imports(source, "discord")


def pure_packages_know_no_sql_and_nothing_above_them(sources: list[Source]) -> Iterator[str]:
    above = ("bot.services", "bot.ui", "bot.interactions", "bot.delivery", "bot.app", "cogs")
    for source in sources:
        if within(source.module, *PURE):
            yield from forbidden_imports(source, "aiosqlite", "sqlite3", "data.database", "data.rows", *above)


def services_know_nothing_above_them(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if within(source.module, "bot.services"):
            yield from forbidden_imports(source, "bot.ui", "bot.interactions", "bot.delivery", "bot.app", "cogs")


TYPED = ("bot.ledger", "bot.dates", "bot.services", "bot.ui", "bot.delivery", "bot.message_contents")
REBUILT = (
    "bot.services.asking",
    "bot.services.drafts",
    "bot.ledger.drafts",
    "bot.ui.answers",
    "bot.ui.highlight",
    "bot.ui.drafts",
)
"""Modules that the next issues rewrite. They may use Any until then."""


def typed_packages_use_no_any(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if within(source.module, *TYPED) and not within(source.module, *REBUILT):
            for line in sorted({line for line, name in source.names if name == "typing.Any"}):
                yield f"{source.path}:{line}"


def ui_and_ask_do_no_io(sources: list[Source]) -> Iterator[str]:
    doors = ("aiosqlite", "sqlite3", "aiohttp", "data.database", "data.migrate", "bot.services", "cogs")
    for source in sources:
        if within(source.module, "bot.ui", "bot.ask"):
            yield from forbidden_imports(source, *doors)


SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\s")


def cogs_hold_no_sql(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if not within(source.module, "cogs"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
                yield f"{source.path}:{node.lineno}"
            if isinstance(node, ast.Attribute) and node.attr.startswith("execute"):
                yield f"{source.path}:{node.lineno}"


def no_cog_is_imported(sources: list[Source]) -> Iterator[str]:
    """Yield imports of cogs. A module with `async def setup` is a cog; those in cogs/shared have no such function."""
    cogs = [
        source.module
        for source in sources
        if any(isinstance(node, ast.AsyncFunctionDef) and node.name == "setup" for node in source.tree.body)
    ]
    for source in sources:
        others = [cog for cog in cogs if cog != source.module]
        if others and not within(source.module, "tests"):
            yield from forbidden_imports(source, *others)


def nobody_imports_main(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        yield from forbidden_imports(source, "bot.__main__")


def only_the_scheduler_imports_apscheduler(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if not within(source.module, "bot.delivery.scheduler", "tests"):
            yield from forbidden_imports(source, "apscheduler")


def only_the_demo_imports_simcord(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if not within(source.module, "bot.demo", "tests"):
            yield from forbidden_imports(source, "simcord")


FULL_TEXT = re.compile(r"\bMATCH\b|\b(FROM|INTO|JOIN|UPDATE) (search_index|spelling)\b")
READ_IT_STILL = ("bot.services.records", "bot.services.asking", "bot.services.erasure", "data.database")
"""Modules outside the index that may still have statements on its tables."""


def only_the_index_knows_full_text_search(sources: list[Source]) -> Iterator[str]:
    """Yield statements on the search index and imports of stemming or spelling, outside the modules meant for them."""
    for source in sources:
        if within(source.module, "tests", "bot.services.index"):
            continue
        if not within(source.module, "bot.ask"):
            yield from forbidden_imports(source, "bot.ledger.words.stem", "bot.ledger.words.spelling_variants")
        if within(source.module, *READ_IT_STILL):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and FULL_TEXT.search(node.value):
                yield f"{source.path}:{node.lineno}"


CLOCKS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "discord.utils.utcnow",
    "time.time",
    "time.time_ns",
}


def only_the_clock_asks_what_time_it_is(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        if not within(source.module, "bot.clock", "tests"):
            for line in sorted({line for line, name in source.names if name in CLOCKS}):
                yield f"{source.path}:{line}"


IGNORE = re.compile(r"#\s*(type|pyright):\s*ignore(?P<codes>\[[^\]]+\])?\s*(?P<reason>.*)")


def every_ignored_type_has_a_code_and_a_reason(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        for line, comment in source.comments:
            ignore = IGNORE.match(comment)
            if ignore and not (ignore["codes"] and ignore["reason"].strip("# ")):
                yield f"{source.path}:{line}"


def nothing_is_left_for_later(sources: list[Source]) -> Iterator[str]:
    for source in sources:
        for line, comment in source.comments:
            if re.search(r"\b(TODO|FIXME|XXX)\b", comment):  # The rule's own words.
                yield f"{source.path}:{line}"


Rule = Callable[[list[Source]], Iterator[str]]

OFFENCES: list[tuple[Rule, str, str]] = [
    (data_knows_nothing_of_ours, "data/records.py", "from bot import dates"),
    (data_knows_nothing_of_ours, "data/records.py", "import cogs.deals"),
    (services_and_pure_packages_know_no_discord, "bot/services/deals.py", "import discord"),
    (services_and_pure_packages_know_no_discord, "bot/services/__init__.py", "from discord.ext import commands"),
    (services_and_pure_packages_know_no_discord, "bot/ledger.py", "def f():\n    from discord import utils"),
    (services_and_pure_packages_know_no_discord, "bot/dates.py", "import discord.utils"),
    (pure_packages_know_no_sql_and_nothing_above_them, "bot/ledger/fold.py", "from data.rows import fetch_all"),
    (pure_packages_know_no_sql_and_nothing_above_them, "bot/dates/zones.py", "from bot.services import people"),
    (services_know_nothing_above_them, "bot/services/deals.py", "from bot.ui import cards"),
    (services_know_nothing_above_them, "bot/services/deals.py", "from bot.delivery import kinds"),
    (typed_packages_use_no_any, "bot/ledger/fold.py", "from typing import Any\ndef f(x: Any): ..."),
    (typed_packages_use_no_any, "bot/services/deals.py", "import typing\nx: typing.Any = 1"),
    (ui_and_ask_do_no_io, "bot/ui/cards.py", "import aiosqlite"),
    (ui_and_ask_do_no_io, "bot/ask/reading.py", "from bot.services import records"),
    (services_and_pure_packages_know_no_discord, "bot/ask/finding.py", "import discord"),
    (ui_and_ask_do_no_io, "bot/ui/cards.py", "from data import database"),
    (ui_and_ask_do_no_io, "bot/ui/cards.py", "from bot import services"),
    (ui_and_ask_do_no_io, "bot/ui/cards.py", "from ..services.deals import get_deal"),
    (ui_and_ask_do_no_io, "bot/ui/__init__.py", "from .. import services"),
    (ui_and_ask_do_no_io, "bot/ui/cards.py", "from cogs import deals"),
    (cogs_hold_no_sql, "cogs/deals.py", 'QUERY = "SELECT 1"'),
    (cogs_hold_no_sql, "cogs/deals.py", 'query = f"""\n    DELETE FROM {table}"""'),
    (cogs_hold_no_sql, "cogs/deals.py", "async def f(c): await c.execute_fetchall(q)"),
    (no_cog_is_imported, "cogs/topics.py", "from cogs import a_cog"),
    (no_cog_is_imported, "cogs/topics.py", "from .a_cog import helper"),
    (no_cog_is_imported, "bot/app.py", "import cogs.a_cog"),
    (nobody_imports_main, "bot/app.py", "from bot.__main__ import main"),
    (nobody_imports_main, "tests/test_x.py", "from bot import __main__"),
    (only_the_scheduler_imports_apscheduler, "bot/app.py", "from apscheduler.schedulers import asyncio"),
    (only_the_demo_imports_simcord, "bot/app.py", "import simcord"),
    (
        only_the_index_knows_full_text_search,
        "bot/services/search.py",
        'q = "SELECT rowid FROM search_index WHERE search_index MATCH ?"',
    ),
    (only_the_index_knows_full_text_search, "bot/services/deals.py", 'q = f"DELETE FROM spelling WHERE {x}"'),
    (only_the_index_knows_full_text_search, "bot/services/deals.py", "from bot.ledger.words import spelling_variants"),
    (only_the_index_knows_full_text_search, "bot/services/asking/_words.py", "from bot.ledger.words import stem"),
    (only_the_clock_asks_what_time_it_is, "bot/app.py", "import datetime as dt\nx = dt.datetime.now(dt.UTC)"),
    (only_the_clock_asks_what_time_it_is, "bot/app.py", "from datetime import datetime as d\nx = d.utcnow()"),
    (only_the_clock_asks_what_time_it_is, "cogs/a.py", "from datetime import date\nf = dict(default=date.today)"),
    (only_the_clock_asks_what_time_it_is, "data/a.py", "from time import time\nx = time()"),
    (only_the_clock_asks_what_time_it_is, "bot/demo.py", "import time\nx = time.time()"),
    (only_the_clock_asks_what_time_it_is, "bot/app.py", "import discord\nx = discord.utils.utcnow()"),
    (every_ignored_type_has_a_code_and_a_reason, "bot/app.py", "x = 1  # type: ignore"),
    (every_ignored_type_has_a_code_and_a_reason, "bot/app.py", "x = 1  # type: ignore[misc]"),
    (every_ignored_type_has_a_code_and_a_reason, "tests/a.py", "x = 1  # pyright: ignore  # because"),
    (nothing_is_left_for_later, "bot/app.py", "x = 1  # " + "TODO: more"),  # An offence for the rule to find.
    (nothing_is_left_for_later, "tests/a.py", "# " + "FIXME"),  # An offence for the rule to find.
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (data_knows_nothing_of_ours, "data/records.py", "import msgspec\nfrom data import database"),
    (services_and_pure_packages_know_no_discord, "bot/services/deals.py", "from data.records import Deal"),
    (ui_and_ask_do_no_io, "bot/ui/cards.py", "import discord\nfrom data import records"),
    (cogs_hold_no_sql, "cogs/deals.py", '"""Update a deal. With examples."""\nx = "Select a deal"'),
    (no_cog_is_imported, "cogs/topics.py", "from cogs import shared"),
    (only_the_scheduler_imports_apscheduler, "bot/delivery/scheduler.py", "import apscheduler"),
    (only_the_demo_imports_simcord, "bot/demo/driver.py", "import simcord"),
    (only_the_index_knows_full_text_search, "bot/services/index/_words.py", 'q = "SELECT word FROM spelling"'),
    (only_the_index_knows_full_text_search, "bot/services/deals.py", "from bot.ledger.words import normal, words_of"),
    (only_the_clock_asks_what_time_it_is, "bot/clock.py", "from datetime import UTC, datetime\nx = datetime.now(UTC)"),
    (only_the_clock_asks_what_time_it_is, "bot/app.py", "import time\nx = time.monotonic()\ny = clock.now()"),
    (every_ignored_type_has_a_code_and_a_reason, "bot/a.py", "x = 1  # type: ignore[misc]  # the stub is wrong"),
]

A_COG = Source("cogs/a_cog.py", "async def setup(bot): ...")
RULES = list(dict.fromkeys(rule for rule, _, _ in OFFENCES))


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    paths = [path for folder in ("bot", "cogs", "data", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(sources: list[Source], rule: Rule):
    assert list(rule(sources)) == []


@pytest.mark.parametrize(("rule", "path", "text"), OFFENCES, ids=lambda value: getattr(value, "__name__", None))
def test_a_rule_sees_its_offence(rule: Rule, path: str, text: str):
    assert [place.rpartition(":")[0] for place in rule([A_COG, Source(path, text)])] == [path]


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED, ids=lambda value: getattr(value, "__name__", None))
def test_a_rule_lets_the_right_thing_pass(rule: Rule, path: str, text: str):
    assert list(rule([A_COG, Source(path, text)])) == []


# Rules about all modules together. Each exception is listed with its reason. Exceptions that are not needed fail too.


def of_ours(sources: list[Source]) -> list[Source]:
    return [source for source in sources if within(source.module, "bot", "cogs", "data")]


def import_cycles(sources: list[Source]) -> list[tuple[str, ...]]:
    """Return the groups of modules that import one another in a cycle, sorted.

    Imports for type checking and inside functions count too.
    """
    modules = {source.module for source in of_ours(sources)}
    imported = {
        source.module: {name for name in source.imported_from(modules) if name != source.module}
        for source in of_ours(sources)
    }
    return cycles(imported)


def cycles(imported: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Return the groups of names that reach one another, where each name leads to those it imports."""
    reached: dict[str, set[str]] = {}
    for module in imported:
        seen, waiting = set[str](), [module]
        while waiting:
            fresh = imported.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        reached[module] = seen
    groups = {
        tuple(sorted(other for other in seen if module in reached.get(other, ())))
        for module, seen in reached.items()
        if module in seen
    }
    return sorted(groups)


def package_cycles(sources: list[Source]) -> list[tuple[str, ...]]:
    """Return the groups of modules and packages of one folder that import one another, each package as a whole.

    An import counts in the folder where the two paths part: from bot.delivery.worker to bot.services.records it leads
    from bot.delivery to bot.services.
    """
    modules = {source.module for source in of_ours(sources)}
    imported: dict[str, set[str]] = {}
    for source in of_ours(sources):
        for name in source.imported_from(modules):
            ours, theirs = source.module.split("."), name.split(".")
            shared = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
            if shared is not None:
                imported.setdefault(".".join(ours[: shared + 1]), set()).add(".".join(theirs[: shared + 1]))
    return cycles(imported)


def repeated_classes(sources: list[Source]) -> list[str]:
    """Return the names of public classes that are defined more than once in the program."""
    names = [
        node.name for source in of_ours(sources) for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)
    ]
    return sorted({name for name in names if names.count(name) > 1 and not name.startswith("_")})


CYCLES: dict[tuple[str, ...], str] = {}
"""The import cycles that are allowed, each with the reason. There are none."""

REPEATED = {
    "State": "a state of the lexicon, which a later issue rebuilds, and the state of a record",
}
"""The class names that may be repeated, each with what the classes are. Renaming one means deleting its line here."""


def test_no_module_imports_itself_by_way_of_others(sources: list[Source]):
    assert import_cycles(sources) == sorted(CYCLES)


def test_no_package_imports_itself_by_way_of_others(sources: list[Source]):
    assert package_cycles(sources) == []


def test_a_class_name_stands_once(sources: list[Source]):
    assert repeated_classes(sources) == sorted(REPEATED)


@pytest.mark.parametrize(
    "text",
    [
        "import bot.b",
        "from bot import b",
        "from bot.b import something",
        "def f():\n    from bot import b",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bot.b import something",
    ],
)
def test_an_import_cycle_is_seen(text: str):
    others = [Source("bot/b.py", "from data import c"), Source("data/c.py", "import bot.a"), Source("bot/d.py", text)]
    assert import_cycles([Source("bot/a.py", text), *others]) == [("bot.a", "bot.b", "data.c")]
    assert import_cycles([Source("bot/a.py", "import ast"), *others]) == []


def test_a_cycle_of_packages_is_seen_though_no_module_is_in_one():
    found = [
        Source("bot/a/x.py", "from bot.b import x"),
        Source("bot/a/y.py", "import ast"),
        Source("bot/b/x.py", "import ast"),
        Source("bot/b/y.py", "from bot.a.y import something"),
    ]
    assert import_cycles(found) == []
    assert package_cycles(found) == [("bot.a", "bot.b")]
    assert package_cycles(found[:3]) == []
    inner = [Source("bot/a/b/x.py", "from bot.a import c"), Source("bot/a/c.py", "from bot.a.b import y")]
    assert package_cycles([*inner, Source("bot/a/b/y.py", "")]) == [("bot.a.b", "bot.a.c")]


def test_a_class_name_that_stands_twice_is_seen():
    found = [Source("bot/a.py", "class A: ...\nclass _B: ..."), Source("cogs/a.py", "class A: ...\nclass _B: ...")]
    assert repeated_classes([*found, Source("tests/a.py", "class C: ..."), Source("bot/c.py", "class C: ...")]) == ["A"]
