"""Images and build contexts of an assessment as JSON, and the schema of both; sizes in bytes."""

from __future__ import annotations

from typing import Any, get_args

from hcreport.estimate.contexts import context_name
from hcreport.model import (
    BuildContext,
    Cause,
    Certainty,
    Group,
    ImageTarget,
    Number,
    StepKind,
    TargetStep,
)
from hcreport.render.schema import (
    AMOUNT,
    COUNT,
    FLAG,
    TEXT,
    Schema,
    about,
    or_null,
    several,
    size,
    whole,
)


def image_target_json(image: ImageTarget) -> dict[str, Any]:
    """Return one image; what only a scan of its layers tells is null, or empty, without one."""
    dive = image.dive
    return {
        "image": image.image,
        "services": list(image.services),
        "size": _size(image.size),
        "shared": _bytes(image.shared),
        "alone": _bytes(image.alone),
        "largest_layer": _size(image.largest_layer),
        "whole_context": image.whole_context,
        "target": _size(image.target),
        "target_sure": _size(image.target_sure),
        "reason": image.reason,
        "base": _size(image.base),
        "scanned": image.scanned,
        "seen": _size(image.seen),
        "reclaimable": [
            {
                "cause": each.cause,
                "bytes": int(each.size),
                "files": each.files,
                "paths": list(each.paths),
                "layers": list(each.layers),
            }
            for each in image.causes
        ],
        "groups": {name: int(held) for name, held in sorted(image.groups.items())},
        "dive": None
        if dive is None
        else {"efficiency": dive.efficiency, "wasted": int(dive.wasted)},
        "steps": [_step(each) for each in image.steps],
        "needs_glibc": image.needs_glibc,
        "notes": list(image.notes),
    }


def context_json(context: BuildContext) -> dict[str, Any]:
    """Return one build context."""
    return {
        "name": context_name(context),
        "services": list(context.services),
        "path": context.path,
        "ignore_file": context.ignore_file,
        "sent": int(context.sent),
        "files": context.files,
        "ignored": int(context.ignored),
        "groups": {name: int(held) for name, held in sorted(context.groups.items())},
        "advised": list(context.advised),
        "leaves": _bytes(context.leaves),
        "leaves_sure": _bytes(context.leaves_sure),
    }


def image_schema() -> Schema:
    """Return the schema of :func:`image_target_json`."""
    return whole(
        {
            "image": TEXT,
            "services": several(TEXT),
            "size": about(COUNT, "Bytes, unpacked."),
            "shared": size("in layers that other images have too."),
            "alone": size("in layers that only this image has."),
            "largest_layer": size("of the largest layer."),
            "whole_context": about(FLAG, "A layer copies the whole build context."),
            "target": size(
                "without the avoidable part; after all steps where layers were read; null where "
                "none is known."
            ),
            "target_sure": size("after the steps that are sure; null where none is known."),
            "reason": TEXT,
            "base": size("in layers of the base image; null where it is not known which."),
            "scanned": about(FLAG, "Its layers were read."),
            "seen": size("that a container sees."),
            "reclaimable": several(_cause(), "Bytes that no container sees, by cause."),
            "groups": _groups("What a container sees, by group; they add up to seen."),
            "dive": or_null(whole({"efficiency": AMOUNT, "wasted": COUNT}), "The figures of dive."),
            "steps": several(_step_schema(), "Towards a smaller image, in their order."),
            "needs_glibc": or_null(FLAG, "Something that stays is linked with glibc."),
            "notes": several(TEXT, "What was not measured."),
        }
    )


def context_schema() -> Schema:
    """Return the schema of :func:`context_json`."""
    return whole(
        {
            "name": TEXT,
            "services": several(TEXT),
            "path": or_null(TEXT, "Relative to the project; null where it lies outside."),
            "ignore_file": or_null(TEXT, "Whose patterns apply."),
            "sent": about(COUNT, "Bytes that COPY . . takes along."),
            "files": COUNT,
            "ignored": about(COUNT, "Bytes that the patterns keep out."),
            "groups": _groups("What is sent, by group."),
            "advised": several(TEXT, "Patterns to add."),
            "leaves": size("sent with them."),
            "leaves_sure": size("sent with only those that are sure."),
        }
    )


def _step(step: TargetStep) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "bytes": _size(step.saves),
        "size_after": _size(step.after),
        "certainty": step.certainty,
        "names": list(step.names),
        "more": step.more,
    }


def _step_schema() -> Schema:
    return whole(
        {
            "kind": {"enum": list(get_args(StepKind))},
            "bytes": about(COUNT, "What it saves after all steps before it."),
            "size_after": about(COUNT, "Bytes."),
            "certainty": {"enum": list(get_args(Certainty))},
            "names": several(TEXT, "What it is about."),
            "more": COUNT,
        }
    )


def _cause() -> Schema:
    return whole(
        {
            "cause": {"enum": list(get_args(Cause))},
            "bytes": COUNT,
            "files": COUNT,
            "paths": several(TEXT, "Those with most of it."),
            "layers": several({"type": "integer", "minimum": 1}, "From 1 for the oldest."),
        }
    )


def _groups(description: str) -> Schema:
    return {
        "type": "object",
        "propertyNames": {"enum": list(get_args(Group))},
        "additionalProperties": COUNT,
        "description": f"Bytes. {description}",
    }


def _size(number: Number | None) -> int | None:
    return None if number is None else round(number.value)


def _bytes(held: int | None) -> int | None:
    return None if held is None else int(held)
