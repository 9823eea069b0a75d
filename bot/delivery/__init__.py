"""Messages that are owed: planned, claimed, sent and settled."""
