"""Writes values into a Dockerfile so that the builder reads back exactly them.

A line break would end an instruction, so a value with one is refused, as are all control
characters; whoever asks gets None and says so in a note.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

from hcreport.units import NANOSECONDS_PER_SECOND

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_LABEL = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./:-]*")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]*")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._~:-]*")
_PORT = re.compile(r"\d+(?:/[a-z]+)?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?")


def is_text(value: str) -> bool:
    """Tell whether a value can stand on one line: no control characters, no broken characters."""
    return all(
        " " <= letter != "\x7f" and not "\ud800" <= letter <= "\udfff" for letter in value
    ) and not re.search("[\x80-\x9f]", value)


def is_reference(value: str) -> bool:
    """Tell whether a value has the form of an image's name."""
    return bool(_REFERENCE.fullmatch(value))


def is_package(value: str) -> bool:
    """Tell whether a value has the form of a package's name."""
    return bool(_PACKAGE.fullmatch(value))


def quoted(value: str) -> str | None:
    """Return a value for ENV or LABEL in quotes; None where no line can hold it.

    Builders take a backslash in both kinds of quotes; hadolint reads it better in single ones.
    """
    if not is_text(value):
        return None
    if "\\" in value and "'" not in value and not value.endswith("\\"):
        return f"'{value}'"
    return '"' + re.sub(r'(["\\$])', r"\\\1", value) + '"'


def assignment(text: str) -> str | None:
    """Return ``NAME="value"`` for ENV; None where no line can hold it."""
    name, _, value = text.partition("=")
    words = quoted(value)
    return f"{name}={words}" if words is not None and _VARIABLE.fullmatch(name) else None


def label(name: str, value: str) -> str | None:
    """Return ``name="value"`` for LABEL; None where no line can hold it."""
    words = quoted(value)
    return f"{name}={words}" if words is not None and _LABEL.fullmatch(name) else None


def exec_form(words: Sequence[str]) -> str:
    """Return a command as the JSON list that is run without a shell."""
    return json.dumps(list(words), ensure_ascii=False).replace("\x7f", "\\u007f")


def folder(path: str) -> str | None:
    """Return a path for WORKDIR, which reads variables; None where no line can hold it."""
    if not is_text(path):
        return None
    return path if _PLAIN.fullmatch(path) else quoted(path)


def volume(path: str) -> str | None:
    """Return the JSON list of one path for VOLUME; None where it would be read otherwise."""
    return exec_form([path]) if is_text(path) and "$" not in path and "\\" not in path else None


def port(text: str) -> str | None:
    """Return a port for EXPOSE; None where it is none."""
    return text if _PORT.fullmatch(text) else None


def user(text: str) -> str | None:
    """Return a user for USER, by name or number, with a group or without."""
    return text if _USER.fullmatch(text) and "\\" not in text and "$" not in text else None


def shell_word(path: str) -> str | None:
    """Return a path as one word of a shell's command; None where no line can hold it."""
    return shlex.quote(path) if is_text(path) else None


def is_plain_path(path: str) -> bool:
    """Tell whether COPY takes a path as it stands: no pattern, no variable, no space."""
    return bool(_PLAIN.fullmatch(path))


def duration(nanoseconds: int) -> str:
    """Return a time as HEALTHCHECK's options take it, exactly: ``30s``, ``1m30s``, ``1500ms``."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS_PER_SECOND)
    if rest:
        return f"{nanoseconds}ns"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
