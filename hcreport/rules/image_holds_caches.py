"""An image holds caches of package managers.

What it checks:
Whether an image that the project builds holds package lists, downloads and caches of apt, pip, npm
and the like.

Why it matters:
They only make a later install sooner, and nothing is installed in a container that runs.

How to fix it:
Use a cache mount: RUN --mount=type=cache keeps them out of the layer and makes builds sooner. Or
delete them in the same RUN.

Limits:
A cache that a later layer deletes is counted among the bytes that no container sees. Caches of the
base image stay where the base stays.
"""

from __future__ import annotations

from hcreport.estimate.image_target import avoidable
from hcreport.model import Image, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
)
from hcreport.rules.image_steps import judged, named, smaller_image
from hcreport.units import MB, gb

RULE = Rule(
    id="image-holds-caches",
    severity=Severity.LOW,
    each="image",
    needs=("images",),
    thresholds={
        "smallest_bytes": Threshold(
            value=50 * MB, because="The package lists of Debian alone weigh some ten MB."
        )
    },
    points_at="build",
)


def check(image: Image, case: Case) -> Verdict:
    """Look for caches above the base image, in bytes."""
    contents = judged(image, case)
    if isinstance(contents, NotApplicable | NotMeasured):
        return contents
    found = avoidable(contents, "caches", "package-caches")
    if found.size < case.thresholds["smallest_bytes"]:
        return None
    return Problem(
        message=(
            f"{image.name} holds {gb(found.size)} of package caches{named(found.names)}, "
            "which nothing opens while it runs."
        ),
        numbers=(
            case.number("package caches", found.size, f"images/{image.name}", family="image"),
        ),
        remedies=(smaller_image(image, contents, case),),
    )
