"""An image holds compilers and other build tools.

What it checks:
Whether an image that the project builds holds compilers, headers and packages that only a build
needs.

Why it matters:
They are often the largest part of an image, and each of them has security updates of its own.

How to fix it:
Install and compile in a first stage. Copy what stays into a second one that starts from the same
base without the tools.

Limits:
Which packages are build tools is a list of ours. A program that compiles while it runs needs them.
Libraries that a kept file is linked with are never counted.
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
    id="image-holds-build-tools",
    severity=Severity.LOW,
    each="image",
    needs=("images",),
    thresholds={
        "smallest_bytes": Threshold(
            value=100 * MB, because="A C compiler with its headers alone weighs more than that."
        )
    },
    points_at="build",
)


def check(image: Image, case: Case) -> Verdict:
    """Look for tools that a stage of their own would leave behind, in bytes."""
    contents = judged(image, case)
    if isinstance(contents, NotApplicable | NotMeasured):
        return contents
    found = avoidable(contents, "build-tools", "build-tools", "static-libraries")
    if found.size < case.thresholds["smallest_bytes"]:
        return None
    return Problem(
        message=(
            f"{image.name} holds {gb(found.size)} of build tools{named(found.names)}; "
            "a stage of their own leaves them behind."
        ),
        numbers=(case.number("build tools", found.size, f"images/{image.name}", family="image"),),
        remedies=(smaller_image(image, contents, case),),
        confidence="likely" if found.likely else "certain",
    )
