"""Lists as they are stored for their page buttons, also by versions that stored them in another form."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from bot.services import lists
from bot.services.lists import KindListing, Listing, PendingListing, SearchListing
from bot.services.search import Wanted

LISTINGS: list[Listing] = [
    KindListing("deal"),
    KindListing("deal", "signed", ("india", "trade"), "stage signed, participant India, topic Trade"),
    PendingListing(),
    PendingListing("drones", "31 armed drones", everything=True),
    SearchListing(Wanted()),
    SearchListing(Wanted("drones", kind="deal", first=date(2024, 3, 1), order="newest"), "kind deal, date March 2024"),
]


@pytest.mark.parametrize("listing", LISTINGS, ids=repr)
def test_a_stored_list_is_read_as_it_was(listing: Listing):
    assert lists.decode(lists.encode(listing)) == listing


@pytest.mark.parametrize(
    ("stored", "listing"),
    [
        ('{"kind":"deal"}', KindListing("deal")),
        (
            '{"kind":"deal","stage":"signed","linked":["india"],"words":"stage signed, participant India"}',
            KindListing("deal", "signed", ("india",), "stage signed, participant India"),
        ),
        ('{"kind":"pending"}', PendingListing()),
        (
            '{"kind":"pending","linked":["drones"],"words":"31 armed drones","everything":true}',
            PendingListing("drones", "31 armed drones", everything=True),
        ),
        (
            '{"words":"kind deal","wanted":{"text":"drones","kind":"deal"}}',
            SearchListing(Wanted("drones", "deal"), "kind deal"),
        ),
        ('{"search":"drones"}', SearchListing(Wanted())),
    ],
)
def test_a_list_that_an_earlier_version_stored_is_read(stored: str, listing: Listing):
    assert lists.decode(stored) == listing


def test_a_list_of_an_unknown_form_is_refused():
    with pytest.raises(msgspec.ValidationError):
        lists.decode('{"type":"calendar"}')
