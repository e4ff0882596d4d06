"""An image holds files that a COPY took along.

What it checks:
Whether an image that the project builds holds version history, virtual environments, models or data
that came with its build context.

Why it matters:
Such files are often most of an image. Version history may hold secrets that were deleted long ago.

How to fix it:
List them in `.dockerignore`, and keep models and data in a volume.

Limits:
A model or a data set may belong into the image: that is not known. Files that a RUN fetched are
not counted. An environment that was copied from a build stage on purpose looks the same as one
that was copied from the folder.
"""

from __future__ import annotations

from collections.abc import Mapping

from hcreport.estimate.image_target import LARGE_COPY, copied_weight
from hcreport.model import Confidence, Group, Image, ImageContents, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
)
from hcreport.rules.image_steps import best_context, ignore_more, judged, smaller_image
from hcreport.units import GB, Bytes, gb, total

RULE = Rule(
    id="image-holds-copied-context-weight",
    severity=Severity.LOW,
    each="image",
    needs=("images",),
    thresholds={
        "smallest_bytes": Threshold(
            value=int(LARGE_COPY), because="A smaller copy is not worth a change by itself."
        ),
        "large_bytes": Threshold(
            value=1 * GB, because="So much is felt at every build and every pull."
        ),
    },
    cites=("images/copied-context",),
    points_at="build",
)

_WORDS: dict[Group, str] = {
    "version-control": "version history",
    "copied-environments": "copied environments",
    "model-weights": "models",
    "datasets-and-archives": "data and archives",
}


def check(image: Image, case: Case) -> Verdict:
    """Look for what a COPY seldom takes along on purpose, in bytes."""
    contents = judged(image, case)
    if isinstance(contents, NotApplicable | NotMeasured):
        return contents
    weight = copied_weight(contents)
    size = total(weight.values())
    if size < case.thresholds["smallest_bytes"]:
        return None
    context = best_context(image, case)
    named = ", ".join(f"{_WORDS[group]} {gb(held)}" for group, held in list(weight.items())[:2])
    return Problem(
        message=f"{image.name} holds {gb(size)} that a COPY took along; most of it: {named}.",
        numbers=(case.number("copied files", size, f"images/{image.name}", family="image"),),
        remedies=(
            ignore_more(context, case.snapshot)
            if context
            else smaller_image(image, contents, case),
        ),
        confidence=_confidence(contents, weight),
        severity=Severity.MEDIUM if size >= case.thresholds["large_bytes"] else None,
    )


def _confidence(contents: ImageContents, weight: Mapping[Group, Bytes]) -> Confidence:
    """Version history shows that a whole folder was copied; all else may have been meant."""
    if "version-control" in weight:
        return "likely"
    planned = any(step.kind == "context" for step in contents.steps)
    return "likely" if planned else "possible"
