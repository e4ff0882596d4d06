"""Writes the Dockerfile of a smaller image, and lines for its ``.dockerignore``, from a plan.

The last stage starts from the base that the image has today, installs what still has to be there,
and copies the rest from a first stage. That stage is the project's own Dockerfile, or else the
image itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hcreport.contents.image import ImageFiles
from hcreport.contents.layer import LayerFiles
from hcreport.contents.merged import Merged, merge
from hcreport.contents.target import TargetPlan
from hcreport.render.dockerfile_cleaning import cleaning_of
from hcreport.render.dockerfile_copies import copies_of
from hcreport.render.dockerfile_lines import FirstStages, project_stages
from hcreport.render.dockerfile_start import ROOT, Start, start_of
from hcreport.render.dockerfile_words import is_package, is_reference, is_text, shell_word
from hcreport.render.templating import templates_folder

_ACCOUNTS = ("/etc/passwd", "/etc/group")

_REPOSITORIES = (b"etc/apt/sources.list.d/", b"etc/apt/keyrings/", b"usr/share/keyrings/")
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

_QUIET = (
    *("DL3003", "DL3004", "DL3008", "DL3009", "DL3013", "DL3014", "DL3015", "DL3016", "DL3018"),
    *("DL3019", "DL3020", "DL3027", "DL3028", "DL3032", "DL3033", "DL3034", "DL3035", "DL3036"),
    *("DL3037", "DL3038", "DL3040", "DL3041", "DL3042", "DL3047", "DL3059", "DL3060", "DL3062"),
    *("DL4001", "DL4006", "DL3045", "DL3002", "DL3006", "DL3007", "DL3066"),
)
"""Rules of hadolint about what the first stage weighs or how it is written."""


_WEAK = {
    "dnf": "--setopt=install_weak_deps=False --nodocs",
    "microdnf": "--setopt=install_weak_deps=0 --nodocs",
    "yum": "--setopt=tsflags=nodocs",
}
"""Options that install only what is needed."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What to write for a smaller image."""

    dockerfile: str
    ignore_file: str
    """Lines to add to the project's own; empty where there is none to add."""
    notes: tuple[str, ...] = ()
    """What to look at, one or two sentences each."""


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """What the template shows, beside the plan."""

    first: FirstStages
    cleaning: tuple[str, ...]
    base: str
    """Empty where its name is not known."""
    accounts: tuple[str, ...]
    repositories: tuple[str, ...]
    packages: tuple[str, ...]
    installer: str
    removed: tuple[str, ...]
    """Paths of the base that the image deleted, for a shell."""
    copies: tuple[str, ...]
    set_right: tuple[str, ...]
    start: Start


def write_change(
    image: ImageFiles,
    plan: TargetPlan,
    *,
    dockerfile: str | None = None,
    advised: Sequence[str] = (),
    build_from: str,
    target: str | None = None,
) -> Change:
    """Return the change that a plan stands for.

    ``dockerfile`` is the text of the project's own, ``target`` the stage that is built of it,
    ``build_from`` the image's name for where there is no Dockerfile, ``advised`` patterns for the
    ignore file. The result may hold private values of the image: it belongs beside the project.
    """
    merged = merge(image.layers)
    notes = list(plan.notes)
    first = _first(image, dockerfile, target, build_from, notes)
    parts = _parts(image, plan, merged, first, notes)
    lines = [each for each in advised if is_text(each) and each.strip()]
    text = _template(
        "Dockerfile.j2", parts=parts, weak=_WEAK.get(parts.installer, ""), quiet=_QUIET
    )
    ignore_file = _template("dockerignore.j2", lines=lines) if lines else ""
    return Change(dockerfile=text, ignore_file=ignore_file, notes=tuple(dict.fromkeys(notes)))


def _first(
    image: ImageFiles,
    dockerfile: str | None,
    target: str | None,
    build_from: str,
    notes: list[str],
) -> FirstStages:
    if dockerfile is not None:
        stages = project_stages(dockerfile, target=target)
        if stages is not None:
            return stages
        notes.append("The Dockerfile has no such stage, so the image itself is the first stage.")
    if not is_reference(build_from):
        notes.append("The image has no name to build from: put one in place of IMAGE.")
        build_from = "IMAGE"
    return FirstStages(
        text=f"FROM {build_from} AS build", name="build", root=image.config.user in ROOT
    )


def _parts(
    image: ImageFiles, plan: TargetPlan, merged: Merged, first: FirstStages, notes: list[str]
) -> _Parts:
    base_layers = image.layers[: plan.base.layers]
    cleaning = cleaning_of(plan, merged)
    copies = copies_of(plan, merged, base_layers)
    start = start_of(image, merged, plan.base.layers)
    commands = (*cleaning.commands, *copies.gather)
    notes += [*cleaning.notes, *copies.notes, *start.notes]
    if commands and not _has_shell(merged):
        notes.append("The image has no shell, so nothing could be taken out of the first stage.")
        commands = ()
    base = plan.base.reference or ""
    if not is_reference(base):
        base = ""
        notes.append(
            "The name of the base image is not known. Give it when you build: "
            "--build-arg BASE_IMAGE=name:tag."
        )
    packages = tuple(each for each in plan.packages if is_package(each))
    if len(packages) < len(plan.packages):
        notes.append("Some packages have names that no package manager takes; they are left out.")
    if start.runs_as_root:
        notes.append(
            "The program runs as root. Try it as another user: a line for it is in the Dockerfile."
        )
    return _Parts(
        first=first,
        cleaning=commands,
        base=base,
        accounts=_accounts(image, plan, base_layers),
        repositories=_repositories(plan, base_layers, merged),
        packages=packages,
        installer=_installer(plan.manager, merged),
        removed=tuple(each for each in map(shell_word, plan.remove) if each is not None),
        copies=copies.lines,
        set_right=copies.set_right,
        start=start,
    )


def _accounts(
    image: ImageFiles, plan: TargetPlan, base_layers: Sequence[LayerFiles]
) -> tuple[str, ...]:
    """Return the files of users where the image's own have to be there before packages come.

    A package that makes a user then finds the number it had, and files keep their owners.
    """
    changed = {path for layer in image.layers[len(base_layers) :] for path in layer.paths}
    return tuple(
        each
        for each in _ACCOUNTS
        if each.strip("/").encode() in changed and each not in plan.copies
    )


def _repositories(
    plan: TargetPlan, base_layers: Sequence[LayerFiles], merged: Merged
) -> tuple[str, ...]:
    """Return folders and files with which apt finds packages that are not Debian's own."""
    if plan.manager != "apt" or not plan.packages:
        return ()
    known = {path for layer in base_layers for path in layer.paths}
    found = sorted(
        {
            folder.decode()
            for path in merged.places
            for folder in _REPOSITORIES
            if path.startswith(folder) and path not in known
        }
    )
    if not any(each.startswith("etc/apt/sources") for each in found):
        return ()
    certificates = _CERTIFICATES.strip("/").encode()
    extra = [_CERTIFICATES] if certificates in merged.places and certificates not in known else []
    return (*(f"/{each}" for each in found), *extra)


def _installer(manager: str, merged: Merged) -> str:
    """Return the program that installs packages."""
    if manager != "dnf":
        return {"apt": "apt-get"}.get(manager, manager)
    programs = ("dnf", "microdnf", "yum")
    return next(
        (each for each in programs if f"usr/bin/{each}".encode() in merged.places), programs[0]
    )


def _has_shell(merged: Merged) -> bool:
    return any(each in merged.places for each in (b"bin/sh", b"usr/bin/sh"))


@lru_cache(maxsize=1)
def _environment(folder: Path) -> Environment:
    # What is written is no page: a builder reads it, and every value was written for it.
    return Environment(
        loader=FileSystemLoader(folder / "change"),
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _template(name: str, **values: object) -> str:
    text = _environment(templates_folder()).get_template(name).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"
