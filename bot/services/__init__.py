"""Async functions that read and write the database, one module per subject. They hold the SQL and know no Discord.

They take a connection and never commit: the caller opens the transaction with `Database.write`. The few that take a
`Database` instead open a transaction of their own.
"""
