"""The search index: the only package with statements for full-text search.

It owns three tables, which are derived from the records. `search_index` has a row for each live record, with its words
and with tags to filter by. `name` has each text by which a record can be named. `spelling` has each word of a server's
records, with its variants. Other forms and typos of a word are found by these variants. `_writing` fills the tables,
`_words` looks words up and corrects typos, `_completion` finds records by name, and `_matching` finds records by all
their words.
"""

from bot.services.index._completion import complete, named
from bot.services.index._matching import (
    Query,
    Term,
    matches,
    matches_by_name,
    matches_that_begin,
    matches_with_names,
    names_of,
    query,
)
from bot.services.index._words import Vocabulary, corrected, look_up, look_up_unknown
from bot.services.index._writing import RECORD_ID, IndexedRecord, clear, erase, write

__all__ = [
    "RECORD_ID",
    "IndexedRecord",
    "Query",
    "Term",
    "Vocabulary",
    "clear",
    "complete",
    "corrected",
    "erase",
    "look_up",
    "look_up_unknown",
    "matches",
    "matches_by_name",
    "matches_that_begin",
    "matches_with_names",
    "named",
    "names_of",
    "query",
    "write",
]
