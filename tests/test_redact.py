"""What may stand in a snapshot, case by case."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hcreport.collect.redact import (
    engine_name,
    image_reference,
    inner_path,
    mount_target,
    probe_program,
    relative_path,
    settings,
    variable_name,
)

DIGEST = "@sha256:" + "a" * 64


@pytest.mark.parametrize(
    "text",
    [
        "nginx",
        "nginx:1.27-alpine",
        "library/redis",
        "a/b/c:tag",
        f"nginx{DIGEST}",
        f"ghcr.io/a/b:1{DIGEST}",
        "docker.io/library/redis:7",
        "quay.io/a/b",
        "us-docker.pkg.dev/project/repository/image",
        "localhost/foo",
        "localhost:5000/foo",
        "127.0.0.1:5000/foo/bar:dev",
        "sha256:" + "a" * 64,
        "under_score/dash--dash/dot.dot__two",
    ],
)
def test_public_and_local_images_stand(text: str) -> None:
    assert image_reference(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("registry.example.com/team/app:1", "private-registry/team/app:1"),
        (f"10.0.0.7:5000/app{DIGEST}", f"private-registry/app{DIGEST}"),
        ("HOST/app", "private-registry/app"),
        ("host:5000/app", "private-registry/app"),
        ("evilghcr.io/app", "private-registry/app"),
        ("ghcr.io.example.com/app", "private-registry/app"),
        ("localhost.example.com/app", "private-registry/app"),
        ("user:password@host/app", "unreadable-image"),
        ("app:1 --token=x", "unreadable-image"),
        ("https://example.com/app", "unreadable-image"),
        ("app\n", "unreadable-image"),
        ("", "unreadable-image"),
    ],
)
def test_other_registry_hosts_do_not_stand(text: str, shown: str) -> None:
    assert image_reference(text) == shown


@pytest.mark.parametrize(
    "kept", ["registry.example.com", "registry.example.com:5000", "REGISTRY.Example.com"]
)
def test_a_kept_registry_stands(kept: str) -> None:
    text = "registry.example.com:5000/app"
    assert image_reference(text, [kept]) == text
    assert image_reference("other.example.com/app", [kept]) == "private-registry/app"


@pytest.mark.parametrize(
    ("test", "program"),
    [
        (["CMD", "curl", "-f", "http://x"], "curl"),
        (["CMD", "/usr/bin/wget", "-q"], "wget"),
        (["CMD", "C:\\tools\\curl.exe"], "curl"),
        (["CMD-SHELL", "pg_isready -U x"], "pg_isready"),
        (["CMD-SHELL", "PGPASSWORD='a b' TOKEN=x psql -c 'select 1'"], "psql"),
        (["CMD-SHELL", "! (curl x; exit 1)"], "curl"),
        (["CMD-SHELL", "curl; rm x"], "curl"),
        (["CMD-SHELL", "curl -f http://x || exit 1"], "curl"),
        (["CMD-SHELL", "[ -f /x ]"], "["),
        (["CMD", "sh", "-c", "TOKEN=x redis-cli ping"], "redis-cli"),
        (["CMD", "/bin/bash", "-c", "secret-program"], "bash"),
        (["CMD", "grpc_health_probe"], "grpc_health_probe"),
        (["CMD", "secret-program"], None),
        (["CMD-SHELL", "TOKEN=secret"], None),
        (["CMD-SHELL", "echo 'unclosed"], None),
        (["CMD-SHELL", ""], None),
        (["CMD", ""], None),
        (["CMD"], None),
        (["NONE"], None),
        (["curl", "x"], None),
        ([], None),
    ],
)
def test_only_well_known_probes_are_named(test: list[str], program: str | None) -> None:
    assert probe_program(test) == program


@pytest.mark.parametrize(
    ("environment", "kept"),
    [
        ({"OLLAMA_NUM_PARALLEL": "4"}, {"OLLAMA_NUM_PARALLEL": "4"}),
        ({"OLLAMA_KEEP_ALIVE": "-1"}, {"OLLAMA_KEEP_ALIVE": "-1"}),
        ({"OLLAMA_KEEP_ALIVE": "24h"}, {"OLLAMA_KEEP_ALIVE": "24h"}),
        ({"OLLAMA_KV_CACHE_TYPE": "q8_0"}, {"OLLAMA_KV_CACHE_TYPE": "q8_0"}),
        ({"OLLAMA_FLASH_ATTENTION": "true"}, {"OLLAMA_FLASH_ATTENTION": "true"}),
        ({"WEB_CONCURRENCY": "2", "PASSWORD": "2"}, {"WEB_CONCURRENCY": "2"}),
        ({"JAVA_OPTS": "-Dx=y -Xmx512m -Xms64M"}, {"java_xms": "64M", "java_xmx": "512m"}),
        ({"JAVA_OPTS": "-Xmx1g -Xmx2g"}, {"java_xmx": "2g"}),
        ({"_JAVA_OPTIONS": "-Xmx1g", "JAVA_TOOL_OPTIONS": "-Xmx3g"}, {"java_xmx": "1g"}),
        ({"JAVA_OPTS": "-Xmx1g;secret -DXmx=-Xmx2secret"}, {}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "4"}, {"LLAMA_ARG_CTX_CHECKPOINTS": "4"}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "-4"}, {}),
        ({"LLAMA_ARG_CTX_CHECKPOINTS": "4 secret"}, {}),
        ({"OLLAMA_NUM_PARALLEL": "4 secret"}, {}),
        ({"OLLAMA_NUM_PARALLEL": "4\n"}, {}),
        ({"OLLAMA_NUM_PARALLEL": "٤"}, {}),
        ({"OLLAMA_NUM_PARALLEL": ""}, {}),
        ({"OLLAMA_NUM_PARALLEL": None}, {}),
        ({"OLLAMA_KEEP_ALIVE": "forever"}, {}),
        ({"OLLAMA_KV_CACHE_TYPE": "secret"}, {}),
        ({"OLLAMA_API_KEY": "1"}, {}),
        ({}, {}),
    ],
)
def test_settings_are_of_a_fixed_form(
    environment: dict[str, str | None], kept: dict[str, str]
) -> None:
    assert settings(environment) == kept


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PATH", "PATH"),
        ("1", "1"),
        ("my.name-2", "my.name-2"),
        ("ÄÖ", "ÄÖ"),
        ("PASSWORD: secret", "PASSWORD"),
        ("PASSWORD secret", "PASSWORD"),
        ("=secret", "?"),
        ("", "?"),
    ],
)
def test_names_of_variables(text: str, shown: str) -> None:
    assert variable_name(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("data_1", "data_1"), ("a b", None), ("", None), ("x\n", None), ("a/b", None)],
)
def test_names_on_the_engine(text: str, shown: str | None) -> None:
    assert engine_name(text) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/srv/project", "."),
        ("/srv/project/api", "api"),
        ("/srv/project/./api/../web", "web"),
        ("api", "api"),
        ("./", "."),
        ("/srv/project2", None),
        ("/srv", None),
        ("../other", None),
        ("/home/somebody/project", None),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the paths are those of POSIX")
def test_paths_relative_to_the_project(path: str, shown: str | None) -> None:
    assert relative_path(path, "/srv/project") == shown


def test_a_folder_may_be_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real" / "api").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert relative_path(tmp_path / "real" / "api", tmp_path / "link") == "api"
    assert relative_path(tmp_path / "link" / "api", tmp_path / "real") == "api"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Dockerfile", "Dockerfile"),
        ("docker/Dockerfile.dev", "docker/Dockerfile.dev"),
        ("docker\\Dockerfile", "docker/Dockerfile"),
        ("../Dockerfile", "../Dockerfile"),
        ("/srv/Dockerfile", None),
        ("C:\\x\\Dockerfile", None),
        ("../../home/somebody/Dockerfile", None),
        ("~/Dockerfile", None),
        ("https://example.com/Dockerfile", None),
    ],
)
def test_paths_inside_a_build_context(text: str, shown: str | None) -> None:
    assert inner_path(text) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/", "/"),
        ("/var/lib/postgresql/data", "/var/lib/postgresql/data"),
        ("/root/.ollama", "/root/.ollama"),
        ("/home", "/home"),
        ("/home/somebody", None),
        ("/home/somebody/.cache", None),
        ("/mnt/c/Users/somebody/x", None),
        ("/Users/somebody", None),
        ("/data secret", None),
        ("/data\n", None),
        ("C:\\data", None),
        ("relative", None),
        ("", None),
    ],
)
def test_mount_targets(path: str, shown: str | None) -> None:
    assert mount_target(path) == shown
