"""Says in a Dockerfile's words how containers of an image start: its settings and commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hcreport.contents.image import HistoryEntry, ImageConfig, ImageFiles
from hcreport.contents.merged import Merged
from hcreport.render import dockerfile_words as words
from hcreport.render.words import joined

_USUAL_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What the engine sets where an image says nothing."""

_COMPOSE_LABEL = "com.docker.compose."
"""Begins labels that Compose adds to what it builds."""

_SECRET = re.compile(
    r"PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|(?:^|_)AUTH(?:_|$)",
    re.IGNORECASE,
)

_CHECK_OPTIONS = (
    ("Interval", "interval"),
    ("Timeout", "timeout"),
    ("StartPeriod", "start-period"),
    ("StartInterval", "start-interval"),
)

_PROGRAM_FOLDERS = (b"usr/local/bin/", b"usr/bin/", b"bin/")

_Value = TypeVar("_Value")

ROOT = frozenset({"", "0", "root", "0:0", "root:root", "root:0", "0:root"})
"""Ways to say that a container runs as root."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """How containers start, as instructions."""

    settings: tuple[str, ...]
    """Arguments of ENV and LABEL, with the instruction's name."""
    rest: tuple[tuple[str, str], ...]
    """Name and arguments of the other instructions, in the order they are to stand."""
    runs_as_root: bool
    user: str = ""
    """The user's name, where a number stands for it."""
    check: str = ""
    """A health check that could fit, where the image has none."""
    notes: tuple[str, ...] = ()


def start_of(image: ImageFiles, merged: Merged, base_layers: int) -> Start:
    """Return how containers of an image start, without what its base image says already."""
    config, notes = image.config, list[str]()
    before = _history_of_base(image, base_layers)
    own = [
        each
        for each in config.environment
        if each != _USUAL_PATH and not _set_by(before, image.history, each)
    ]
    environment = _kept("ENV", own, words.assignment, "environment variable", notes)
    labels = [
        (name, value)
        for name, value in sorted(config.labels.items())
        if not name.startswith(_COMPOSE_LABEL)
        and not _set_by(before, image.history, f"{name}={value}", "LABEL")
    ]
    labelled = _kept("LABEL", labels, lambda each: words.label(*each), "label", notes)
    names = {each.partition("=")[0] for each in own}
    secret = sorted(name for name in names if _SECRET.search(name))
    if secret:
        notes.append(
            f"{joined(secret)} may be secret. Everybody who has the image can read it: give it to "
            "the container when it starts."
        )
    number = _number_of(config.user, merged)
    numbered = replace(config, user=number) if number else config
    return Start(
        settings=(*environment, *labelled),
        rest=tuple(_instructions(numbered, before, notes)),
        user=config.user if numbered is not config else "",
        runs_as_root=config.user in ROOT,
        check="" if config.health_check else _possible_check(config, merged),
        notes=tuple(notes),
    )


def _number_of(user: str, merged: Merged) -> str:
    """Return the number of a user without a group; empty where it is not known.

    A number says without looking into the image that it is not root's.
    """
    place = merged.places.get(b"etc/passwd")
    if place is None or not user or ":" in user or user.isdecimal():
        return ""
    layer, position = merged.layers[place >> 32], place & 0xFFFFFFFF
    for line in layer.texts.get(position, b"").decode("utf-8", "replace").split("\n"):
        name, _, rest = line.partition(":")
        number = rest.split(":")[1:2]
        if name == user and number and number[0].isdecimal():
            return number[0]
    return ""


def _kept(
    instruction: str,
    values: Iterable[_Value],
    write: Callable[[_Value], str | None],
    what: str,
    notes: list[str],
) -> list[str]:
    written = [write(each) for each in values]
    lost = written.count(None)
    if lost:
        notes.append(
            f"{lost} {what}{'s' if lost > 1 else ''} cannot be written in a Dockerfile: a value "
            "has several lines, or a name has unusual letters."
        )
    return [f"{instruction} {each}" for each in written if each is not None]


def _instructions(
    config: ImageConfig, before: Sequence[HistoryEntry], notes: list[str]
) -> Iterable[tuple[str, str]]:
    folder = () if config.folder == "/" else (config.folder,)
    user = () if config.user in ROOT else (config.user,)
    for name, values, write in (
        ("WORKDIR", folder, words.folder),
        ("EXPOSE", config.ports, words.port),
        ("VOLUME", config.volumes, words.volume),
        ("USER", user, words.user),
        ("STOPSIGNAL", (config.stop_signal,), words.user),
    ):
        for value in filter(None, values):
            yield from _one(name, value, write, notes)
    if config.shell:
        yield "SHELL", words.exec_form(config.shell)
    check = _health_check(config.health_check, config.shell)
    if check:
        yield "HEALTHCHECK", check
    if config.entrypoint:
        yield "ENTRYPOINT", words.exec_form(config.entrypoint)
    elif any(re.search(r"\bENTRYPOINT\b", entry.text) for entry in before):
        yield "ENTRYPOINT", "[]"
    if config.command:
        yield "CMD", words.exec_form(config.command)


def _one(
    name: str, value: str, write: Callable[[str], str | None], notes: list[str]
) -> Iterable[tuple[str, str]]:
    written = write(value)
    if written is None:
        notes.append(f"The image's {name} cannot be written in a Dockerfile: add it by hand.")
    else:
        yield name, written


def _health_check(check: Mapping[str, object], shell: Sequence[str]) -> str:
    """Return the arguments of HEALTHCHECK; empty where there is no check."""
    test = check.get("Test")
    test = [str(each) for each in test] if isinstance(test, list | tuple) else []
    if not test:
        return ""
    if test[0] == "NONE":
        return "NONE"
    command = test[1:]
    if test[0] == "CMD-SHELL":
        command = [*(shell or ("/bin/sh", "-c")), *command]
    options = [
        f"--{option}={words.duration(time)} "
        for key, option in _CHECK_OPTIONS
        if isinstance(time := check.get(key), int) and time > 0
    ]
    retries = check.get("Retries")
    if isinstance(retries, int) and retries > 0:
        options.append(f"--retries={retries} ")
    return f"{''.join(options)}CMD {words.exec_form(command)}"


def _possible_check(config: ImageConfig, merged: Merged) -> str:
    """Return a check of the first port with a program that the image has; else nothing."""
    number = next((each.partition("/")[0] for each in config.ports if not each.endswith("udp")), "")
    if not number.isdecimal():
        return ""
    address = f"http://127.0.0.1:{number}/"
    python = f"import urllib.request as r; r.urlopen('{address}', timeout=5)"
    for program, command in (
        (b"curl", ["curl", "--fail", "--silent", "--output", "/dev/null", address]),
        (b"wget", ["wget", "-q", "-O", "/dev/null", address]),
        (b"python3", ["python3", "-c", python]),
    ):
        if any(folder + program in merged.places for folder in _PROGRAM_FOLDERS):
            return f"HEALTHCHECK --interval=30s --timeout=10s CMD {words.exec_form(command)}"
    return ""


def _history_of_base(image: ImageFiles, layers: int) -> tuple[HistoryEntry, ...]:
    """Return the steps that made the base's layers; empty where the history does not tell."""
    if not any(image.steps()):
        return ()
    made = 0
    for position, entry in enumerate(image.history):
        made += not entry.empty
        if made == layers:
            return image.history[: position + 1]
    return ()


def _set_by(
    before: Sequence[HistoryEntry],
    history: Sequence[HistoryEntry],
    text: str,
    instruction: str = "ENV",
) -> bool:
    """Tell whether the base image's own steps gave a variable the value it has, and none later."""
    begin = rf"\b{instruction}\b.*?(?:^|\s){re.escape(text.partition('=')[0])}[= ]"
    sets = re.compile(begin, re.DOTALL)
    later = history[len(before) :]
    return any(
        sets.search(entry.text) and text.partition("=")[2] in entry.text for entry in before
    ) and not any(sets.search(entry.text) for entry in later)
