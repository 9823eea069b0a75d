"""Everything that persists: the SQLite file, its migrations and what its rows become."""
