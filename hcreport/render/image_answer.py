"""What was asked about one image and what came of it; and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hcreport.collect.context import ContextScan
from hcreport.contents.analysis import Analysis

SCHEMA_NUMBER = 1

WRITTEN_BY = "Written by hcreport image."
"""Marks a file that may be written anew."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A bound on one of the image's sizes, as a gate asks for it."""

    option: str
    """``--max-size`` or ``--max-reclaimable``."""
    most: int
    """Bytes allowed."""
    found: int
    """Bytes there are."""

    @property
    def exceeded(self) -> bool:
        """Whether there is more than allowed."""
        return self.found > self.most


@dataclass(frozen=True, kw_only=True)
class ImageAnswer:
    """An image, what its bytes are, and what it could weigh; real names, so for local use."""

    analysis: Analysis
    read: Literal["engine", "archive", "folder"]
    instructions: tuple[str | None, ...] = ()
    """What made each layer, without arguments."""
    context: ContextScan | None = None
    """The build context, where a folder was named."""
    dockerfile: str | None = None
    """The text of the Dockerfile in that folder."""
    limits: tuple[Limit, ...] = ()

    @property
    def exceeded(self) -> bool:
        """Whether a limit is exceeded."""
        return any(limit.exceeded for limit in self.limits)


def shown_path(path: bytes) -> str:
    """Return a path of an image for people, with a slash at its beginning."""
    return f"/{path.decode(errors='replace')}"


def image_json(answer: ImageAnswer) -> str:
    """Return the answer as one JSON object; every size is in bytes, null where not known.

    ``size`` is the sum of ``layers``, ``seen`` what a container sees of it, and ``reclaimable``
    adds up to the difference. ``groups`` add up to ``seen``. ``target`` is the size after all
    ``steps``, ``target_sure`` after those that are sure. Only ASCII leaves here.
    """
    analysis = answer.analysis
    found = {
        "schema": SCHEMA_NUMBER,
        "image": analysis.image.name,
        "id": analysis.image.id or None,
        "read": answer.read,
        "size": analysis.image.size,
        "seen": analysis.merged.size,
        "layers": _layers(answer),
        "dive": {
            "efficiency": analysis.dive.efficiency,
            "wasted": analysis.dive.wasted,
            "files": [
                {"path": each.path, "count": each.count, "bytes": each.size}
                for each in analysis.dive.files
            ],
        },
        "reclaimable": [
            {
                "cause": each.cause,
                "bytes": each.size,
                "files": each.files,
                "paths": _paths(each.paths),
                "layers": [number + 1 for number in each.layers],
            }
            for each in analysis.reclaimed
        ],
        "groups": dict(sorted(analysis.attribution.by_group.items())),
        "duplicates": [
            {"bytes": each.size, "paths": _paths(each.paths)} for each in analysis.duplicates
        ],
        "base": _base(analysis),
        "target": analysis.target,
        "target_sure": analysis.target_sure,
        "steps": _steps(analysis),
        "context": _context(answer.context),
        "limits": [
            {
                "option": each.option,
                "most": each.most,
                "found": each.found,
                "met": not each.exceeded,
            }
            for each in answer.limits
        ],
        "notes": [*analysis.image.notes, *(analysis.plan.notes if analysis.plan else ())],
    }
    return json.dumps(found, indent=2) + "\n"


def _layers(answer: ImageAnswer) -> list[dict[str, Any]]:
    analysis = answer.analysis
    below = analysis.base.layers if analysis.base else None
    layers = analysis.image.layers
    instructions = answer.instructions or (None,) * len(layers)
    return [
        {
            "number": number + 1,
            "digest": layer.diff_id or None,
            "instruction": instructions[number],
            "base": None if below is None else number < below,
            "size": layer.size,
            "files": len(layer),
            "hidden": analysis.merged.hidden_by_layer[number],
            "groups": dict(sorted(analysis.attribution.by_layer[number].items())),
        }
        for number, layer in enumerate(layers)
    ]


def _base(analysis: Analysis) -> dict[str, Any] | None:
    base = analysis.base
    if base is None:
        return None
    return {
        "image": base.reference,
        "layers": base.layers,
        "bytes": base.size,
        "certain": base.certain,
    }


def _steps(analysis: Analysis) -> list[dict[str, Any]]:
    steps, left = [], analysis.image.size
    for step in analysis.plan.steps if analysis.plan else ():
        left -= step.saves
        steps.append(
            {
                "kind": step.kind,
                "bytes": int(step.saves),
                "size_after": left,
                "certainty": step.certainty,
                "names": list(step.names),
                "more": step.more,
            }
        )
    return steps


def _context(context: ContextScan | None) -> dict[str, Any] | None:
    if context is None:
        return None
    record = context.record((), None)
    return {
        "sent": int(record.sent),
        "files": record.files,
        "ignored": int(record.ignored),
        "groups": {name: int(size) for name, size in sorted(record.groups.items())},
        "leaves": None if record.leaves is None else int(record.leaves),
        "leaves_sure": None if record.leaves_sure is None else int(record.leaves_sure),
        "advised": [
            {"pattern": each.pattern, "bytes": each.saves, "certainty": each.certainty}
            for each in context.advised
        ],
    }


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "option": limit.option,
        "most": limit.most,
        "found": limit.found,
        "met": not limit.exceeded,
    }


def _paths(paths: Sequence[bytes]) -> list[str]:
    return [shown_path(path) for path in paths]
