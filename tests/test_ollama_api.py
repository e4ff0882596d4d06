"""Asking a running Ollama over HTTP: what it says, and what becomes of answers that are none."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hcreport.collect import ollama_api
from hcreport.collect.ollama import find_models, model_from_server
from hcreport.collect.ollama_api import OllamaServer
from hcreport.collect.ollama_places import Place
from hcreport.collect.ollama_search import FoundModels, ModelSearch
from hcreport.collect.ollama_settings import Serving
from hcreport.errors import OllamaError
from hcreport.estimate.llm_tensors import weight_bytes
from hcreport.model import Gap, LocalModel
from hcreport.units import KIB, Bytes
from tests.engine_fixture import CANARY
from tests.gguf_files import Shape, llama_header
from tests.ollama_server import (
    SMALL,
    Answer,
    Json,
    RecordedOllama,
    WebServer,
    listed,
    running,
    serve_dripping,
    serve_web,
    show_reply,
)

DECLARED = LocalModel(name="small", service="llm")


@pytest.fixture
def recorded() -> RecordedOllama:
    return RecordedOllama()


@pytest.fixture
def web(recorded: RecordedOllama) -> Iterator[WebServer]:
    with serve_web(recorded.respond) as server:
        yield server


def find(web: WebServer, *declared: LocalModel, **settings: str) -> FoundModels:
    place = Place(service="llm", url=web.url, serving=Serving(settings=settings))
    found = find_models(ModelSearch(declared=declared, places=(place,)))
    for each in found.models:
        assert CANARY not in each.model_dump_json()
    assert CANARY not in "".join(gap.reason for gap in found.gaps)
    return found


def reasons(found: FoundModels, subject: str | None = "llm") -> list[str]:
    return [gap.reason for gap in found.gaps if gap.subject == subject]


def test_a_model_is_what_its_server_says(web: WebServer) -> None:
    model = model_from_server("small", web.url)
    assert model.shape is not None
    assert model.shape_from == "ollama"
    assert model.file == 123_456
    assert model.shape.architecture == "llama"
    assert (model.shape.vocabulary, model.shape.merges) == (SMALL.vocabulary, SMALL.merges)
    assert model.shape.context_length == SMALL.context
    assert model.shape.weights == weight_bytes(llama_header(SMALL))
    assert CANARY not in model.model_dump_json()


def test_the_lists_of_a_header_are_asked_for(web: WebServer) -> None:
    """Without ``verbose`` Ollama sends null for the vocabulary and for heads by layer."""
    model_from_server("small", web.url)
    (asked,) = [each for each in web.asked if each.path == "/api/show"]
    assert json.loads(asked.body) == {"model": "small:latest", "verbose": True}


def test_a_server_whose_lists_are_left_out_is_read_all_the_same(
    web: WebServer, recorded: RecordedOllama
) -> None:
    recorded.shown["small:latest"] = show_reply(verbose=False)
    shape = model_from_server("small", web.url).shape
    assert shape is not None
    assert shape.vocabulary == SMALL.vocabulary


def test_a_projector_counts_as_weights(web: WebServer, recorded: RecordedOllama) -> None:
    recorded.shown["small:latest"] |= {"projector_info": {"general.architecture": CANARY}}
    shape = model_from_server("small", web.url).shape
    assert shape is not None
    assert shape.weights == 123_456


def test_a_loaded_model_is_added_with_what_it_takes(
    web: WebServer, recorded: RecordedOllama
) -> None:
    recorded.replies["/api/tags"] = {"models": [listed("small:latest"), listed("other:1b")]}
    recorded.replies["/api/ps"] = {"models": [running("small:latest", 7 * KIB, context=6000)]}
    found = find(web)
    (model,) = found.models
    assert (model.name, model.service) == ("small:latest", "llm")
    assert model.loaded == 7 * KIB
    assert model.settings is not None
    assert model.settings.context == 6000
    assert found.gaps == ()


def test_the_only_model_of_a_server_is_added(web: WebServer) -> None:
    (model,) = find(web).models
    assert model.name == "small:latest"
    assert model.loaded is None


def test_one_of_several_models_that_nobody_wants_is_not_added(
    web: WebServer, recorded: RecordedOllama
) -> None:
    recorded.replies["/api/tags"] = {"models": [listed("small:latest"), listed("other:1b")]}
    found = find(web)
    assert found.models == ()
    assert reasons(found) == ["It has 2 models; none is loaded, and none is in hcreport.yml."]


@pytest.mark.parametrize("name", ["small", "small:latest", "library/small", "SMALL:latest"])
def test_a_declared_model_is_completed_and_not_added_again(web: WebServer, name: str) -> None:
    found = find(web, LocalModel(name=name, context_length=2048, memory=Bytes(5)))
    (model,) = found.models
    assert (model.name, model.service, model.memory) == (name, "llm", 5)
    assert model.shape is not None
    assert model.settings is not None
    assert model.settings.context == 2048


def test_a_model_of_compose_that_ollama_does_not_have_is_left_alone(web: WebServer) -> None:
    other = LocalModel.model_validate(
        {"name": "ai/smollm2", "location": {"file": "compose.yaml", "line": 9}}
    )
    found = find(web, other)
    assert found.models[0] == other
    assert found.gaps == ()
    assert "ai/smollm2" not in "".join(each.body.decode() for each in web.asked)


@pytest.mark.parametrize(
    ("parameters", "settings", "context"),
    [
        ("", {}, 4096),
        ("num_ctx                        2048", {}, 2048),
        ("num_ctx 2048", {"OLLAMA_CONTEXT_LENGTH": "3000"}, 2048),
        ("", {"OLLAMA_CONTEXT_LENGTH": "3000"}, 3000),
        ("", {"OLLAMA_CONTEXT_LENGTH": "99000"}, SMALL.context),
        ("num_ctx -5\nnum_ctx many", {}, 4096),
    ],
)
def test_the_context_is_the_models_own_then_the_services(
    web: WebServer,
    recorded: RecordedOllama,
    parameters: str,
    settings: dict[str, str],
    context: int,
) -> None:
    recorded.shown["small:latest"] = show_reply(parameters=parameters)
    (model,) = find(web, DECLARED, **settings).models
    assert model.settings is not None
    assert model.settings.context == context


def test_other_parameters_of_a_model_are_read(web: WebServer, recorded: RecordedOllama) -> None:
    recorded.shown["small:latest"] = show_reply(parameters="num_batch 128\nuse_mmap true")
    (model,) = find(web).models
    assert model.settings is not None
    assert (model.settings.batch, model.settings.mapped) == (128, True)


def test_a_model_on_a_gpu_is_a_gap(web: WebServer, recorded: RecordedOllama) -> None:
    recorded.replies["/api/ps"] = {"models": [running("small:latest", vram=100_000)]}
    found = find(web)
    assert reasons(found, "small:latest") == [
        "A part of it lies on a GPU, whose memory is not estimated."
    ]


def test_an_old_server_has_no_prompt_cache(web: WebServer, recorded: RecordedOllama) -> None:
    recorded.replies["/api/version"] = {"version": "0.15.4"}
    found = find(web, OLLAMA_KV_CACHE_TYPE="q8_0")
    (model,) = found.models
    assert model.settings is not None
    assert model.settings.prompt_cache == 0
    assert (model.settings.flash_attention, model.settings.key_type) == (False, "f16")
    assert reasons(found, "small:latest") == [
        "Its Ollama is older than 0.30; runners of that time were not measured."
    ]


BROKE = "Ollama broke off its answer."
FORM = "Ollama gave an answer of another form than expected."
JSON = "Ollama gave an answer that is no whole JSON."
SILENT = "Ollama did not answer within 0.3 seconds."


@pytest.mark.parametrize(
    ("path", "reply", "reason"),
    [
        ("/api/version", Answer(status=404), "What answers there is no Ollama."),
        ("/api/version", Answer(status=500), "Ollama answered with error 500."),
        ("/api/version", Answer(b"[]"), FORM),
        ("/api/version", None, SILENT),
        ("/api/tags", Answer(status=503), "Ollama answered with error 503."),
        ("/api/tags", Answer(b'{"models": [{"name"'), JSON),
        ("/api/tags", Answer(b"[" * 100_000), JSON),
        ("/api/tags", Answer(b'{"models": ', announced=500), BROKE),
        ("/api/tags", Answer(headers={"Transfer-Encoding": "chunked"}), BROKE),
        ("/api/tags", {"models": {}}, FORM),
        ("/api/tags", {"models": [7]}, FORM),
        ("/api/tags", {"models": [{"name": 7}]}, FORM),
        ("/api/tags", Answer(b" " * 5_000_000), "Ollama sent an answer that is too long."),
        (
            "/api/tags",
            Answer(status=302, headers={"Location": "/api/ps"}),
            "Ollama sends us to another address, where we do not follow.",
        ),
        ("/api/tags", None, SILENT),
        ("/api/ps", {"models": None}, FORM),
        ("/api/ps", Answer(status=404), "Ollama does not have it."),
    ],
)
def test_a_question_that_fails_is_a_gap(
    web: WebServer,
    recorded: RecordedOllama,
    monkeypatch: pytest.MonkeyPatch,
    *,
    path: str,
    reply: Json | Answer | None,
    reason: str,
) -> None:
    if reply is None:
        monkeypatch.setattr(ollama_api, "_SECONDS", 0.3)
    recorded.replies[path] = reply
    found = find(web, DECLARED)
    assert reasons(found) == [reason]
    assert [each.name for each in found.models] == ["small"]


HEADER = "Its header lacks what an estimate needs."


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_info": None}, None),
        ({"tensors": None}, None),
        ({"tensors": [{"name": "x", "type": "F32", "shape": [-1]}]}, FORM),
        ({"tensors": [{"name": "x", "type": "F32", "shape": [1e99]}]}, FORM),
        ({"tensors": ["x"]}, FORM),
        ({"tensors": [{"name": 1, "type": "F32", "shape": [1]}]}, FORM),
        ({"tensors": [{"name": "x", "type": CANARY, "shape": [1]}]}, HEADER),
        ({"model_info": {}}, HEADER),
        ({"model_info": {"general.architecture": "llama"}}, HEADER),
        ({"model_info": {"general.architecture": f"of {CANARY}"}}, HEADER),
        ({"model_info": {"general.architecture": "llama", "llama.block_count": "2"}}, HEADER),
    ],
)
def test_a_model_that_cannot_be_read_is_a_gap(
    web: WebServer, recorded: RecordedOllama, change: Json, reason: str | None
) -> None:
    recorded.shown["small:latest"] |= change
    found = find(web, DECLARED)
    expected = reason or "Ollama does not tell what is in it: it may be a model of another kind."
    assert reasons(found, "small") == [expected]
    assert found.models[0].shape is None


def test_a_server_that_dies_is_not_asked_about_the_next_model(
    web: WebServer, recorded: RecordedOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama_api, "_SHOW_SECONDS", 0.3)
    recorded.replies["/api/show"] = None
    found = find(web, DECLARED, LocalModel(name="other", service="llm"))
    assert reasons(found, "small") == [SILENT]
    assert len([each for each in web.asked if each.path == "/api/show"]) == 1


def test_an_answer_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte starts a time-out of the socket anew, so the whole answer has one of its own."""
    monkeypatch.setattr(ollama_api, "_SECONDS", 0.5)
    with serve_dripping() as url, pytest.raises(OllamaError, match=r"within 0\.5 seconds"):
        OllamaServer(url).version()


def test_a_server_that_is_not_there_is_a_gap() -> None:
    with serve_web(RecordedOllama().respond) as gone:
        pass
    found = find(gone, DECLARED)
    assert reasons(found) == ["Ollama does not run there: the connection is refused."]


def test_a_server_without_tls_is_not_asked_with_it(web: WebServer) -> None:
    with pytest.raises(OllamaError, match="do not agree on TLS"):
        OllamaServer(web.url.replace("http:", "https:")).version()


def test_no_proxy_is_used(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert OllamaServer(web.url).version() == (0, 33, 0)


@pytest.mark.parametrize(
    "url",
    ["ftp://host", "127.0.0.1:11434", "http://", "http://h:99999999", "http://a b", "http://u:p@h"],
)
def test_an_address_that_is_none_is_refused_with_a_hint(url: str) -> None:
    with pytest.raises(OllamaError) as caught:
        model_from_server("small", url)
    assert "http://127.0.0.1:11434" in caught.value.hint
    assert "u:p" not in caught.value.message


def test_a_model_that_a_server_does_not_have_is_refused_with_a_hint(web: WebServer) -> None:
    with pytest.raises(OllamaError, match="Ollama does not have big") as caught:
        model_from_server("big", web.url)
    assert "ollama list" in caught.value.hint


def test_a_name_that_may_not_be_shown_is_a_gap(web: WebServer, recorded: RecordedOllama) -> None:
    recorded.replies["/api/tags"] = {"models": [listed("a_.b_-:x")]}
    found = find(web)
    assert found.models == ()
    assert reasons(found) == ["It has a model whose name may not be shown."]


def test_the_host_of_a_private_registry_stays_out(web: WebServer, recorded: RecordedOllama) -> None:
    name = f"{CANARY}.example:5000/team/small:1b"
    recorded.replies["/api/tags"] = {"models": [listed(name)]}
    recorded.shown = {name: show_reply(Shape(2, 64, 4, 4, 128, 300, types="q8_0"))}
    (model,) = find(web).models
    assert model.name == "private-registry/team/small:1b"


def test_a_gap_names_the_model_or_the_service(web: WebServer) -> None:
    found = find(web, LocalModel(name="big:7b", service="llm"))
    assert found.gaps == (
        Gap(source="ollama", subject="big:7b", reason="Ollama does not have it."),
    )
