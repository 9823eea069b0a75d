"""The accent colours of messages. Colour alone never has a meaning: the text always says it too."""

from __future__ import annotations

OPEN = 0xB8860B  # Something waits for somebody.
PLAIN = 0x3B5B7A  # Everything else.
