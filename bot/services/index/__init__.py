"""The search index of records: the only part that knows full-text search.

Three tables are derived from the record: `search_index` holds the words of each live record with tags to filter by,
`name` the texts that find a record by its names, `spelling` the words that a server's record holds, each with the forms
that it shares with its typos. `_writing` fills them, `_words` reads the vocabulary and corrects typos, `_completion`
finds records by name, and `_matching` by the words of their texts.
"""

from bot.services.index._completion import complete, named
from bot.services.index._matching import Query, Term, matches, matches_by_name, matches_that_begin, names_of, query
from bot.services.index._words import Vocabulary, corrected, look_up, similar
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
    "matches",
    "matches_by_name",
    "matches_that_begin",
    "named",
    "names_of",
    "query",
    "similar",
    "write",
]
