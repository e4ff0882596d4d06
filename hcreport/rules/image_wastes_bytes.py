"""An image holds bytes that no container can see.

What it checks:
Whether layers of an image that the project builds hold files which later layers of it change,
copy or delete.

Why it matters:
A layer is never changed again. What a later layer deletes or gives another owner stays on the disk
and is pulled each time, and no container can open it.

How to fix it:
Delete in the same RUN that makes a file. Give owner and permissions in the COPY, with --chown and
--chmod. Make a stage that copies what stays.

Limits:
Layers of the base image are left out, where it is known which they are. The program dive counts
otherwise: also the copy that stays, and no folder that was deleted whole.
"""

from __future__ import annotations

from hcreport.estimate.image_target import hidden_above_base
from hcreport.model import Cause, Image, ImageContents, Severity
from hcreport.rules.contract import (
    Case,
    NotApplicable,
    NotMeasured,
    Problem,
    Rule,
    Threshold,
    Verdict,
)
from hcreport.rules.image_steps import judged, smaller_image
from hcreport.units import MB, gb

RULE = Rule(
    id="image-wastes-bytes",
    severity=Severity.LOW,
    each="image",
    needs=("images",),
    thresholds={
        "share_ratio": Threshold(
            value=0.05, because="Package managers rewrite their lists in each layer: a few percent."
        ),
        "smallest_bytes": Threshold(
            value=50 * MB, because="On a small image such lists alone are a large share."
        ),
        "large_bytes": Threshold(
            value=500 * MB, because="So much is worth a change, whatever the share."
        ),
    },
    points_at="build",
)

_WORDS: dict[Cause, str] = {
    "chmod copy": "got only other permissions",
    "chown copy": "got only another owner",
    "rewritten": "was written again",
    "deleted later": "was deleted later",
    "moved": "was moved",
}


def check(image: Image, case: Case) -> Verdict:
    """Compare what no container sees with the size, in bytes."""
    contents = judged(image, case)
    if isinstance(contents, NotApplicable | NotMeasured):
        return contents
    hidden = hidden_above_base(contents)
    large = hidden >= case.thresholds["large_bytes"]
    share = int(hidden) / max(1, int(contents.size))
    if not large and (
        hidden < case.thresholds["smallest_bytes"] or share < case.thresholds["share_ratio"]
    ):
        return None
    return Problem(
        message=(
            f"No container sees {gb(hidden)} in the layers of {image.name}{_because(contents)}."
        ),
        numbers=(
            case.number(
                "bytes that no container sees", hidden, f"images/{image.name}", family="image"
            ),
        ),
        remedies=(smaller_image(image, contents, case),),
        severity=Severity.MEDIUM if large else None,
    )


def _because(contents: ImageContents) -> str:
    largest = max(contents.reclaimable, key=lambda each: (each.size, each.cause), default=None)
    if largest is None:
        return ""
    return f"; the largest part, {gb(largest.size)}, {_WORDS[largest.cause]}"
