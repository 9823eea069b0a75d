"""The messages that people read: pure functions from records to messages."""
