"""The errors whose text is shown to people.

Stopped                 ends the program, with a sentence for the person who runs it
UserError               refuses a request, with a sentence for the person who made it
├── BadInput            the input cannot be used; the text gives an example of what can
├── NotInRecord         the server has no such record
└── NotAllowed          the person lacks the permissions; the text says who has them
"""

from __future__ import annotations

from bot.preflight import EX_CONFIG

EX_UNAVAILABLE = 69  # The exit status of sysexits.h for an unavailable service.
EX_SOFTWARE = 70  # The exit status of sysexits.h for an internal error.


class UserError(Exception):
    """A refusal of a request. Its text is shown to the person who made the request. Nothing was changed.

    The text is escaped before it is shown, because it often quotes what was typed. If `marked_up` is True, the text is
    not escaped, because it contains Discord markup such as the mention of a role. Then it must not quote anybody.
    """

    def __init__(self, text: str, *, marked_up: bool = False) -> None:
        super().__init__(text)
        self.marked_up = marked_up


class BadInput(UserError):
    """Input that cannot be used. The text quotes it, and says that nothing was changed and what would work."""


class NotInRecord(UserError):
    """The server has no record with the requested name, or none of the expected kind.

    The text is `refusal`, followed by `note` if there is one. A command can catch the error and raise its `refusal`
    again with another note.
    """

    def __init__(self, refusal: str, note: str = "") -> None:
        super().__init__(f"{refusal} {note}" if note else refusal)
        self.refusal = refusal


class NotAllowed(UserError):
    """The person lacks the permissions for a request. The text says who has them."""


class Stopped(Exception):
    """Raised to end the program, with a sentence for the person at the terminal and an exit status."""

    def __init__(self, sentence: str, status: int = EX_CONFIG) -> None:
        super().__init__(sentence)
        self.status = status
