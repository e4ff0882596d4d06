"""An image could weigh much less.

What it checks:
Whether an image that the project builds would weigh much less after all steps that follow from its
own layers.

Why it matters:
A smaller image is built, pulled and pushed sooner, and leaves more of the disk. It does not need
less memory.

How to fix it:
Take the steps on the page of the image in their order. hcreport writes a Dockerfile that takes
them all, beside your own.

Limits:
The target is an estimate. It supposes that what no package and no program names is needed, and
that nothing is needed which only a build uses. Try the new image before you use it. Where it is
not known what has to stay, there is no target and no finding.
"""

from __future__ import annotations

from hcreport.estimate.image_target import METHOD, STEP_TEXTS
from hcreport.model import Image, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
    counted,
)
from hcreport.rules.image_steps import judged, smaller_image
from hcreport.units import GB, MB, gb

RULE = Rule(
    id="image-can-shrink",
    severity=Severity.LOW,
    each="image",
    needs=("images",),
    thresholds={
        "target_ratio": Threshold(
            value=0.75, because="An estimate may be wrong by some percent; a quarter is more."
        ),
        "smallest_bytes": Threshold(
            value=200 * MB, because="Less is not worth a new Dockerfile by itself."
        ),
        "large_bytes": Threshold(
            value=1 * GB, because="So much is felt at every build and every pull."
        ),
    },
    points_at="build",
)


def check(image: Image, case: Case) -> Verdict:
    """Compare the target with the size, in bytes."""
    contents = judged(image, case)
    if isinstance(contents, NotApplicable | NotMeasured):
        return contents
    if contents.target is None or not contents.steps:
        if contents.target is None:
            return NotMeasured("what of the image has to stay is not known")
        return None
    saved = contents.size - contents.target
    if (
        contents.target > contents.size * case.thresholds["target_ratio"]
        or saved < case.thresholds["smallest_bytes"]
    ):
        return None
    first = STEP_TEXTS[contents.steps[0].kind].what
    return Problem(
        message=(
            f"{image.name} weighs {gb(contents.size)}, and after "
            f"{counted(len(contents.steps), 'step')} it would weigh {gb(contents.target)}; "
            f"the first: {first[:1].lower()}{first[1:]}."
        ),
        numbers=(
            case.number("image size", contents.size, f"images/{image.name}", family="image"),
            case.computed("size after all steps", contents.target, METHOD, family="image"),
        ),
        remedies=(smaller_image(image, contents, case),),
        confidence="likely",
        severity=Severity.MEDIUM if saved >= case.thresholds["large_bytes"] else None,
    )
