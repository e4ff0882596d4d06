"""All images together are larger than the project allows.

What it checks:
Whether the images of the project weigh more than `budgets: all_images` in hcreport.yml. Layers that
several images share count once.

Why it matters:
The project set itself this bound. A newcomer needs that much of the disk before anything runs.

How to fix it:
Make the largest image smaller, share a base image, or raise the budget where the project agrees.

Limits:
Sizes are those of unpacked images. An image without a known history counts whole. Volumes,
containers and the build cache are no part of it.
"""

from __future__ import annotations

from hcreport.estimate.images import unique_bytes
from hcreport.model import Severity, Snapshot
from hcreport.rules import budget_steps, image_steps
from hcreport.rules.contract import Case, NotApplicable, Problem, Rule, Verdict, counted, known
from hcreport.units import gb

RULE = Rule(
    id="budget-all-images",
    severity=Severity.HIGH,
    each="project",
    needs=("images",),
    budget="all_images",
)


def check(snapshot: Snapshot, case: Case) -> Verdict:
    """Compare the sum of unpacked sizes with the budget, in bytes."""
    if not snapshot.images:
        return NotApplicable("the project has no images")
    allowed, size = known(case.budgets.all_images), unique_bytes(snapshot.images)
    if size <= allowed:
        return None
    largest = max(snapshot.images, key=lambda each: (each.size, each.name))
    images = counted(len(snapshot.images), "image")
    method = "sum of the images, shared layers once"
    return Problem(
        message=f"{images} weigh {gb(size)} together; the project allows {gb(allowed)}.",
        numbers=(
            case.computed("size of all images", size, method, family="image"),
            case.declared("size allowed", allowed, family="image"),
        ),
        remedies=(
            image_steps.make_smaller(largest, case),
            budget_steps.allow_bytes_of_images("all_images", size),
        ),
    )
