"""Reading models in Ollama's folder and in single files: what is read, and what is never opened."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from hcreport.collect.ollama import find_models, model_from_file, model_from_store
from hcreport.collect.ollama_places import Place
from hcreport.collect.ollama_search import FoundModels, ModelSearch
from hcreport.errors import GgufError, HcreportError, OllamaError
from hcreport.estimate.llm_tensors import weight_bytes
from hcreport.model import LocalModel
from tests.engine_fixture import CANARY
from tests.gguf_files import llama_header
from tests.ollama_server import (
    SMALL,
    Json,
    StoredModel,
    model_file,
    stored_model,
    write_store,
)

LAYERS = {
    "model": model_file(),
    "template": CANARY.encode(),
    "license": CANARY.encode() * 20,
    "params": json.dumps({"num_ctx": 2048, "stop": [CANARY]}).encode(),
}
WEIGHTS = int(weight_bytes(llama_header(SMALL)))


@pytest.fixture
def stored() -> StoredModel:
    return stored_model(LAYERS)


@pytest.fixture
def folder(tmp_path: Path, stored: StoredModel) -> Path:
    return write_store(tmp_path / CANARY / "models", {"library/small/latest": stored})


def find(folder: Path, *declared: LocalModel) -> FoundModels:
    place = Place(service="llm", folders=(folder,), unasked="Its Ollama does not run.")
    found = find_models(ModelSearch(declared=declared, places=(place,)))
    text = "".join(each.model_dump_json() for each in (*found.models, *found.gaps))
    assert CANARY not in text
    return found


def test_a_model_is_what_its_files_say(folder: Path, stored: StoredModel) -> None:
    model = model_from_store("small", folder)
    assert model.shape is not None
    assert model.shape_from == "file"
    assert model.shape.weights == WEIGHTS
    assert (model.shape.vocabulary, model.shape.merges) == (SMALL.vocabulary, SMALL.merges)
    assert model.file == stored.size
    assert model.settings is not None
    assert model.settings.context == 2048


def test_the_folder_above_will_do(folder: Path) -> None:
    assert model_from_store("small", folder.parent) == model_from_store("small", folder)


@pytest.mark.parametrize("kind", ["projector", "adapter"])
def test_what_is_loaded_besides_counts_as_weights(tmp_path: Path, kind: str) -> None:
    model = stored_model({"model": model_file(), kind: bytes(5000), "license": bytes(70)})
    folder = write_store(tmp_path, {"me/small/1b": model})
    shape = model_from_store("me/small:1b", folder).shape
    assert shape is not None
    assert shape.weights == WEIGHTS + 5000


def test_the_only_model_of_a_store_is_added(folder: Path) -> None:
    found = find(folder)
    (model,) = found.models
    assert (model.name, model.service, model.shape_from) == ("small:latest", "llm", "file")
    assert found.gaps == ()


def test_one_of_several_models_is_not_added(folder: Path, stored: StoredModel) -> None:
    write_store(folder, {"library/other/7b": stored})
    found = find(folder)
    assert found.models == ()
    assert [gap.reason for gap in found.gaps] == [
        "It has 2 models; none is loaded, and none is in hcreport.yml."
    ]


def test_a_declared_model_is_completed(folder: Path) -> None:
    found = find(folder, LocalModel(name="small", service="llm"))
    (model,) = found.models
    assert model.name == "small"
    assert model.shape is not None
    assert found.gaps == ()


def test_why_nobody_knows_a_model_is_said(folder: Path) -> None:
    found = find(folder, LocalModel(name="big:7b", service="llm"))
    assert [gap.reason for gap in found.gaps if gap.subject == "big:7b"] == [
        "Its Ollama does not run.",
        "Ollama's folder of models does not have it.",
    ]


def blob(folder: Path, stored: StoredModel, kind: str = "model") -> Path:
    (layer,) = [each for each in stored.manifest["layers"] if each["mediaType"].endswith(kind)]
    return folder / "blobs" / str(layer["digest"]).replace(":", "-")


def replace_manifest(folder: Path, manifest: object) -> None:
    place = folder / "manifests/registry.ollama.ai/library/small/latest"
    place.write_text(json.dumps(manifest), encoding="utf-8")


OTHER = "0" * 64
NO_MANIFEST = "Ollama's folder of models has no manifest of a known form for it."


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"digest": f"sha256:{OTHER}"}, "The model's file is not there."),
        ({"digest": "sha256:../../../../etc/passwd"}, NO_MANIFEST),
        ({"digest": f"sha256:../{OTHER[3:]}"}, NO_MANIFEST),
        ({"digest": f"/etc/passwd:{OTHER}"}, NO_MANIFEST),
        ({"digest": OTHER}, NO_MANIFEST),
        ({"digest": 7}, NO_MANIFEST),
        ({"size": -1}, NO_MANIFEST),
        ({"size": "7"}, NO_MANIFEST),
        ({"size": True}, NO_MANIFEST),
        ({"size": 7}, "The header of its file is damaged, or is none of a GGUF file."),
        ({"mediaType": None}, NO_MANIFEST),
        (
            {"mediaType": CANARY},
            "Ollama's folder of models has it in another form than one GGUF file.",
        ),
    ],
)
def test_a_manifest_that_lies_is_a_gap(
    folder: Path, stored: StoredModel, change: Json, reason: str
) -> None:
    manifest = json.loads(json.dumps(stored.manifest))
    manifest["layers"][0] |= change
    replace_manifest(folder, manifest)
    found = find(folder, LocalModel(name="small"))
    assert [gap.reason for gap in found.gaps][-1] == reason
    assert found.models[0].shape is None


@pytest.mark.parametrize(
    "manifest", [[], {}, {"layers": 7}, {"layers": [7]}, {"layers": [{}] * 300}, CANARY]
)
def test_a_manifest_of_another_form_is_an_error(folder: Path, manifest: object) -> None:
    replace_manifest(folder, manifest)
    with pytest.raises(OllamaError):
        model_from_store("small", folder)


@pytest.mark.parametrize("target", ["outside", "inside"])
def test_no_link_is_followed_out_of_the_store(
    folder: Path, stored: StoredModel, tmp_path: Path, target: str
) -> None:
    file = blob(folder, stored)
    elsewhere = (folder if target == "inside" else tmp_path) / "elsewhere"
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    if target == "inside":
        assert model_from_store("small", folder).shape is not None
        return
    with pytest.raises(OllamaError, match="leads elsewhere"):
        model_from_store("small", folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name here")
def test_a_pipe_is_not_waited_for(folder: Path, stored: StoredModel) -> None:
    file = blob(folder, stored)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(OllamaError, match="no plain file"):
        model_from_store("small", folder)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model" * 50, model_file()[:900]])
def test_a_file_that_is_damaged_is_a_gap_without_its_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / f"{CANARY}.gguf"
    path.write_bytes(content)
    with pytest.raises(GgufError):
        model_from_file("small", path)
    search = ModelSearch(declared=(LocalModel(name="small"),), paths={"small": path})
    (gap,) = find_models(search).gaps
    assert gap.reason == "The header of its file is damaged, or is none of a GGUF file."


def test_a_single_file_is_a_model(tmp_path: Path) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(model_file())
    model = model_from_file("small", path)
    assert model.file == len(model_file())
    assert model.shape is not None
    assert model.shape.weights == WEIGHTS
    assert str(path) not in model.model_dump_json()


@pytest.mark.parametrize("name", ["../small", "a/b/c/d:e:f", "", "small:", f"{'x' * 99}", "..:.."])
def test_a_name_that_is_none_never_becomes_a_path(folder: Path, name: str) -> None:
    with pytest.raises(HcreportError, match="no name of a model") as caught:
        model_from_store(name, folder)
    assert caught.value.hint


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_a_folder_that_is_no_store_is_refused_with_a_hint(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(OllamaError, match="is not there, or holds no manifests") as caught:
        model_from_store("small", tmp_path / place)
    assert "manifests and blobs" in caught.value.hint
    search = ModelSearch(declared=(LocalModel(name="small"),), store=tmp_path / place)
    assert [gap.reason for gap in find_models(search).gaps] == [caught.value.message]


def test_digests_of_the_fixture_are_true(folder: Path) -> None:
    for each in (folder / "blobs").iterdir():
        assert each.name == f"sha256-{hashlib.sha256(each.read_bytes()).hexdigest()}"
