"""Reads the bounds of the image gate on the command line: ``500MB``, ``10%``."""

from __future__ import annotations

import re

from hcreport.errors import UsageError
from hcreport.units import parse_docker_image_size

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")


def image_size(option: str, text: str) -> int:
    """Return a size in bytes as ``docker images`` prints it. Raises UsageError."""
    try:
        return int(parse_docker_image_size(text))
    except ValueError as error:
        raise UsageError(
            f"{option}: {error}.", hint="Write it like 500MB or 1.2GB; 1 MB is 1,000,000 bytes."
        ) from error


def size_or_share(option: str, text: str, whole: int) -> int:
    """Return a size in bytes, or a percentage of ``whole`` bytes. Raises UsageError."""
    share = _PERCENT.fullmatch(text.strip())
    if share is None:
        return image_size(option, text)
    return int(whole * float(share[1]) / 100)
