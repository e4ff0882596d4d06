"""Where no engine answers: one sentence that says what is missing, and what to do about it."""

from __future__ import annotations

import gc
import json
import os
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hcreport.collect import CollectOptions, collect
from hcreport.collect.compose import ComposeRequest
from hcreport.collect.engine import Address, connect, find_address, known_context, spoken_version
from hcreport.collect.engine_socket import SocketConnection
from hcreport.errors import ComposeRejected, EngineUnreachable
from tests.recorded_engine import Hangs, RecordedEngine, serve


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what points to an engine of this machine."""
    for name in ("HOST", "CONTEXT", "TLS_VERIFY", "CERT_PATH"):
        monkeypatch.delenv(f"DOCKER_{name}", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


@pytest.fixture
def place() -> Iterator[Path]:
    """Yield a folder with a short path, for sockets."""
    with tempfile.TemporaryDirectory(prefix="hcr") as folder:
        yield Path(folder)


@dataclass
class Refusal:
    message: str
    hint: str


def refused(ask: Callable[[], object]) -> Refusal:
    """Return what the error says, after everything that it held is gone, with every socket."""

    def call() -> Refusal:
        with pytest.raises(EngineUnreachable) as caught:
            ask()
        assert caught.value.exit_code == 3
        return Refusal(caught.value.message, caught.value.hint)

    said = call()
    gc.collect()
    return said


def refusal(host: str | None) -> Refusal:
    said = refused(lambda: connect(host))
    assert "--no-engine" in said.hint
    return said


def test_a_missing_socket_is_said_with_how_to_get_an_engine(place: Path) -> None:
    error = refusal(f"unix://{place}/none.sock")
    assert error.message == (
        f"No Docker engine is running here: there is nothing at unix://{place}/none.sock."
    )
    assert "https://docs.docker.com/get-started/get-docker/" in error.hint


def test_a_socket_that_nobody_serves_is_said(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"{place}/dead.sock")
    assert "the connection is refused" in refusal(f"unix://{place}/dead.sock").message


def test_a_forbidden_socket_is_said_with_the_group(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may open any socket, so the system's refusal is put in by hand."""

    def refuse(self: SocketConnection) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(SocketConnection, "connect", refuse)
    error = refusal(f"unix://{place}/s")
    assert error.message.startswith("This user may not talk to the Docker engine")
    assert "usermod -aG docker" in error.hint


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("tcp://localhost:1", "the connection is refused"),
        ("localhost:1", "the connection is refused"),
        ("tcp://no-such-host.invalid:2375", "The host of tcp://no-such-host.invalid:2375"),
        ("tcp://user:canary@no-such-host.invalid:2375", "tcp://no-such-host.invalid:2375"),
        ("gopher://somewhere", "is not a Docker engine"),
        ("tcp://localhost:port", "is not a Docker engine"),
        ("npipe:////./pipe/docker_engine", "is not a Docker engine"),
    ],
)
def test_a_wrong_address_is_said(host: str, expected: str) -> None:
    message = refusal(host).message
    assert expected in message
    assert "canary" not in message


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({}, "refuses us with error 404"),
        ({"/version": b"<html>hello</html>"}, "is not a Docker engine"),
        ({"/version": {"hello": 1}}, "is not a Docker engine"),
        ({"/version": ["hello"]}, "is not a Docker engine"),
        ({"/version": {"ApiVersion": "1.20"}}, "is too old"),
    ],
)
def test_something_else_on_the_socket_is_said(
    place: Path, replies: dict[str, Any], expected: str
) -> None:
    engine = RecordedEngine()
    engine.replies = replies
    with serve(engine, place / "s"):
        assert expected in refusal(engine.host).message


def test_an_engine_that_is_silent_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hcreport.collect.engine._CONNECT_SECONDS", 0.2)
    engine = RecordedEngine()
    engine.replies["/version"] = Hangs()
    with serve(engine, place / "s"):
        assert "does not answer in time" in refusal(engine.host).message


def test_missing_certificates_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    assert "do not agree on TLS" in refusal("tcp://localhost:1").message


def test_a_server_without_tls_is_said(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: SocketConnection) -> None:
        raise ssl.SSLError(1, "wrong version number")

    monkeypatch.setattr(SocketConnection, "connect", refuse)
    assert "do not agree on TLS" in refusal(f"unix://{place}/s").message


def test_a_missing_ssh_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place))
    assert refusal("ssh://me@example.invalid").message == "The program ssh is not on this machine."


def test_an_ssh_that_fails_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssh = place / "ssh"
    ssh.write_text("#!/bin/sh\nexit 255\n", encoding="utf-8")
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    message = refusal("ssh://canary@example.invalid").message
    assert message == "No Docker engine answers through ssh://example.invalid."


PROXY = """#!{python}
import os, socket, sys, threading

engine = socket.socket(socket.AF_UNIX)
engine.connect({socket!r})

def send():
    while chunk := os.read(0, 65536):
        engine.sendall(chunk)

threading.Thread(target=send, daemon=True).start()
print(sys.argv[1:], file=open({log!r}, "a"))
while chunk := engine.recv(65536):
    os.write(1, chunk)
"""


def test_an_engine_is_reached_through_ssh(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for ssh carries the bytes to a recorded engine's socket."""
    ssh, log = place / "ssh", place / "log"
    ssh.write_text(
        PROXY.format(python=sys.executable, socket=f"{place}/s", log=str(log)), encoding="utf-8"
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    engine = RecordedEngine()
    with serve(engine, place / "s"):
        connection = connect("ssh://me@build.example:2222")
        assert len(connection.client.containers(all=True)) == 4
        connection.client.close()
    assert connection.address.remote
    first = log.read_text(encoding="utf-8").splitlines()[0]
    assert first == str(
        [
            *("-T", "-o", "BatchMode=yes", "-l", "me", "-p", "2222"),
            *("--", "build.example", "docker system dial-stdio"),
        ]
    )


def test_an_unknown_context_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
    with pytest.raises(EngineUnreachable, match="context does not exist"):
        connect(None)


def test_the_selected_context_is_followed(place: Path, tmp_path: Path) -> None:
    """As the Docker command line keeps them: a folder named by the hash of the context's name."""
    name = "desktop-linux"
    folder = "fe9c6bd7a66301f49ca9b6a70b217107cd1284598bfc254700c989b916da791e"
    meta = tmp_path / "contexts" / "meta" / folder / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoint = {"Host": f"unix://{place}/s", "SkipTLSVerify": False}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": name}))
    address = find_address(None)
    assert (address.url, address.context) == (f"unix://{place}/s", name)


def test_a_named_host_beats_variable_and_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://variable:1")
    monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
    assert find_address("tcp://option:1").url == "tcp://option:1"
    assert find_address(None).url == "tcp://variable:1"
    assert find_address("/run/docker.sock").url == "unix:///run/docker.sock"


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("unix:///var/run/docker.sock", False),
        ("npipe:////./pipe/docker_engine", False),
        ("tcp://127.0.0.1:2375", False),
        ("tcp://localhost:2375", False),
        ("tcp://build.example:2375", True),
        ("ssh://me@build.example", True),
        ("", False),
    ],
)
def test_remote_is_another_machine(url: str, remote: bool) -> None:
    assert Address(url=url).remote is remote


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *(("default", "default"), ("desktop-linux", "desktop-linux"), ("colima-work", "colima")),
        *(("prod-of-acme", None), (None, None)),
    ],
)
def test_only_well_known_contexts_are_kept(name: str | None, kept: str | None) -> None:
    assert known_context(name) == kept


def test_versions_are_compared_as_numbers() -> None:
    assert spoken_version("1.9", None) == "1.9"
    assert spoken_version("1.100", "1.12") == "1.47"


def test_a_project_that_compose_refuses_counts_more(tmp_path: Path) -> None:
    """Another engine would not help."""
    (tmp_path / "compose.yaml").write_text("services: 5\n", encoding="utf-8")
    request = ComposeRequest(folder=tmp_path)
    with pytest.raises(ComposeRejected):
        collect(CollectOptions(compose=request, host="gopher://somewhere"))


def test_an_unreachable_engine_ends_the_collection(tmp_path: Path, place: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b}}\n", encoding="utf-8")
    request = ComposeRequest(folder=tmp_path)
    options = CollectOptions(compose=request, host=f"unix://{place}/none.sock")
    assert "nothing at unix://" in refused(lambda: collect(options)).message
