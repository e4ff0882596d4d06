"""A build context holds much that no image needs.

What it checks:
Whether the folder that a service is built from holds version history, environments, caches, data
and the like, which its `.dockerignore` does not keep out.

Why it matters:
All of it is sent for each build, and a COPY of the whole folder puts it into the image. It may hold
files with secrets.

How to fix it:
Add the advised lines to `.dockerignore`. They are in its own syntax.

Limits:
What a build sends depends on its COPY lines too: the newer builder sends only what they name. A
line may keep out a file that the program opens, so look through them once. Where the layers of the
image were read and hold such files, the finding about the image names them instead.
"""

from __future__ import annotations

from hcreport.estimate.contexts import context_name, image_of, saved_by_ignoring
from hcreport.estimate.image_target import LARGE_COPY, copied_weight
from hcreport.model import BuildContext, Image, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
)
from hcreport.rules.image_steps import ignore_more
from hcreport.units import GB, MB, gb, total

RULE = Rule(
    id="build-context-too-large",
    severity=Severity.LOW,
    each="context",
    needs=("contexts",),
    thresholds={
        "smallest_bytes": Threshold(value=100 * MB, because="Less is sent within a second or two."),
        "large_bytes": Threshold(
            value=1 * GB, because="So much is felt at every build, and makes a large image."
        ),
    },
    cites=("images/copied-context",),
    points_at="build",
)


def check(context: BuildContext, case: Case) -> Verdict:
    """Compare what is sent with what would be sent, in bytes."""
    if context.leaves is None:
        return NotMeasured("what could stay out of the build context is not known")
    saved = saved_by_ignoring(context)
    if saved < case.thresholds["smallest_bytes"] or not context.advised:
        return None
    image = image_of(context, case.images)
    if image is not None and _named_elsewhere(image):
        return NotApplicable("the finding about its image names what it takes along")
    sure = context.leaves_sure is not None and context.leaves_sure == context.leaves
    sent = gb(context.sent)
    origin = f"contexts/{context_name(context)}"
    return Problem(
        message=(
            f"The build of {context_name(context)} sends {sent}, "
            f"and {gb(context.leaves)} with a better .dockerignore."
        ),
        numbers=(
            case.number("sent for a build", context.sent, origin, family="image"),
            case.computed(
                "sent with the advised lines",
                context.leaves,
                "the same files without those that the lines match",
                family="image",
            ),
        ),
        remedies=(ignore_more(context, case.snapshot),),
        confidence="certain" if sure else "likely",
        severity=Severity.MEDIUM if saved >= case.thresholds["large_bytes"] else None,
    )


def _named_elsewhere(image: Image) -> bool:
    """Tell whether the rule image-holds-copied-context-weight speaks of the same files."""
    contents = image.contents
    return contents is not None and total(copied_weight(contents).values()) >= LARGE_COPY
