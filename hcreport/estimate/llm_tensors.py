"""How many bytes the tensors of a model take, and which of them are arranged anew for the CPU.

Source: llama.cpp b11434, ``ggml-common.h`` (blocks), ``gguf.cpp`` (padding) and
``ggml-cpu/repack.cpp`` (which tensors are arranged anew).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from hcreport.estimate.llm_header import Header, Tensor
from hcreport.units import LARGEST_COUNT, Bytes

BLOCKS: Mapping[str, tuple[int, int]] = {
    "f32": (1, 4),
    "f16": (1, 2),
    "q4_0": (32, 18),
    "q4_1": (32, 20),
    "q5_0": (32, 22),
    "q5_1": (32, 24),
    "q8_0": (32, 34),
    "q8_1": (32, 36),
    "q2_k": (256, 84),
    "q3_k": (256, 110),
    "q4_k": (256, 144),
    "q5_k": (256, 176),
    "q6_k": (256, 210),
    "q8_k": (256, 292),
    "iq2_xxs": (256, 66),
    "iq2_xs": (256, 74),
    "iq3_xxs": (256, 98),
    "iq1_s": (256, 50),
    "iq4_nl": (32, 18),
    "iq3_s": (256, 110),
    "iq2_s": (256, 82),
    "iq4_xs": (256, 136),
    "i8": (1, 1),
    "i16": (1, 2),
    "i32": (1, 4),
    "i64": (1, 8),
    "f64": (1, 8),
    "iq1_m": (256, 56),
    "bf16": (1, 2),
    "tq1_0": (256, 54),
    "tq2_0": (256, 66),
    "mxfp4": (32, 17),
    "nvfp4": (64, 36),
    "q1_0": (128, 18),
    "q2_0": (64, 18),
}
"""Numbers in a block of each type, and the block's bytes."""

_ALIGNMENT = 32
_ROWS = 8

_REPACKED = frozenset({"q4_0", "q4_k", "iq4_nl", "mxfp4"})
"""On x86 with AVX2. With AVX-512 ``q2_k`` as well; ARM has a list of its own."""

_NOT_MULTIPLIED = ("token_embd.", "per_layer_token_embd.", "position_embd.", "token_types.")
"""Rows are looked up in these; they are not multiplied with."""


def tensor_bytes(tensor: Tensor) -> int:
    """Return the bytes of one tensor without padding.

    Raises ValueError where the type is unknown, a row is no whole number of blocks, or the size
    does not fit into 64 bits.
    """
    block = BLOCKS.get(tensor.type)
    if block is None:
        raise ValueError(f"the model has a tensor of the unknown type {tensor.type!r}")
    numbers, size = block
    row = tensor.dimensions[0] if tensor.dimensions else 1
    if row % numbers:
        raise ValueError(f"a row of the tensor {tensor.name!r} is no whole number of blocks")
    total = math.prod(tensor.dimensions) // numbers * size
    if min(tensor.dimensions, default=1) < 0 or total > LARGEST_COUNT:
        raise ValueError(f"the tensor {tensor.name!r} has no possible size")
    return total


def weight_bytes(header: Header) -> Bytes:
    """Return the bytes of all tensors, each padded to the alignment of the file."""
    step = alignment(header)
    padded = sum(-(-tensor_bytes(each) // step) * step for each in header.tensors)
    if padded > LARGEST_COUNT:
        raise ValueError("the model's tensors have no possible size")
    return Bytes(padded)


def alignment(header: Header) -> int:
    """Return the step in bytes to which tensors are padded: a power of two.

    Raises ValueError where the header says something else.
    """
    step = header.metadata.get("general.alignment", _ALIGNMENT)
    if not isinstance(step, int) or step <= 0 or step & (step - 1):
        raise ValueError("general.alignment in the model's header is no power of two")
    return step


def repacked_bytes(header: Header) -> Bytes:
    """Return the bytes of the tensors that llama.cpp arranges anew on an x86 CPU with AVX2.

    These are matrices, and stacks of them for experts, with a multiple of 8 rows.
    """
    return Bytes(sum(tensor_bytes(each) for each in header.tensors if _is_repacked(each)))


def _is_repacked(tensor: Tensor) -> bool:
    if tensor.type not in _REPACKED or tensor.name.startswith(_NOT_MULTIPLIED):
        return False
    matrices = 3 if "_exps." in tensor.name else 2
    significant = [each for each in tensor.dimensions if each > 1]
    return len(significant) == matrices and tensor.dimensions[1] % _ROWS == 0
