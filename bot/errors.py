"""What can go wrong in words for people.

UserError               shown as it is; nothing was changed
├── BadInput            something typed cannot be used, with an example of what can
├── NotInRecord         what was asked for is not in this server's record
└── NotAllowed          the rights are missing, with who has them
"""

from __future__ import annotations


class UserError(Exception):
    """A sentence for the person who asked. Everything else is answered with a reference and logged in full."""


class BadInput(UserError):
    """What was typed cannot be used. The text says what was typed, that nothing was changed and what works."""


class NotInRecord(UserError):
    """The record that was asked for is not there."""


class NotAllowed(UserError):
    """The person may not do this. The text says who can."""
