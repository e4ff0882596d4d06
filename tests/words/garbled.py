"""Finds text that was read in the wrong encoding, and characters that no text of ours needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

# The bytes of one character beyond ASCII, written as UTF-8.
_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_RUN = re.compile(r"[^\x00-\x7f]{2,}")
# A no-break space behind the letter is often made an ordinary one on the way.
_LONE = re.compile("[\u00c2\u00c3](?=[ \n])")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\ufeff\ufffd]")


def garbled(text: str) -> Iterator[str]:
    """Yield every piece of a text that looks like UTF-8 read as Latin-1 or Windows-1252.

    A byte order mark, a replacement character and control characters count too.
    """
    for run in _RUN.finditer(text):
        if _CHARACTER.search(b"".join(_byte(each) for each in run.group())):
            yield run.group()
    for pattern in (_LONE, _CONTROL):
        yield from (repr(match.group()) for match in pattern.finditer(text))


def _byte(character: str) -> bytes:
    """Return the byte a character was read from; a full stop for one that no byte gives."""
    for encoding in ("cp1252", "latin-1"):
        try:
            return character.encode(encoding)
        except UnicodeEncodeError:
            continue
    return b"."
