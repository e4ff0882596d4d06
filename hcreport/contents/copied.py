"""Says where files of the build context lie in an image: what each COPY put where."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hcreport.contents.dockerfile import Line, assigned, filled, last_chain, read_lines
from hcreport.contents.image import ImageFiles

_NOP = re.compile(
    r"^(?:/bin/sh -c #\(nop\) +)?(COPY|ADD|WORKDIR) +(.*?)(?:\s*# buildkit)?\s*$", re.DOTALL
)
_CLASSIC = re.compile(r"^(?:file|multi|dir):[0-9a-f]+ in +(.*?)\s*$")
_REMOTE = re.compile(r"[a-z]+://|git@")


@dataclass(frozen=True, kw_only=True)
class ContextCopy:
    """One source of a COPY or ADD."""

    source: str
    """Path in the build context; empty for all of it."""
    target: str
    """Absolute path in the image, without its first slash; empty for the root."""
    inside: bool = False
    """The target is a folder into which a file is put under its own name."""


def context_copies(image: ImageFiles, dockerfile: str | None) -> tuple[ContextCopy, ...]:
    """Return what was copied from the build context, as the Dockerfile or the history says.

    The classic builder's history does not name sources: a folder in it is taken for the whole
    context only where there is no Dockerfile to ask.
    """
    if dockerfile is not None:
        chain = last_chain(read_lines(dockerfile))
        return tuple(_of_lines(chain.lines, image.config.folder)) if chain else ()
    lines = []
    for entry in image.history:
        found = _NOP.match(entry.text)
        if found is None:
            continue
        classic = _CLASSIC.match(found[2])
        if classic is not None and not found[2].startswith("dir:"):
            continue
        rest = f". {classic[1]}" if classic else found[2]
        lines.append(Line(text="", name=found[1], rest=rest))
    return tuple(_of_lines(lines, image.config.folder))


def in_context(
    copies: Sequence[ContextCopy], chosen: Callable[[str], bool]
) -> Callable[[bytes], bool]:
    """Return what tells of an absolute path in the image whether its file is chosen in the context.

    ``chosen`` is asked with the path of the file in the context. A path that no COPY made is not.
    """

    def check(path: bytes) -> bool:
        name = path.strip(b"/").decode("utf-8", "surrogateescape")
        # What was copied last lies there.
        for copy in reversed(copies):
            place = _in_context(copy, name)
            if place is not None:
                return chosen(place)
        return False

    return check


def _in_context(copy: ContextCopy, path: str) -> str | None:
    """Return where in the context a path of the image comes from; None where not from this copy."""
    if copy.inside and copy.source:
        file = posixpath.join(copy.target, posixpath.basename(copy.source))
        if path == file:
            return copy.source
    if path == copy.target:
        return copy.source or None
    begin = f"{copy.target}/" if copy.target else ""
    if not path.startswith(begin):
        return None
    return posixpath.join(copy.source, path[len(begin) :])


def _of_lines(lines: Sequence[Line], folder: str) -> Iterator[ContextCopy]:
    values: dict[str, str] = {}
    # A base image may have set another; the image's own is the best guess until one is named.
    first = next((line for line in lines if line.name == "WORKDIR"), None)
    place = "/" if first is not None else folder or "/"
    for line in lines:
        if line.name in ("ARG", "ENV"):
            values.update((name, filled(value, values)) for name, value in assigned(line))
        elif line.name == "WORKDIR":
            place = posixpath.join(place, filled(line.rest.strip("\"'"), values))
        elif line.name in ("COPY", "ADD") and "from" not in line.flags:
            yield from _copied([filled(word, values) for word in line.words], place)


def _copied(words: Sequence[str], folder: str) -> Iterator[ContextCopy]:
    if len(words) < 2:
        return
    target = _clean(posixpath.join(folder, words[-1]))
    into_folder = words[-1].endswith(("/", ".")) or len(words) > 2
    for word in words[:-1]:
        if not _REMOTE.match(word) and not word.startswith("<<"):
            source = _clean(word)
            yield ContextCopy(source=source, target=target, inside=into_folder)


def _clean(path: str) -> str:
    return posixpath.normpath(f"/{path}").strip("/")
