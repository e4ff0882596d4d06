"""Damaged and hostile headers: each is read or refused, with little memory and little work."""

from __future__ import annotations

import io
import random
import resource
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from hcreport.collect.gguf import read_header
from hcreport.errors import GgufError
from hcreport.estimate.llm_header import Header
from hcreport.estimate.llm_shape import model_shape
from hcreport.model import ModelShape
from hcreport.units import MB, MIB
from tests import gguf_files
from tests.gguf_files import header_bytes, text

MOST_MEMORY = 64 * MB
MOST_SECONDS = 2.0
SEEDS = range(8)
INPUTS = 3000
"""For each seed: 24,000 in all."""

SMALL = gguf_files.Shape(2, 64, 4, 2, 128, 40, 30, types="q8_0", rope=8)
BASES = (
    header_bytes(gguf_files.llama_metadata(SMALL), gguf_files.llama_tensors(SMALL)),
    header_bytes(
        {
            "general.architecture": "gemma3",
            "gemma3.block_count": 6,
            "gemma3.embedding_length": 64,
            "gemma3.feed_forward_length": [128] * 6,
            "gemma3.attention.head_count": 4,
            "gemma3.attention.head_count_kv": [2, 2, 0, 2, 2, 1],
            "gemma3.attention.sliding_window": 512,
            "gemma3.attention.sliding_window_pattern": [True, True, True, True, True, False],
            "gemma3.rope.freq_base": 1e6,
            "tokenizer.ggml.tokens": ["a", "b", "c" * 20],
            "tokenizer.chat_template": "{% for each in messages %}" * 30,
        },
        gguf_files.llama_tensors(SMALL)[:4],
    ),
    header_bytes(
        {
            "general.architecture": "jamba",
            "general.alignment": 64,
            "jamba.block_count": 4,
            "jamba.embedding_length": 64,
            "jamba.attention.head_count": 4,
            "jamba.attention.head_count_kv": [0, 0, 0, 2],
            "jamba.ssm.conv_kernel": 4,
            "jamba.ssm.inner_size": 128,
            "jamba.ssm.state_size": 16,
            "jamba.expert_count": 4,
            "jamba.attention.key_length_mla": 16,
            "jamba.attention.value_length_mla": 16,
        },
        gguf_files.llama_tensors(SMALL)[:1],
    ),
)
EXTREMES = (0, 1, 7, 8, 9, 12, 13, 255, 2**15, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32)
LARGE_EXTREMES = (2**40, 2**53, 2**61, 2**63 - 1, 2**63, 2**64 - 8, 2**64 - 1)

Mutation = Callable[[random.Random, bytearray], None]


def flip(chance: random.Random, content: bytearray) -> None:
    for _ in range(chance.randint(1, 4)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def write_length(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) - 8)
    content[at : at + 8] = struct.pack("<Q", chance.choice(EXTREMES + LARGE_EXTREMES))


def write_number(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) - 4)
    content[at : at + 4] = struct.pack("<I", chance.choice(EXTREMES) % 2**32)


def write_count(chance: random.Random, content: bytearray) -> None:
    at = chance.choice((4, 8, 16))
    content[at] = chance.randrange(256)


def write_extreme_where_a_number_is(chance: random.Random, content: bytearray) -> None:
    """Change a number that the header is built from, not its bytes at random."""
    places = [at for at in range(24, len(content) - 8) if not any(content[at + 2 : at + 8])]
    at = chance.choice(places or [4])
    content[at : at + 8] = struct.pack("<Q", chance.choice(EXTREMES + LARGE_EXTREMES))


def cut(chance: random.Random, content: bytearray) -> None:
    del content[chance.randrange(len(content)) :]


def repeat(chance: random.Random, content: bytearray) -> None:
    start, length = chance.randrange(len(content)), chance.randint(1, 200)
    content[start:start] = content[start : start + length]


def drop(chance: random.Random, content: bytearray) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.randint(1, 60)]


def nest(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(24, len(content))
    content[at:at] = struct.pack("<IIQ", 9, 9, chance.choice(EXTREMES)) * chance.randint(1, 30)


def add_noise(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    content[at : at + 32] = chance.randbytes(chance.randint(1, 64))


MUTATIONS: tuple[Mutation, ...] = (
    *(flip, write_length, write_number, write_count, write_extreme_where_a_number_is),
    *(cut, repeat, drop, nest, add_noise),
)


def mutated(seed: int) -> Iterator[bytes]:
    """Yield the damaged headers of a seed, the same each time."""
    chance = random.Random(seed)
    for _ in range(INPUTS):
        content = bytearray(chance.choice(BASES))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            if len(content) > 40:
                chance.choice(MUTATIONS)(chance, content)
        yield bytes(content)


def outcome(stream: io.BytesIO) -> Header | ModelShape | str:
    """Return how far a header comes; anything but its own errors fails the test."""
    try:
        header = read_header(stream, size=None)
    except GgufError:
        return "refused"
    try:
        return model_shape(header)
    except ValidationError:
        raise  # a checker's findings are no sentence for people
    except ValueError:
        return header


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Allow the process 64 MB more than it has: beyond that, allocating fails."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells and limits a process's address space like this")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MOST_MEMORY, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def test_the_limit_of_memory_is_a_limit(little_memory: None) -> None:
    with pytest.raises(MemoryError):
        bytes(2 * MOST_MEMORY)


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_headers_are_read_or_refused(seed: int, little_memory: None) -> None:
    kinds: dict[str, int] = {}
    longest = 0.0
    for content in mutated(seed):
        started = time.process_time()
        kind = outcome(io.BytesIO(content))
        longest = max(longest, time.process_time() - started)
        name = kind if isinstance(kind, str) else type(kind).__name__
        kinds[name] = kinds.get(name, 0) + 1
    assert sum(kinds.values()) == INPUTS
    # Damage of each depth is among them, else the generator tests nothing.
    assert min(kinds[name] for name in ("refused", "Header", "ModelShape")) > INPUTS // 100
    assert longest < MOST_SECONDS


def test_there_are_enough_damaged_headers() -> None:
    assert len(SEEDS) * INPUTS >= 20_000
    assert len({content for seed in SEEDS for content in mutated(seed)}) > 19_000


class Endless(io.RawIOBase):
    """A stream that begins with a header and goes on for ever; it counts what is read."""

    def __init__(self, start: bytes, more: bytes) -> None:
        super().__init__()
        self._next, self._more = start, more * (MIB // len(more))
        self.read_bytes = 0

    def read(self, size: int = -1) -> bytes:
        content, self._next = self._next or self._more, b""
        self.read_bytes += len(content)
        return content


KEY = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k")
KEYS = b"GGUF" + struct.pack("<IQQ", 3, 0, 900)
MANY = b"GGUF" + struct.pack("<IQQ", 3, 20_000, 0)


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (KEY + struct.pack("<IIQ", 9, 8, 2**60), bytes(8)),
        (KEY + struct.pack("<IIQ", 9, 8, 2_400_000), struct.pack("<Q", 24) + b"x" * 24),
        (KEY + struct.pack("<IIQ", 9, 8, 2_000_000), struct.pack("<Q", 2**24)),
        (KEY + struct.pack("<IIQ", 9, 12, 2**57), bytes(8)),
        (KEY + struct.pack("<IQ", 8, 2**27), b"text"),
        (KEY + struct.pack("<IQ", 8, 2**60), b"text"),
        (KEYS, text("k") + struct.pack("<II", 4, 1)),
        (KEYS, bytes(8)),
        (MANY, text("a") + struct.pack("<IQIQ", 1, 8, 0, 0)),
    ],
)
def test_an_endless_stream_is_given_up(start: bytes, more: bytes, little_memory: None) -> None:
    stream = Endless(start, more)
    started = time.process_time()
    with pytest.raises(GgufError):
        read_header(stream)  # type: ignore[arg-type]
    assert time.process_time() - started < MOST_SECONDS
    assert stream.read_bytes <= 65 * MIB


def largest_lists() -> bytes:
    """Return a header with as many keys, lists and texts as are read."""
    numbers = struct.pack("<IIQ", 9, 12, 512) + struct.pack("<512d", *range(512))
    keys = b"".join(text(f"{number:0>512}") + numbers for number in range(899))
    texts = text("texts") + struct.pack("<IIQ", 9, 8, 2_500_000) + bytes(8 * 2_500_000)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 900) + keys + texts


def largest_tensors() -> bytes:
    """Return a header with as many tensors as are read, and the longest names."""
    entries = (
        text(f"{number:0>512}")
        + struct.pack("<I4QIQ", 4, 2**9, 2**9, 2**9, 2**9, 0, number * 2**38)
        for number in range(20_000)
    )
    return b"GGUF" + struct.pack("<IQQ", 3, 20_000, 0) + b"".join(entries)


@pytest.fixture(params=[largest_lists, largest_tensors])
def largest(request: pytest.FixtureRequest) -> io.BytesIO:
    """A stream with the most that is read; made before memory is limited."""
    content: bytes = request.param()
    return io.BytesIO(content)


def test_the_largest_header_that_is_read_takes_little(
    largest: io.BytesIO, little_memory: None
) -> None:
    started = time.process_time()
    header = read_header(largest)
    assert len(header.metadata) == 900 or len(header.tensors) == 20_000
    assert time.process_time() - started < MOST_SECONDS
