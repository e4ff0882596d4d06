"""A plan becomes a Dockerfile that says each of its parts, and no value begins a line of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hcreport.contents.image import HistoryEntry, ImageConfig
from hcreport.contents.layer import Kind
from tests.dockerfile_case import FILE, FOLDER, Files, change, hadolint, last_stage, lines


def test_a_plain_image_is_its_base_and_how_it_starts() -> None:
    assert lines(change().dockerfile) == [
        "FROM shop/api:1 AS build",
        "FROM debian:12-slim",
        "USER 1000",
        'CMD ["serve"]',
    ]


def test_the_projects_own_instructions_are_the_first_stage() -> None:
    own = "FROM debian:12-slim\nRUN pip install flask\nUSER app\nRUN true\n# start\nCMD serve\n"
    made = change(dockerfile=own, delete=("/x",)).dockerfile
    assert "BuildKit" in made.split("\n")[0]
    assert lines(made)[:5] == [
        "FROM debian:12-slim AS build",
        "RUN --mount=type=cache,target=/root/.cache/pip pip install flask",
        "USER app",
        "RUN true",
        "USER root",
    ]
    assert made.count("CMD") == 1
    assert '# start\nCMD ["serve"]' in made


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (ImageConfig(), []),
        (ImageConfig(environment=("A=b c", 'D="$x"')), ['ENV A="b c"', 'ENV D="\\"\\$x\\""']),
        (ImageConfig(labels={"b": "1", "a": "x y"}), ['LABEL a="x y"', 'LABEL b="1"']),
        (ImageConfig(labels={"com.docker.compose.project": "x"}), []),
        (ImageConfig(folder="/", user="root"), []),
        (
            ImageConfig(folder="/srv", ports=("80/tcp",), volumes=("/d",), stop_signal="SIGINT"),
            ["WORKDIR /srv", "EXPOSE 80/tcp", 'VOLUME ["/d"]', "STOPSIGNAL SIGINT"],
        ),
        (
            ImageConfig(entrypoint=("a", "b c"), command=("$x",), shell=("/bin/bash", "-c")),
            ['SHELL ["/bin/bash", "-c"]', 'ENTRYPOINT ["a", "b c"]', 'CMD ["$x"]'],
        ),
        (
            ImageConfig(health_check={"Test": ["CMD-SHELL", "a | b"], "Retries": 3}),
            ['HEALTHCHECK --retries=3 CMD ["/bin/sh", "-c", "a | b"]'],
        ),
        (
            ImageConfig(health_check={"Test": ["CMD", "a"], "Interval": 5 * 10**9, "Timeout": 0}),
            ['HEALTHCHECK --interval=5s CMD ["a"]'],
        ),
        (ImageConfig(health_check={"Test": ["NONE"]}), ["HEALTHCHECK NONE"]),
        (ImageConfig(health_check={"Test": None}), []),
    ],
)
def test_it_starts_as_before(config: ImageConfig, expected: list[str]) -> None:
    assert last_stage(change(config=config).dockerfile)[1:] == expected


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("app", ["# The number of the user app.", "USER 999"]),
        ("other", ["# hadolint ignore=DL3066", "USER other"]),
        ("broken", ["# hadolint ignore=DL3066", "USER broken"]),
        ("app:app", ["# hadolint ignore=DL3066", "USER app:app"]),
        ("1000", ["# How it starts.", "USER 1000"]),
    ],
)
def test_a_user_is_written_as_a_number_where_it_is_known(user: str, expected: list[str]) -> None:
    made = change({"etc/passwd": FILE}, config=ImageConfig(user=user)).dockerfile.split("\n")
    number = next(number for number, line in enumerate(made) if line.startswith("USER"))
    assert made[number - 1 : number + 1] == expected


@pytest.mark.parametrize(
    ("history", "own"),
    [
        (("FROM", "ENV A=base", None), False),
        (("#(nop)  ENV A=base", "FROM", None), False),
        (("#(nop)  ENV A=base", "FROM", None, "ENV A=base"), True),
        (("#(nop)  ENV A=other", "FROM", None), True),
        (("#(nop)  ENV AA=base", "FROM", None), True),
        ((), True),
    ],
)
def test_what_the_base_sets_is_not_set_again(history: tuple[str | None, ...], own: bool) -> None:
    """An entry of the history that makes a layer is FROM or None."""
    steps = tuple(
        HistoryEntry(text=each or "COPY . .", empty=each is not None and each != "FROM")
        for each in history
    )
    if history[:1] == ("FROM",):
        own = True
    made = change(config=ImageConfig(environment=("A=base",)), history=steps)
    assert ('ENV A="base"' in made.dockerfile) is own


@pytest.mark.parametrize(
    ("config", "note"),
    [
        (ImageConfig(environment=("A=b\nRUN rm -rf /",)), "1 environment variable cannot"),
        (ImageConfig(labels={"a": "b\nRUN x", "c\nd": "e"}), "2 labels cannot"),
        (ImageConfig(folder="/a\nRUN x"), "WORKDIR cannot"),
        (ImageConfig(user="a\nRUN x"), "USER cannot"),
        (ImageConfig(ports=("1\nRUN x",)), "EXPOSE cannot"),
        (ImageConfig(volumes=("/a\nRUN x",)), "VOLUME cannot"),
        (ImageConfig(stop_signal="a\nRUN x"), "STOPSIGNAL cannot"),
        (ImageConfig(environment=("DB_PASSWORD=x",)), "DB_PASSWORD may be secret"),
        (ImageConfig(), "runs as root"),
    ],
)
def test_what_cannot_be_written_is_said(config: ImageConfig, note: str) -> None:
    made = change(config=config)
    assert any(note in each for each in made.notes), made.notes
    assert not any(line.startswith("RUN") for line in lines(made.dockerfile))


HOSTILE = "x\nRUN touch /owned #"


def test_no_value_begins_an_instruction() -> None:
    made = change(
        {HOSTILE: FOLDER, "app": FOLDER},
        config=ImageConfig(
            entrypoint=(HOSTILE,),
            command=(HOSTILE,),
            shell=(HOSTILE,),
            health_check={"Test": ["CMD-SHELL", HOSTILE]},
            labels={HOSTILE: HOSTILE},
            environment=(f"{HOSTILE}={HOSTILE}",),
        ),
        manager="apt",
        packages=(HOSTILE,),
        uninstall=(HOSTILE,),
        prune=(HOSTILE,),
        delete=(f"/{HOSTILE}",),
        copies=(f"/{HOSTILE}", "/app"),
        build_from=HOSTILE,
        reference=HOSTILE,
        advised=(HOSTILE, "good"),
    )
    assert not any("touch" in line for line in lines(made.dockerfile) if line.startswith("RUN"))
    assert "touch" not in made.ignore_file
    assert made.ignore_file.endswith("\ngood\n")
    assert len(made.notes) >= 6


def test_a_base_without_a_name_is_asked_for() -> None:
    made = change(reference=None)
    assert lines(made.dockerfile)[0] == "ARG BASE_IMAGE"
    assert last_stage(made.dockerfile)[0] == "FROM ${BASE_IMAGE}"
    assert any("--build-arg BASE_IMAGE" in note for note in made.notes)


@pytest.mark.parametrize(
    ("reference", "said"), [("debian:12", True), ("debian:12@sha256:0f", False), (None, False)]
)
def test_a_base_without_a_digest_is_said(reference: str | None, said: bool) -> None:
    assert ("With its digest" in change(reference=reference).dockerfile) is said


@pytest.mark.parametrize(
    ("files", "ports", "program"),
    [
        ({"usr/bin/curl": FILE}, ("8000/tcp",), "curl"),
        ({"usr/bin/wget": FILE, "usr/bin/python3": FILE}, ("8000/tcp",), "wget"),
        ({"usr/local/bin/python3": FILE}, ("53/udp", "8000/tcp"), "python3"),
        ({"usr/bin/curl": FILE}, ("53/udp",), None),
        ({}, ("8000/tcp",), None),
    ],
)
def test_a_health_check_is_proposed_where_there_is_none(
    files: Files, ports: tuple[str, ...], program: str | None
) -> None:
    config = ImageConfig(ports=ports)
    made = change(files, config=config).dockerfile
    assert (f'# HEALTHCHECK --interval=30s --timeout=10s CMD ["{program}"' in made) is bool(program)
    checked = replace(config, health_check={"Test": ["NONE"]})
    assert "# HEALTHCHECK" not in change(files, config=checked).dockerfile


def test_comments_are_short_sentences() -> None:
    own = "FROM a\nRUN pip install b\n"
    files = {"etc/passwd": FILE, "app": (Kind.FOLDER, 1, 0o700), "usr/bin/curl": FILE}
    config = ImageConfig(environment=("A=b",), ports=("80/tcp",))
    parts: dict[str, Any] = {
        "manager": "apt",
        "packages": ("x",),
        "copies": ("/app",),
        "delete": ("/d",),
        "advised": ("a",),
    }
    for dockerfile in (own, None):
        made = change(files, config=config, dockerfile=dockerfile, **parts)
        comments = [
            line.removeprefix("#").strip()
            for line in (made.dockerfile + made.ignore_file).split("\n")
            if line.startswith("#") and "hadolint" not in line and "HEALTHCHECK" not in line
        ]
        for sentence in " ".join(comments).replace(":", ".").split("."):
            assert len(sentence.split()) <= 20, sentence


@pytest.mark.parametrize("dockerfile", [None, "FROM debian:12\nRUN cd / && pip install x\n"])
@pytest.mark.parametrize("manager", ["apt", "apk", "dnf"])
@pytest.mark.parametrize("user", ["", "app"])
@pytest.mark.parametrize("reference", ["debian:12-slim", "debian", "a/debian:latest", None])
def test_hadolint_finds_nothing(
    dockerfile: str | None, manager: str, reference: str | None, user: str, tmp_path: Path
) -> None:
    program = hadolint()
    made = change(
        {"etc/passwd": FILE, "app": (Kind.FOLDER, 1, 0o700), "l": "/app", "usr/bin/curl": FILE},
        config=ImageConfig(
            environment=('A=b "c" $d', "W=C:\\x", "E=ä"),
            labels={"a.b/c": "d e"},
            folder="/my app",
            user=user,
            ports=("80/tcp",),
            volumes=("/my data",),
            health_check={"Test": ["CMD-SHELL", 'a | b "c"'], "Interval": 10**9},
            shell=("/bin/bash", "-o", "pipefail", "-c"),
            command=("a", 'b "c" \\ $d'),
        ),
        dockerfile=dockerfile,
        manager=manager,
        packages=("x", "y"),
        remove=("/etc/a b", "/etc/c"),
        rights={"/srv": (0o2770, 7, 8)},
        uninstall=("black",),
        prune=("/srv/my web",),
        delete=("/d e", "/f"),
        copies=("/app", "/l"),
        reference=reference,
        build_from="shop/api",
    )
    file = tmp_path / "Dockerfile"
    file.write_text(made.dockerfile, encoding="utf-8")
    done = subprocess.run([program, str(file)], check=False, capture_output=True, text=True)
    assert done.stdout + done.stderr == ""
