"""Which words of the engine and of Ollama mean what: only our own words and numbers remain."""

from __future__ import annotations

from typing import Any

import pytest

from hcreport.collect.engine_containers import start_error
from hcreport.collect.ollama_refusals import refusals_in, serves_ollama
from hcreport.model import Refusal
from hcreport.units import parse_docker_stats_memory

Json = dict[str, Any]

OLD = "model requires more system memory (5.6 GiB) than is available (1.6 GiB)"
NEW = (
    "llama-server process has terminated: exit status 1: ggml_aligned_malloc: "
    "insufficient memory (attempted to allocate 4685.30 MB)"
)
REFUSED = Refusal(
    wording="until 0.29",
    needs=parse_docker_stats_memory("5.6 GiB"),
    available=parse_docker_stats_memory("1.6 GiB"),
)
ENDED = Refusal(wording="since 0.30")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"Config": {"Image": "ollama/ollama"}}, True),
        ({"Config": {"Image": "ghcr.io/team/ollama/ollama:1@sha256:00"}}, True),
        ({"Config": {"Image": "shop/llm", "ExposedPorts": {"11434/tcp": {}}}}, True),
        ({"Config": {"Image": "shop/llm"}, "Path": "/usr/bin/ollama", "Args": ["serve"]}, True),
        ({"Config": {"Image": "x"}, "Path": "sh", "Args": ["-c", "sleep 1; ollama serve"]}, True),
        ({"Config": {"Image": "shop/my-ollama"}, "Path": "sh", "Args": None}, False),
        ({"Config": {"Image": "open-webui/open-webui:ollama"}, "Path": "bash"}, False),
        ({"Config": {"ExposedPorts": {"8080/tcp": {}}}, "Args": ["ollama", "x"]}, False),
        ({}, False),
    ],
)
def test_what_serves_ollama(reply: Json, expected: bool) -> None:
    assert serves_ollama(reply) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (OLD, (REFUSED,)),
        (f'{{"error":"{OLD}"}}', (REFUSED,)),
        ("model requires more system memory", (Refusal(wording="until 0.29"),)),
        (OLD.replace("5.6 GiB", f"{'9' * 30} GiB"), (Refusal(wording="until 0.29"),)),
        (OLD.replace("5.6 GiB", "512 B"), (REFUSED.model_copy(update={"needs": 512}),)),
        # Ollama makes room for the model by itself and tries again.
        ("model requires more system memory than is currently available, evicting", ()),
        (NEW, (ENDED,)),
        ("llama-server process has terminated: signal: killed", (ENDED,)),
        ("llama-server process has terminated: exit status 1: unknown model", ()),
        ("llama-server process has terminated: " + "x" * 400 + "out of memory", ()),
        (f"{OLD}\n{NEW}\n{OLD}\n{NEW}\n{OLD}", (ENDED, REFUSED)),
        ("insufficient memory", ()),
    ],
)
def test_a_refusal_is_its_wording_and_two_sizes(text: str, expected: tuple[Refusal, ...]) -> None:
    assert refusals_in(text) == expected


def test_the_last_five_refusals_are_kept() -> None:
    lines = [OLD.replace("1.6", f"1.{number}") for number in range(9)]
    found = [each.available for each in refusals_in("\n".join(lines))]
    assert found == [parse_docker_stats_memory(f"1.{number} GiB") for number in range(4, 9)]


RUNC = (
    "failed to create shim task: OCI runtime create failed: runc create failed: unable to start "
    "container process: "
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        (f'{RUNC}exec: "nope": executable file not found in $PATH: unknown', "program not found"),
        (
            'OCI runtime create failed: exec: "/x/y": stat /x/y: no such file or directory',
            "program not found",
        ),
        (f"{RUNC}exec /start.sh: no such file or directory: unknown", "program not found"),
        (f'{RUNC}exec: "/start.sh": permission denied: unknown', "other"),
        (
            "endpoint web: Bind for 0.0.0.0:8080 failed: port is already allocated",
            "other",
        ),
        (
            'adding custom device "/dev/x": no such file or directory',
            "other",
        ),
        (
            f'{RUNC}error mounting "/a" to rootfs at "/b": mount /a:/b: not a directory',
            "other",
        ),
        ("network 0f3 not found", "other"),
    ],
)
def test_the_engines_error_becomes_one_of_our_words(text: str | None, expected: str) -> None:
    assert start_error(text) == expected
