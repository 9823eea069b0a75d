"""The search index: the only package with statements for full-text search.

It owns three tables, which are derived from the records. `search_index` has a row with the words of each live record,
and tags to filter by. `name` has each text by which a record can be named. `spelling` has each word of a server's
records, with the variants by which its other forms and its typos find it. `_writing` fills the tables, `_words` looks
words up and corrects typos, `_completion` finds records by name, and `_matching` finds them by all their words.
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
