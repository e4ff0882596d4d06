"""Proving on a real engine: what it finds out, what it leaves alone, and that it leaves nothing."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hcreport.collect.compose_binary import find_compose
from hcreport.proofs import proofs_path
from hcreport.prove.guard import Guard
from tests.engine.proving import HOLDS, NAME, Shop, everything, processes, running_shop
from tests.engine.stack import wait_until
from tests.engine_fixture import RunningEngine

pytestmark = pytest.mark.engine

SHORT = ("--for", "500ms")
ENOUGH_SECONDS = 60

# The containers hold 80 MiB; with this Docker and the system leave 56 MiB for them.
TOO_LITTLE = "270m"


@pytest.fixture(scope="module")
def shop(engine: RunningEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(engine, tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(autouse=True)
def untouched(shop: Shop) -> Iterator[None]:
    """Check after each test that only the real project is there, and that it kept running."""
    before = everything(shop)
    assert len(before.containers) >= len(HOLDS)
    assert not before.files | before.processes | before.groups
    yield
    wait_until(shop.is_quiet, ENOUGH_SECONDS, "the guardian's end")
    assert everything(shop) == before


def test_the_stated_minimum_is_enough_and_every_run_starts_anew(shop: Shop) -> None:
    code, said = shop.prove(*SHORT, "--runs", "2", "--load-name", "a look", "--", "true")
    proof = shop.proof()
    assert (code, proof.passed, proof.failure) == (0, True, None), said
    assert proof.limits.keys() == HOLDS.keys()
    assert proof.runs == 2
    assert proof.seconds >= 1
    assert proof.load == "a look"
    assert proof.load_runs >= 2
    assert proof.ready_seconds
    assert proof.engine_version == shop.engine.client.version()["Version"]
    assert "cache could not write to what it mounts from the machine." in proof.notes
    assert said.startswith("Starting 4 containers (run 1 of 2).")
    assert "Passed: everything that starts ran" in said


def test_with_too_little_the_first_victim_is_named(shop: Shop) -> None:
    code, said = shop.prove(*SHORT, "--memory", TOO_LITTLE)
    failure = shop.proof().failure
    assert code == 1, said
    assert failure is not None
    assert failure.kind == "memory"
    assert failure.service in HOLDS
    assert (failure.container or "").startswith(f"{shop.throwaway}-{failure.service}-")
    assert "Failed: everything that starts at 270 MiB for Docker" in said
    assert f"service {failure.service}" in said


@pytest.mark.parametrize(("memory", "passed"), [((), True), (("--memory", TOO_LITTLE), False)])
def test_one_limit_for_all(shop: Shop, memory: tuple[str, ...], passed: bool) -> None:
    if not shop.engine.started_here:
        pytest.skip("a shared limit needs an engine on this machine")
    code, said = shop.prove(*SHORT, "--together", *memory)
    proof = shop.proof()
    assert (code, proof.passed, proof.limits) == (0 if passed else 1, passed, {}), said
    if proof.failure is not None:
        assert proof.failure.kind == "memory"
        assert proof.failure.service in HOLDS


def test_the_load_reaches_the_throwaway_and_what_it_breaks_is_found(shop: Shop) -> None:
    compose = shlex.join(find_compose().command)
    load = f"{compose} exec -T web rm /run/up && sleep 100"
    code, said = shop.prove("--for", "60s", "--", "sh", "-c", load)
    failure = shop.proof().failure
    assert code == 1, said
    assert failure is not None
    assert (failure.kind, failure.service) == ("unhealthy", "web")


def test_a_load_that_fails_is_a_failure_of_its_own(shop: Shop) -> None:
    code, said = shop.prove("--for", "60s", "--", "sh", "-c", "exit 7")
    failure = shop.proof().failure
    assert code == 1, said
    assert failure is not None
    assert (failure.kind, failure.service, failure.exit_code) == ("load", None, 7)
    assert "the load failed with exit code 7" in said


def test_a_start_that_takes_too_long_is_a_failure(shop: Shop) -> None:
    code, said = shop.prove(*SHORT, "--ready-within", "1ms")
    failure = shop.proof().failure
    assert code == 1, said
    assert failure is not None
    assert failure.kind == "not ready"


def test_an_image_that_is_missing_is_said(shop: Shop, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(f"services: {{cache: {{image: {NAME}-missing}}}}", encoding="utf-8")
    files = ("-f", str(shop.folder / "compose.yaml"), "-f", str(other))
    code, said = shop.prove(*SHORT, *files)
    assert code == 3, said
    assert "Compose could not start the throwaway project" in said


def ready(shop: Shop, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Ready"):
            return
    raise AssertionError("it was never ready")


def locked(shop: Shop, process: subprocess.Popen[str]) -> None:
    wait_until(shop.has_temporary_files, ENOUGH_SECONDS, "its lock")


def created(shop: Shop, process: subprocess.Popen[str]) -> None:
    wait_until(shop.has_throwaway, ENOUGH_SECONDS, "its first container")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("until", [created, ready])
def test_an_interruption_leaves_nothing(
    shop: Shop,
    sent: signal.Signals,
    until: Callable[[Shop, subprocess.Popen[str]], None],
) -> None:
    evidence = proofs_path(shop.snapshot)
    before = evidence.read_bytes() if evidence.exists() else None
    with shop.start("--for", "60s", "--", "sleep", "100") as process:
        until(shop, process)
        process.send_signal(sent)
        if sent != signal.SIGKILL:
            process.send_signal(sent)  # an impatient one must not break the cleaning
        process.communicate()
    if sent == signal.SIGKILL:
        wait_until(shop.is_quiet, ENOUGH_SECONDS, "the guardian's end")
    else:
        assert process.returncode == 130
        assert not shop.has_throwaway()
    assert (evidence.read_bytes() if evidence.exists() else None) == before


class Dying:
    """Something that is interrupted while Python destroys it."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interruption_that_python_drops_is_heeded(shop: Shop) -> None:
    reached: list[str] = []

    def interrupted() -> None:
        with Guard(f"{NAME}-dropped", shop.engine.host) as guard:
            guard.heed()
            Dying()
            reached.append("what comes after it")
            guard.heed()

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert reached


def test_two_at_once_are_refused(shop: Shop) -> None:
    with shop.start("--for", "60s") as first:
        locked(shop, first)
        code, said = shop.prove(*SHORT)
        first.terminate()
        first.communicate()
    assert code == 3
    assert "A scenario of this project is being proven" in said


def test_what_a_crashed_machine_left_is_removed_first(shop: Shop) -> None:
    with shop.start("--for", "60s") as first:
        ready(shop, first)
        for each in list(processes(shop.throwaway)):
            with_cmdline = Path(f"/proc/{each}/cmdline").read_bytes()
            if b"guardian" in with_cmdline:
                os.kill(int(each), signal.SIGKILL)
        first.kill()
        first.communicate()
    assert shop.has_throwaway()
    assert shop.has_temporary_files()
    code, said = shop.prove(*SHORT)
    assert code == 0, said
