"""The kinds of projects: a folder with a Dockerfile each, and what lies about in it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hcreport.units import KIB, MIB

_ROOT = Path(__file__).parent.parent.parent
HELD_OUT = Path(__file__).parent / "projects"
TESTED = _ROOT / "tests" / "engine" / "kinds"

_HISTORY = {f".git/objects/pack/pack-{number}.pack": 4 * MIB for number in range(3)}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of project."""

    name: str
    folder: Path
    filler: Mapping[str, int] = field(default_factory=dict)
    """Bytes of files that are made up: version history, data, weights."""
    heads: Mapping[str, bytes] = field(default_factory=dict)
    """With what made-up files begin, where that tells what they are."""

    def lay_out(self, folder: Path) -> None:
        """Put the project into a folder that does not exist yet."""
        shutil.copytree(self.folder, folder)
        for name, size in self.filler.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((self.heads.get(name, b"") + _noise(name, size))[:size])


def _noise(seed: str, size: int) -> bytes:
    """Return bytes that do not compress, the same for the same name."""
    return hashlib.shake_128(seed.encode()).digest(size)


def for_tests() -> tuple[Kind, ...]:
    """Return the kinds that every run of the tests builds."""
    filler = {
        "python_api": {**_HISTORY, "tests/data/answers.json": 64 * KIB, "debug.log": MIB},
        "node_web": {**_HISTORY, "npm-debug.log": MIB},
        "c_server": {**_HISTORY},
        "static_site": {**_HISTORY, "backup.zip": 8 * MIB},
    }
    return tuple(Kind(name=name, folder=TESTED / name, filler=filler[name]) for name in filler)


def held_out() -> tuple[Kind, ...]:
    """Return the kinds on which nothing was tuned."""
    filler = {
        "perl": {**_HISTORY},
        "ruby": {**_HISTORY},
        "php": {**_HISTORY, "var/log/access.log": 2 * MIB},
        "java": {**_HISTORY, "target/classes/old.bin": MIB},
        "go": {**_HISTORY},
        "python_models": {
            **_HISTORY,
            "models/small.gguf": 48 * MIB,
            "data/rows.parquet": 24 * MIB,
            "data/rows.csv": 8 * MIB,
        },
    }
    heads = {"models/small.gguf": b"GGUF\x03\x00\x00\x00", "data/rows.parquet": b"PAR1"}
    return tuple(
        Kind(name=name, folder=HELD_OUT / name, filler=filler[name], heads=heads)
        for name in filler
        if (HELD_OUT / name).is_dir()
    )
