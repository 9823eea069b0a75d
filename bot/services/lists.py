"""The lists that users page through, of records, pending items, search results or facts, as values and as JSON."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from bot.services.search import Wanted
from data.records import Kind


class KindListing(Struct, frozen=True, omit_defaults=True, tag="kind"):
    """A list of the records of one kind, such as all deals, or the deals that pass filters.

    `stage` is the stage that a listed deal must have. `linked` has the slugs of records with which each listed record
    must be linked. `filters` describes both in escaped words, such as "stage signed, topic Trade".
    """

    kind: Kind
    stage: str | None = None
    linked: tuple[str, ...] = ()
    filters: str = ""


class PendingListing(Struct, frozen=True, omit_defaults=True, tag="pending"):
    """A list of the open pending items.

    `about` is the slug of a record with which each listed item must be linked, and `about_name` its escaped name.
    `everything` also lists items on which nobody in particular has to act.
    """

    about: str | None = None
    about_name: str = ""
    everything: bool = False


class SearchListing(Struct, frozen=True, omit_defaults=True, tag="search"):
    """A list of the results of one search. `filters` describes its filters in escaped words, such as "kind deal"."""

    wanted: Wanted
    filters: str = ""


class SourceListing(Struct, frozen=True, omit_defaults=True, tag="source"):
    """A list of the facts that rest on sources. `text` is what names the sources, as `sources.matching` reads it."""

    text: str


Listing = KindListing | PendingListing | SearchListing | SourceListing


class _Untagged(Struct, frozen=True):
    """A list in the JSON of earlier versions, which stored every list as one flat struct without a tag.

    `type` is the tag of the present versions, so it is None for a list of an earlier version.
    """

    type: str | None = None
    kind: Kind | None = None
    stage: str | None = None
    linked: tuple[str, ...] = ()
    words: str = ""
    wanted: Wanted | None = None
    everything: bool = False


def encode(listing: Listing) -> str:
    """Return a list as JSON for the column `question.listing`."""
    return msgspec.json.encode(listing).decode()


def decode(stored: str) -> Listing:
    """Return the list that a JSON text from `question.listing` describes. JSON of earlier versions is read, too."""
    earlier = msgspec.json.decode(stored, type=_Untagged)
    if earlier.type is not None:
        return msgspec.json.decode(stored, type=Listing)
    if earlier.kind == "pending":
        return PendingListing(next(iter(earlier.linked), None), earlier.words, earlier.everything)
    if earlier.kind is None or earlier.wanted is not None:
        return SearchListing(earlier.wanted or Wanted(), earlier.words)
    return KindListing(earlier.kind, earlier.stage, earlier.linked, earlier.words)
