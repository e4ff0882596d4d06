"""The command that says what one model needs: its answer, its exit codes, and bad input."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from hcreport.cli import run
from hcreport.cli.model import _CACHE_TYPES
from hcreport.collect.engine import connect
from hcreport.estimate.llm_memory import llm_memory
from hcreport.facts import catalogue, fact
from hcreport.model import CacheType, RunnerSettings
from hcreport.units import gibibytes
from tests.gguf_files import LLAMA32_1B, header_bytes, llama_metadata, write_llama
from tests.recorded_engine import Hangs, RecordedEngine, serve
from tests.test_cli import Hcreport

# The Docker SDK leaves it to Python to close the socket of a connection that failed.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)

KEYS = {
    *("model", "context", "slots", "key_type", "value_type", "weights", "kv_cache", "compute"),
    *("output", "overhead", "load", "container_minimum", "prompt_cache_ceiling", "ceiling"),
    *("low", "high", "validated", "source", "file", "repacked_copy", "full", "filling"),
    *("checkpoints", "checkpoints_ceiling", "kernel", "copies"),
}

PARTS = (
    *("weights", "repacked_copy", "kv_cache", "compute", "copies", "output", "overhead"),
    "checkpoints",
)


@pytest.fixture
def hcreport(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Hcreport:
    """Call the command line in an empty folder and without an engine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exit_info:
            run(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(exit_info.value.code, int)
        return exit_info.value.code, captured.out, captured.err

    return call


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("gguf") / "small.gguf", LLAMA32_1B)


def answered(hcreport: Hcreport, *arguments: str) -> dict[str, Any]:
    code, out, err = hcreport("model", *arguments, "--format", "json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.parametrize("tag", catalogue())
def test_json_has_these_keys_and_parts_that_add_up(hcreport: Hcreport, tag: str) -> None:
    found = answered(hcreport, tag)
    assert set(found) == KEYS
    assert found["full"] == sum(found[part] for part in PARTS)
    assert found["load"] == found["full"] - found["filling"]
    kept = found["prompt_cache_ceiling"] + found["checkpoints_ceiling"]
    assert found["ceiling"] == found["full"] + kept
    assert found["low"] < found["load"] < found["high"]
    assert found["source"] == "catalogue"
    assert (found["model"], found["slots"], found["key_type"]) == (tag, 1, "f16")
    assert isinstance(found["validated"], bool)


def test_what_was_not_measured_is_not_called_validated(hcreport: Hcreport) -> None:
    validated = {tag for tag in catalogue() if answered(hcreport, tag)["validated"]}
    assert set(catalogue()) - validated == {"gemma3:4b"}, "it takes images"


def test_the_usual_context_is_ollamas_and_no_longer_than_the_models(hcreport: Hcreport) -> None:
    assert answered(hcreport, "llama3.1:8b")["context"] == 4096
    assert answered(hcreport, "tinyllama")["context"] == 2048


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["--context", "8192"], {"context": 8192}),
        (["--kv-type", "Q8_0"], {"key_type": "q8_0", "value_type": "q8_0"}),
        (["--slots", "3"], {"slots": 3}),
        (["--no-flash-attention"], {"flash_attention": False}),
        (["--mapped"], {"mapped": True}),
    ],
)
def test_an_option_changes_the_settings(
    hcreport: Hcreport, options: list[str], settings: dict[str, Any]
) -> None:
    known = fact(catalogue()["llama3.1:8b"]).model
    assert known is not None
    memory = llm_memory(known.shape, RunnerSettings(**{"context": 4096} | settings))
    found = answered(hcreport, "llama3.1:8b", *options)
    assert {part: found[part] for part in PARTS} == {
        part: int(getattr(memory, part)) for part in PARTS
    }


def test_the_types_on_the_command_line_are_those_of_the_cache() -> None:
    assert set(_CACHE_TYPES) == set(get_args(CacheType))


@pytest.mark.parametrize(
    "name", ["LLAMA3.1:8b", "library/llama3.1:8b", "registry.ollama.ai/library/llama3.1:8b"]
)
def test_a_tag_may_be_written_in_full(hcreport: Hcreport, name: str) -> None:
    assert answered(hcreport, name)["model"] == "llama3.1:8b"


def test_a_model_without_a_tag_is_the_latest(hcreport: Hcreport) -> None:
    assert answered(hcreport, "tinyllama:latest")["model"] == "tinyllama"
    assert hcreport("model", "llama3.1")[0] == 2, "which of its files is the latest nobody checked"


@pytest.mark.parametrize(
    ("memory", "code", "verdict"),
    [
        ("8g", 0, "llama3.1:8b needs 5.29 GiB for 4,096 tokens and fits in 8 GiB."),
        ("4g", 1, "llama3.1:8b needs 5.29 GiB for 4,096 tokens and does not fit in 4 GiB."),
    ],
)
def test_memory_decides_the_exit_code(
    hcreport: Hcreport, memory: str, code: int, verdict: str
) -> None:
    got, out, err = hcreport("model", "llama3.1:8b", "--memory", memory)
    assert (got, err) == (code, "")
    assert out.splitlines()[0] == verdict
    got, out, _ = hcreport("model", "llama3.1:8b", "--memory", memory, "--format", "json")
    assert got == code
    assert set(json.loads(out)) == KEYS


def test_the_exact_need_fits_and_a_byte_less_does_not(hcreport: Hcreport) -> None:
    """Ollama's own server counts as well, 50 MB, and the kernel's share."""
    answer = answered(hcreport, "tinyllama")
    need = answer["full"] + answer["kernel"] + 50_000_000
    assert hcreport("model", "tinyllama", "--memory", f"{need}")[0] == 0
    assert hcreport("model", "tinyllama", "--memory", f"{need - 1}")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["llama3.1"], "The nearest are llama3.1:8b"),
        (["lama3.1:8b"], "llama3.1:8b"),
        (["qwen2.5:70b"], "The nearest are qwen2.5:7b"),
        (["nobody/knows"], "It has codellama:7b"),
        (["nobody/knows"], "--ollama URL, --ollama-store FOLDER or --from-registry"),
        (["llama3.1:8b", "--context", "0"], "--context"),
        (["llama3.1:8b", "--slots", "0"], "--slots"),
        (["llama3.1:8b", "--kv-type", "nonsense"], "--kv-type"),
        (["llama3.1:8b", "--memory", "plenty"], "--memory"),
        (["llama3.1:8b", "--memory", "-1"], "--memory must be more than nothing"),
        ([], "Usage:"),
    ],
)
def test_bad_usage_is_explained(hcreport: Hcreport, arguments: list[str], expected: str) -> None:
    code, out, err = hcreport("model", *arguments)
    assert (code, out) == (2, "")
    assert expected in err


def test_a_file_is_read_by_its_header(hcreport: Hcreport, small_model: Path) -> None:
    found = answered(hcreport, str(small_model))
    listed = answered(hcreport, "llama3.2:1b")
    assert (found["model"], found["source"]) == ("small.gguf", "file")
    assert found["file"] == small_model.stat().st_size
    assert {part: found[part] for part in PARTS} == {part: listed[part] for part in PARTS}


def test_a_file_without_the_usual_ending_is_a_file(
    hcreport: Hcreport, small_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "blob").symlink_to(small_model)
    assert answered(hcreport, "blob")["source"] == "file"


def test_a_folder_called_like_a_tag_hides_no_model(hcreport: Hcreport, tmp_path: Path) -> None:
    (tmp_path / "tinyllama").mkdir()
    assert answered(hcreport, "tinyllama")["source"] == "catalogue"


def _text_file(path: Path) -> None:
    path.write_text("This is no model.\n", encoding="utf-8")


def _truncated(path: Path) -> None:
    path.write_bytes(header_bytes(llama_metadata(LLAMA32_1B._replace(vocabulary=9, merges=0)))[:99])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("make", [_text_file, _truncated, _empty, Path.mkdir, lambda path: None])
def test_what_is_no_model_file_is_said(hcreport: Hcreport, tmp_path: Path, make: Any) -> None:
    make(tmp_path / "bad.gguf")
    code, out, err = hcreport("model", "bad.gguf")
    assert (code, out) == (3, "")
    assert err.startswith("Error: ")
    assert "inside hcreport" not in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(hcreport: Hcreport, tmp_path: Path) -> None:
    _text_file(tmp_path / "secret.gguf")
    (tmp_path / "secret.gguf").chmod(0)
    code, out, err = hcreport("model", "secret.gguf")
    assert (code, out) == (3, "")
    assert "inside hcreport" not in err


def _store(folder: Path, model: Path) -> Path:
    """Make a folder as Ollama keeps its models in, with one model."""
    digest = "1" * 64
    layer = {
        "mediaType": "application/vnd.ollama.image.model",
        "digest": f"sha256:{digest}",
        "size": model.stat().st_size,
    }
    manifest = {"schemaVersion": 2, "config": layer | {"size": 2}, "layers": [layer]}
    place = folder / "manifests/registry.ollama.ai/library/mine/1b"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "blobs").mkdir()
    os.link(model, folder / f"blobs/sha256-{digest}")
    return folder


def test_a_store_is_asked_before_the_list(
    hcreport: Hcreport, small_model: Path, tmp_path: Path
) -> None:
    store = str(_store(tmp_path / "models", small_model))
    found = answered(hcreport, "mine:1b", "--ollama-store", store)
    assert found["model"] == "mine:1b"
    assert found["source"] != "catalogue"
    assert found["weights"] == answered(hcreport, "llama3.2:1b")["weights"]


def _closed_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def test_a_source_that_fails_is_no_reason_to_use_the_list(
    hcreport: Hcreport, tmp_path: Path
) -> None:
    for options in (["--ollama", _closed_port()], ["--ollama-store", str(tmp_path / "none")]):
        code, out, err = hcreport("model", "llama3.1:8b", *options)
        assert (code, out) == (3, "")
        assert err.startswith("Error: ")


def test_the_next_source_is_asked_where_one_fails(
    hcreport: Hcreport, small_model: Path, tmp_path: Path
) -> None:
    store = str(_store(tmp_path / "models", small_model))
    options = ["--ollama", _closed_port(), "--ollama-store", store, "--format", "json"]
    code, out, err = hcreport("model", "mine:1b", *options)
    assert code == 0
    assert json.loads(out)["model"] == "mine:1b"
    assert err.endswith("Asking the next.\n")


def test_without_an_engine_its_memory_is_not_measured(hcreport: Hcreport) -> None:
    code, out, _ = hcreport("model", "tinyllama")
    assert code == 0
    assert "not measured" in out
    assert "--memory 8g" in out


def test_the_engines_memory_is_the_room(
    hcreport: Hcreport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = RecordedEngine()
    engine.replies["/info"]["MemTotal"] = int(gibibytes(3))
    with serve(engine, tmp_path / "s"):
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        code, out, _ = hcreport("model", "llama3.1:8b")
    assert code == 0, "only --memory decides the exit code"
    assert " ".join(out.split()).count("Docker has 3 GiB") == 1
    assert "it does not fit" in out


def test_an_engine_that_is_silent_keeps_nobody_waiting(
    hcreport: Hcreport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = sys.modules["hcreport.cli.model"]
    assert command._ENGINE_SECONDS == 2
    monkeypatch.setattr(command, "_ENGINE_SECONDS", 0.2)
    engine = RecordedEngine()
    engine.replies["/info"] = Hangs()
    with serve(engine, tmp_path / "s"):
        monkeypatch.setenv("DOCKER_HOST", engine.host)
        code, out, _ = hcreport("model", "llama3.1:8b")
        assert connect(engine.host, seconds=7).client.timeout == 7
    assert code == 0
    assert "does not answer in time" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["tinyllama", "--context", "4096"], "Note: the model was made for 2,048 tokens"),
        (["tinyllama", "--no-flash-attention", "--kv-type", "q8_0"], "only with flash attention"),
        (["nomic-embed-text", "--slots", "2"], "an embedding model with one slot"),
        (["nomic-embed-text"], "it keeps no finished prompts"),
        (["llama3.1:8b"], "as of 23 November 2026: blob 667b0c1932bc, Q4_K_M, 4.92 GB on disk"),
        (["llama3.1:8b"], "Doubt: A tag can be moved to another file."),
        (["llama3.1:8b"], "Models of the architecture llama were measured: the range is 108 MiB"),
        (["llama3.1:8b", "--no-flash-attention"], "llama were measured: the range is 109 MiB"),
        (["gemma3:4b"], "gemma3 that takes images was measured: the range is 557 MiB"),
        (["gemma2:9b"], "LLAMA_ARG_CTX_CHECKPOINTS=2"),
        (["llama3.1:8b"], "at most: LLAMA_ARG_CACHE_RAM=8192"),
        (["llama3.1:8b", "--memory", "8g"], "Longest context that fits 23,552 tokens"),
        (["llama3.1:8b", "--memory", "8g"], "LLAMA_ARG_CACHE_RAM=2674, or less"),
        (["llama3.1:8b", "--memory", "20g"], "the ceiling fits"),
        (["llama3.1:8b", "--memory", "5.45g"], "the estimate's range goes beyond"),
        (["llama3.1:8b", "--mapped", "--memory", "6g"], "read its weights again and again"),
        (["llama3.1:8b", "--memory", "2g"], "none of 1,024 tokens or more"),
        (["tinyllama", "--memory", "8g"], "2,048 tokens all that it was made for"),
        (["llama3.1:8b", "--slots", "2", "--memory", "8g"], "in each of 2 slots"),
        (["llama3.1:8b", "--slots", "2"], "OLLAMA_NUM_PARALLEL=1"),
        (["nomic-embed-text"], "No setting of the cache, the slots or the prompt cache would."),
    ],
)
def test_the_terminal_says_what_matters(
    hcreport: Hcreport, arguments: list[str], expected: str
) -> None:
    _, out, _ = hcreport("model", *arguments)
    assert expected in " ".join(out.split())
