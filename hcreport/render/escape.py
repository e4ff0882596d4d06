"""Makes text from a snapshot harmless: on pages, in front matter, on a terminal.

Snapshot text is hostile. Backslashes do not protect it (``!!! note``, ``- [ ]`` and many more
come through), numeric character references do: Markdown never looks inside them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

from markupsafe import Markup

# Control characters but newline and tab, bidirectional controls, and every character that takes
# no room: they can hide text, reverse it, or break the file. Listed, not asked of unicodedata,
# so that every Python version gives the same bytes.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

_LINE_BREAK = re.compile("\r\n?|[\u2028\u2029]")

# Half of a character pair, and code points that are no characters: neither can stand in HTML.
_NOT_A_CHARACTER = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)

# What stays as it is: ASCII letters and digits; a single space between words; a point, hyphen or
# slash between two letters or digits; a comma between one and a space. None of them means
# anything to Markdown there. "1. x", "- x", "a--b" and four leading spaces do, and are replaced.
_MEANINGFUL = re.compile(
    r"[^A-Za-z0-9 ./,-]"
    r"|(?<!\S) | (?!\S)"
    r"|(?<![A-Za-z0-9])[./-]|[./-](?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9]),|,(?! )"
)

# Characters that HTML gives a meaning, and letters that look like them.
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆", '"': "”", "'": "’"})

_LINKED_SCHEMES = ("http", "https")


def visible(value: object) -> str:
    """Return text without what cannot be seen; line breaks of every kind become a newline."""
    text = _LINE_BREAK.sub("\n", str(value))
    return _NOT_A_CHARACTER.sub("\ufffd", _INVISIBLE.sub("", text))


def one_line(value: object) -> str:
    """Return visible text with every run of white space as one space, for a terminal or a title."""
    return " ".join(visible(value).split())


def plain(value: object) -> str:
    """Return one line for front matter, in which no character means anything to HTML.

    Themes write a page's title and description into HTML unescaped, and some resolve character
    references first, so here the five special characters give way to others of like shape.
    """
    return one_line(value).translate(_LOOKALIKES)


def escape(value: object) -> Markup:
    """Return text that stands unchanged on a page wherever Markdown or HTML allows text.

    Markup is returned as it is. Raises TypeError for None and booleans: a page says in words what
    is missing.
    """
    if isinstance(value, Markup):
        return value
    if value is None or isinstance(value, bool):
        raise TypeError(f"{value} cannot stand on a page: say in words what it means")
    return _escape_text(str(value))


@lru_cache(maxsize=20_000)
def _escape_text(text: str) -> Markup:
    return Markup(_MEANINGFUL.sub(_reference, visible(text)))  # noqa: S704


def _reference(match: re.Match[str]) -> str:
    return f"&#{ord(match.group())};"


def code(value: object) -> Markup:
    """Return text in code letters, for a sentence or a table cell."""
    return Markup("<code>{}</code>").format(escape(value))


def with_code(value: object) -> Markup:
    """Return a sentence of ours with what stands between its backticks in code letters."""
    parts = str(value).split("`")
    if len(parts) % 2 == 0:
        return escape(value)
    said = (code(part) if number % 2 else escape(part) for number, part in enumerate(parts))
    return Markup("").join(said)


def code_block(value: object) -> Markup:
    """Return a block of commands, as raw HTML that Markdown leaves alone; no blank line in it."""
    text = value if isinstance(value, Markup) else str(value).strip("\n")
    return Markup("<pre><code>{}</code></pre>").format(escape(text))


def link_target(address: str) -> Markup:
    """Return a web address that can stand between the parentheses of a Markdown link.

    Raises ValueError for anything that is not http or https.
    """
    parts = urlsplit(visible(address))
    if parts.scheme not in _LINKED_SCHEMES or not parts.netloc:
        raise ValueError(f"{address!r} is not a web address")
    # Characters that Markdown gives a meaning in a link are percent-encoded.
    return Markup(quote(visible(address), safe="/:?#=&%@+,;-._~"))  # noqa: S704
