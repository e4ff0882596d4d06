"""What to do where memory is short: the same options everywhere, each with what it leaves open."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hcreport.analyze import analyze, case_of
from hcreport.estimate.scenarios import WITHOUT_MODEL
from hcreport.estimate.shortage import shortage, wanted_memory
from hcreport.model import Snapshot
from hcreport.render.pages import downloads
from hcreport.rules.memory_options import memory_options
from hcreport.units import Bytes, gib, gibibytes, mebibytes, total
from tests.fragments import snapshot_of
from tests.short_stack import ADDRESSED, MAC, WSL, named, options, short_of
from tests.watched import watched


def test_every_rule_about_too_little_memory_offers_the_same() -> None:
    found = analyze(short_of(5.5)).findings
    about = [each for each in found if each.rule in ("engine-memory-short", "limit-above-engine")]
    assert about
    for finding in about:
        assert [each.what for each in finding.remedies] == [
            each.what for each in options(short_of(5.5))
        ]
    plan = analyze(short_of(4)).plan
    groups = {each.group for each in plan if each.effect}
    assert len(groups) == 1


def test_each_option_says_what_is_still_missing_and_those_that_are_enough_stand_first() -> None:
    snapshot = short_of(1)
    short = shortage(snapshot)
    assert short is not None
    found = options(snapshot)
    left = [None if each.effect is None else short.left_after(each.effect) for each in found]
    assert left[0] == 0
    assert left[1]
    for each, missing in zip(found, left, strict=True):
        if missing:
            assert f"{gib(missing)} are still missing" in each.gain
        elif missing == 0:
            assert each.gain.endswith("; enough for what is known")
    ranks = [2 if each is None else int(each > 0) for each in left]
    assert all(one <= other for one, other in pairwise(ranks))


def test_what_is_enough_in_minutes_stands_before_a_larger_machine() -> None:
    linux = {"operating_system": "Debian GNU/Linux 12", "kernel": "6.1"}
    found = options(short_of(4, engine=linux))
    assert [each.effort for each in found] == ["minutes", "an hour", "a day"]
    assert found[0].what.startswith("Run without the local model")
    assert found[-1].what.startswith("Give the machine that runs Docker at least")
    # On a smaller machine the stack is too large without its model too.
    found = options(short_of(1, engine=linux))
    assert [each.effort for each in found] == ["a day", "minutes"]


def test_what_the_stack_needs_without_its_model_is_what_its_scenario_says() -> None:
    snapshot = short_of(4)
    (without,) = named(snapshot, "Run without the local model")
    (scenario,) = [
        each for each in analyze(snapshot).requirements if each.scenario == WITHOUT_MODEL
    ]
    assert without.effect is not None
    assert wanted_memory(snapshot) - without.effect == scenario.at_least


def test_a_machine_that_is_too_small_is_said_and_the_next_option_comes_first() -> None:
    snapshot = short_of(2, engine={"host_memory": int(gibibytes(8))})
    first = options(snapshot)[0]
    assert first.what.startswith("Run without the local model")
    assert "More memory for Docker is no option. The machine has 8 GiB." in first.why
    assert not named(snapshot, "Raise the memory")
    (both,) = named(snapshot, "all that this machine can spare")
    # 4 GiB of 8, of which the virtual machine keeps 7 %, less what the rest needs
    room = Bytes(int(gibibytes(4) * 0.93)) - (gibibytes(1) + mebibytes(202))
    assert both.what.startswith("Give Docker 4 GiB, all that this machine can spare, and choose")
    assert both.what.endswith(f"a model that needs at most {gib(room)}")


def test_a_machine_of_unknown_size_is_told_how_large_it_has_to_be() -> None:
    (raised,) = named(short_of(2), "Raise the memory")
    assert raised.why.endswith("Only for a machine with 11 GiB or more.")
    known = short_of(2, engine={"host_memory": int(gibibytes(16))})
    assert "Only for" not in named(known, "Raise the memory")[0].why


def test_a_low_limit_of_the_model_is_raised_in_the_same_step() -> None:
    llama = {"name": "llama", "limits": {"memory": int(gibibytes(4))}}
    (raised,) = named(short_of(2, services=[llama, {"name": "web"}]), "Raise the memory")
    assert raised.what.endswith(". Then set the memory limit of llama to 6400m in the Compose file")


def test_stopping_others_is_not_offered_where_the_model_alone_is_too_large() -> None:
    assert not named(short_of(4), "Stop")
    assert named(short_of(5.5), "Stop the services that you do not need now")


def idle_stack(engine: float) -> Snapshot:
    """Return six services of 300 MiB, of which some idled while they were watched for 60 s."""
    names = ("db", "cache", "web", "mail", "old", "job")
    busy = {"web"}
    series = [
        watched(
            container=f"{name}-1",
            id=f"{position}" * 12,
            service=name,
            usage=300,
            cpu_seconds=30 if name in busy else 0.01,
        ).model_dump(mode="json")
        for position, name in enumerate(names)
    ]
    size = int(mebibytes(300))
    use = {"usage": size, "active_file": 0, "inactive_file": 0, "mapped_file": 0}
    return snapshot_of(
        {
            "engine": {"memory_total": int(mebibytes(engine)), **WSL},
            "services": [
                {"name": "db"},
                {"name": "cache"},
                {"name": "web", "depends_on": [{"service": "db"}]},
                {"name": "mail", "depends_on": [{"service": "cache"}]},
                {"name": "old"},
                {"name": "job"},
            ],
            "containers": [
                {
                    "name": f"{name}-1",
                    "id": f"{position}" * 12,
                    "service": name,
                    "state": "running",
                    "memory": use,
                }
                for position, name in enumerate(names)
            ],
            "window": {
                "started_at": "2026-02-06T13:03:00Z",
                "seconds": 60,
                "interval_seconds": 1,
                "rounds": 60,
                "series": series,
            },
        }
    )


def test_what_was_idle_is_stopped_but_for_what_a_busy_service_needs() -> None:
    snapshot = idle_stack(1500)
    (stop,) = named(snapshot, "Stop what was idle")
    assert stop.command == "docker compose stop cache job mail old"
    assert stop.undo == "docker compose start cache job mail old"
    assert stop.what.endswith(": cache, job, mail and 1 more")
    assert stop.effect == total([mebibytes(300)] * 4)
    assert stop.gain.startswith("1.17 GiB is freed; enough")
    assert "Docker starts a stopped one again in 0.15 to 0.6 s" in stop.why


def test_nothing_about_the_engine_is_known() -> None:
    snapshot = snapshot_of(
        {"services": [{"name": "llama"}, {"name": "web"}], "models": [{"name": "m"}]}
    )
    (only,) = memory_options(case_of(snapshot), model=snapshot.models[0])
    assert only.what == "Stop the services that you do not need now"


def test_enough_for_all_that_is_known_is_said_and_nothing_is_called_missing() -> None:
    found = options(short_of(16))
    assert (
        "More memory for Docker is no option. Docker has 16 GiB, and all that is known needs"
        in found[0].why
    )
    assert not [each for each in found if "missing" in each.gain or "enough" in each.gain]
    assert named(short_of(16), "Stop")


@pytest.mark.parametrize(
    "snapshot",
    [
        short_of(2),
        short_of(2, services=ADDRESSED, engine=MAC),
        short_of(2, services=[{"name": "llama"}, {"name": "web", "tied_to": ["llama"]}]),
        idle_stack(1500),
    ],
)
def test_the_site_offers_every_file_that_the_plan_names(snapshot: Snapshot) -> None:
    assessment = analyze(snapshot)
    named_files = {file for action in assessment.plan for file in action.files}
    assert named_files <= set(downloads(snapshot, assessment))
