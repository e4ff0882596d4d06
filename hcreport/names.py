"""Turns any name into one that is safe as a file name, an anchor and a part of an address."""

from __future__ import annotations

import hashlib
import re

_UNSAFE = re.compile(r"[^a-z0-9]+")

# Names that Windows keeps for devices, whatever follows the point.
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$")

# What an added hash looks like: a name that ends so gets one too, or it could be another's slug.
_LOOKS_HASHED = re.compile(r"(^|-)[0-9a-f]{8}$")

_LONGEST = 60


def slug(name: str) -> str:
    """Return a lower-case name of letters, digits and hyphens, the same for the same text.

    Two different names never share a slug: where characters were replaced or cut, or where the
    result would be empty, reserved or look hashed, eight digits of the name's hash follow.
    """
    safe = _UNSAFE.sub("-", name.lower()).strip("-")[:_LONGEST]
    if safe and safe == name and not (_RESERVED.match(safe) or _LOOKS_HASHED.search(safe)):
        return safe
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe}-{digest}" if safe else digest
