"""Reading whole projects with the real Compose: profiles, files, variables, gaps and refusals."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hcreport.collect.compose import ComposeProject, ComposeRequest, read_project
from hcreport.model import DeclaredVolume, LocalModel, Location, LostLimit, Mount
from hcreport.units import mebibytes
from tests.compose.support import PROJECTS, VALID, Case, single, use_real_binary


@pytest.fixture(autouse=True)
def _real_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    use_real_binary(monkeypatch)


def read(name: str) -> ComposeProject:
    return read_project(single(next(path for path in VALID if path.stem == name)).request)


def active(project: ComposeProject) -> list[str]:
    return [service.name for service in project.services if service.active]


@pytest.mark.parametrize(
    ("profiles", "variable", "expected", "switched_on"),
    [
        ((), None, ["always", "debug"], ("debug",)),
        ((), "tools", ["always", "tools"], ("tools",)),
        ((), "", ["always"], ()),
        ((), " debug , tools ", ["always", "debug", "tools"], ("debug", "tools")),
        (("tools",), None, ["always", "tools"], ("tools",)),
        (("tools",), "debug", ["always", "tools"], ("tools",)),
        (("other", "nobody"), None, ["always", "debug"], ("other",)),
        (("*",), None, ["always", "debug", "tools"], ("debug", "other", "tools")),
    ],
)
def test_active_services_are_those_of_compose(
    monkeypatch: pytest.MonkeyPatch,
    profiles: tuple[str, ...],
    variable: str | None,
    expected: list[str],
    switched_on: tuple[str, ...],
) -> None:
    if variable is not None:
        monkeypatch.setenv("COMPOSE_PROFILES", variable)
    project = read_project(Case(PROJECTS / "profiles-by-env", profiles=profiles).request)
    assert active(project) == expected
    assert project.project.active_profiles == switched_on
    assert project.project.profiles == ("debug", "other", "tools")
    assert project.gaps == ()


def test_a_dependency_that_is_switched_off_is_a_gap_not_an_error() -> None:
    project = read_project(Case(PROJECTS / "disabled-dependency").request)
    assert active(project) == ["app"]
    assert [(gap.source, gap.subject) for gap in project.gaps] == [("profiles", None)]


def test_without_profiles_every_service_is_active() -> None:
    assert active(read("depends-implicitly")) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("case", "files"),
    [
        (Case(PROJECTS / "override"), ("compose.yaml", "compose.override.yaml")),
        (Case(PROJECTS / "override", files=("compose.yaml",)), ("compose.yaml",)),
        (
            Case(PROJECTS / "several-files", ("base.yaml", "sub/more.yaml")),
            ("base.yaml", "sub/more.yaml"),
        ),
        (Case(PROJECTS / "named-by-env"), ("first.yaml", "second.yaml")),
        (Case(PROJECTS / "parent" / "child"), ("docker-compose.yml",)),
    ],
    ids=lambda value: value.id if isinstance(value, Case) else "",
)
def test_the_files_of_the_project(case: Case, files: tuple[str, ...]) -> None:
    assert read_project(case.request).project.compose_files == files


def test_files_named_in_the_environment_win_over_discovery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPOSE_FILE", os.pathsep.join(["base.yaml", "sub/more.yaml"]))
    project = read_project(ComposeRequest(PROJECTS / "several-files"))
    assert project.project.compose_files == ("base.yaml", "sub/more.yaml")
    assert [service.location for service in project.services] == [
        Location(file="base.yaml", line=2),
        Location(file="base.yaml", line=3),
        Location(file="sub/more.yaml", line=3),
    ]


def test_a_relative_folder_and_a_link_name_the_project_after_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real" / "api").mkdir(parents=True)
    text = "services: {a: {build: ./api, environment: {HERE: '${PWD:?must be set}'}}}\n"
    (tmp_path / "real" / "compose.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path)
    project = read_project(ComposeRequest(Path("link")))
    build = project.services[0].build
    assert project.project.name == "link"
    assert build is not None
    assert build.context == "api"


def test_variables_that_are_not_set_are_named() -> None:
    assert read("interpolation").project.unset_variables == (
        "HCREPORT_TEST_UNSET_ONE",
        "HCREPORT_TEST_UNSET_TWO",
    )
    assert read("minimal").project.unset_variables == ()


def test_other_warnings_are_not_kept(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "version: '3'\nservices: {a: {image: x}}\n", encoding="utf-8"
    )
    project = read_project(ComposeRequest(tmp_path))
    assert "obsolete" not in repr(project)
    assert project.project.unset_variables == ()


def test_limits_that_compose_drops_are_found() -> None:
    lost = {each.name: each.lost_limits for each in read("memory-lost").services}
    file = "memory-lost.yaml"
    assert lost == {
        "exponent": (LostLimit(key="mem_limit", location=Location(file=file, line=6)),),
        "fraction": (
            LostLimit(key="mem_reservation", location=Location(file=file, line=9)),
            LostLimit(key="shm_size", location=Location(file=file, line=10)),
        ),
        "too-large": (LostLimit(key="memswap_limit", location=Location(file=file, line=13)),),
        "merged": (LostLimit(key="mem_limit", location=Location(file=file, line=2)),),
        "replaced": (),
        "from-variable": (),
    }


@pytest.mark.parametrize(
    "path", [p for p in VALID if p.stem != "memory-lost"], ids=lambda p: p.stem
)
def test_no_limit_is_called_lost_elsewhere(path: Path) -> None:
    services = read_project(single(path).request).services
    assert [each.name for each in services if each.lost_limits] == []


def test_lost_limits_through_override_include_and_extends() -> None:
    def lost(name: str) -> dict[str, list[tuple[str, str, int]]]:
        services = read_project(Case(PROJECTS / name).request).services
        return {
            each.name: [(one.key, one.location.file, one.location.line) for one in each.lost_limits]
            for each in services
            if each.lost_limits
        }

    assert lost("override") == {
        "kept": [("mem_limit", "compose.yaml", 4)],
        "lost-later": [("mem_limit", "compose.override.yaml", 11)],
    }
    assert lost("include") == {
        "cache": [("mem_limit", "cache/two.yaml", 4)],
        "db": [("mem_limit", "db/compose.yaml", 7)],
    }
    assert lost("extends-file") == {
        "web": [("mem_reservation", "common/deeper/root.yaml", 4)],
        "worker": [("mem_limit", "common/base.yaml", 9)],
    }


def test_restart_policies_of_deploy_win_in_the_container() -> None:
    policies = {each.name: (each.restart, each.restart_policy) for each in read("restart").services}
    assert policies["deployed"] == (None, "on-failure:4")
    assert policies["deployed-any"] == ("no", "always")
    assert policies["failure-counted"] == ("on-failure:3", "on-failure:3")
    assert policies["unset"] == (None, None)


def test_cpu_reservations_and_process_limits() -> None:
    limits = {each.name: each.limits for each in read("deploy-limits").services}
    assert (limits["all"].cpus, limits["all"].cpu_reservation, limits["all"].pids) == (
        0.5,
        0.25,
        100,
    )
    assert {each.name: each.limits.pids for each in read("pids").services} == {
        "some": 64,
        "unlimited": None,
    }


def test_mounts_of_every_kind() -> None:
    assert read("volumes").services[0].mounts == (
        Mount(kind="volume", volume="valid_data", target="/var/lib/data"),
        Mount(kind="volume", volume="shared", target="/shared", read_only=True),
        Mount(kind="bind", target="/etc/conf", read_only=True),
        Mount(kind="bind", target="/keys"),
        Mount(kind="bind", target="/var/run/docker.sock"),
        Mount(kind="volume", target="/anonymous"),
        Mount(kind="volume", volume="own-name", target="/named"),
        Mount(kind="bind"),
    )
    assert read("volumes").project.volumes == (
        DeclaredVolume(name="own-name"),
        DeclaredVolume(name="shared", external=True),
        DeclaredVolume(name="valid_data"),
    )


def test_sizes_of_tmpfs() -> None:
    mounts = {each.name: each.mounts for each in read("tmpfs").services}
    assert mounts["text"] == (Mount(kind="tmpfs", target="/run"),)
    assert mounts["list"] == (
        Mount(kind="tmpfs", target="/run", size=mebibytes(64)),
        Mount(kind="tmpfs", target="/tmp"),
        Mount(kind="tmpfs", target="/cache", read_only=True),
    )
    assert [each.size for each in mounts["long"]] == [mebibytes(10), mebibytes(1), None]


def test_models_and_providers() -> None:
    assert read("models").models == (
        LocalModel(name="ai/nomic-embed-text-v1.5", location=Location(file="models.yaml", line=12)),
        LocalModel(
            name="ai/smollm2", context_length=4096, location=Location(file="models.yaml", line=8)
        ),
    )
    assert [each.name for each in read("provider").services if each.provider] == ["llm"]


def test_settings_for_sizing() -> None:
    assert {each.name: each.settings for each in read("sizing-settings").services} == {
        "ollama": {
            "OLLAMA_FLASH_ATTENTION": "1",
            "OLLAMA_KEEP_ALIVE": "5m",
            "OLLAMA_KV_CACHE_TYPE": "q8_0",
            "OLLAMA_NUM_PARALLEL": "2",
        },
        "java": {"java_xms": "256m", "java_xmx": "1g"},
        "web": {"WEB_CONCURRENCY": "4"},
    }


def test_probes_are_named() -> None:
    probes = {
        each.name: each.health_check.probe
        for each in read("healthcheck-forms").services
        if each.health_check and each.health_check.probe
    }
    assert probes == {
        "dollars": "test",
        "enabled": "true",
        "list": "curl",
        "shell-list": "pg_isready",
        "text": "wget",
    }


def test_the_version_is_recorded() -> None:
    answer = single(VALID[0]).run("version", "--short")
    assert read("minimal").project.compose_version == answer.stdout.strip().removeprefix("v")


def test_no_engine_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    assert active(read("minimal")) == ["web"]
