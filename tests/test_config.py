"""``hcreport.yml``: every key optional, every mistake named with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hcreport.config import Config, find_config, read_config
from hcreport.errors import ConfigError
from hcreport.model import SleepGroup
from hcreport.units import Bytes, gibibytes

WHOLE = """\
title: My shop
snapshot: docs/latest.json
snapshots_dir: snapshots
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
groups:
  - {name: agents, services: [web, db], awake: 1}
prices:
  as_of: 2026-11-27
  currency: EUR
  source: https://example.com/prices
  rows: [{name: large, input_per_million: 1, output_per_million: 2.5}]
machine_memory: 16g
rules:
  memory-near-limit: {usage_ratio: 0.9}
suppress:
  - {rule: image-too-big, subject: core, reason: We ship CUDA., until: 2027-03-01}
budgets:
  largest_image: 900MB
  all_images: 4GB
  docker_memory: {small: 3g}
  p95_of_limit_ratio: 0.8
baseline: snapshots/v1.4.0.json
max_age_days: 90
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
    assert config.groups == (SleepGroup(name="agents", services=("web", "db"), awake=1),)
    assert config.prices is not None
    assert config.prices.as_of == date(2026, 11, 27)
    assert config.prices.rows[0].output_per_million == 2.5
    assert config.machine_memory == gibibytes(16)
    assert config.rules == {"memory-near-limit": {"usage_ratio": 0.9}}
    assert config.suppress[0].reason == "We ship CUDA."
    assert config.suppress[0].until == date(2027, 3, 1)
    assert config.budgets.largest_image == 900_000_000
    assert config.budgets.docker_memory == {"small": gibibytes(3)}
    assert (config.baseline, config.max_age_days) == ("snapshots/v1.4.0.json", 90)
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
        ("models: [{name: a, memory: 512Mi}]", "models/0/memory: '512Mi' is not"),
        ("models: [{memory: 1g}]", "models/0/name: field required."),
        ("suppress: [{rule: a}]", "suppress/0/reason: field required."),
        ("suppress: [{rule: a, reason: ''}]", "suppress/0/reason: string should have at least"),
        ("rules: {a: {b: many}}", "rules/a/b: input should be a valid number"),
        ("rules: {a: {b: .inf}}", "rules/a/b: input should be a finite number"),
        (
            "groups: [{name: a, services: [x, y], awake: 3}]",
            "groups/0: the group a has fewer services (2) than are to be awake (3).",
        ),
        (
            "groups: [{name: a, services: [x, x], awake: 1}]",
            "groups/0: the group a names a service twice.",
        ),
        (
            "groups: [{name: a, services: [x], awake: 1}, {name: b, services: [x], awake: 0}]",
            "the service x is in two groups, a and b.",
        ),
        ("groups: [{name: a, services: [x], awake: -1}]", "groups/0/awake: input should be great"),
        ("groups: [{name: a, services: [], awake: 0}]", "groups/0/services: tuple should have at"),
        ("machine_memory: 16Gi", "machine_memory: '16Gi' is not a Compose size"),
        ("title: !!int many", "is not valid YAML: invalid literal for int()"),
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


def _prices(**changed: str) -> str:
    given = {"as_of": "2026-11-27", "currency": "EUR", "input": "1", "rows": ""} | changed
    row = f"{{name: n, input_per_million: {given['input']}, output_per_million: 1}}"
    return (
        f"prices: {{as_of: {given['as_of']}, currency: {given['currency']}, source: s, "
        f"rows: {given['rows'] or f'[{row}]'}}}"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (_prices(as_of="2026-13-01"), "prices/as_of: there is no day 2026-13-01."),
        (_prices(as_of="2026-02-30"), "prices/as_of: there is no day 2026-02-30."),
        (_prices(as_of="27.11.2026"), "prices/as_of: a day is written as year,"),
        # A number would be taken for seconds since 1970.
        (_prices(as_of="86400"), "prices/as_of: a day is written as year, month and"),
        (_prices(currency="euro"), "prices/currency: a currency is three capital"),
        (_prices(input="-1"), "prices/rows/0/input_per_million: input should be greater than or"),
        (_prices(input=".inf"), "prices/rows/0/input_per_million: input should be a finite num"),
        (_prices(rows="[]"), "prices/rows: tuple should have at least 1 item"),
        ("prices: {currency: EUR, source: s, rows: []}", "prices/as_of: field required"),
    ],
)
def test_a_mistake_in_prices_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(written(tmp_path, text))
    assert sentence in caught.value.message
