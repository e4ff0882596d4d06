"""Makes text from a snapshot harmless in a comment on GitHub: no mention, no link, no HTML.

GitHub looks for ``@name``, ``#12`` and addresses in what the reader sees, after character
references were resolved. A character without width behind the sign keeps it from finding them.
"""

from __future__ import annotations

import re

from markupsafe import Markup

from hcreport.render.escape import code, escape, one_line

_BREAK = "&#8203;"

_REFERENCES = re.compile(
    r"&#64;"  # @somebody, name@host
    r"|&#35;"  # #12, owner/name#12
    r"|(?<![A-Za-z0-9])[Gg][Hh]-(?=[0-9])"  # GH-12
    r"|&#58;(?=&#47;|[A-Za-z])"  # https://, mailto:, :emoji:
    r"|(?<![A-Za-z0-9])[Ww]{3}\."
)

# GitHub links 7 to 40 hexadecimal digits to a commit of that name.
_COMMIT = re.compile(r"(?<![A-Za-z0-9#])[0-9a-f]{7,40}(?![A-Za-z0-9;])")
_SIX = re.compile(r"(.{6})(?=.)")

_LONGEST = 300
"""Characters of one text, so that a long name does not hide the rest."""


def shortened(value: object) -> str:
    """Return one line of bounded length."""
    line = one_line(value)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def github_text(value: object) -> Markup:
    """Return one line that GitHub shows as it is."""
    safe = _REFERENCES.sub(lambda match: match.group() + _BREAK, escape(shortened(value)))
    whole = _COMMIT.sub(lambda match: _SIX.sub(rf"\1{_BREAK}", match.group()), safe)
    return Markup(whole)  # noqa: S704  (escaped two lines above)


def github_name(value: object) -> Markup:
    """Return one line in code letters, in which GitHub looks for nothing."""
    return code(shortened(value))
