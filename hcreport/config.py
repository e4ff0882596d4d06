"""``hcreport.yml``: what a project tells hcreport about itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from hcreport.errors import ConfigError
from hcreport.model import LocalModel, PriceTable, Scenario, SleepGroup
from hcreport.model.record import Record, explain_validation
from hcreport.units import Bytes, parse_compose_memory, parse_docker_image_size

FILE_NAME = "hcreport.yml"


_TIME = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Leaves days as text: PyYAML stops at one that does not exist and cannot say where."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's own name and form)
        first: [each for each in resolvers if each[0] != _TIME]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _size(value: object) -> object:
    """Accept ``5.4g`` as Compose would read it, or a number of bytes."""
    return parse_compose_memory(value) if isinstance(value, str) else value


def _image_size(value: object) -> object:
    """Accept ``2GB`` as ``docker images`` prints it, or a number of bytes."""
    return parse_docker_image_size(value) if isinstance(value, str) else value


class PlannedModel(LocalModel):
    """A local language model that the stack is meant to run."""

    memory: Annotated[Bytes | None, BeforeValidator(_size)] = None
    """What it needs, as a Compose size (``5.4g``) or in bytes; leave out what you do not know."""
    path: str | None = None
    """Its GGUF file, relative to the folder of the project; it never enters a snapshot."""


class Suppression(Record):
    """A finding that the project has decided to live with."""

    rule: str
    subject: str | None = None
    """None suppresses the rule for every subject."""
    reason: str = Field(min_length=1)
    """Printed in the report; a suppression without a reason is refused."""
    until: date | None = None
    """Last day on which it holds: ``2027-03-31``. Afterwards the finding is open again."""


class Budgets(Record):
    """What the project allows itself. What exceeds a budget is a problem; without one, nothing."""

    largest_image: Annotated[Bytes | None, BeforeValidator(_image_size)] = None
    """Bytes that no image may exceed, as ``docker images`` prints them (``2GB``), or in bytes."""
    all_images: Annotated[Bytes | None, BeforeValidator(_image_size)] = None
    """Bytes of all images together, shared layers once, in the same form."""
    docker_memory: dict[str, Annotated[Bytes, BeforeValidator(_size)]] = Field(default_factory=dict)
    """Memory that each scenario may need, by its name, as a Compose size (``8g``) or in bytes."""
    p95_of_limit_ratio: float | None = Field(default=None, gt=0, le=1)
    """Share of its memory limit that a container may use in 95 % of the window: ``0.8``."""


class Config(Record):
    """The content of ``hcreport.yml``; every key is optional."""

    title: str | None = None
    """Name of the project for people."""
    snapshot: str | None = None
    """Snapshot that ``hcreport build`` publishes, relative to this file."""
    snapshots_dir: str | None = None
    """Folder of snapshots for the page about changes, relative to this file. Where ``snapshot``
    is left out, the newest of them is published."""
    templates: str | None = None
    """Folder of templates that replace ours or override their blocks, relative to this file."""
    models: tuple[PlannedModel, ...] = ()
    ollama: str | None = None
    """Address of a running Ollama to ask about models: ``http://127.0.0.1:11434``."""
    registry: bool = False
    """Look up models in Ollama's registry where nobody else knows them."""
    scenarios: tuple[Scenario, ...] = ()
    groups: tuple[SleepGroup, ...] = ()
    """Services of which only some need to run at a time."""
    prices: PriceTable | None = None
    """What providers ask for, with the date; hcreport has no prices of its own."""
    machine_memory: Annotated[Bytes | None, BeforeValidator(_size)] = None
    """Memory of the machine around Docker's virtual machine, as a Compose size or in bytes."""
    rules: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Thresholds by rule and name: ``{memory-near-limit: {usage_ratio: 0.9}}``."""
    suppress: tuple[Suppression, ...] = ()
    budgets: Budgets = Budgets()
    baseline: str | None = None
    """Snapshot, or result of ``hcreport check --format json``, relative to this file. Its problems
    do not fail ``hcreport check``, unless they got worse."""
    max_age_days: int | None = Field(default=None, ge=1)
    """Age in days from which ``hcreport check --stale`` calls a snapshot too old."""
    keep_registries: tuple[str, ...] = ()
    """Private registry hosts whose names may stand in a snapshot."""
    keep_packages: tuple[str, ...] = ()
    """Packages that a smaller image keeps, whatever is concluded about them."""

    @model_validator(mode="after")
    def _in_one_group(self) -> Config:
        """Refuse a service in two groups, whose savings would count it twice."""
        seen: dict[str, str] = {}
        for group in self.groups:
            for name in group.services:
                if name in seen:
                    raise ValueError(
                        f"the service {name} is in two groups, {seen[name]} and {group.name}"
                    )
                seen[name] = group.name
        return self


def read_config(path: Path) -> Config:
    """Return the configuration in a file. Raises ConfigError, which names the file and the key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"{path} cannot be read: {reason}.") from error
    try:
        data = yaml.load(text, _Loader)  # noqa: S506  (derived from the safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path} is not valid YAML{place}.", hint="Correct that line.") from error
    except ValueError as error:  # of a value with a tag of its own: !!int many
        raise ConfigError(
            f"{path} is not valid YAML: {error}.", hint="Correct that value."
        ) from error
    try:
        return Config.model_validate(data or {})
    except ValidationError as error:
        raise explain_validation(error, str(path), ConfigError) from error


def find_config(folder: Path) -> tuple[Config, Path | None]:
    """Return the configuration of a project folder and its path; the default where it has none."""
    path = folder / FILE_NAME
    return (read_config(path), path) if path.is_file() else (Config(), None)
