"""How other programs that estimate a model's memory are asked, and what they answer."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.ollama import peer_programs
from bench.ollama.peer_programs import LLMFIT_NAMES
from bench.ollama.peers import LOCK, PEERS, Answer, Question, ask_peers, prepare_peers
from hcreport.estimate.llm_shape import model_shape
from hcreport.model import RunnerSettings
from hcreport.units import GB, GIB
from tests.gguf_files import (
    Shape,
    header,
    llama_header,
    llama_metadata,
    llama_tensors,
    write_model,
)

SMALL = Shape(4, 64, 4, 2, 128, 100, context=4096, types="q8_0")

FORMULAS = ("ollama", "gguf-parser-go", "naive")
SCRIPTS = {
    "modelinfo-cli": "modelinfo",
    "ggufit": "ggufit",
    "canirunllm": "canirunllm",
    "castlearq": "castlearq",
}

PYTHON = """#!/bin/sh
for name in modelinfo ggufit canirunllm castlearq; do
  case "$3" in *"from $name."*) cat > "{folder}/$name.json" ;; esac
done
echo 2.5
"""

LLMFIT = """#!/bin/sh
echo "$*" > "{folder}/words"
echo '{{"run_paths": [{{"path": "gpu", "minimum": {{"ram_gb": 9}}}},
  {{"path": "cpu_only", "minimum": {{"ram_gb": 1.5}}}}]}}'
"""


def question(
    folder: Path,
    settings: RunnerSettings,
    *,
    tag: str = "tinyllama",
    quantization: str = "Q8_0",
) -> Question:
    """Return a question about a small model, whose file is written."""
    file = write_model(folder / "model", llama_metadata(SMALL), llama_tensors(SMALL))
    return Question(
        tag=tag,
        file=file,
        size=file.stat().st_size,
        parameters=sum(math.prod(each.dimensions) for each in llama_tensors(SMALL)),
        quantization=quantization,
        shape=model_shape(llama_header(SMALL)),
        settings=settings,
    )


def environment(folder: Path, python: str = PYTHON, llmfit: str = LLMFIT) -> Path:
    """Return an environment with programs that write down what they are asked."""
    programs = folder / "environment" / "bin"
    programs.mkdir(parents=True)
    for name, text in (("python", python), ("llmfit", llmfit)):
        (programs / name).write_text(text.format(folder=folder), encoding="utf-8")
        (programs / name).chmod(0o755)
    return programs.parent


@pytest.mark.parametrize("architecture", ["mamba", "granitehybrid", "rwkv7"])
def test_recurrent_layers_are_not_restated(tmp_path: Path, architecture: str) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    model = header(architecture)
    file = write_model(asked.file, dict[str, Any](model.metadata), model.tensors)
    asked = replace(asked, size=file.stat().st_size)
    answer = ask_peers(asked, tmp_path / "nothing")["gguf-parser-go"]
    assert answer.bytes is None
    assert "recurrent layers is not restated" in answer.reason


def test_every_peer_answers_in_order(tmp_path: Path) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    answers = ask_peers(asked, environment(tmp_path))
    assert list(answers) == list(PEERS)
    assert not [name for name, each in answers.items() if each.bytes is None or each.reason]


def test_an_absent_environment_gives_reasons(tmp_path: Path) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    answers = ask_peers(asked, tmp_path / "nothing")
    for name in PEERS:
        if name in FORMULAS:
            assert answers[name].bytes
            continue
        assert answers[name].bytes is None
        assert answers[name].reason == f"{name} could not be started: No such file or directory."


def test_a_missing_file_gives_reasons(tmp_path: Path) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    asked.file.unlink()
    answers = ask_peers(asked, tmp_path / "nothing")
    why = "The model's file could not be read: No such file or directory."
    assert answers["ollama"] == answers["gguf-parser-go"] == Answer(bytes=None, reason=why)


def test_a_damaged_file_gives_reasons(tmp_path: Path) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    asked.file.write_bytes(b"no model at all")
    answers = ask_peers(asked, tmp_path / "nothing")
    assert answers["ollama"] == answers["gguf-parser-go"]
    assert "GGUF" in answers["ollama"].reason


def test_units_of_the_programs(tmp_path: Path) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    answers = ask_peers(asked, environment(tmp_path, python=PYTHON.replace("2.5", "3.5")))
    assert answers["ggufit"].bytes == round(3.5 * GIB)
    assert answers["llmfit"].bytes == round(1.5 * GB)
    for name in ("modelinfo-cli", "canirunllm", "castlearq"):
        assert answers[name].bytes == 4


@pytest.mark.parametrize("peer", SCRIPTS)
def test_what_the_scripts_are_told(tmp_path: Path, peer: str) -> None:
    settings = RunnerSettings(context=512, slots=3, key_type="q8_0", value_type="q4_0")
    ask_peers(question(tmp_path, settings, quantization="Q4_0"), environment(tmp_path))
    told = json.loads((tmp_path / f"{SCRIPTS[peer]}.json").read_text(encoding="utf-8"))
    assert told["context"] == 512
    assert told["slots"] == 3
    assert told["layers"] * told["width"] == 4 * 2 * 16
    assert told["bits"] == (8.5 + 4.5) / 2
    assert told["parameters"] == told["billions"] * GB
    assert told["type_bits"] == 4.5
    assert (told["ggufit_type"], told["canirunllm_type"]) == ("q4", "Q4")


@pytest.mark.parametrize(
    ("quantization", "ggufit", "canirunllm", "llmfit"),
    [
        ("Q4_K_M", "q4", "Q4", "Q4_K_M"),
        ("Q4_K_S", "q4", "Q4", "Q4_K_M"),
        ("Q4_0", "q4", "Q4", "Q4_0"),
        ("Q8_0", "q8", "Q8", "Q8_0"),
        ("Q6_K", "q6", "Q6", "Q6_K"),
        ("F16", "fp16", "FP16", "F16"),
        ("BF16", "fp16", "FP16", "BF16"),
        ("MXFP4", "q4", "Q4", "Q4_K_M"),
    ],
)
def test_types_by_their_names(
    tmp_path: Path, quantization: str, ggufit: str, canirunllm: str, llmfit: str
) -> None:
    asked = question(tmp_path, RunnerSettings(context=512), quantization=quantization)
    ask_peers(asked, environment(tmp_path))
    told = json.loads((tmp_path / "ggufit.json").read_text(encoding="utf-8"))
    assert (told["ggufit_type"], told["canirunllm_type"]) == (ggufit, canirunllm)
    assert f"--quant {llmfit} " in (tmp_path / "words").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("tag", "settings", "words"),
    [
        (
            "tinyllama",
            RunnerSettings(context=512, slots=4),
            "TinyLlama/TinyLlama-1.1B-Chat-v1.0 --context 2048 --quant Q8_0 --kv-quant fp16",
        ),
        (
            "mistral:latest",
            RunnerSettings(context=512, key_type="q8_0", value_type="q8_0"),
            "mistralai/Mistral-7B-Instruct-v0.3 --context 512 --quant Q8_0 --kv-quant q8_0",
        ),
        (
            "llama3.1:8b-instruct-q8_0",
            RunnerSettings(context=512, key_type="q4_0", value_type="q4_0"),
            "meta-llama/Llama-3.1-8B-Instruct --context 512 --quant Q8_0 --kv-quant q4_0",
        ),
    ],
)
def test_how_llmfit_is_asked(
    tmp_path: Path, tag: str, settings: RunnerSettings, words: str
) -> None:
    ask_peers(question(tmp_path, settings, tag=tag), environment(tmp_path))
    assert (tmp_path / "words").read_text(encoding="utf-8").strip() == f"--json plan {words}"


def test_llmfit_is_not_asked_about_an_unknown_name(tmp_path: Path) -> None:
    asked = question(tmp_path, RunnerSettings(context=512), tag="unheard-of:1b")
    answer = ask_peers(asked, environment(tmp_path))["llmfit"]
    assert answer.bytes is None
    assert "we know none for unheard-of:1b" in answer.reason
    assert "unheard-of:1b" not in LLMFIT_NAMES


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        (
            "#!/bin/sh\necho first >&2; echo 'No such module.' >&2; exit 1\n",
            "error: No such module.",
        ),
        ("#!/bin/sh\nexit 3\n", "ended with an error: it said nothing."),
        ("#!/bin/sh\necho None\n", "did not answer with a number."),
        ("#!/bin/sh\necho nan\n", "answered with a figure that is no size."),
        ("#!/bin/sh\necho 0\n", "answered with a figure that is no size."),
    ],
)
def test_a_program_that_fails_gives_a_reason(tmp_path: Path, python: str, reason: str) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    answers = ask_peers(asked, environment(tmp_path, python=python))
    for name in SCRIPTS:
        assert answers[name].bytes is None
        assert answers[name].reason.startswith(name)
        assert answers[name].reason.endswith(reason)


@pytest.mark.parametrize("printed", ["", "[]", '{"run_paths": [{"path": "gpu"}]}'])
def test_an_answer_of_llmfit_without_a_figure(tmp_path: Path, printed: str) -> None:
    asked = question(tmp_path, RunnerSettings(context=512))
    llmfit = "#!/bin/sh\necho '" + printed.replace("{", "{{").replace("}", "}}") + "'\n"
    answer = ask_peers(asked, environment(tmp_path, llmfit=llmfit))["llmfit"]
    assert answer.bytes is None
    assert answer.reason == "llmfit's answer has no figure for a machine without a GPU."


def test_a_program_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer_programs, "SECONDS", 0.05)
    asked = question(tmp_path, RunnerSettings(context=512))
    endless = "#!/bin/sh\nexec tail -f /dev/null\n"
    answers = ask_peers(asked, environment(tmp_path, llmfit=endless))
    assert answers["llmfit"].reason == "llmfit did not answer within 0.05 seconds."


def test_the_lock_names_what_is_said_to_be_asked() -> None:
    wanted = LOCK.with_suffix(".in").read_text(encoding="utf-8")
    locked = LOCK.read_text(encoding="utf-8")
    names = re.findall(r"^([a-z-]+)==(\S+)$", wanted, re.MULTILINE)
    assert {name for name, _ in names} == set(PEERS) - set(FORMULAS)
    for name, version in names:
        assert PEERS[name].startswith(f"{name} {version},")
        assert f"{name}=={version} \\\n    --hash=sha256:" in locked
    assert "://" not in locked
    assert not re.findall(r"^--", locked, re.MULTILINE)


def test_an_environment_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "ready-for.txt").write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    assert prepare_peers(tmp_path) == tmp_path
    assert [each.name for each in tmp_path.iterdir()] == ["ready-for.txt"]


def test_a_folder_with_other_things_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RuntimeError, match="a folder of its own"):
        prepare_peers(tmp_path)
    assert (tmp_path / "letter.txt").is_file()
