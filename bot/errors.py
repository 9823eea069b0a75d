"""The errors whose text is written for people.

Stopped                 the program ends with a sentence for whoever runs it
UserError               shown as it is; nothing was changed
├── BadInput            something typed cannot be used, with an example of what can
├── NotInRecord         what was asked for is not in this server's record
└── NotAllowed          the permissions are missing, with who has them
"""

from __future__ import annotations

from bot.preflight import EX_CONFIG

EX_UNAVAILABLE = 69  # sysexits.h: a service is unavailable.
EX_SOFTWARE = 70  # sysexits.h: an internal error.


class UserError(Exception):
    """A refusal, as a sentence for the person who asked.

    Any other error is answered with a reference and logged in full. The text is plain and escaped where it is shown,
    since it often quotes what was typed; `marked_up` is for a text that holds markup of ours (a role, a command to
    click) and no word of a person.
    """

    def __init__(self, text: str, *, marked_up: bool = False) -> None:
        super().__init__(text)
        self.marked_up = marked_up


class BadInput(UserError):
    """Input that cannot be used. The text says what was typed, that nothing was changed and what works."""


class NotInRecord(UserError):
    """The record that was asked for does not exist in this server."""


class NotAllowed(UserError):
    """The person lacks the permissions for this. The text says who has them."""


class Stopped(Exception):
    """The end of the program, with one sentence for the person at the terminal and an exit status."""

    def __init__(self, sentence: str, status: int = EX_CONFIG) -> None:
        super().__init__(sentence)
        self.status = status
