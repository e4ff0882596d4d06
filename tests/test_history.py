"""What an image's history says: instructions, programs and shared layers, and nothing secret."""

from __future__ import annotations

import hashlib

import pytest

from hcreport.collect.history import (
    Instruction,
    chain_names,
    layer_positions,
    read_instruction,
    read_layers,
)
from hcreport.units import Bytes

SECRET = "canary-2b7d"


@pytest.mark.parametrize(
    ("text", "name", "detail", "whole"),
    [
        # The classic builder.
        ("/bin/sh -c #(nop) COPY dir:5bc755b6987201f4 in /app ", "COPY", "directory", False),
        ("/bin/sh -c #(nop) ADD dir:5bc755b6987201f4 in /app ", "ADD", "directory", False),
        ("/bin/sh -c #(nop) COPY file:73e2b2d4 in /bin/busybox ", "COPY", None, False),
        ("/bin/sh -c #(nop) COPY multi:73e2b2d4 in /bin/ ", "COPY", None, False),
        ("/bin/sh -c #(nop) ADD file:73e2b2d4 in / ", "ADD", None, False),
        ('/bin/sh -c #(nop)  CMD ["sh"]', "CMD", None, False),
        (f"/bin/sh -c #(nop)  ENV TOKEN={SECRET}", "ENV", None, False),
        ("/bin/sh -c #(nop) WORKDIR /app", "WORKDIR", None, False),
        (
            "/bin/sh -c apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*",
            "RUN",
            "apt-get update, apt-get install, rm",
            False,
        ),
        (
            f"|2 TOKEN={SECRET} B=x y /bin/sh -c pip3 install --index-url https://u:{SECRET}@h/ a",
            "RUN",
            "pip install",
            False,
        ),
        ("/bin/sh -c true", "RUN", None, False),
        # BuildKit.
        ("COPY . /app # buildkit", "COPY", None, True),
        ("COPY ./ /app # buildkit", "COPY", None, True),
        ("ADD . . # buildkit", "ADD", None, True),
        ("COPY --chown=app:app . . # buildkit", "COPY", None, True),
        ("COPY --from=builder . /app # buildkit", "COPY", None, False),
        ("COPY ./src /app # buildkit", "COPY", None, False),
        ("COPY requirements.txt . # buildkit", "COPY", None, False),
        ("COPY package.json package-lock.json ./ # buildkit", "COPY", None, False),
        ("RUN /bin/sh -c pip install -r requirements.txt # buildkit", "RUN", "pip install", False),
        ("RUN /bin/sh -c python3.11 -m pip install x # buildkit", "RUN", "pip install", False),
        ("RUN /bin/bash -o pipefail -c npm ci | tee log # buildkit", "RUN", "npm ci", False),
        (
            f"RUN |1 NPM_TOKEN={SECRET} /bin/sh -c npm ci --omit=dev # buildkit",
            "RUN",
            "npm ci",
            False,
        ),
        (
            "RUN /bin/sh -c chown -R app:app /app; chmod -R 755 /app # buildkit",
            "RUN",
            "chown, chmod",
            False,
        ),
        ("RUN /bin/sh -c set -eux; DEBIAN_FRONTEND=x apt-get -y install git # buildkit",
         "RUN", "apt-get install", False),
        ("RUN /bin/sh -c if [ -f a ]; then yarn install; fi # buildkit",
         "RUN", "yarn install", False),
        (f"RUN /bin/sh -c ./configure --password={SECRET} # buildkit", "RUN", None, False),
        (f"RUN /bin/sh -c curl https://{SECRET}@example.com/a | tar x # buildkit",
         "RUN", "curl, tar", False),
        ("RUN npm ci # buildkit", "RUN", "npm ci", False),
        ("RUN /bin/sh -c # apt-get, the name alone\n apt-get # buildkit", "RUN", None, False),
        (f"ENV TOKEN={SECRET}", "ENV", None, False),
        ("EXPOSE map[8080/tcp:{}]", "EXPOSE", None, False),
        # Others.
        ("", "OTHER", None, False),
        (f"bazel build {SECRET}", "OTHER", None, False),
        ("# debian.sh --arch 'amd64' out/ 'bookworm'", "OTHER", None, False),
        (f"{SECRET} . /app", "OTHER", None, False),
    ],
)  # fmt: skip
def test_an_entry_is_reduced(text: str, name: str, detail: str | None, whole: bool) -> None:
    read = read_instruction(text)
    assert read == Instruction(name=name, detail=detail, whole_context=whole)
    assert SECRET not in repr(read)


def test_chains_are_those_of_the_image_specification() -> None:
    first, second = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    expected = hashlib.sha256(f"{first} {second}".encode()).hexdigest()
    assert chain_names([first, second]) == ["a" * 16, expected[:16]]


def test_a_chain_depends_on_everything_below() -> None:
    base, other, top = (f"sha256:{letter * 64}" for letter in "abc")
    assert chain_names([base, top])[1] != chain_names([other, top])[1]


@pytest.mark.parametrize(
    ("instructions", "sizes", "count", "positions"),
    [
        # Only entries with a size are layers: the classic builder.
        ("ADD ENV RUN WORKDIR COPY", (5, 0, 0, 0, 7), 2, (0, None, None, None, 1)),
        # Every entry that may be a layer is one: BuildKit.
        ("ADD ENV RUN WORKDIR COPY", (5, 0, 0, 0, 7), 4, (0, None, 1, 2, 3)),
        # One of two empty entries is a layer: below and above them is certain.
        ("ADD RUN COPY WORKDIR COPY", (5, 0, 6, 0, 7), 4, (0, None, None, None, 3)),
        # The counts contradict each other.
        ("ADD COPY", (5, 7), 3, (None, None)),
        ("ADD COPY", (5, 7), 1, (None, None)),
        ("ADD COPY", (5, 7), 0, (None, None)),
        ("ENV", (0,), 0, (None,)),
        ("", (), 0, ()),
    ],
)
def test_layers_are_placed_where_it_is_certain(
    instructions: str, sizes: tuple[int, ...], count: int, positions: tuple[int | None, ...]
) -> None:
    found = layer_positions(instructions.split(), [Bytes(size) for size in sizes], count)
    assert tuple(found) == positions


def test_layers_are_oldest_first() -> None:
    history = [
        {"CreatedBy": "/bin/sh -c chmod +x /a", "Size": 9, "Id": "<missing>"},
        {"CreatedBy": "/bin/sh -c #(nop)  ENV A=b", "Size": 0, "Id": "<missing>"},
        {"CreatedBy": "/bin/sh -c #(nop) COPY file:00 in /a ", "Size": 9, "Id": "<missing>"},
    ]
    layers = read_layers(history, [f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"])
    assert [each.instruction for each in layers] == ["COPY", "ENV", "RUN"]
    assert [each.size for each in layers] == [9, 0, 9]
    assert layers[0].chain == "a" * 16
    assert layers[1].chain is None
    assert layers[2].chain == chain_names([f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"])[1]
