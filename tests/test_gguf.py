"""Reading the header of a GGUF file, from real files and from streams that give little at once."""

from __future__ import annotations

import io
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from hcreport.collect.gguf import read_header
from hcreport.errors import GgufError
from hcreport.estimate.llm_header import MOST_LISTED, Header, Tensor
from hcreport.estimate.llm_shape import model_shape
from hcreport.units import MIB, mebibytes
from tests import gguf_files
from tests.gguf_files import entry, header_bytes, text

TENSORS = (
    Tensor("token_embd.weight", "q8_0", (64, 10)),
    Tensor("blk.0.ffn_up_exps.weight", "mxfp4", (32, 8, 4)),
    Tensor("norm", "f32", (3,)),
    Tensor("scale", "f32", ()),
)
KEYS: dict[str, gguf_files.Written] = {
    "general.architecture": "llama",
    "general.name": "Ein Näme 模型",
    "llama.block_count": 4,
    "llama.rope.freq_base": 0.5,
    "llama.attention.causal": False,
    "llama.far": 2**40,
    "llama.below": -3,
    "llama.attention.head_count_kv": [8, 0, 8, 0],
    "llama.attention.sliding_window_pattern": [True, True, False],
    "llama.scales": [0.25, 0.5],
    "llama.empty": [],
    "tokenizer.ggml.tokens": ["a", "", "ccc"],
    "tokenizer.ggml.token_type": [1] * 3000,
    "tokenizer.chat_template": "long " * 500,
    "general.alignment": 32,
}
READ = KEYS | {
    "llama.attention.head_count_kv": (8, 0, 8, 0),
    "llama.attention.sliding_window_pattern": (True, True, False),
    "llama.scales": (0.25, 0.5),
    "llama.empty": (),
    "tokenizer.ggml.tokens": 3,
    "tokenizer.ggml.token_type": 3000,
}
del READ["tokenizer.chat_template"]  # too long to be kept


def read(content: bytes) -> Header:
    """Return the header of a file with that content."""
    return read_header(io.BytesIO(content))


class Slowly(io.RawIOBase):
    """A stream that cannot seek and gives a few bytes at once, as a network does."""

    def __init__(self, content: bytes, at_once: int) -> None:
        super().__init__()
        self._rest = iter([content[at : at + at_once] for at in range(0, len(content), at_once)])

    def read(self, size: int = -1) -> bytes:
        return next(self._rest, b"")


@pytest.mark.parametrize("version", [2, 3])
def test_keys_and_tensors_are_read(version: int) -> None:
    header = read(header_bytes(KEYS, TENSORS, version=version))
    assert header.metadata == READ
    assert header.tensors == TENSORS


@pytest.mark.parametrize(
    ("kind", "content", "value"),
    [
        (0, b"\xff", 255),
        (1, b"\xff", -1),
        (2, b"\xff\xff", 65535),
        (3, b"\xfe\xff", -2),
        (4, b"\xff\xff\xff\xff", 2**32 - 1),
        (5, b"\xff\xff\xff\xff", -1),
        (6, struct.pack("<f", 1.5), 1.5),
        (7, b"\x01", True),
        (7, b"\x00", False),
        (8, text("é"), "é"),
        (8, b"\x01" + bytes(7) + b"\xff", "\ufffd"),
        (10, b"\xff" * 8, 2**64 - 1),
        (11, b"\xff" * 8, -1),
        (12, struct.pack("<d", 0.1), 0.1),
        (9, struct.pack("<IQ", 2, 2) + b"\x01\x00\x02\x00", (1, 2)),
        (9, struct.pack("<IQ", 10, 1) + b"\x01" + bytes(7), (1,)),
    ],
)
def test_every_kind_of_value(kind: int, content: bytes, value: object) -> None:
    start = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)
    header = read(start + text("some.key") + struct.pack("<I", kind) + content)
    assert header.metadata == {"some.key": value}
    assert type(header.metadata["some.key"]) is type(value)


@pytest.mark.parametrize("at_once", [1, 7, 100, 4096])
def test_a_stream_may_give_little_at_once(at_once: int) -> None:
    content = header_bytes(KEYS, TENSORS)
    assert read_header(Slowly(content, at_once)) == read(content)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", range(MIB - 1200, MIB, 131))
def test_texts_may_lie_across_pieces(length: int) -> None:
    tokens = ["x" * length, "y" * 300, "z", "", "w" * 700] * 2
    keys: dict[str, gguf_files.Written] = {"tokenizer.ggml.tokens": tokens, "after": 7}
    assert read(header_bytes(keys)).metadata == {"tokenizer.ggml.tokens": 10, "after": 7}


def test_a_list_of_texts_may_end_the_file() -> None:
    start = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)
    assert read(start + entry("k", ["a", "b"])).metadata == {"k": 2}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file of the size of llama3.1:8b with its tensors, tokens and merges."""
    path = tmp_path_factory.mktemp("models") / "model.gguf"
    yield gguf_files.write_llama(path, gguf_files.LLAMA31_8B)
    path.unlink()


def test_a_file_of_full_size_is_read_as_it_was_written(large: Path) -> None:
    size = large.stat().st_size
    with large.open("rb") as stream:
        header = read_header(stream, size=size)
    assert 4.9e9 < size < 5e9
    assert header == gguf_files.llama_header(gguf_files.LLAMA31_8B)
    assert model_shape(header).weights == 4912898304


def test_a_long_vocabulary_takes_little_memory(tmp_path: Path) -> None:
    shape = gguf_files.LLAMA31_8B._replace(vocabulary=30_000, merges=30_000)
    with gguf_files.write_llama(tmp_path / "model.gguf", shape).open("rb") as stream:
        tracemalloc.start()
        header = read_header(stream)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert header.tensors
    assert peak < mebibytes(10)


def test_no_more_than_a_piece_is_read_beyond_the_header(large: Path) -> None:
    weights = model_shape(gguf_files.llama_header(gguf_files.LLAMA31_8B)).weights
    with large.open("rb", buffering=0) as stream:
        read_header(stream)
        read_bytes = stream.tell()
    assert read_bytes <= large.stat().st_size - weights + MIB


def test_a_file_that_ends_before_its_tensors_is_refused(tmp_path: Path) -> None:
    path = gguf_files.write_llama(tmp_path / "model.gguf", gguf_files.TINYLLAMA)
    size = path.stat().st_size
    with path.open("rb") as stream:
        assert read_header(stream, size=size).tensors
        stream.seek(0)
        with pytest.raises(GgufError, match="the file ends 32 B before its tensors do"):
            read_header(stream, size=size - 32)


START = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)


def tensors(*entries: bytes) -> bytes:
    """Return a header without keys and with tensors as they are given."""
    return b"GGUF" + struct.pack("<IQQ", 3, len(entries), 0) + b"".join(entries)


def tensor(
    name: str = "a", dimensions: tuple[int, ...] = (8,), kind: int = 0, at: int = 0
) -> bytes:
    """Return how a header describes a tensor, right or wrong."""
    count = len(dimensions)
    return text(name) + struct.pack(f"<I{count}QIQ", count, *dimensions, kind, at)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ends within"),
        (b"GGU", "ends within"),
        (b"PK\x03\x04" + bytes(60), "is no GGUF file"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1 of GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 4, 0, 0), "version 4 of GGUF"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "is in big endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0), "states 9223372036854775808 tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**63), "and 9223372036854775808 keys"),
        (START + struct.pack("<Q", 2**62), "name of 4611686018427387904 bytes"),
        (START + text(""), "name of 0 bytes"),
        (START + text("k") + struct.pack("<I", 13), "unknown type 13"),
        (START + text("k") + struct.pack("<IQ", 8, 2**62), "longer than 64 MiB"),
        (START + text("k") + struct.pack("<IQ", 8, 600) + bytes(500), "ends within"),
        (START + text("k") + struct.pack("<IIQ", 9, 9, 1), "unknown type 9"),
        (START + text("k") + struct.pack("<IIQ", 9, 77, 1), "unknown type 77"),
        (START + text("k") + struct.pack("<IIQ", 9, 4, 2**62), "longer than 64 MiB"),
        (START + text("k") + struct.pack("<IIQ", 9, 8, 2**62), "texts"),
        (START + text("k") + struct.pack("<IIQQ", 9, 8, 2, 2**63), "longer than 64 MiB"),
        (START + text("k") + struct.pack("<IIQQ", 9, 8, 2, 5) + b"12345", "ends within"),
        (header_bytes(KEYS)[:-1500], "ends within"),
        (
            b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + 2 * entry("k", 1),
            "the key 'k' twice",
        ),
        (header_bytes({"general.alignment": 48}, TENSORS), "no power of two"),
        (tensors(tensor(dimensions=(1,) * 5)), "5 dimensions"),
        (tensors(tensor(kind=5)), "unknown type 5"),
        (tensors(tensor(kind=4_000_000_000)), "unknown type 4000000000"),
        (tensors(tensor(kind=12, dimensions=(100,))), "no whole number of blocks"),
        (tensors(tensor(dimensions=(2**33, 2**33))), "no possible size"),
        (tensors(tensor("a"), tensor("a", at=32)), "two tensors of the same name"),
        (tensors(tensor("a"), tensor("b")), "'b' are at an impossible place"),
        (tensors(tensor("a"), tensor("b", at=33)), "'b' are at an impossible place"),
        (tensors(tensor("a" * 600)), "name of 600 bytes"),
    ],
)
def test_what_is_wrong_with_a_header_is_said(content: bytes, message: str) -> None:
    with pytest.raises(GgufError, match=message) as caught:
        read(content)
    assert caught.value.hint


def test_tensors_may_stand_in_any_order() -> None:
    header = read(tensors(tensor("b", at=32), tensor("a")))
    assert [each.name for each in header.tensors] == ["b", "a"]


def test_ollamas_own_number_of_a_type_is_known() -> None:
    assert read(tensors(tensor(kind=4, dimensions=(32,)))).tensors[0].type == "mxfp4"


@pytest.mark.parametrize(("count", "kept"), [(MOST_LISTED, True), (MOST_LISTED + 1, False)])
def test_a_long_list_is_counted(count: int, kept: bool) -> None:
    value = read(header_bytes({"k": [7] * count})).metadata["k"]
    assert value == ((7,) * count if kept else count)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with (tmp_path / "model.gguf").open("wb") as stream, pytest.raises(GgufError, match="not be"):
        read_header(stream)
