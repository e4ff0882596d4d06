"""Keeps compiled templates between runs, as Python keeps modules: half of rendering is compiling.

Jinja's own cache does it, in a folder that it makes for this user alone. Nothing depends on it.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, FileSystemBytecodeCache

from hcreport import __version__


class CompiledTemplates(FileSystemBytecodeCache):
    """Jinja's cache, which goes without where it cannot read or write."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, or leave it empty where the file is damaged."""
        try:
            super().load_bytecode(bucket)
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the bucket where there is room for it."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def compiled_templates(compiler: Path, folder: Path | None = None) -> CompiledTemplates | None:
    """Return the cache for templates compiled by the code in ``compiler``.

    None where there is no folder that only this user may write to: code is run from it.
    """
    versions = f"{__version__} {jinja2.__version__} {sys.version}"
    identity = hashlib.sha256(compiler.read_bytes() + versions.encode()).hexdigest()[:16]
    try:
        return CompiledTemplates(str(folder) if folder else None, f"hcreport-{identity}-%s.cache")
    except (OSError, RuntimeError):
        return None
