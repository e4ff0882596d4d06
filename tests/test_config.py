"""``hcreport.yml``: every key optional, every mistake named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hcreport.config import Config, find_config, read_config
from hcreport.errors import ConfigError
from hcreport.units import Bytes

WHOLE = """\
title: My shop
snapshot: docs/latest.json
templates: templates
models:
  - name: llama3.1:8b
    service: llama
    memory: 5.4g
  - name: tiny
    memory: 1000000
  - name: unmeasured
    path: models/here.gguf
ollama: http://127.0.0.1:11434
registry: true
scenarios:
  - name: small
    services: [web, db]
rules:
  memory-near-limit: {usage_ratio: 0.9}
suppress:
  - {rule: image-too-big, subject: core, reason: We ship CUDA.}
keep_registries: [registry.example.com]
keep_packages: [git]
"""


def written(folder: Path, text: str) -> Path:
    """Return the path of a configuration file with this text."""
    path = folder / "hcreport.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_every_key(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, WHOLE))
    assert config.title == "My shop"
    assert [model.memory for model in config.models] == [5_798_205_849, 1_000_000, None]
    assert isinstance(config.models[0].memory, Bytes)
    assert [model.path for model in config.models] == [None, None, "models/here.gguf"]
    assert (config.ollama, config.registry) == ("http://127.0.0.1:11434", True)
    assert config.scenarios[0].services == ("web", "db")
    assert config.rules == {"memory-near-limit": {"usage_ratio": 0.9}}
    assert config.suppress[0].reason == "We ship CUDA."
    assert set(config.model_fields_set) == set(Config.model_fields), "a key has no case here"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_an_empty_file_is_the_default(tmp_path: Path, text: str) -> None:
    assert read_config(written(tmp_path, text)) == Config()


def test_a_folder_without_the_file_has_the_default(tmp_path: Path) -> None:
    assert find_config(tmp_path) == (Config(), None)
    path = written(tmp_path, "title: Shop")
    assert find_config(tmp_path) == (Config(title="Shop"), path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("titel: Shop", "titel: is not a key that this version knows."),
        ("models: [{name: a, memory: 512Mi}]", "models/0/memory: value error, '512Mi' is not"),
        ("models: [{memory: 1g}]", "models/0/name: field required."),
        ("suppress: [{rule: a}]", "suppress/0/reason: field required."),
        ("suppress: [{rule: a, reason: ''}]", "suppress/0/reason: string should have at least"),
        ("rules: {a: {b: many}}", "rules/a/b: input should be a valid number"),
        ("rules: {a: {b: .inf}}", "rules/a/b: input should be a finite number"),
        ("[]\n---\n", "is not valid YAML at line 2."),
        ("title: [unclosed\n", "is not valid YAML at line 2."),
        ("- a list\n", "the top level: input should be a valid dictionary"),
        ("!!python/object/apply:os.getcwd []", "is not valid YAML at line 1."),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(written(tmp_path, text))
    assert sentence in caught.value.message
    assert caught.value.message.startswith(str(tmp_path / "hcreport.yml"))
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = tmp_path / "hcreport.yml"
    path.write_bytes(b"title: \xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read: it is not UTF-8 text"):
        read_config(path)
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        read_config(tmp_path / "gone.yml")
