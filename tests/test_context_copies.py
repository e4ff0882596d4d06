"""What a Dockerfile takes from its context by name is read from it, however it is written."""

from __future__ import annotations

import pytest

from hcreport.collect.context.copies import named_in, read_copies


@pytest.mark.parametrize(
    ("text", "whole", "held", "others"),
    [
        ("COPY . .", True, [], ["a"]),
        ("copy ./ /app/", True, [], ["a"]),
        ("ADD * /app/", True, [], ["a"]),
        ("COPY a.txt b/ /x", False, ["a.txt", "b/c/d"], ["c", "x", "ba"]),
        ("COPY --chown=1:1 --link ./a /x", False, ["a"], []),
        ('COPY ["a b", "/c", "/x/"]', False, ["a b", "c/d"], ["a"]),
        ("COPY --from=build /a /b", False, [], ["a", "b"]),
        ("ADD https://host/a.tar.gz /", False, [], ["a.tar.gz"]),
        ("COPY require*.txt data/*/x /y/", False, ["require-1.txt", "data/1/x/z"], ["x"]),
        ("COPY a \\\n  # why\n\n  b \\\n  /x\nCOPY c /x", False, ["a", "b", "c"], ["#", "why"]),
        ("# escape=`\nCOPY a `\n b /x", False, ["a", "b"], ["`"]),
        ("ARG D=src\nENV E=lib\nCOPY ${D} $E ${F:-top} /x", False, ["src/a", "lib", "top"], ["x"]),
        ("COPY ${UNKNOWN}/models /x", False, ["any/models/m"], ["models"]),
        ("COPY <<EOF /x\nCOPY inner /y\nEOF\nCOPY outer /z", False, ["outer"], ["inner", "EOF"]),
        ("RUN <<EOF\nCOPY inner /y\nEOF", False, [], ["inner"]),
        ("RUN --mount=type=bind,source=lock,target=/l cat /l", False, ["lock"], []),
        ("RUN --mount=target=/src make", True, [], []),
        ("RUN --mount=type=cache,target=/c --mount=type=bind,src=a,from=b x", False, [], ["a"]),
        ("ONBUILD COPY a /x", False, ["a"], []),
        ("COPY [z-a] /x", False, ["[z-a]"], []),
        ("COPY\nCOPY a\n\x00\nNONSENSE", False, [], ["a"]),
    ],
)  # fmt: skip
def test_sources(text: str, whole: bool, held: list[str], others: list[str]) -> None:
    copied = read_copies(f"FROM scratch\n{text}" if not text.startswith("# escape") else text)
    names = [name.encode().split(b"/") for name in held + others]
    found = [any(source.holds(each) for source in copied.sources) for each in names]
    assert found == [True] * len(held) + [False] * len(others)
    assert copied.whole is whole


@pytest.mark.parametrize(
    ("command", "installs"),
    [
        ("pip install --no-cache-dir -r requirements.txt", {"python"}),
        ("uv sync --locked", {"python"}),
        ("--mount=type=cache,target=/root/.npm npm ci && yarn build", {"node"}),
        ("yarn", {"node"}),
        ("npm run build", set()),
        ("echo pip; apt-get install x", set()),
    ],
)
def test_who_installs(command: str, installs: set[str]) -> None:
    assert read_copies(f"RUN {command}\n").installs == installs


def test_words_of_commands() -> None:
    copied = read_copies(
        "RUN unzip /app/data.zip && rm -rf docs old\nRUN git describe --tags\nCMD x"
    )
    assert named_in(copied.words, "data.zip")
    assert not any(named_in(copied.words, each) for each in ("docs", "old", "x", "zip"))
    assert copied.reads_history
