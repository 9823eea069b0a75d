"""Tests of the descriptions of the kinds of records: what they say of each other is true, and forms can show them."""

from __future__ import annotations

import pytest

from bot.ledger.kinds import KINDS, common, fields_of, get_field, kind_of
from bot.ledger.kinds.kind import FieldLine, ItemsLine, LinkedLine, StatementLine
from bot.ui import draft_forms
from data.records import Kind, State
from tests.builders import opened


def test_any_kind_means_every_kind():
    assert set(common.ANY_KIND) == set(KINDS)


@pytest.mark.parametrize("kind", ["event", "statement", "pending"])
def test_events_statements_and_items_can_be_about_any_record(kind: Kind):
    assert set(get_field(kind, "about").type.kinds) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_choice_of_a_field_to_update_fits_a_select(kind: Kind):
    assert len(draft_forms.offered(opened(kind, State(), waits=kind == "pending"))) <= 25


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_names_fields_that_exist_and_kinds_that_can_point_to_it(kind: Kind):
    for block in kind_of(kind).card:
        match block:
            case FieldLine(name):
                assert get_field(kind, name)
            case LinkedLine(kinds=kinds, field=field):
                for other in kinds:
                    pointing = [row for row in fields_of(other) if field in ("", row.name) and kind in row.type.kinds]
                    assert pointing, (kind, block)
            case StatementLine(field=field) | ItemsLine(field=field):
                other = "pending" if isinstance(block, ItemsLine) else "statement"
                assert [row for row in fields_of(other) if field in ("", row.name) and kind in row.type.kinds]
            case _:
                assert isinstance(block, str)
