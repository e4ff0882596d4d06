"""How a service's settings, and the model's own, have Ollama run a model.

Source: ``envconfig/config.go``, ``server/sched.go`` and ``llm/server.go`` in the source of Ollama
0.33. Settings reach us through the allow-list of :mod:`hcreport.collect.redact`, so that each is
of a fixed form; what is of another form is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from hcreport.collect.ollama_facts import ModelParameters
from hcreport.facts import fact_value
from hcreport.model import CacheType, ModelShape, RunnerSettings
from hcreport.units import Bytes, mebibytes

_OWN = "OLLAMA_"
_CACHE_TYPE = "OLLAMA_KV_CACHE_TYPE"

ONE_SLOT = frozenset(
    {
        *("lfm2", "lfm2moe", "mllama", "nemotron_h", "nemotron_h_moe", "nemotron_h_omni"),
        *("qwen35", "qwen35moe", "qwen3next", "qwen3vl", "qwen3vlmoe"),
    }
)
"""Architectures that Ollama runs with one slot whatever is set: ``server/sched.go``, 0.33."""

_SINCE_LLAMA_SERVER = (0, 30, 0)
"""The version from which Ollama starts llama.cpp's server: fact ``ollama/prompt-cache-limit``."""

_MOST_SLOTS = 999
_MOST_TOKENS = 99_999_999
_MOST_MEBIBYTES = 99_999_999
_MOST_STATES = 9_999

_TRUE = ("1", "true")


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How a server runs its models, as far as it is known."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """Allowed variables of its service: :attr:`hcreport.model.Service.settings`."""
    version: tuple[int, int, int] | None = None
    """None where nobody knows; it is then taken to be a version since 0.30."""

    @property
    def old(self) -> bool:
        """Whether it has runners of its own, as Ollama had before 0.30."""
        return self.version is not None and self.version < _SINCE_LLAMA_SERVER


def as_ollama_reads(environment: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return an environment in which Ollama's own variables have lost the quotes that it strips.

    The type of the cache is in lower case, as Ollama turns it.
    """
    found = dict(environment)
    for name, value in environment.items():
        if value and name.startswith(_OWN):
            bare = value.strip().strip("\"'")
            found[name] = bare.lower() if name == _CACHE_TYPE else bare
    return found


def runner_settings(
    serving: Serving,
    parameters: ModelParameters,
    shape: ModelShape | None,
    *,
    context: int | None = None,
) -> RunnerSettings:
    """Return how Ollama runs a model.

    ``context`` is the context in tokens that is declared or was seen, and counts most; then comes
    the model's own, then the service's, then Ollama's default. No model gets more than it was made
    for. Before version 0.30 there was no prompt cache, flash attention had to be switched on, and
    without it the type of the cache had no effect.
    """
    given = serving.settings
    wanted = (
        context
        or parameters.context
        or _whole(given, "OLLAMA_CONTEXT_LENGTH", most=_MOST_TOKENS)
        or round(fact_value("ollama/default-context"))
    )
    longest = shape.context_length if shape else None
    cache_type = _cache_type(given)
    flash = given.get("OLLAMA_FLASH_ATTENTION", "").lower()
    flash_attention = flash in _TRUE if serving.old or flash else True
    if serving.old and not flash_attention:
        cache_type = "f16"
    settings = RunnerSettings(
        context=min(wanted, longest) if longest else wanted,
        slots=_slots(given, shape),
        key_type=cache_type,
        value_type=cache_type,
        flash_attention=flash_attention,
        mapped=bool(parameters.mapped),
        batch=parameters.batch,
    )
    return settings.model_copy(update=_remembered(serving))


def _remembered(serving: Serving) -> dict[str, object]:
    """Return how much of finished prompts is kept; -1 MiB is no limit of size."""
    if serving.old:
        return {"prompt_cache": Bytes(0), "checkpoints": 0}
    found: dict[str, object] = {}
    cache = _whole(serving.settings, "LLAMA_ARG_CACHE_RAM", least=-1, most=_MOST_MEBIBYTES)
    if cache is not None:
        found["prompt_cache"] = None if cache < 0 else mebibytes(cache)
    states = _whole(serving.settings, "LLAMA_ARG_CTX_CHECKPOINTS", least=0, most=_MOST_STATES)
    if states is not None:
        found["checkpoints"] = states
    return found


def _slots(given: Mapping[str, str], shape: ModelShape | None) -> int:
    if shape is not None and (shape.embeds or shape.architecture in ONE_SLOT):
        return 1
    return _whole(given, "OLLAMA_NUM_PARALLEL", most=_MOST_SLOTS) or 1


def _cache_type(given: Mapping[str, str]) -> CacheType:
    text = given.get(_CACHE_TYPE, "")
    for known in get_args(CacheType):
        if text == known:
            return known  # type: ignore[no-any-return]
    return "f16"


def _whole(
    given: Mapping[str, str], name: str, *, least: int = 1, most: int = _MOST_TOKENS
) -> int | None:
    """Return a setting that is a whole number within bounds; None for any other."""
    try:
        number = int(given.get(name, ""))
    except ValueError:
        return None
    return number if least <= number <= most else None
