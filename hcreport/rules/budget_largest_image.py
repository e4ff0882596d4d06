"""An image is larger than the project allows.

What it checks:
Whether an image weighs more than `budgets: largest_image` in hcreport.yml.

Why it matters:
The project set itself this bound. Each image above it takes everybody longer to pull or to build.

How to fix it:
Make the image smaller, or raise the budget where the project agrees to the new size.

Limits:
The size is that of the unpacked image, as `docker images` prints it. What is pulled is less, as
layers are packed, and layers that another image has too are stored once.
"""

from __future__ import annotations

from hcreport.model import Image, Severity
from hcreport.rules import budget_steps, image_steps
from hcreport.rules.contract import Case, Problem, Rule, Verdict, known
from hcreport.units import gb

RULE = Rule(
    id="budget-largest-image",
    severity=Severity.HIGH,
    each="image",
    needs=("images",),
    budget="largest_image",
)


def check(image: Image, case: Case) -> Verdict:
    """Compare the image's unpacked size with the budget, in bytes."""
    allowed = known(case.budgets.largest_image)
    if image.size <= allowed:
        return None
    users = [each for each in case.snapshot.services if case.images.get(each.name) is image]
    first = next(iter(case.builders(image) or users), None)
    return Problem(
        message=f"{image.name} weighs {gb(image.size)}; the project allows {gb(allowed)}.",
        numbers=(
            case.number("image size", image.size, f"images/{image.name}", family="image"),
            case.declared("size allowed", allowed, family="image"),
        ),
        remedies=(
            image_steps.make_smaller(image, case),
            budget_steps.allow_bytes_of_images("largest_image", image.size),
        ),
        location=first.location if first else None,
    )
