"""The base of an image is found by its layers, by the Dockerfile, or by the history."""

from __future__ import annotations

import pytest

from hcreport.contents.base import find_base, instructions
from hcreport.contents.dockerfile import last_chain, read_lines
from hcreport.contents.image import HistoryEntry, ImageConfig, ImageFiles
from hcreport.contents.layer import Kind, LayerFiles

NOP = "/bin/sh -c #(nop) "


def image(*steps: str, **labels: str) -> ImageFiles:
    """Return an image; each step is its text, and one that begins with ``-`` makes no layer.

    Layer number n, from 1, has the digest ``sha256:n`` and one file of 10**n bytes.
    """
    history: list[HistoryEntry] = []
    layers: list[LayerFiles] = []
    for step in steps:
        history.append(HistoryEntry(text=step.removeprefix("-"), empty=step.startswith("-")))
        if not step.startswith("-"):
            layer = LayerFiles(diff_id=f"sha256:{len(layers) + 1}")
            layer.add(b"f", Kind.FILE, size=10 ** (len(layers) + 1))
            layers.append(layer)
    return ImageFiles(
        name="shop",
        layers=tuple(layers),
        history=tuple(history),
        config=ImageConfig(labels={key.replace("_", "."): text for key, text in labels.items()}),
    )


OFFICIAL = image(
    "# debian.sh --arch 'amd64' out/ 'bookworm'",
    "-ENV PATH=/usr/local/bin",
    "RUN /bin/sh -c apt-get update # buildkit",
    '-CMD ["python3"]',
    "WORKDIR /app",
    "COPY . . # buildkit",
    '-CMD ["python" "app.py"]',
)

CLASSIC = image(
    f"{NOP}ADD file:4f8c in / ",
    f'-{NOP} CMD ["bash"]',
    "/bin/sh -c apt-get update",
    f"{NOP}COPY dir:08 in /app ",
    f'-{NOP} ENTRYPOINT ["/app/run"]',
)


@pytest.mark.parametrize(
    ("known", "layers", "reference"),
    [
        ({"a": ("sha256:1",)}, 1, "a"),
        ({"a": ("sha256:1",), "b": ("sha256:1", "sha256:2")}, 2, "b"),
        ({"z": ("sha256:1",), "m": ("sha256:1",)}, 1, "m"),
    ],
)
def test_a_known_image_with_the_same_first_layers_is_the_base(
    known: dict[str, tuple[str, ...]], layers: int, reference: str
) -> None:
    found = find_base(CLASSIC, known=known)
    assert found is not None
    assert (found.layers, found.reference, found.certain) == (layers, reference, True)
    assert found.size == sum(10**each for each in range(1, layers + 1))


@pytest.mark.parametrize(
    "digests",
    [
        ("sha256:1", "sha256:2", "sha256:3"),
        ("sha256:2",),
        ("sha256:1", ""),
        (),
        ("sha256:1", "sha256:9"),
    ],
)
def test_an_image_with_other_layers_or_with_all_of_them_is_not_the_base(
    digests: tuple[str, ...],
) -> None:
    found = find_base(CLASSIC, known={"other": digests})
    assert found is not None
    assert (found.reference, found.certain) == (None, False)


def test_layers_without_digests_are_like_no_others() -> None:
    for layer in (given := image("RUN a", "RUN b")).layers:
        layer.diff_id = ""
    assert find_base(given, known={"other": ("",)}) is None


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        (OFFICIAL, 2),
        (CLASSIC, 1),
        # The last command that is followed by a layer counts, not the first, not the last of all.
        (image(f"{NOP}ADD file:a in /", '-CMD ["sh"]', "RUN a", '-ENTRYPOINT ["x"]', "COPY b"), 2),
        (image("", "/bin/sh -c apt-get update", "/bin/sh -c pip install flask"), 1),
        (image(f"{NOP}ADD file:a in / ", "RUN a # buildkit", "-USER me"), 1),
        (image("COPY server /server # buildkit", "COPY data /data # buildkit"), 0),
        (image("RUN make", "-CMD x"), 0),
        (image("# debian.sh"), 0),
    ],
)
def test_the_history_tells_where_the_base_ends(given: ImageFiles, layers: int) -> None:
    found = find_base(given)
    assert (found.layers if found else 0) == layers
    assert found is None or not found.certain


def test_a_label_names_a_base_that_the_history_shows() -> None:
    given = image(*(("# debian.sh", "COPY . .")), org_opencontainers_image_base_name="debian:12")
    found = find_base(given)
    assert found is not None
    assert (found.layers, found.reference) == (1, "debian:12")


@pytest.mark.parametrize(
    ("dockerfile", "layers", "reference", "certain"),
    [
        ('FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]', 2, 0, True),
        # As many instructions as all of the history: nothing is left for a base.
        ("FROM python:3.11-slim\nRUN a\nRUN b\nCMD c", 2, 0, False),
        ("ARG V=3.11\nFROM python:${V}-slim AS all\nWORKDIR /app\nCOPY . .\nCMD x", 2, 0, True),
        ("FROM python:3.11-slim AS a\nWORKDIR /app\nFROM a\nCOPY . .\nCMD x", 2, 0, True),
        ("FROM gcc AS b\nRUN make\nFROM python:3.11-slim\nWORKDIR /a\nCOPY . .\nCMD x", 2, 0, True),
    ],
)
def test_a_dockerfile_names_the_base_and_counts_what_follows(
    dockerfile: str, layers: int, reference: int, certain: bool
) -> None:
    found = find_base(OFFICIAL, dockerfile=dockerfile)
    assert found is not None
    assert (found.layers, found.certain) == (layers, certain)
    assert found.reference == "python:3.11-slim"


def test_a_dockerfile_that_starts_from_nothing_leaves_no_base() -> None:
    assert (
        find_base(OFFICIAL, dockerfile="FROM debian AS a\nFROM scratch\nCOPY --from=a / /") is None
    )


@pytest.mark.parametrize(
    ("text", "base", "names"),
    [
        ("from a\nrun x \\\n  y\n# no\ncopy b c", "a", "RUN COPY"),
        ("# escape=`\nFROM a\nRUN x `\n y\nCMD z", "a", "RUN CMD"),
        ("FROM a\nRUN <<END\nFROM b\nCOPY c\nEND\nCMD z", "a", "RUN CMD"),
        ("FROM --platform=$BUILDPLATFORM a:1 AS b\nFROM b\nUSER 1", "a:1", "USER"),
        ("ARG A\nFROM ${A:-debian}:12\r\nUSER 1\r\n", "debian:12", "USER"),
        ("FROM a AS b\nRUN 1\nFROM c\nRUN 2\nFROM b\nCMD 3", "a", "RUN CMD"),
        ("FROM a\nRUN x &&\\\n\n # why\n y", "a", "RUN"),
    ],
)
def test_a_dockerfile_is_read_as_docker_reads_it(text: str, base: str, names: str) -> None:
    chain = last_chain(read_lines(text))
    assert chain is not None
    assert (chain.base, " ".join(chain.instructions)) == (base, names)


@pytest.mark.parametrize("text", ["", "RUN x", "FROM $UNKNOWN", "FROM a b c d"])
def test_a_dockerfile_without_a_readable_stage_tells_nothing(text: str) -> None:
    assert last_chain(read_lines(text)) is None


def test_the_instruction_of_each_layer_is_known_for_both_builders() -> None:
    assert instructions(OFFICIAL) == (None, "RUN", "WORKDIR", "COPY")
    assert instructions(CLASSIC) == ("ADD", "RUN", "COPY")
    arguments = image("|1 V=2 /bin/sh -c make", "RUN |1 V=2 /bin/sh -c make # buildkit")
    assert instructions(arguments) == ("RUN", "RUN")
