"""Tests on random ledgers that each line of every surface has the dates and sources of its own facts and no others.

`python -m tests.surfaces.measure --examples 5` prints what is wrong on each surface.
"""

from __future__ import annotations

import random
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.surfaces.checks import KINDS, Checked, Kind, check
from tests.surfaces.ledgers import dropped, random_plan, seeds, thinned
from tests.surfaces.surfaces import SURFACES, TODAY, Filled, of_seed, render

SEEDS = (0, 1)


@cache
def checked(surface: str) -> list[Checked]:
    """Return the results of checking all pages of a surface, for all seeds."""
    return [check(one.page, one.book) for seed in SEEDS for one in of_seed(seed, surface)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("surface", SURFACES)
def test_each_line_has_the_days_and_sources_of_its_own_facts_and_no_others(surface: str, kind: Kind):
    found = [v for page in checked(surface) for v in page.violations if v.check == kind]
    assert not found, "\n".join([f"{len(found)} in all:", *map(str, found[:20])])


@pytest.mark.parametrize("surface", SURFACES)
def test_each_message_is_heard_as_it_is_read(surface: str):
    found = [
        f"{surface}:{one.page.title}: {stumble}"
        for seed in SEEDS
        for one in of_seed(seed, surface)
        for stumble in one.page.stumbles
    ]
    assert not found, "\n".join([f"{len(found)} in all:", *found[:20]])


@pytest.mark.parametrize("surface", SURFACES)
def test_each_surface_is_rendered_and_shows_facts(surface: str):
    if surface != "topic list":  # It shows names alone.
        assert sum(page.shown for page in checked(surface)) > 0


# Every example renders all surfaces, which is slow, so there are only two.
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(seeds, dropped)
def test_surfaces_that_hold_do_so_for_ledgers_of_any_shape(seed: int, without: set[int]):
    plan = thinned(random_plan(random.Random(seed), TODAY), without)
    found = render(Filled(plan), SURFACES)
    wrong = [v for pages in found.values() for one in pages for v in check(one.page, one.book).violations]
    assert not wrong, "\n".join(map(str, wrong[:20]))
