"""Lines of services, and limits that stand in a file and that Compose drops."""

from __future__ import annotations

from pathlib import Path

import pytest

from hcreport.collect.source_lines import ProjectSource, lost_limits, read_sources
from hcreport.model import Limits, Location
from hcreport.units import Bytes
from tests.compose.support import PROJECTS


def read(folder: Path, **files: str) -> ProjectSource:
    """Write files (``compose`` is ``compose.yaml``) and read them in this order."""
    paths = [folder / f"{name}.yaml" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return read_sources(folder, paths)


def lost(source: ProjectSource, service: str, limits: Limits | None = None) -> dict[str, str]:
    """Return the place of each lost limit by key."""
    found = lost_limits(source.services[service], limits or Limits())
    return {each.key: f"{each.location.file}:{each.location.line}" for each in found}


@pytest.mark.parametrize(
    ("value", "is_lost"),
    [
        ("1e9", True),
        ("1.5", True),
        ("0.5", True),
        ("9223372036854775808", True),
        ("0", False),
        ("0.0", False),
        ("0e5", False),
        ("0m", False),
        ('"0 kb"', False),
        ("0x0", False),
        ("-1", False),
        ("null", False),
        ("~", False),
        ("", False),
        ("${LIMIT}", False),
        ("${LIMIT:-1e9}", False),
        ("[1]", False),
        ("!reset 5", False),
        ("!reset null", False),
    ],
)
def test_values_that_ask_for_a_limit(tmp_path: Path, value: str, is_lost: bool) -> None:
    source = read(tmp_path, compose=f"services:\n  a:\n    image: x\n    mem_limit: {value}\n")
    assert lost(source, "a") == ({"mem_limit": "compose.yaml:4"} if is_lost else {})


@pytest.mark.parametrize(
    ("key", "limits"),
    [
        ("mem_limit", Limits(memory=Bytes(5))),
        ("mem_reservation", Limits(memory_reservation=Bytes(5))),
        ("memswap_limit", Limits(memory_swap=Bytes(5))),
        ("memswap_limit", Limits(swap_unlimited=True)),
        ("shm_size", Limits(shm_size=Bytes(5))),
    ],
)
def test_a_limit_that_compose_kept_is_not_lost(tmp_path: Path, key: str, limits: Limits) -> None:
    source = read(tmp_path, compose=f"services:\n  a:\n    {key}: 1e9\n")
    assert lost(source, "a") == {key: "compose.yaml:3"}
    assert lost(source, "a", limits) == {}


CASES = {
    "plain": ("services:\n  a:\n    image: x\n", "a", 2),
    "comments and blank lines": ("# one\n\nservices:\n\n  # two\n  a: {image: x}\n", "a", 6),
    "windows lines": ("services:\r\n  b: {}\r\n  a: {}\r\n", "a", 3),
    "byte order mark": ("\ufeffservices:\n  a: {}\n", "a", 2),
    "quoted": ('services:\n  "on": {}\n', "on", 2),
    "number": ("services:\n  1: {}\n", "1", 2),
    "second document": ("services:\n  b: {}\n---\nservices:\n  a: {}\n", "a", 5),
    "merged services": ("x: &x\n  a: {}\nservices:\n  <<: *x\n", "a", 2),
    "anchor as service": ("x: &x {}\nservices:\n  a: *x\n", "a", 3),
    "empty service": ("services:\n  a:\n", "a", 2),
}


@pytest.mark.parametrize(("text", "service", "line"), CASES.values(), ids=CASES)
def test_line_of_a_service(tmp_path: Path, text: str, service: str, line: int) -> None:
    (tmp_path / "compose.yaml").write_bytes(text.encode())
    source = read_sources(tmp_path, [tmp_path / "compose.yaml"])
    assert source.services[service].location == Location(file="compose.yaml", line=line)


@pytest.mark.parametrize(
    "text",
    [
        "services: [a",
        "services: {a: {image: x}",
        "services: *nobody",
        "\x00",
        "services: a",
        "- services",
        "",
        "services: &s\n  <<: *s\n",
        "x: &x {<<: *x}\nservices: *x\n",
        "include: [5, {path: []}, {}, null, [x]]\nservices: {}\n",
        "include: {path: compose.yaml}\n",
    ],
)
def test_what_cannot_be_followed_is_no_error(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, compose=text) == ProjectSource()


def test_files_that_are_missing_or_folders_are_no_error(tmp_path: Path) -> None:
    assert read_sources(tmp_path, [tmp_path / "no.yaml", tmp_path]) == ProjectSource()


def test_a_cycle_of_includes_and_extends_comes_to_an_end(tmp_path: Path) -> None:
    text = (
        "include: [compose.yaml]\n"
        "services:\n"
        "  a: {extends: b, mem_limit: 1e9}\n"
        "  b: {extends: {file: compose.yaml, service: a}}\n"
    )
    source = read(tmp_path, compose=text)
    assert lost(source, "b") == {"mem_limit": "compose.yaml:3"}


def test_merges_that_double_each_time_are_quick(tmp_path: Path) -> None:
    lines = ["x0: &x0 {mem_limit: 1e9}"]
    lines += [f"x{n}: &x{n} {{<<: [*x{n - 1}, *x{n - 1}]}}" for n in range(1, 60)]
    source = read(tmp_path, compose="\n".join([*lines, "services:", "  a: *x59", ""]))
    assert lost(source, "a") == {"mem_limit": "compose.yaml:1"}


def test_own_keys_win_over_merged_ones_and_earlier_merges_over_later(tmp_path: Path) -> None:
    text = (
        "one: &one {mem_limit: 1e9}\n"
        "two: &two {mem_limit: 5m, shm_size: 1e9}\n"
        "services:\n"
        "  a: {<<: [*one, *two]}\n"
        "  b: {<<: [*two, *one]}\n"
        "  c: {mem_limit: 5m, <<: *one}\n"
        "  d: {mem_limit: 1.5, <<: *two}\n"
    )
    source = read(tmp_path, compose=text)
    kept = Limits(memory=Bytes(5))
    assert lost(source, "a") == {"mem_limit": "compose.yaml:1", "shm_size": "compose.yaml:2"}
    assert lost(source, "b", kept) == {"shm_size": "compose.yaml:2"}
    assert source.services["c"].limits["mem_limit"].text == "5m"
    assert lost(source, "d")["mem_limit"] == "compose.yaml:7"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("image: y", {"mem_limit": "base.yaml:3"}),
        ("mem_limit: null", {"mem_limit": "base.yaml:3"}),
        ("mem_limit: 2.5", {"mem_limit": "over.yaml:3"}),
        ("mem_limit: 0", {}),
        ("mem_limit: !reset null", {}),
        ("mem_limit: !override 2.5", {"mem_limit": "over.yaml:3"}),
        ("shm_size: 1.5", {"mem_limit": "base.yaml:3", "shm_size": "over.yaml:3"}),
    ],
)
def test_a_later_file_is_laid_over(tmp_path: Path, override: str, expected: dict[str, str]) -> None:
    base = "services:\n  a:\n    mem_limit: 1e9\n"
    source = read(tmp_path, base=base, over=f"services:\n  a:\n    {override}\n")
    assert lost(source, "a") == expected
    assert source.services["a"].location == Location(file="base.yaml", line=2)


@pytest.mark.parametrize("tag", ["!reset", "!override"])
def test_a_service_may_be_replaced_as_a_whole(tmp_path: Path, tag: str) -> None:
    base = "services:\n  a:\n    mem_limit: 1e9\n"
    source = read(tmp_path, base=base, over=f"services:\n  a: {tag}\n    image: y\n")
    assert lost(source, "a") == {}


def test_includes_are_followed() -> None:
    folder = PROJECTS / "include"
    source = read_sources(folder, [folder / "compose.yaml"])
    assert {name: each.location for name, each in sorted(source.services.items())} == {
        "backup": Location(file="db/deeper/volume.yaml", line=2),
        "cache": Location(file="cache/one.yaml", line=2),
        "db": Location(file="db/compose.yaml", line=5),
        "more": Location(file="tools/more.yaml", line=2),
        "tool": Location(file="tools/inner/compose.yaml", line=3),
        "web": Location(file="compose.yaml", line=7),
    }
    assert lost(source, "db") == {"mem_limit": "db/compose.yaml:7"}
    assert lost(source, "cache") == {"mem_limit": "cache/two.yaml:4"}


def test_extended_files_are_followed() -> None:
    folder = PROJECTS / "extends-file"
    source = read_sources(folder, [folder / "compose.yaml"])
    assert source.services["web"].location == Location(file="compose.yaml", line=2)
    assert lost(source, "web") == {"mem_reservation": "common/deeper/root.yaml:4"}
    assert lost(source, "worker", Limits(shm_size=Bytes(1))) == {"mem_limit": "common/base.yaml:9"}


def test_a_file_outside_the_project_has_no_location(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "outside.yaml").write_text("services:\n  a: {mem_limit: 1e9}\n", encoding="utf-8")
    source = read(tmp_path / "project", compose="include: [../outside.yaml]\n")
    assert source.services["a"].location is None
    assert lost(source, "a") == {}


@pytest.mark.parametrize(
    "path", ["https://example.com/x.git", "git@example.com:x.git", "oci://x/y:1", "${DIR}/x.yaml"]
)
def test_remote_and_variable_includes_are_left_alone(tmp_path: Path, path: str) -> None:
    source = read(tmp_path, compose=f"include: ['{path}']\nservices:\n  a: {{}}\n")
    assert list(source.services) == ["a"]


def test_lines_of_models(tmp_path: Path) -> None:
    source = read(tmp_path, compose="models:\n  llm:\n    model: ai/x\n")
    assert source.models == {"llm": Location(file="compose.yaml", line=2)}
