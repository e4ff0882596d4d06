"""Patterns of ``.dockerignore`` keep out what Docker keeps out, and refuse what it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hcreport.collect.context.ignore import (
    Builder,
    Rules,
    generation_of,
    read_ignore_file,
    read_patterns,
)
from hcreport.collect.context.patterns import Pattern, as_text
from hcreport.collect.context.walk import walk
from hcreport.errors import CollectError
from tests.ignore_cases import ALL, CASES, Case, plant

BUILDERS: tuple[Builder, ...] = ("buildkit", "classic", "docker-20.10")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    plant(folder, "")
    return folder


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_sent(case: Case, builder: Builder, tree: Path) -> None:
    expected = case.by(builder)
    if expected is None:
        with pytest.raises(CollectError, match=r"^Line \d+ of \.dockerignore is no pattern"):
            walk(tree, rules_of(case.text, builder), patience=60)
        return
    rules = rules_of(case.text, builder)
    assert {path.decode() for path in walk(tree, rules, patience=60).paths} == expected
    assert {path for path in ALL if not rules.ignores(path)} == expected


def rules_of(text: str | bytes, builder: Builder = "buildkit") -> Rules:
    content = text.encode() if isinstance(text, str) else text
    patterns = read_patterns(content, builder=builder)
    return Rules(patterns, builder=builder, always=(".dockerignore", "Dockerfile"))


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        (r"[[:digit:]]x", [b"5x"], [b"ax", b"[x"]),
        (r"[\d]x", [b"5x"], [b"dx"]),
        (r"\x41*", [b"Ab"], [b"x41b", b"ab"]),
        (r"\101*", [b"Ab"], [b"101"]),
        ("[a*b]x", [b"b]x", b"a/[b]x"], [b"ax", b"*x"]),
        ("{2}a*", [b"ab"], [b"ba"]),
        ("{0}a*", [b"ab", b"ba", b"x/ba"], [b"b"]),
        ("a{2}*", [b"aab"], [b"ab", b"a{2}b"]),
        ("a{,2}*", [b"a{,2}b"], [b"ab", b"aab"]),
        ("a|b*", [b"ab", b"axx/y", b"x/b"], [b"xa/y", b"c"]),
        ("a/*\\", [b"a/x$", b"a/$y"], [b"a/x", b"a/x\\"]),
        ("a/**/b", [b"a/b", b"a/x/y/b"], [b"a", b"ab", b"a/xb"]),
        ("a**", [b"a", b"ab/c", b"a/b"], [b"b/a"]),
        ("a/**", [b"a/b", b"a/b/c"], [b"a", b"ab"]),
        ("**a", [b"a", b"xa", b"x/ya"], [b"ab"]),
        ("**/a", [b"a", b"x/a"], [b"xa"]),
        ("**/a/**/b*", [b"a/b", b"x/a/y/bc"], [b"a/x/y", b"xa/b"]),
        ("?", [b"a", "é".encode(), b"\xff"], [b"", b"ab", b"/", b"\xff\xfe"]),
        ("\ufeff*.txt", [b"a.txt"], []),
    ],
)
def test_odd_patterns(pattern: str, matched: list[bytes], others: list[bytes]) -> None:
    """Docker hands patterns to Go's expressions almost as they are; all of this was tried there."""
    compiled = Pattern(pattern)
    assert [path for path in matched + others if compiled.matches(path, as_text(path))] == matched


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a\n!\n", "Line 2 .*exclamation mark"),
        (b"\n\n!/\n", "Line 3 .*exclamation mark"),
        (b"/!\n", "Line 1 .*exclamation mark"),
        (b"[-a]", "Line 1 .*no list of characters"),
        (b"[]a]", "Line 1 .*no list of characters"),
        (b"[a", "Line 1 .*not closed"),
        (b"*\\", "Line 1 .*backslash"),
        (b"[\xff]", "Line 1 .*UTF-8"),
        (b"a" * 65536, "Line 1 .*longer than"),
        (b"a\n" * 10_001, "Line 10001 .*10000 patterns"),
    ],
)
def test_refused_at_once(content: bytes, reason: str) -> None:
    with pytest.raises(CollectError, match=reason) as caught:
        read_patterns(content)
    assert caught.value.hint


@pytest.mark.parametrize(
    "line", ["[z-a]", r"*\é", r"*\q", "a{3,2}*", "a{1001}*", "a|{2}*", "[[:x:]]"]
)
def test_refused_when_compared(line: str) -> None:
    """Docker notices these only when it has a path to compare."""
    rules = rules_of(f"x\n!{line}\n")
    assert not rules.ignores("other")
    with pytest.raises(CollectError, match=r"^Line 2 of \.dockerignore"):
        rules.ignores("x")


def test_names_that_are_no_text() -> None:
    rules = rules_of(b"caf\xe9\nx?\n")
    assert [rules.ignores(path) for path in (b"caf\xe9", b"caf\xe8", b"x\xff", b"x\xff\xff")] == [
        *(True, False, True, False)
    ]


@pytest.mark.parametrize("builder", BUILDERS)
def test_files_that_are_always_sent_are_removed_again(builder: Builder) -> None:
    """They reach the engine, but COPY does not find them."""
    rules = rules_of("*\n", builder)
    assert rules.ignores("Dockerfile")
    assert rules.ignores(".dockerignore")


def test_which_file_applies(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("a")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/web.dockerignore").write_text("b")
    found = [
        read_ignore_file(tmp_path, dockerfile, builder)
        for dockerfile in ("docker/web", "Dockerfile")
        for builder in ("buildkit", "classic")
    ]
    assert [each and each.name for each in found] == [
        "docker/web.dockerignore",
        ".dockerignore",
        ".dockerignore",
        ".dockerignore",
    ]
    assert read_ignore_file(tmp_path / "docker", "Dockerfile", "buildkit") is None


@pytest.mark.parametrize("what", ["folder", "link outside", "too long", "pipe"])
def test_ignore_files_that_are_none(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    file = folder / ".dockerignore"
    if what == "folder":
        file.mkdir()
    elif what == "pipe":
        os.mkfifo(file)
    elif what == "too long":
        file.write_bytes(bytes(1_100_000))
    else:
        (tmp_path / "private").write_text("secret")
        file.symlink_to(tmp_path / "private")
    with pytest.raises(CollectError, match="cannot be read"):
        read_ignore_file(folder, "Dockerfile", "buildkit")


def test_old_docker_refuses_what_it_reads_as_groups() -> None:
    with pytest.raises(CollectError, match="operator"):
        read_patterns(b"a(b)", builder="docker-20.10")
    assert generation_of("classic") == "current"
