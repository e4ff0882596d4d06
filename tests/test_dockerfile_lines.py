"""A project's Dockerfile is read as builders read it, and kept but for what must change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hcreport.contents.dockerfile import read_lines
from hcreport.render.dockerfile_lines import project_stages


def instructions(text: str) -> list[tuple[str, str]]:
    return [(line.name, line.rest) for line in read_lines(text) if line.name]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nRUN b", [("FROM", "a"), ("RUN", "b")]),
        ("from a as b\r\nrun  c\r\n", [("FROM", "a as b"), ("RUN", "c")]),
        ("RUN a \\\n  b", [("RUN", "a   b")]),
        ("RUN a \\   \n  b \\\n\n# no\n  c\nUSER x", [("RUN", "a   b   c"), ("USER", "x")]),
        (
            "# escape=`\nRUN a `\n b\nCOPY c\\\nUSER d",
            [("RUN", "a  b"), ("COPY", "c\\"), ("USER", "d")],
        ),
        ("# a\n# escape=`\nRUN a `\nUSER b", [("RUN", "a `"), ("USER", "b")]),
        ("RUN <<EOF\nUSER no\nEOF\nUSER yes", [("RUN", "<<EOF"), ("USER", "yes")]),
        ("COPY <<-'A' <<B /x\n1\n\tA\n2\nB\nUSER y", [("COPY", "<<-'A' <<B /x"), ("USER", "y")]),
        ("RUN cat <<EOF\nUSER y", [("RUN", "cat <<EOF"), ("USER", "y")]),
        ("CMD <<EOF\nUSER y\nEOF", [("CMD", "<<EOF"), ("USER", "y"), ("EOF", "")]),
        ("RUN a \\", [("RUN", "a")]),
        ("", []),
    ],
)
def test_instructions_are_read_as_builders_read_them(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert instructions(text) == expected


@given(st.text(alphabet="FROM RUNas\\\n#<E`=x\t", max_size=80))
def test_no_text_is_lost(text: str) -> None:
    kept = "\n".join(line.text for line in read_lines(text))
    assert kept == text.replace("\r\n", "\n").removesuffix("\n")


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    project_stages(f"FROM a\n{text}")


@pytest.mark.parametrize(
    ("text", "target", "name", "expected"),
    [
        ("FROM a", None, "build", "FROM a AS build"),
        ("FROM --platform=x a:1", None, "build", "FROM --platform=x a:1 AS build"),
        ("FROM a as Last", None, "last", "FROM a as Last"),
        ("FROM a AS build\nFROM b", None, "all", "FROM a AS build\nFROM b AS all"),
        ("ARG X=1\nFROM a:$X\nARG X", None, "build", "ARG X=1\nFROM a:$X AS build\nARG X"),
        ("FROM a AS x\nUSER y\nFROM b", "X", "x", "FROM a AS x"),
        ("FROM a\nRUN y\nFROM b", "0", "build", "FROM a AS build\nRUN y"),
        ("# syntax=s\nFROM a", None, "build", "FROM a AS build"),
        (
            "FROM a\nCMD b\nEXPOSE 1\nHEALTHCHECK NONE\nENTRYPOINT c",
            None,
            "build",
            "FROM a AS build",
        ),
        ("FROM a AS b\nCMD x\nFROM b\nCMD y", None, "build", "FROM a AS b\nCMD x\nFROM b AS build"),
        ("FROM a\nUSER x\nRUN y\nUSER z\nCOPY p q", None, "build", None),
    ],
)
def test_the_last_stage_gets_a_name(
    text: str, target: str | None, name: str, expected: str | None
) -> None:
    stages = project_stages(text, target=target)
    assert stages is not None
    assert stages.name == name
    assert stages.text == (expected or "FROM a AS build\nUSER x\nRUN y\nCOPY p q")
    assert stages.own


@pytest.mark.parametrize(
    ("text", "target"), [("", None), ("RUN a", None), ("FROM a", "b"), ("FROM a", "1")]
)
def test_a_stage_that_is_not_there_is_none(text: str, target: str | None) -> None:
    assert project_stages(text, target=target) is None


def test_a_directive_stays_the_first_line() -> None:
    stages = project_stages("# syntax=docker/dockerfile:1\n# escape=`\n# a\nFROM a")
    assert stages is not None
    assert stages.head == "# syntax=docker/dockerfile:1\n# escape=`"
    assert stages.text == "# a\nFROM a AS build"


def test_a_comment_moves_with_its_instruction() -> None:
    stages = project_stages("FROM a\n# for b\nRUN b\n\n# how it starts\n# today\nCMD c")
    assert stages is not None
    assert stages.text == "FROM a AS build\n# for b\nRUN b"
    assert stages.moved == {"CMD": "# how it starts\n# today"}


PIP = "--mount=type=cache,target=/root/.cache/pip"
NPM = "--mount=type=cache,target=/root/.npm"


@pytest.mark.parametrize(
    ("run", "options"),
    [
        ("pip install a", PIP),
        ("apt-get update && pip3 --quiet install a", PIP),
        ("python3 -m pip install -r b", PIP),
        ('["pip", "install", "a"]', ""),
        ("npm ci", NPM),
        ("npm i && pip install a", f"{PIP} {NPM}"),
        ("pip install --no-cache-dir a", ""),
        ("pip install a && rm -rf /root/.cache", ""),
        ("npm ci && npm cache clean --force", ""),
        ("npm run install-all", ""),
        ("pipx install a", ""),
        ("echo pip", ""),
        ("--mount=type=secret,id=a pip install a", ""),
    ],
)
def test_downloads_get_a_cache_outside_the_layers(run: str, options: str) -> None:
    stages = project_stages(f"FROM a\nRUN {run}")
    assert stages is not None
    kept = f"RUN {options} \\\n    {run}" if options else f"RUN {run}"
    assert stages.text.split("\n", 1)[1] == kept
    assert stages.needs_buildkit is ("--mount" in kept)


@pytest.mark.parametrize(
    ("before", "cached", "root"),
    [
        ("FROM a", True, True),
        ("FROM a\nUSER b", False, False),
        ("FROM a\nUSER b\nUSER 0:0", True, True),
        ("FROM a AS b\nUSER c\nFROM b", False, False),
        ("FROM a AS b\nUSER c\nFROM d", True, True),
        ("FROM a\nENV PIP_CACHE_DIR=/x", False, True),
        ("FROM a\nENV HOME=/x", False, True),
        ("FROM a\nENV THOME=/x", True, True),
    ],
)
def test_only_root_with_its_own_folder_gets_a_cache(before: str, cached: bool, root: bool) -> None:
    stages = project_stages(f"{before}\nRUN pip install a")
    assert stages is not None
    assert (PIP in stages.text, stages.root) == (cached, root)


@pytest.mark.parametrize(
    "text",
    [
        "COPY --link a b",
        "COPY --chmod=755 a b",
        "RUN --mount=type=cache,target=/x y",
        "RUN <<E\na\nE",
    ],
)
def test_what_only_one_builder_takes_is_noticed(text: str) -> None:
    stages = project_stages(f"FROM a\n{text}")
    assert stages is not None
    assert stages.needs_buildkit
