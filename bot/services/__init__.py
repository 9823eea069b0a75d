"""Verbs over records: plain async functions over a connection; the only home of SQL."""
