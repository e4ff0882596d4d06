"""Tells which files nobody put into an image: package managers and their scripts made them.

They are made again where the packages are installed, so they are not copied. Learnt from images
that were built with Debian 12 and Alpine 3.20, and from the scripts of their packages.
"""

from __future__ import annotations

import re

from hcreport.contents.layer import Kind
from hcreport.contents.planning_view import View

_RECORDS = re.compile(
    rb"(?:var/lib/(?:dpkg|ucf|pam|dbus|python|emacsen-common|systemd|rpm|dnf|yum|shells\.state)(?:/|$)"
    rb"|var/lib/apt/(?!lists/)"
    rb"|var/cache/(?:debconf|ldconfig|fontconfig|man)/"
    rb"|var/log/(?:apt/|(?:dpkg|alternatives|bootstrap|fontconfig|dnf.*|hawkey|yum)\.log)"
    rb"|(?:usr/)?lib/apk/|etc/apk/world$|usr/lib/sysimage/rpm/"
    rb"|etc/(?:ld\.so\.cache|\.pwd\.lock|g?shadow|sub[ug]id|inputrc|networks)$"
    rb"|etc/(?:passwd|group|g?shadow|sub[ug]id)-$|etc/python3/debian_config$"
    rb"|usr/share/info/dir(?:\.old)?$|usr/share/icons/.*\.cache$"
    rb"|usr/lib/locale/locale-archive$"
    rb"|usr/(?:lib|share)/.*/(?:loaders|immodules|giomodule|gconv-modules|mimeinfo)\.cache$"
    rb"|usr/share/glib-2\.0/schemas/gschemas\.compiled$)"
)
"""What a manager writes about itself, and indexes over all packages."""

_MAKERS = (
    (b"etc/ca-certificates.conf", "ca-certificates"),
    (b"usr/share/mime/", "shared-mime-info"),
    (b"var/lib/texmf/", "tex-common"),
)
"""Beginnings of paths, and the package whose scripts make what is there."""

_CACHES = re.compile(rb"(var/(?:lib/apt/lists|cache/(?:apt|apk|dnf|yum|libdnf5)))/")

_BYTECODE = re.compile(rb"(.*/|)__pycache__/([^/]+?)\.[a-z]+-?\d+[^/]*\.pyc$", re.DOTALL)
_ALTERNATIVES = b"etc/alternatives/"
_CERTIFICATES = b"etc/ssl/certs/"
_ARCHIVED_CLASSES = re.compile(rb"(usr/lib/jvm/.*/)(?:classes[^/]*\.jsa)$")
_OF_SCRIPTS = (b"etc/", b"usr/bin/", b"usr/sbin/", b"usr/lib/", b"usr/share/", b"bin/", b"sbin/")

GONE = ""
"""The maker of what is made again whichever packages stay."""


def source_of(path: bytes) -> bytes | None:
    """Return the Python file that bytecode was made from; None where it is no bytecode."""
    if not path.endswith(b".pyc"):
        return None
    match = _BYTECODE.match(path)
    return match[1] + match[2] + b".py" if match else None


def is_record(path: bytes) -> bool:
    """Tell whether a file is what a package manager notes about itself."""
    return bool(_RECORDS.match(path))


def manager_cache(path: bytes) -> bytes | None:
    """Return the folder of what a package manager fetched that a path lies in; None if in none."""
    match = _CACHES.match(path)
    return match[1] if match else None


def maker(view: View, path: bytes, kind: Kind, layer: int) -> str | None:
    """Return the package whose script made a file that no package owns; None where none did.

    :data:`GONE` where no package is known; ``layer`` is the number of the layer that has it.
    """
    source = source_of(path)
    if source is not None:
        return view.owner(source)
    for start, name in _MAKERS:
        if path.startswith(start):
            return name
    if path.startswith(_CERTIFICATES) and not view.has_own_certificates:
        named = "ca-certificates-java" if b"/java/" in path else "ca-certificates"
        return named if named in view.packages or layer in view.installing else None
    if match := _ARCHIVED_CLASSES.match(path):
        return view.owner(match[1] + b"libjvm.so")
    if kind == Kind.SYMLINK and layer in view.installing and path.startswith(_OF_SCRIPTS):
        return _of_link(view, path)
    return None


def _of_link(view: View, path: bytes) -> str | None:
    """Return the package that a link leads to, directly or over Debian's alternatives."""
    chain = view.chain(path)
    end = chain[-1] if chain else b""
    if end in view.merged.places:
        return view.owner(end)
    return GONE if any(each.startswith(_ALTERNATIVES) for each in chain) else None
