"""Sizes: parsed by who wrote them, printed only on purpose, and never mixed up."""

from __future__ import annotations

from collections.abc import Callable

import jinja2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from hcreport.units import (
    GB,
    GIB,
    KIB,
    MIB,
    Bytes,
    gb,
    gib,
    gibibytes,
    mebibytes,
    parse_compose_memory,
    parse_docker_image_size,
    parse_docker_stats_memory,
    parse_ollama_size,
    percent,
    total,
)

SIZE = Bytes(2_000_000_000)

# Up to a little above the largest unit that is printed.
SIZES = st.integers(min_value=0, max_value=9 * GIB * MIB)


@pytest.mark.parametrize(
    "show",
    [
        str,
        lambda size: f"{size}",
        lambda size: f"{size:,}",
        lambda size: f"{size!s}",
        lambda size: "%s" % size,  # noqa: UP031
        "{}".format,
        lambda size: format(size, "d"),
        lambda size: " ".join(["it is", str(size)]),
        lambda size: jinja2.Template("{{ size }}").render(size=size),
        lambda size: jinja2.Template("{{ size ~ ' bytes' }}").render(size=size),
        lambda size: jinja2.Template("{{ size | e }}", autoescape=True).render(size=size),
    ],
)
def test_a_size_refuses_to_print_itself(show: Callable[[Bytes], str]) -> None:
    with pytest.raises(TypeError, match=r"units\.gib\(\) for memory, units\.gb\(\) for images"):
        show(SIZE)


def test_arithmetic_stays_in_bytes() -> None:
    for result in (SIZE + 1, 1 + SIZE, SIZE - 1, 1 - SIZE, SIZE * 2, 2 * SIZE, total([SIZE, SIZE])):
        assert isinstance(result, Bytes)
    assert (SIZE + 1, 1 - SIZE, 2 * SIZE) == (2_000_000_001, -1_999_999_999, 4_000_000_000)
    assert isinstance(sum([SIZE, SIZE], Bytes(0)), Bytes)
    assert total([]) == 0
    assert SIZE / 4 == 500_000_000.0
    assert repr(SIZE) == "Bytes(2000000000)"
    assert (mebibytes(1.5), gibibytes(0.5)) == (1_572_864, 536_870_912)


@pytest.mark.parametrize("wrong", [-1, 1.5, "512m", True, None])
def test_a_file_gives_sizes_as_whole_bytes_only(wrong: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Bytes).validate_python(wrong)


def test_a_size_survives_json() -> None:
    adapter = TypeAdapter(Bytes)
    read = adapter.validate_json(adapter.dump_json(SIZE))
    assert (read, type(read)) == (SIZE, Bytes)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512m", 536_870_912),
        ("512M", 536_870_912),
        ("512MB", 536_870_912),
        ("512mb", 536_870_912),
        ("512MiB", 536_870_912),
        ("512 m", 536_870_912),
        ("1.86g", 1_997_159_792),
        ("1gb", 1_073_741_824),
        ("0", 0),
        ("100", 100),
        ("100b", 100),
        ("1t", 1_099_511_627_776),
        ("-1", None),
    ],
)
def test_compose_sizes_are_binary_whatever_the_suffix(text: str, size: int | None) -> None:
    assert parse_compose_memory(text) == size


@pytest.mark.parametrize("text", ["", "512Mi", "m", "-5m", "512  m", "512m ", "1,5g", "lots", "5x"])
def test_what_compose_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a Compose size"):
        parse_compose_memory(text)


@pytest.mark.parametrize(
    ("parse", "text", "size"),
    [
        (parse_docker_image_size, "798MB", 798_000_000),
        (parse_docker_image_size, "16.3GB", 16_300_000_000),
        (parse_docker_image_size, "0B", 0),
        (parse_docker_image_size, "5.2kB", 5_200),
        (parse_docker_stats_memory, "1.5GiB", 1_610_612_736),
        (parse_docker_stats_memory, "296KiB", 303_104),
        (parse_docker_stats_memory, "0B", 0),
        (parse_ollama_size, "4.9 GB", 4_900_000_000),
        (parse_ollama_size, "274 MB", 274_000_000),
    ],
)
def test_each_tool_has_its_own_parser(parse: Callable[[str], Bytes], text: str, size: int) -> None:
    assert parse(text) == size


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_docker_image_size, "798MiB"),
        (parse_docker_image_size, "798"),
        (parse_docker_stats_memory, "1.5GB"),
        (parse_docker_stats_memory, "--"),
        (parse_ollama_size, "4.9 GiB"),
    ],
)
def test_a_parser_refuses_the_other_family(parse: Callable[[str], Bytes], text: str) -> None:
    with pytest.raises(ValueError, match="is not a size as"):
        parse(text)


@pytest.mark.parametrize(
    ("size", "as_memory", "as_image"),
    [
        (0, "0 B", "0 B"),
        (999, "999 B", "999 B"),
        (1000, "1000 B", "1 kB"),
        (1024, "1 KiB", "1.02 kB"),
        (1_997_159_793, "1.86 GiB", "2 GB"),
        (16_300_000_000, "15.2 GiB", "16.3 GB"),
        (536_870_912, "512 MiB", "537 MB"),
        (-2_147_483_648, "-2 GiB", "-2.15 GB"),
        # One below the next unit is printed as that unit, never as 1024 of the lower one.
        (1_073_741_823, "1 GiB", "1.07 GB"),
        (999_999_999, "954 MiB", "1 GB"),
        (Bytes(5 * GIB), "5 GiB", "5.37 GB"),
    ],
)
def test_memory_prints_binary_and_images_decimal(size: int, as_memory: str, as_image: str) -> None:
    assert (gib(size), gb(size)) == (as_memory, as_image)


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.215, "21.5 %"), (2.15, "215 %"), (1, "100 %"), (0.0666, "6.66 %")]
)
def test_percentages_have_three_digits(ratio: float, text: str) -> None:
    assert percent(ratio) == text


@given(SIZES)
@example(1111)
def test_what_is_printed_can_be_read_back_within_three_digits(size: int) -> None:
    """Three digits are off by half of the last one, and a reader cuts off parts of a byte."""
    tolerance = size * 0.005 + 1
    assert abs(parse_docker_stats_memory(gib(size)) - size) <= tolerance
    assert abs(parse_docker_image_size(gb(size)) - size) <= tolerance


@given(SIZES, SIZES)
def test_a_larger_size_never_prints_as_a_smaller_one(one: int, other: int) -> None:
    small, large = sorted((one, other))
    assert parse_docker_stats_memory(gib(small)) <= parse_docker_stats_memory(gib(large))
    assert parse_docker_image_size(gb(small)) <= parse_docker_image_size(gb(large))


@given(st.integers(min_value=0, max_value=KIB * KIB))
def test_whole_mebibytes_are_exact(count: int) -> None:
    assert parse_compose_memory(f"{count}m") == mebibytes(count) == count * MIB


def test_the_families_differ_by_seven_percent_at_a_gigabyte() -> None:
    assert round(GIB / GB, 3) == 1.074
