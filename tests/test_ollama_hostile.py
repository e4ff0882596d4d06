"""Answers about models in which any value may be anything: they are read, or refused in words."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hcreport.collect.ollama_api import OllamaServer
from hcreport.collect.ollama_manifest import read_manifest
from hcreport.collect.ollama_settings import Serving, runner_settings
from hcreport.errors import OllamaError
from hcreport.model import LocalModel
from tests.ollama_server import (
    Answer,
    Json,
    RecordedOllama,
    WebServer,
    as_json,
    serve_web,
    show_reply,
    stored_model,
)

_Path = tuple[str | int, ...]

Served = tuple[RecordedOllama, WebServer]

SHOW = show_reply(parameters="num_ctx 2048")
MANIFEST = stored_model({"model": b"a", "params": b"{}", "projector": b"ccc"}).manifest

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 0.5, 1e308, float("inf"), float("nan")),
    *(2**31, 2**63 - 1, 2**63, 2**200, "", "7", "\ud800", "library/small"),
    *([], {}, [[]], [None], ["x"], [0.5], [1] * 5000, {"name": 1}),
)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Yield one server for all examples: to start one takes longer than an example."""
    ollama = RecordedOllama()
    with serve_web(ollama.respond) as server:
        yield ollama, server


def places(value: object, above: _Path = ()) -> Iterator[_Path]:
    """Yield the places of all values in a piece of JSON, less those in long lists."""
    if isinstance(value, dict):
        inner: list[tuple[str | int, object]] = list(value.items())
    elif isinstance(value, list) and len(value) < 40:
        inner = list(enumerate(value))
    else:
        return
    for key, each in inner:
        yield (*above, key)
        yield from places(each, (*above, key))


def changed(reply: Json, changes: list[tuple[_Path, Any]]) -> Json:
    """Return a copy with other values at some places, as far as these are still there."""
    found: Any = copy.deepcopy(reply)
    for place, value in changes:
        inner = found
        try:
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = copy.deepcopy(value)
        except (LookupError, TypeError):
            continue
    return dict(found)


def changes_of(reply: Json) -> st.SearchStrategy[list[tuple[_Path, Any]]]:
    place = st.sampled_from(sorted(places(reply), key=str))
    return st.lists(st.tuples(place, st.sampled_from(VALUES)), min_size=1, max_size=3)


@hypothesis_settings(max_examples=150, deadline=None)
@given(changes_of(SHOW))
def test_no_answer_about_a_model_is_a_crash(
    served: Served, changes: list[tuple[_Path, Any]]
) -> None:
    ollama, server = served
    ollama.shown["small"] = changed(SHOW, changes)
    try:
        facts = OllamaServer(server.url).show("small")
    except OllamaError:
        return
    settings = runner_settings(Serving(), facts.parameters, facts.shape)
    model = LocalModel(name="small", shape=facts.shape, settings=settings)
    assert LocalModel.model_validate_json(model.model_dump_json()) == model


@hypothesis_settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["/api/version", "/api/tags", "/api/ps"]))
def test_no_bytes_of_a_server_are_a_crash(served: Served, body: bytes, path: str) -> None:
    ollama, server = served
    ollama.replies[path] = Answer(body)
    api = OllamaServer(server.url)
    said = []
    for ask in (api.version, api.models, api.loaded):
        try:
            ask()
        except OllamaError as error:
            said.append(error.message)
    assert all(each.startswith("Ollama gave an answer") for each in said)


@hypothesis_settings(max_examples=300, deadline=None)
@given(changes_of(MANIFEST))
def test_no_manifest_is_a_crash(changes: list[tuple[_Path, Any]]) -> None:
    body = as_json(changed(MANIFEST, changes)).body
    try:
        manifest = read_manifest(body, "The registry")
    except OllamaError:
        return
    assert len(manifest.model.digest) == 64
    assert manifest.size >= manifest.model.size
    assert json.loads(body)
