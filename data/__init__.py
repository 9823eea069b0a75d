"""Persistence: the SQLite file, its migrations, and the structs that its rows become."""
