"""Proofs in words: when a minimum counts as proven, what broke first, and how to prove it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hcreport.model import Proof, ProofFailure, Proofs, Requirement, RequirementPart
from hcreport.proofs import hash_of_services
from hcreport.render.proof_lines import proof_lines, prove_command, proven_by
from hcreport.render.view import View
from hcreport.units import Bytes, mebibytes
from tests.pages_case import assessed


def _requirement(minimum: Bytes | None) -> Requirement:
    return Requirement(scenario="all", at_least=minimum or Bytes(0), docker_memory=minimum)


def _proof(size: Bytes, *, passed: bool = True, day: int = 1, **more: Any) -> Proof:
    failure = None if passed else ProofFailure(kind="memory", service="db", seconds=3)
    values = {
        "scenario": "all",
        "taken_at": datetime(2026, 3, day, tzinfo=UTC),
        "docker_memory": size,
        "containers_memory": size,
        "passed": passed,
        "failure": failure,
        "runs": 1,
        "seconds": 120,
        "tool": "hcreport 0.1.0",
    }
    return Proof.model_validate(values | more)


SMALL, MINIMUM, LARGE = mebibytes(700), mebibytes(1000), mebibytes(1300)


@pytest.mark.parametrize(
    ("tried", "proven"),
    [
        ([], ""),
        ([_proof(MINIMUM)], "1 March 2026"),
        ([_proof(SMALL)], "1 March 2026"),
        ([_proof(LARGE)], ""),
        ([_proof(MINIMUM, passed=False)], ""),
        ([_proof(MINIMUM), _proof(SMALL, passed=False, day=2)], "1 March 2026"),
        ([_proof(MINIMUM), _proof(LARGE, passed=False, day=2)], ""),
        ([_proof(MINIMUM, day=2), _proof(LARGE, passed=False)], "2 March 2026"),
    ],
)
def test_when_a_minimum_counts_as_proven(tried: list[Proof], proven: str) -> None:
    assert proven_by(tried, _requirement(MINIMUM)) == proven
    assert proven_by(tried, _requirement(None)) == ""


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"kind": "memory", "service": "db"}, "db was killed for want of memory after 12 s."),
        ({"kind": "exited", "service": "db", "exit_code": 3}, "db ended with exit code 3 after"),
        ({"kind": "unhealthy", "container": "x-db-1"}, "x-db-1 became unhealthy after"),
        ({"kind": "not ready", "service": "db"}, "db was not ready in time after"),
        ({"kind": "load", "exit_code": 2}, "the load command failed with exit code 2 after"),
        ({"kind": "memory"}, "a container was killed for want of memory after"),
    ],
)
def test_what_broke_first_is_named(failure: dict[str, Any], words: str) -> None:
    made = ProofFailure.model_validate({"seconds": 12.4, **failure})
    proof = _proof(SMALL, passed=False, failure=made)
    (line,) = proof_lines([proof], _requirement(MINIMUM))
    assert line.sentence.startswith("Tried on 1 March 2026 with 700 MiB, less than the minimum: ")
    assert words in line.sentence


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"seconds": 361.7, "load": "make"}, "6 min with 1000 MiB, the minimum, under the load of"),
        ({"seconds": 90.2}, "90 s with 1000 MiB, the minimum, without a load command."),
        ({"docker_memory": LARGE}, "with 1.27 GiB, more than the minimum, without"),
    ],
)
def test_a_proof_in_one_sentence(more: dict[str, Any], words: str) -> None:
    (line,) = proof_lines([_proof(MINIMUM, **more)], _requirement(MINIMUM))
    assert line.sentence.startswith("Proven on 1 March 2026: ")
    assert words in line.sentence


@pytest.mark.parametrize(
    ("then", "now", "changed"), [("a", "b", True), ("a", "a", False), (None, "b", False)]
)
def test_a_proof_of_other_services_says_so(then: str | None, now: str, changed: bool) -> None:
    (line,) = proof_lines([_proof(MINIMUM, config_hash=then)], _requirement(MINIMUM), now)
    assert ("The services differ from those of this snapshot" in line.details) is changed


def test_the_hash_of_services_needs_every_one() -> None:
    assert hash_of_services({"a": "1", "b": "2"}) == hash_of_services({"b": "2", "a": "1"})
    assert hash_of_services({"a": "1"}) != hash_of_services({"a": "2"})
    assert hash_of_services({"a": "1", "b": None}) is None
    assert hash_of_services({}) is None


def test_the_command_that_proves_a_scenario() -> None:
    named = _requirement(MINIMUM).model_copy(update={"scenario": "everything that starts"})
    assert prove_command(named) == "hcreport prove 'everything that starts'"
    missing = RequirementPart(name="web", reason="it did not run")
    partly = named.model_copy(update={"parts": (missing,), "at_least": SMALL + 1})
    assert prove_command(partly).endswith(" --memory 701m --together")


def test_proofs_of_other_scenarios_do_not_count() -> None:
    snapshot, assessment = assessed("watched")
    other = Proofs(proofs=(_proof(SMALL, scenario="something else"),))
    for each in View(snapshot, assessment, other).scenarios:
        assert (each.proofs, each.proven) == ((), "")
