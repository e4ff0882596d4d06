"""Installs Lighthouse with npm into ``build/lighthouse``, and runs it on one address."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OLDEST_NODE = 20

_HERE = Path(__file__).parent
_PLACE = _HERE.parent.parent / "build" / "lighthouse"
_FILES = ("package.json", "package-lock.json")
_CHROMIUM = ("chromium", "google-chrome", "chromium-browser")
_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic --disable-background-networking"


class NotPossible(Exception):
    """Says in one sentence what is missing, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What it takes to run Lighthouse."""

    node: str
    lighthouse: Path
    """The script of its command line."""
    chromium: str


def find_tools() -> Tools:
    """Return the programs, after installing Lighthouse where it is not. Raises NotPossible."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotPossible(f"it needs Node {OLDEST_NODE} or newer, with npm. Install both first.")
    version = _output([node, "--version"]).strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise NotPossible(f"it needs Node {OLDEST_NODE} or newer, and {node} is {version}.")
    chosen = os.environ.get("CHROME_PATH")
    chromium = chosen or next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if chromium is None:
        raise NotPossible("there is no Chromium. Install it, or name one: CHROME_PATH=/path/to/it.")
    _install(npm)
    script = _PLACE / "node_modules" / "lighthouse" / "cli" / "index.js"
    return Tools(node=node, lighthouse=script, chromium=chromium)


def run(tools: Tools, address: str, report: Path) -> dict[str, Any]:
    """Return Lighthouse's report on an address, as a desktop sees it. Raises NotPossible."""
    _output(
        [
            tools.node,
            str(tools.lighthouse),
            address,
            "--preset=desktop",
            "--output=json",
            f"--output-path={report}",
            "--quiet",
            "--no-enable-error-reporting",
            f"--chrome-flags={_FLAGS}",
        ],
        environment={"CHROME_PATH": tools.chromium},
    )
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def _install(npm: str) -> None:
    """Install exactly what the lock names, without running any package's own scripts."""
    if all(_is_current(name) for name in _FILES) and (_PLACE / "node_modules").is_dir():
        return
    _PLACE.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(_HERE / name, _PLACE / name)
    try:
        _output([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder=_PLACE)
    except NotPossible:
        # The next run shall try again.
        shutil.rmtree(_PLACE)
        raise


def _is_current(name: str) -> bool:
    copy = _PLACE / name
    return copy.is_file() and copy.read_bytes() == (_HERE / name).read_bytes()


def _output(
    command: list[str], *, folder: Path | None = None, environment: dict[str, str] | None = None
) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | (environment or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())[:400]
        raise NotPossible(f"{Path(command[0]).name} ended with {done.returncode}: {said}")
    return done.stdout
