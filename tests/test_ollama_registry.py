"""Looking a model up in a registry: an HTTP server over a recorded store, and Debian's registry."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hcreport.collect import ollama_registry
from hcreport.collect.ollama import find_models, model_from_registry
from hcreport.collect.ollama_registry import ADDRESS_VARIABLE
from hcreport.collect.ollama_search import ModelSearch
from hcreport.collect.web import Question, ask
from hcreport.errors import HcreportError, OllamaError
from hcreport.estimate.llm_tensors import weight_bytes
from hcreport.model import LocalModel
from hcreport.units import KIB, Bytes
from tests.engine_fixture import CANARY
from tests.gguf_files import Shape, llama_header
from tests.ollama_server import (
    SMALL,
    Answer,
    Asked,
    Respond,
    StoredModel,
    model_file,
    registry_of,
    serve_web,
    stored_model,
)
from tests.required import missing

NAME = "library/small:latest"


@pytest.fixture
def stored() -> StoredModel:
    parameters = json.dumps({"num_ctx": 2048, "stop": [CANARY]}).encode()
    return stored_model({"model": model_file(), "license": CANARY.encode(), "params": parameters})


def test_a_model_is_sized_from_a_part_of_its_file(stored: StoredModel) -> None:
    with serve_web(registry_of({NAME: stored})) as server:
        model = model_from_registry("small", server.url)
    assert model.shape is not None
    assert model.shape_from == "registry"
    assert model.shape.weights == weight_bytes(llama_header(SMALL))
    assert model.file == stored.size
    assert model.settings is not None
    assert model.settings.context == 2048
    assert CANARY not in model.model_dump_json()
    manifest, part = server.asked[:2]
    assert manifest.path == "/v2/library/small/manifests/latest"
    assert manifest.headers["Accept"] == "application/vnd.docker.distribution.manifest.v2+json"
    size = len(model_file())
    assert part.headers["Range"] == f"bytes=0-{size - 1}"


def test_a_header_longer_than_one_part_is_fetched_in_several(
    stored: StoredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = (Bytes(2 * KIB), Bytes(4 * KIB), Bytes(64 * KIB))
    monkeypatch.setattr(ollama_registry, "_PARTS", parts)
    with serve_web(registry_of({NAME: stored})) as server:
        assert model_from_registry("small", server.url).shape is not None
    ranges = [each.headers["Range"] for each in server.asked if "Range" in each.headers]
    assert ranges[:2] == ["bytes=0-2047", "bytes=2048-6143"]


def test_a_header_that_never_ends_is_given_up(
    stored: StoredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama_registry, "_PARTS", (Bytes(KIB),))
    with (
        serve_web(registry_of({NAME: stored})) as server,
        pytest.raises(OllamaError, match="too long to be fetched"),
    ):
        model_from_registry("small", server.url)


def test_a_registry_without_ranges_will_do_for_a_short_header(stored: StoredModel) -> None:
    with serve_web(registry_of({NAME: stored}, ranges=False)) as server:
        assert model_from_registry("small", server.url).shape is not None


def test_a_registry_without_ranges_cannot_give_a_second_part(
    stored: StoredModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama_registry, "_PARTS", (Bytes(KIB), Bytes(64 * KIB)))
    with (
        serve_web(registry_of({NAME: stored}, ranges=False)) as server,
        pytest.raises(OllamaError, match="does not send parts"),
    ):
        model_from_registry("small", server.url)


def test_a_longer_answer_is_cut_where_a_part_is_wanted() -> None:
    with serve_web(lambda asked: Answer(b"0123456789")) as server:
        question = Question(url=server.url, who="X", seconds=9, limit=Bytes(4), cut=True)
        assert ask(question).body == b"0123"


def redirecting(respond: Respond, times: int, to: str = "") -> Respond:
    """Return a registry that sends each blob's reader on, some times, as a real one does."""

    def answer(asked: Asked) -> Answer | None:
        path, _, count = asked.path.partition("?")
        done = int(count or 0)
        if "/blobs/" in path and done < times:
            return Answer(status=307, headers={"Location": f"{to}{path}?{done + 1}"})
        return respond(Asked(asked.method, path, asked.headers, asked.body))

    return answer


@pytest.mark.parametrize("times", [1, 3])
def test_redirects_within_this_machine_are_followed(stored: StoredModel, times: int) -> None:
    with serve_web(redirecting(registry_of({NAME: stored}), times)) as server:
        assert model_from_registry("small", server.url).shape is not None


@pytest.mark.parametrize(
    ("times", "to", "reason"),
    [
        (4, "", "sends us to another address"),
        (1, f"http://{CANARY}.example", "sends us to an address that is not encrypted"),
        (1, "file:///etc/passwd#", "is none of HTTP"),
        (1, f"https://user:{CANARY}@host.example", "holds a user name or password"),
    ],
)
def test_other_redirects_are_not(stored: StoredModel, times: int, to: str, reason: str) -> None:
    respond = redirecting(registry_of({NAME: stored}), times, to)
    with serve_web(respond) as server, pytest.raises(OllamaError, match=reason) as caught:
        model_from_registry("small", server.url)
    assert CANARY not in caught.value.message


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=401), "The registry answered with error 401."),
        (Answer(b'{"layers": ['), "The registry gave an answer that is no whole JSON."),
        (Answer(b"{}"), "The registry has no manifest of a known form for it."),
        (Answer(b"{}", announced=99), "The registry broke off its answer."),
        (Answer(status=404), "The registry does not have it."),
    ],
)
def test_what_fails_is_a_gap(monkeypatch: pytest.MonkeyPatch, answer: Answer, reason: str) -> None:
    with serve_web(lambda asked: answer) as server:
        monkeypatch.setenv(ADDRESS_VARIABLE, server.url)
        search = ModelSearch(declared=(LocalModel(name="small"),), registry=True)
        (gap,) = find_models(search).gaps
    assert (gap.source, gap.subject, gap.reason) == ("ollama", "small", reason)


def test_a_registry_that_is_silent_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_web(lambda asked: None) as gone:
        monkeypatch.setattr(ollama_registry, "_SECONDS", 0.3)
        monkeypatch.setenv(ADDRESS_VARIABLE, gone.url)
        models = (LocalModel(name="small"), LocalModel(name="other"))
        found = find_models(ModelSearch(declared=models, registry=True))
    assert [gap.subject for gap in found.gaps] == ["other", "small"]
    assert len(gone.asked) == 1


@pytest.mark.parametrize(
    ("name", "asked"),
    [("small", True), ("ai/smollm2", False), ("hf.co/someone/small", False)],
)
def test_models_of_another_runner_are_not_looked_up(
    monkeypatch: pytest.MonkeyPatch, stored: StoredModel, name: str, *, asked: bool
) -> None:
    declared = LocalModel.model_validate(
        {"name": name, "location": {"file": "compose.yaml", "line": 1}}
    )
    with serve_web(registry_of({NAME: stored})) as server:
        monkeypatch.setenv(ADDRESS_VARIABLE, server.url)
        found = find_models(ModelSearch(declared=(declared,), registry=True))
    assert bool(server.asked) is asked
    assert (found.models[0].shape is not None) is asked


def test_a_registry_is_only_asked_when_the_user_wants_it(
    monkeypatch: pytest.MonkeyPatch, stored: StoredModel
) -> None:
    with serve_web(registry_of({NAME: stored})) as server:
        monkeypatch.setenv(ADDRESS_VARIABLE, server.url)
        find_models(ModelSearch(declared=(LocalModel(name="small"),)))
    assert server.asked == []


def test_an_address_without_encryption_is_refused_elsewhere() -> None:
    with pytest.raises(HcreportError, match="not encrypted") as caught:
        model_from_registry("small", "http://registry.example")
    assert "https://" in caught.value.hint


def test_a_model_that_is_not_there_is_refused_with_a_hint(stored: StoredModel) -> None:
    with (
        serve_web(registry_of({NAME: stored})) as server,
        pytest.raises(OllamaError, match="has no model other:latest") as caught,
    ):
        model_from_registry("other", server.url)
    assert "ollama.com/library" in caught.value.hint


LARGE = Shape(4, 512, 8, 4, 1024, 30_000, 60_000, types="q8_0")


@contextmanager
def debian_registry(folder: Path) -> Iterator[str]:
    """Run Debian's docker-registry on a free port, with files in a folder."""
    program = os.environ.get("HCREPORT_TEST_REGISTRY") or shutil.which("docker-registry")
    if program is None:
        missing("registry", "there is no docker-registry; HCREPORT_TEST_REGISTRY names one")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n",
        encoding="utf-8",
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(300):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "docker-registry does not start"
        pause.wait(0.1)
    pytest.fail("docker-registry does not answer")


def push(url: str, name: str, model: StoredModel) -> None:
    """Put a model into a registry, as the OCI distribution specification says."""
    import requests

    repository, _, tag = name.partition(":")
    with requests.Session() as session:
        for digest, content in model.blobs.items():
            started = session.post(f"{url}/v2/{repository}/blobs/uploads/", timeout=30)
            place = started.headers["Location"]
            joint = "&" if "?" in place else "?"
            done = session.put(f"{place}{joint}digest=sha256:{digest}", content, timeout=30)
            assert done.status_code == 201, done.text
        kind = {"Content-Type": str(model.manifest["mediaType"])}
        body = json.dumps(model.manifest)
        done = session.put(f"{url}/v2/{repository}/manifests/{tag}", body, headers=kind, timeout=30)
        assert done.status_code == 201, done.text


def test_debians_registry_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = model_file(LARGE)
    model = stored_model({"model": content, "params": b'{"num_ctx": 1024}'})
    assert hashlib.sha256(content).hexdigest() in model.blobs
    monkeypatch.setattr(ollama_registry, "_PARTS", (Bytes(512 * KIB),) * 20)
    with debian_registry(tmp_path) as url:
        push(url, "library/large:4b", model)
        found = model_from_registry("large:4b", url)
        with pytest.raises(OllamaError, match="has no model large:70b"):
            model_from_registry("large:70b", url)
    assert found.shape is not None
    assert found.shape.vocabulary == LARGE.vocabulary
    assert found.shape.weights == weight_bytes(llama_header(LARGE))
    assert found.file == model.size
