"""Text as one word of a shell or of PowerShell: whatever it says, it stays text there.

Snapshot text is hostile, and a script that somebody runs is the worst place for it.
"""

from __future__ import annotations

import string

from hcreport.render.escape import one_line

_PLAIN = frozenset(string.ascii_letters + string.digits + string.punctuation + " ")


def shell_quoted(text: str) -> str:
    """Return the visible text on one line as one word of a POSIX shell."""
    return shell_word(one_line(text))


def shell_word(text: str) -> str:
    """Return text, as it is, as one word of a POSIX shell, always in single quotes.

    Between single quotes no character means anything but the single quote itself, so each one
    ends the quotes, stands alone behind a backslash, and begins them again.
    """
    return "'" + text.replace("'", "'\\''") + "'"


def powershell_quoted(text: str) -> str:
    """Return the visible text on one line as one expression of PowerShell."""
    return powershell_word(one_line(text))


def powershell_word(text: str) -> str:
    """Return text, as it is, as one expression of PowerShell, in ASCII only.

    Windows PowerShell reads a file without a byte order mark in the old encoding of the system,
    and takes four more characters for a single quote. So other text than ASCII becomes numbers.
    """
    if _PLAIN.issuperset(text):
        return "'" + text.replace("'", "''") + "'"
    encoded = text.encode("utf-16-be")
    units = (f"0x{encoded[at : at + 2].hex()}" for at in range(0, len(encoded), 2))
    return f"(-join [char[]]({', '.join(units)}))"


def comment_text(text: str) -> str:
    """Return text for the rest of a comment line of either language: one line of ASCII."""
    return one_line(text).encode("ascii", "replace").decode("ascii")
