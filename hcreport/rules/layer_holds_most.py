"""One layer holds most of an image.

What it checks:
Whether a large layer copies the whole build context into the image, or one layer alone holds more
than half of an image that the project builds.

Why it matters:
Copying the whole build context takes along whatever lies in the folder: models, data, virtual
environments, the history in .git and files with secrets. No other change makes up for it.

How to fix it:
List in `.dockerignore` what the image does not need, or copy only the folders that it does need.
Deleting files in a later layer does not make an image smaller.

Limits:
The history says how large a layer is, not what is in it. How much of a copy the image needs is
not measured, so what can be saved is at most the layer. Images that others build are judged only
where they copy a build context. Where layers were read, or the build context was looked at, other
rules name the files themselves.
"""

from __future__ import annotations

import shlex

from hcreport.estimate.contexts import contexts_of, saved_by_ignoring
from hcreport.estimate.image_target import LARGE_COPY
from hcreport.estimate.images import context_layers
from hcreport.model import Action, Image, Layer, Severity
from hcreport.rules import steps
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    Problem,
    Rule,
    Threshold,
    Verdict,
)
from hcreport.units import MB, Bytes, gb, percent, total

RULE = Rule(
    id="layer-holds-most",
    severity=Severity.LOW,
    each="image",
    needs=("images", "image.layers"),
    thresholds={
        "share_ratio": Threshold(value=0.5, because="Above it one layer outweighs all others."),
        "smallest_bytes": Threshold(
            value=500 * MB, because="A smaller layer is not worth a change by itself."
        ),
    },
    cites=("images/copied-context",),
    points_at="build",
)


def check(image: Image, case: Case) -> Verdict:
    """Look for copies of the build context, then for a layer that outweighs the others."""
    if image.contents is not None:
        return NotApplicable("its layers were read, and other rules name what they hold")
    copies = context_layers(image)
    if copies and _looked_at(image, case):
        return NotApplicable("its build context was looked at, and another rule names its files")
    if copies:
        return _copied(image, copies, case)
    if not case.builders(image):
        return NotApplicable("the project does not build this image")
    largest = max(image.layers, key=lambda layer: layer.size)
    share = largest.size / max(1, image.size)
    if share <= case.thresholds["share_ratio"] or largest.size < case.thresholds["smallest_bytes"]:
        return None
    step = f"{largest.instruction} ({largest.detail})" if largest.detail else largest.instruction
    return Problem(
        message=(
            f"One layer, {step}, holds {gb(largest.size)} of the {gb(image.size)} of "
            f"{image.name}, {percent(share)} of it."
        ),
        numbers=(
            case.number("largest layer", largest.size, f"images/{image.name}", family="image"),
            case.number("image size", image.size, f"images/{image.name}", family="image"),
        ),
        remedies=(_split(image, largest),),
        confidence="possible",
    )


def _looked_at(image: Image, case: Case) -> bool:
    """Tell whether the rule build-context-too-large says what such a copy takes along."""
    contexts = contexts_of(image, case.snapshot, case.images)
    return any(each.advised and saved_by_ignoring(each) >= LARGE_COPY for each in contexts)


def _copied(image: Image, copies: tuple[Layer, ...], case: Case) -> Problem:
    copied = total(layer.size for layer in copies)
    which, holds = ("A copy", "holds") if len(copies) == 1 else (f"{len(copies)} copies", "hold")
    return Problem(
        message=(
            f"{which} of the whole build context {holds} {gb(copied)} of the {gb(image.size)} of "
            f"{image.name}; .dockerignore decides what it takes along."
        ),
        numbers=(
            case.number("copied build context", copied, f"images/{image.name}", family="image"),
            case.number("image size", image.size, f"images/{image.name}", family="image"),
        ),
        remedies=(steps.ignore_in_build(image, copied), _copy_folders(image, copied)),
        severity=Severity.MEDIUM,
    )


def _copy_folders(image: Image, copied: Bytes) -> Action:
    return Action(
        what=f"Copy only the folders that {image.name} needs, instead of the whole build context",
        effort="an hour",
        gain=f"up to {gb(copied)}",
        verify=f"docker history {shlex.quote(image.name)} shows only small COPY steps.",
        undo="Put the old COPY line back.",
    )


def _split(image: Image, layer: Layer) -> Action:
    return Action(
        what=f"Find out what the largest layer of {image.name} holds, and leave out the needless",
        command=f"docker history --no-trunc {shlex.quote(image.name)}",
        effort="an hour",
        gain=f"at most {gb(layer.size)}; what of it is needed is not measured",
        verify=f"docker history {shlex.quote(image.name)} shows a smaller layer.",
        undo="Put the old lines back.",
    )
