"""What starts a container and keeps it healthy: the words of its commands, and the programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from hcreport.contents.planning_view import View

_WORD = re.compile(r"[^\s;|&()<>\"'`$={},\[\]]+")
_USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_RUNNERS = frozenset({"npm", "npx", "yarn", "pnpm", "bun"})
_MOST_SCRIPTS = 30
"""As many scripts are followed that start one another."""

_PROGRAM_BITS = 0o111


def start_words(view: View) -> frozenset[str]:
    """Return every word of the commands that start the image or check its health.

    The words of scripts among them are in it as far as their beginning was kept, and those of the
    scripts of a ``package.json`` that they run.
    """
    config = view.image.config
    test = config.health_check.get("Test")
    parts = [*config.entrypoint, *config.command]
    parts += [f"{each}" for each in test] if isinstance(test, list | tuple) else []
    words = set(_words(parts))
    if words & _RUNNERS:
        words |= set(_words(_package_scripts(view, words)))
    followed: set[bytes] = set()
    for _ in range(_MOST_SCRIPTS):
        paths = {path for word in words for path in _places(view, word)[-1:]} - followed
        if not paths:
            break
        followed |= paths
        for path in paths:
            head = view.head(path)
            if head.startswith(b"#!") or view.text(path):
                words |= set(_words([head.decode("utf-8", "replace")]))
    return frozenset(words)


def programs(view: View, words: Iterable[str]) -> set[bytes]:
    """Return the files that words name, and the links that lead to them."""
    return {path for word in words for path in _places(view, word)}


def interpreters(view: View, head: bytes) -> set[bytes]:
    """Return the program that the first line of a script names, and the links that lead to it."""
    if not head.startswith(b"#!"):
        return set()
    line = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace")
    return programs(view, _words([line]))


def search_path(view: View) -> list[str]:
    """Return the folders in which programs are looked for, in their order."""
    values = [each for each in view.image.config.environment if each.startswith("PATH=")]
    return (values[-1].removeprefix("PATH=") if values else _USUAL_PATH).split(":")


def named_in_environment(view: View) -> set[bytes]:
    """Return the files that values of the environment name, with the links that lead to them.

    A folder that is a home, as of ``JAVA_HOME``, stands for the programs in it.
    """
    found: set[bytes] = set()
    for entry in view.image.config.environment:
        name, _, value = entry.partition("=")
        if name == "PATH":
            continue
        for part in re.split(r"[:;,\s]", value):
            if not part.startswith("/"):
                continue
            found |= set(_existing(view, part))
            if name.endswith("_HOME"):
                found |= set(_existing(view, f"{part}/bin/{name.split('_', 1)[0].lower()}"))
    return found


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from _WORD.findall(text)


def _places(view: View, word: str) -> list[bytes]:
    """Return where a word leads, over which links, if it names a program; else nothing."""
    if "/" in word:
        whole = word if word.startswith("/") else f"{view.image.config.folder}/{word}"
        return _existing(view, whole)
    for folder in search_path(view):
        found = _existing(view, f"{folder}/{word}")
        if found and view.mode(found[-1]) & _PROGRAM_BITS:
            return found
    # ``python app.py`` names a file beside, which may be a script that starts others.
    return _existing(view, f"{view.image.config.folder}/{word}") if "." in word else []


def _existing(view: View, path: str) -> list[bytes]:
    chain = view.chain(path.encode("utf-8", "surrogateescape"))
    return chain if chain and chain[-1] in view.merged.places and chain[-1] else []


def _package_scripts(view: View, words: set[str]) -> Iterator[str]:
    """Yield the commands behind the names that ``npm run`` and the like are given."""
    path = f"{view.image.config.folder}/package.json".strip("/").encode()
    try:
        content = json.loads(view.text(path) or b"{}")
    except (ValueError, RecursionError):
        return
    scripts = content.get("scripts") if isinstance(content, dict) else None
    if not isinstance(scripts, dict):
        return
    for name, command in scripts.items():
        plain = f"{name}".removeprefix("pre").removeprefix("post")
        if isinstance(command, str) and (words & {f"{name}", plain}):
            yield command
