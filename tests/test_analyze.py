"""The analyzer: reasons, suppressions, thresholds, order; it never fails and never varies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hcreport.analyze import analyze
from hcreport.config import Config
from hcreport.errors import ConfigError
from hcreport.model import Assessment, Snapshot
from hcreport.rules import load_rules
from hcreport.units import Bytes, gibibytes
from tests.fragments import snapshot_of
from tests.short_stack import short_of


def snapshot(**parts: Any) -> Snapshot:
    return snapshot_of(parts)


def overcommitted(**parts: Any) -> Snapshot:
    return snapshot(
        engine={"memory_total": gibibytes(2)},
        services=[{"name": "a", "limits": {"memory": gibibytes(3)}}, {"name": "b"}],
        **parts,
    )


def status(assessment: Assessment, rule: str, subject: str = "shop") -> tuple[str, str]:
    found = [each for each in assessment.outcomes if (each.rule, each.subject) == (rule, subject)]
    assert len(found) == 1
    return found[0].status, found[0].reason


def test_findings_stand_worst_first_and_the_plan_follows() -> None:
    found = analyze(overcommitted())
    assert [(each.rule, each.severity.value) for each in found.findings] == [
        ("limit-above-engine", "high"),
        ("limits-overcommit", "medium"),
        ("services-without-limit", "low"),
    ]
    assert found.plan[0].closes == (found.findings[0].anchor,)
    assert {anchor for each in found.plan for anchor in each.closes} == {
        each.anchor for each in found.findings
    }


def test_every_rule_says_something_about_every_snapshot() -> None:
    assert {each.rule for each in analyze(snapshot()).outcomes} == set(load_rules())


def test_without_an_engine_nothing_is_called_fine() -> None:
    outcomes = analyze(snapshot()).outcomes
    assert {each.status for each in outcomes} <= {"not measured", "not applicable"}
    assert all(each.reason for each in outcomes)


def test_every_command_of_a_step_names_the_files_that_compose_does_not_find_by_itself() -> None:
    short = short_of(2, project={"compose_files": ["my stack.yaml"]})
    texts = [
        text
        for action in analyze(short).plan
        for text in (action.command, action.verify, action.undo)
    ]
    used = [text for text in texts if "docker compose" in text]
    assert used
    assert all(text.count("docker compose") == text.count("docker compose -f") for text in used)


def test_a_suppressed_finding_stays_with_its_reason_and_leaves_the_plan() -> None:
    config = Config.model_validate(
        {"suppress": [{"rule": "limits-overcommit", "reason": "a test machine"}]}
    )
    found = analyze(overcommitted(), config)
    assert status(found, "limits-overcommit") == ("suppressed", "a test machine")
    assert "limits-overcommit" not in {each.rule for each in found.findings}
    assert not any("limits-overcommit" in anchor for each in found.plan for anchor in each.closes)


def test_a_suppression_of_one_subject_spares_the_others() -> None:
    one = {"rule": "limit-above-engine", "subject": "other", "reason": "not this one"}
    found = analyze(overcommitted(), Config.model_validate({"suppress": [one]}))
    assert status(found, "limit-above-engine", "a")[0] == "problem"


def test_a_threshold_can_be_replaced() -> None:
    config = Config(rules={"limits-overcommit": {"overcommit_ratio": 2.0}})
    assert status(analyze(overcommitted(), config), "limits-overcommit")[0] == "ok"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"rules": {"moon": {}}}, "there is no rule moon"),
        ({"rules": {"limits-overcommit": {"moon": 1}}}, "has no threshold moon"),
        ({"suppress": [{"rule": "moon", "reason": "x"}]}, "no rule moon to suppress"),
    ],
)
def test_a_name_that_is_not_ours_is_refused(config: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        analyze(snapshot(), Config.model_validate(config))


@pytest.mark.parametrize(
    ("parts", "rule", "reason"),
    [
        ({}, "engine-memory-near-full", "without an engine"),
        ({"interrupted": True}, "engine-memory-near-full", "interrupted"),
        (
            {"engine": {}, "gaps": [{"source": "engine", "reason": "it hung up"}]},
            "engine-memory-near-full",
            "it hung up",
        ),
        (
            {"engine": {}, "gaps": [{"source": "volumes", "reason": "it hung up"}]},
            "anonymous-volumes",
            "it hung up",
        ),
    ],
)
def test_the_reason_is_the_one_that_was_recorded(parts: Any, rule: str, reason: str) -> None:
    assert reason in status(analyze(snapshot(**parts)), rule)[1]


def test_no_volumes_is_an_answer_where_the_engine_gave_it() -> None:
    assert status(analyze(snapshot(engine={})), "anonymous-volumes")[0] == "ok"


_NAMES = st.sampled_from(["a", "b", "a b", "é", "<i>", "a\nb", "", "x" * 80, "shop_pgdata"])
_SIZES = st.none() | st.integers(0, 2**50).map(Bytes)
_COUNTS = st.none() | st.integers(0, 40)
_LIMITS = st.fixed_dictionaries({}, optional={"memory": _SIZES, "memory_swap": _SIZES})
_MOUNTS = st.lists(st.fixed_dictionaries({"kind": st.just("volume"), "volume": _NAMES}), max_size=2)
_SERVICES = st.fixed_dictionaries(
    {"name": _NAMES},
    optional={
        "image": st.none() | _NAMES,
        "build": st.none() | st.just({"context": "."}),
        "profiles": st.lists(_NAMES, max_size=2),
        "active": st.booleans(),
        "replicas": st.integers(0, 3),
        "limits": _LIMITS,
        "depends_on": st.lists(st.fixed_dictionaries({"service": _NAMES}), max_size=2),
        "health_check": st.none() | st.just({"kind": "CMD", "probe": "curl"}),
        "provider": st.booleans(),
        "mounts": _MOUNTS,
        "config_hash": st.none() | _NAMES,
    },
)
_MEMORY = st.fixed_dictionaries(
    {"usage": st.integers(0, 2**45)},
    optional={"inactive_file": _SIZES, "peak": _SIZES, "limit": _SIZES},
)
_PROBES = st.lists(
    st.fixed_dictionaries(
        {
            "exit_code": st.integers(-1, 255),
            "outcome": st.sampled_from(["passed", "failed", "timed out", "program not found"]),
        }
    ),
    max_size=2,
)
_MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)
)
_CONTAINERS = st.fixed_dictionaries(
    {
        "name": _NAMES,
        "state": st.sampled_from(["running", "paused", "restarting", "removing", "exited", "dead"]),
    },
    optional={
        "service": st.none() | _NAMES,
        "image": st.none() | _NAMES,
        "image_id": st.none() | st.sampled_from(["sha256:ab", "ab", ""]),
        "exit_code": _COUNTS,
        "oom_killed": st.none() | st.booleans(),
        "restart_count": _COUNTS,
        "started_at": st.none() | _MOMENTS | _MOMENTS.map(lambda each: each.replace(tzinfo=UTC)),
        "health": st.none()
        | st.fixed_dictionaries(
            {"status": st.sampled_from(["starting", "healthy", "unhealthy"]), "probes": _PROBES}
        ),
        "limits": _LIMITS,
        "memory": st.none() | _MEMORY,
        "mounts": _MOUNTS,
        "config_hash": st.none() | _NAMES,
        "compose_version": st.none() | st.just("2.40.3"),
    },
)
_LAYERS = st.fixed_dictionaries(
    {"instruction": st.sampled_from(["FROM", "COPY", "RUN"]), "size": st.integers(0, 2**40)},
    optional={"whole_context": st.booleans(), "chain": st.none() | _NAMES},
)
_IMAGES = st.fixed_dictionaries(
    {"size": st.integers(0, 2**40)},
    optional={
        "id": st.sampled_from(["ab", ""]),
        "tags": st.lists(_NAMES, max_size=2),
        "layers": st.lists(_LAYERS, max_size=3),
    },
)
_VOLUMES = st.fixed_dictionaries(
    {"name": _NAMES},
    optional={
        "project": st.none() | _NAMES,
        "anonymous": st.booleans(),
        "used_by": st.lists(_NAMES, max_size=1),
        "references": _COUNTS,
        "size": _SIZES,
    },
)
_MODELS = st.fixed_dictionaries({"name": _NAMES}, optional={"service": _NAMES, "memory": _SIZES})
_SCENARIOS = st.fixed_dictionaries(
    {
        "name": _NAMES,
        "services": st.lists(_NAMES, max_size=3),
        "models": st.lists(_NAMES, max_size=2),
    }
)
_ENGINES = st.fixed_dictionaries(
    {},
    optional={
        "memory_total": _SIZES,
        "context": st.sampled_from(["colima", "desktop-linux", "default"]),
        "kernel": st.sampled_from(["linuxkit", "microsoft-standard-WSL2"]),
        "remote": st.booleans(),
    },
)
_GAPS = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["engine", "stats", "inspect", "images", "volumes", "hash"]),
        "reason": st.just("it failed"),
    },
    optional={"subject": st.none() | _NAMES},
)
_SNAPSHOTS = st.fixed_dictionaries(
    {},
    optional={
        "engine": st.none() | _ENGINES,
        "project": st.fixed_dictionaries(
            {"name": _NAMES, "profiles": st.lists(_NAMES, max_size=2)}
        ),
        "services": st.lists(_SERVICES, max_size=4),
        "containers": st.lists(_CONTAINERS, max_size=4),
        "images": st.lists(_IMAGES, max_size=3),
        "volumes": st.lists(_VOLUMES, max_size=3),
        "models": st.lists(_MODELS, max_size=3),
        "scenarios": st.lists(_SCENARIOS, max_size=2),
        "gaps": st.lists(_GAPS, max_size=2),
        "interrupted": st.booleans(),
    },
)


@settings(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(_SNAPSHOTS)
def test_any_snapshot_can_be_analyzed_and_gives_the_same_twice(parts: Any) -> None:
    taken = snapshot(**parts)
    first = analyze(taken)
    assert first.model_dump_json() == analyze(taken).model_dump_json()
    for requirement in first.requirements:
        known = [part.memory.value for part in requirement.parts if part.memory is not None]
        assert int(requirement.at_least) == sum(known)
        assert all(part.reason for part in requirement.parts if part.memory is None)
    for outcome in first.outcomes:
        assert bool(outcome.reason) == (outcome.status in ("not measured", "not applicable"))
