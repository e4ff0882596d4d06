"""Steps that several rules about images advise, so that the plan shows each of them once."""

from __future__ import annotations

import shlex

from hcreport.estimate.contexts import context_name, contexts_of, saved_by_ignoring
from hcreport.estimate.images import context_layers
from hcreport.estimate.missing import why_missing
from hcreport.model import Action, BuildContext, Image, ImageContents, Service, Snapshot
from hcreport.rules import steps
from hcreport.rules.contract import Case, NotApplicable, NotMeasured, counted
from hcreport.units import gb, total

IGNORE_FILE = ".dockerignore"


def judged(image: Image, case: Case) -> ImageContents | NotApplicable | NotMeasured:
    """Return what is in an image that the project builds, or why nothing can be said about it."""
    if not case.builders(image):
        return NotApplicable("the project does not build this image")
    if image.contents is None:
        return NotMeasured(why_missing("image.contents", case.snapshot, image.name))
    return image.contents


def smaller_image(image: Image, contents: ImageContents, case: Case) -> Action:
    """Return the step that all findings about an image share: build it as hcreport writes it."""
    name = shlex.quote(image.name)
    if contents.target is None or contents.target >= contents.size:
        return Action(
            what=f"Find out what of {image.name} has to stay, with the folder it is built from",
            command=f"hcreport image {name} --context {_folder(image, case)}",
            effort="an hour",
            gain="not measured: what has to stay is not known",
            verify=f"hcreport image {name} prints steps.",
            undo="Nothing is changed by it.",
        )
    folder = _folder(image, case)
    return Action(
        what=f"Build {image.name} with the Dockerfile that hcreport writes, and try it",
        command=f"hcreport image {name} --context {folder} --write {folder}",
        effort="an hour",
        gain=f"{gb(contents.size - contents.target)} less, estimated",
        verify=f"The new image weighs about {gb(contents.target)}, and its containers are healthy.",
        undo="Delete Dockerfile.small; your own Dockerfile stays as it is.",
    )


def fewer_layers(image: Image) -> Action:
    """Return the step for an image of which only the history is known."""
    layers = context_layers(image)
    if layers:
        return steps.ignore_in_build(image, total(layer.size for layer in layers))
    return Action(
        what=f"Find the layers that hold most of {image.name}, and leave out what is not needed",
        command=f"docker history --no-trunc {shlex.quote(image.name)}",
        effort="an hour",
        gain="not measured: it depends on what the layers hold",
        verify=f"docker images shows less than {gb(image.size)}.",
        undo="Build the old Dockerfile again.",
    )


def make_smaller(image: Image, case: Case) -> Action:
    """Return the best known step towards a smaller image, whoever builds it."""
    if not case.builders(image):
        return Action(
            what=f"Choose a smaller image than {image.name}, or a smaller variant of it",
            effort="an hour",
            gain="not measured: it depends on what there is",
            verify=f"docker images shows less than {gb(image.size)}.",
            undo="Name the old image in the Compose file again.",
        )
    if image.contents is not None:
        return smaller_image(image, image.contents, case)
    return fewer_layers(image)


def ignore_more(context: BuildContext, snapshot: Snapshot) -> Action:
    """Return the step that keeps more out of a build context."""
    file = _ignore_file(context)
    lines = counted(len(context.advised), "line")
    windows = snapshot.engine is not None and snapshot.engine.client_os == "windows"
    known = context.path is not None and not windows
    return Action(
        what=f"Add {lines} to {file}, and build again",
        command=_append(context.advised, file) if known and context.advised else "",
        effort="minutes",
        gain=f"{gb(saved_by_ignoring(context))} less are sent",
        verify=f"hcreport collect finds a build context of about {gb(context.leaves or 0)}.",
        undo=f"Delete the lines from {file}.",
    )


def named(names: tuple[str, ...], most: int = 3) -> str:
    """Return the first of some names between parentheses; nothing where there are none."""
    return f" ({', '.join(names[:most])})" if names else ""


def best_context(image: Image, case: Case) -> BuildContext | None:
    """Return the context of an image in which most can stay at home; None where there is none."""
    found = [
        each
        for each in contexts_of(image, case.snapshot, case.images)
        if saved_by_ignoring(each) and each.advised
    ]
    return max(found, key=lambda each: (saved_by_ignoring(each), context_name(each)), default=None)


def _append(lines: tuple[str, ...], file: str) -> str:
    quoted = " ".join(shlex.quote(line) for line in lines)
    return f"printf '%s\\n' {quoted} >> {shlex.quote(file)}"


def _ignore_file(context: BuildContext) -> str:
    file = context.ignore_file or IGNORE_FILE
    folder = (context.path or "").rstrip("/")
    return file if folder in ("", ".") else f"{folder}/{file}"


def _folder(image: Image, case: Case) -> str:
    """Return the folder that an image is built from, for a command; a point where not known."""
    builders: list[Service] = case.builders(image)
    known = (each.build.context for each in builders if each.build and each.build.context)
    return shlex.quote(next(known, "."))
