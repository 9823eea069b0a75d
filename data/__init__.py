"""Persistence: the SQLite database, its migrations, and the structs that its rows are read into."""
