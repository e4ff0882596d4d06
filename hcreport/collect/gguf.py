"""Reads the header of a GGUF model file: its keys and its tensors, never its weights.

The format is described in ``docs/gguf.md`` of ggml. A file may come from anybody, so everything
that a header can make grow has a limit, and the texts of a vocabulary are counted, not decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, BinaryIO

from hcreport.errors import GgufError
from hcreport.estimate.llm_header import MOST_LISTED, Header, Tensor, Value
from hcreport.estimate.llm_tensors import alignment, tensor_bytes
from hcreport.units import MIB, gib, mebibytes

_LONGEST_HEADER = mebibytes(64)
"""The longest that we saw has 8 MB."""

_MOST_KEYS = 900
_MOST_TENSORS = 20_000
_MOST_TEXTS = 2_500_000
"""Limits of a header, each well above those of any model that we know."""

_LONGEST_TEXT = 512
"""In bytes. Longer values are passed over; keys and names must not be longer."""

_MOST_DIMENSIONS = 4

_GONE = ""
_TYPES = (
    *("f32", "f16", "q4_0", "q4_1", "mxfp4", _GONE, "q5_0", "q5_1", "q8_0", "q8_1", "q2_k"),
    *("q3_k", "q4_k", "q5_k", "q6_k", "q8_k", "iq2_xxs", "iq2_xs", "iq3_xxs", "iq1_s"),
    *("iq4_nl", "iq3_s", "iq2_s", "iq4_xs", "i8", "i16", "i32", "i64", "f64", "iq1_m"),
    *("bf16", _GONE, _GONE, _GONE, "tq1_0", "tq2_0", _GONE, _GONE, _GONE, "mxfp4"),
    *("nvfp4", "q1_0", "q2_0"),
)
"""The types of tensors by their number in the file: ``ggml.h``. Ollama's own files of gpt-oss have
4 in place of 39."""

_TEXT, _LIST = 8, 9
_NUMBERS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
"""How :mod:`struct` calls the numbers that a value may be."""

_LENGTH: Callable[..., tuple[Any, ...]] = struct.Struct("<Q").unpack_from
_LENGTH_BYTES = 8


def read_header(stream: BinaryIO, *, size: int | None = None) -> Header:
    """Return the header of a GGUF file that starts where the stream is.

    ``size`` is the size of the whole file in bytes, where it is known: then a file that ends
    before its last tensor is refused. Reads a little beyond the header, and never seeks. Keeps
    texts of at most 512 bytes. Raises GgufError where it is no GGUF file of version 2 or 3 in
    little endian, or its header is damaged or larger than that of any model.
    """
    try:
        return _Reader(stream).header(size)
    except OSError as error:
        raise GgufError(
            f"The model file could not be read: {error.strerror or error}.",
            hint="Check that it is a file, and that you may read it.",
        ) from error
    except ValueError as error:
        raise _damaged(f"{error}") from error


def _damaged(what: str) -> GgufError:
    return GgufError(
        f"The header of the model file is damaged: {what}.",
        hint="Download the model again, or check that it is a GGUF file.",
    )


class _Reader:
    """A stream that is read in large pieces, and the limits of what may be read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._piece = b""
        self._at = 0
        self._before = 0
        """Bytes of the stream before the piece."""
        self._texts = 0

    def header(self, size: int | None) -> Header:
        self._check_version()
        tensors, keys = self._numbers("QQ")
        if tensors > _MOST_TENSORS or keys > _MOST_KEYS:
            raise ValueError(f"it states {tensors} tensors and {keys} keys")
        metadata = self._metadata(keys)
        found = [self._tensor() for _ in range(tensors)]
        header = Header(metadata, tuple(tensor for tensor, _ in found))
        end = _end_of_data(header, found)
        start = -(-(self._before + self._at) // alignment(header)) * alignment(header)
        if size is not None and found and start + end > size:
            raise ValueError(f"the file ends {gib(start + end - size)} before its tensors do")
        return header

    def _check_version(self) -> None:
        if self._take(4) != b"GGUF":
            raise GgufError(
                "The model file is no GGUF file.",
                hint="hcreport reads models in the GGUF format, which is what Ollama stores.",
            )
        (version,) = self._numbers("I")
        if version in {2, 3}:
            return
        turned = int.from_bytes(version.to_bytes(4, "little"), "big")
        what = "is in big endian" if turned in {1, 2, 3} else f"has version {version} of GGUF"
        raise GgufError(
            f"The model file {what}; hcreport reads versions 2 and 3 in little endian.",
            hint="Convert the model again with a current llama.cpp.",
        )

    def _metadata(self, keys: int) -> dict[str, Value]:
        metadata: dict[str, Value] = {}
        seen: set[str] = set()
        for _ in range(keys):
            key = self._name()
            if key in seen:
                raise ValueError(f"it has the key {key!r} twice")
            seen.add(key)
            (kind,) = self._numbers("I")
            value = self._list() if kind == _LIST else self._value(kind)
            if value is not None:
                metadata[key] = value
        return metadata

    def _value(self, kind: int) -> Value | None:
        """Return one value; None of a text that is too long to be kept."""
        if kind != _TEXT:
            value: Value = self._numbers(_code(kind))[0]
            return value
        (length,) = self._numbers("Q")
        if length > _LONGEST_TEXT:
            self._skip(length)
            return None
        return self._take(length).decode(errors="replace")

    def _list(self) -> Value:
        """Return a list of numbers; its length where it is long or of texts."""
        kind, count = self._numbers("IQ")
        if kind == _TEXT:
            self._skip_texts(count)
            return int(count)
        code = _code(kind)
        if count <= MOST_LISTED:
            return self._numbers(f"{count}{code}")
        self._skip(count * struct.calcsize(f"<{code}"))
        return int(count)

    def _tensor(self) -> tuple[Tensor, int]:
        """Return a tensor and where its data start, in bytes after the header."""
        name = self._name()
        (count,) = self._numbers("I")
        if count > _MOST_DIMENSIONS:
            raise ValueError(f"the tensor {name!r} has {count} dimensions")
        *dimensions, kind, offset = self._numbers(f"{count}QIQ")
        if kind >= len(_TYPES) or _TYPES[kind] == _GONE:
            raise ValueError(f"the tensor {name!r} has the unknown type {kind}")
        return Tensor(name, _TYPES[kind], tuple(dimensions)), offset

    def _name(self) -> str:
        (length,) = self._numbers("Q")
        if not 0 < length <= _LONGEST_TEXT:
            raise ValueError(f"it has a name of {length} bytes")
        return self._take(length).decode(errors="replace")

    def _numbers(self, codes: str) -> tuple[Any, ...]:
        shape = struct.Struct(f"<{codes}")
        return shape.unpack(self._take(shape.size))

    def _take(self, count: int) -> bytes:
        """Return the next bytes, which are few."""
        while len(self._piece) - self._at < count:
            self._refill()
        self._at += count
        return self._piece[self._at - count : self._at]

    def _skip(self, count: int) -> None:
        """Pass over bytes, which may be many."""
        self._check_length(count)
        self._at += count
        while self._at > len(self._piece):
            self._refill()

    def _skip_texts(self, count: int) -> None:
        """Pass over texts, each with its length before it; this is most of a header."""
        self._texts += count
        if self._texts > _MOST_TEXTS:
            raise ValueError(f"it has lists of {self._texts} texts")
        left = count
        while left:
            left -= self._skip_whole_texts(left)
            self._check_length(0)
            while len(self._piece) - self._at < (_LENGTH_BYTES if left else 0):
                self._refill()

    def _skip_whole_texts(self, count: int) -> int:
        """Pass over texts that start in the piece; return how many."""
        piece, at, done = self._piece, self._at, 0
        length, last = _LENGTH, len(piece) - _LENGTH_BYTES
        for _ in range(count):
            if at > last:
                break
            at += length(piece, at)[0] + _LENGTH_BYTES
            done += 1
        self._at = at
        return done

    def _check_length(self, more: int) -> None:
        if self._before + self._at + more > _LONGEST_HEADER:
            raise ValueError(f"it is longer than {gib(_LONGEST_HEADER)}")

    def _refill(self) -> None:
        """Read the next piece, and drop what was read. Raises ValueError at the end of the file."""
        self._check_length(0)
        more = self._stream.read(MIB)
        if not more:
            raise ValueError("the file ends within it")
        dropped = min(self._at, len(self._piece))
        self._piece = self._piece[dropped:] + more
        self._at -= dropped
        self._before += dropped


def _code(kind: int) -> str:
    if kind not in _NUMBERS:
        raise ValueError(f"it has a value of the unknown type {kind}")
    return _NUMBERS[kind]


def _end_of_data(header: Header, found: list[tuple[Tensor, int]]) -> int:
    """Return where the data of the last tensor end, in bytes after the header.

    Raises ValueError where a name stands twice, or tensors share bytes or are not aligned.
    """
    step, end = alignment(header), 0
    if len({tensor.name for tensor, _ in found}) < len(found):
        raise ValueError("it has two tensors of the same name")
    for tensor, offset in sorted(found, key=lambda each: each[1]):
        if offset % step or offset < end:
            raise ValueError(f"the data of the tensor {tensor.name!r} are at an impossible place")
        end = offset + tensor_bytes(tensor)
    return end
