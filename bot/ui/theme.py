"""How messages look: the few colours there are. Colour carries no meaning alone."""

from __future__ import annotations

OPEN = 0xB8860B  # Something waits for somebody.
PLAIN = 0x3B5B7A  # Everything else.
