"""An image weighs more than any known class of application image.

What it checks:
Whether an image that the project builds weighs more than applications of its kind usually do.

Why it matters:
A large image takes long to build, to pull and to push, and fills the disk. It does not by itself
need more memory.

How to fix it:
Look at the layers first: one of them usually holds most of it. Then remove what is not needed.

Limits:
The kind of an application cannot be seen from outside. The thresholds rest on a few published
cases of the heaviest kinds, so a finding is a hint to look, and no finding is no approval. Images
that others build are not judged. Where the layers were read and a target follows from them, that
target counts, and the class says nothing.
"""

from __future__ import annotations

from hcreport.facts import fact, fact_value
from hcreport.model import Image, Number, Severity
from hcreport.rules import image_steps
from hcreport.rules.contract import Case, NotApplicable, Problem, Rule, Threshold, Verdict
from hcreport.units import gb

RULE = Rule(
    id="image-above-class",
    severity=Severity.LOW,
    each="image",
    needs=("images",),
    thresholds={
        "usual_bytes": Threshold(
            value=fact_value("images/cpu-pytorch-application-high"),
            cites="images/cpu-pytorch-application-high",
        ),
        "largest_bytes": Threshold(
            value=fact_value("images/cuda-application-high"),
            cites="images/cuda-application-high",
        ),
    },
    points_at="build",
)


def check(image: Image, case: Case) -> Verdict:
    """Compare the image's unpacked size with the heaviest classes known, in bytes."""
    builders = case.builders(image)
    if not builders:
        return NotApplicable("the project does not build this image")
    if image.contents is not None and image.contents.target is not None:
        return NotApplicable("its layers were read, and its own target says more than its class")
    far = image.size > case.thresholds["largest_bytes"]
    if not far and image.size <= case.thresholds["usual_bytes"]:
        return None
    limit = round(case.thresholds["largest_bytes" if far else "usual_bytes"])
    kind = "the heaviest kind known, with CUDA," if far else "an application with PyTorch for CPUs"
    key = "images/cuda-application-high" if far else "images/cpu-pytorch-application-high"
    compared = Number(
        name=kind.rstrip(","),
        value=float(limit),
        unit="bytes",
        family="image",
        origin=fact(key).origin(key),
    )
    return Problem(
        message=f"{image.name} weighs {gb(image.size)}; {kind} weighs up to {gb(limit)}.",
        numbers=(
            case.number("image size", image.size, f"images/{image.name}", family="image"),
            compared,
        ),
        remedies=(image_steps.fewer_layers(image),),
        confidence="likely" if far else "possible",
        severity=Severity.MEDIUM if far else None,
        location=builders[0].location,
    )
