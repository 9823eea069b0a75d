"""The accent colours of messages. Words always repeat what a colour says."""

from __future__ import annotations

OPEN = 0xB8860B  # Something waits for somebody.
PLAIN = 0x3B5B7A  # Everything else.
