"""What is run: which model with which settings, and how many prompts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hcreport.model import CacheType, RunnerSettings


@dataclass(frozen=True, kw_only=True)
class Case:
    """One model with one set of settings."""

    tag: str
    settings: RunnerSettings
    prompts: int = 1
    """Different ones, each of the same length; with more than one the remembered ones add up."""
    turns: int = 0
    """Further turns of one conversation, which keep the states of a windowed model."""
    words: str = ""
    """What is unusual, for the table."""
    apart: bool = False
    """No constant was fitted to it: it shows how well the formula predicts."""

    @property
    def name(self) -> str:
        """Return what no other case is called."""
        return f"{self.tag} {self.settings.context} {self.words}".strip()


def _case(
    tag: str,
    context: int,
    words: str = "",
    *,
    kind: CacheType = "f16",
    slots: int = 1,
    flash: bool = True,
    mapped: bool = False,
    prompts: int = 1,
    turns: int = 0,
) -> Case:
    settings = RunnerSettings(
        context=context,
        slots=slots,
        key_type=kind,
        value_type=kind,
        flash_attention=flash,
        mapped=mapped,
    )
    return Case(tag=tag, settings=settings, prompts=prompts, turns=turns, words=words)


CASES: tuple[Case, ...] = (
    _case("smollm2:135m", 4096),
    _case("smollm2:135m", 8192),
    _case("smollm2:135m", 8192, "q8_0", kind="q8_0"),
    _case("smollm2:135m", 8192, "mapped", mapped=True),
    _case("smollm2:135m", 4096, "4 slots", slots=4),
    _case("smollm2:135m", 8192, "no flash", flash=False),
    _case("smollm2:135m", 4096, "9 prompts", prompts=9),
    _case("gemma3:270m", 4096),
    _case("gemma3:270m", 32768),
    _case("gemma3:270m", 8192, "q4_0", kind="q4_0"),
    _case("gemma3:270m", 8192, "mapped", mapped=True),
    _case("gemma3:270m", 4096, "no flash", flash=False),
    _case("gemma3:270m", 8192, "5 prompts", prompts=5),
    _case("gemma3:270m", 8192, "26 turns", turns=25),
    _case("all-minilm", 512),
    _case("mxbai-embed-large", 512),
    _case("nomic-embed-text", 2048),
    _case("nomic-embed-text", 2048, "no flash", flash=False),
    _case("qwen2.5:0.5b", 32768),
    _case("qwen3:0.6b", 8192),
    _case("qwen3:0.6b", 4096, "4 slots, q8_0", kind="q8_0", slots=4),
    _case("tinyllama", 2048),
    _case("gemma3:1b", 8192),
    _case("llama3.2:1b", 4096),
    _case("llama3.2:1b", 32768),
    _case("llama3.2:1b", 4096, "no flash", flash=False),
    _case("gemma2:2b", 4096),
    _case("llama3.2:3b", 4096),
    _case("gemma3:4b", 4096),
    _case("phi3:mini", 4096),
    _case("deepseek-r1:7b", 4096),
    _case("qwen2.5:7b", 8192),
    _case("mistral:7b", 4096, "no flash", flash=False),
    _case("codellama:7b", 4096),
    _case("qwen3:8b", 8192, "q8_0", kind="q8_0"),
    _case("llama3.1:8b", 4096),
    _case("llama3.1:8b", 4096, "mapped", mapped=True),
    _case("gemma2:9b", 4096),
)

APART: tuple[Case, ...] = tuple(
    replace(case, apart=True)
    for case in (
        _case("smollm2:135m", 2048, "4 slots, no flash", slots=4, flash=False),
        _case("gemma3:270m", 16384, "2 slots, q8_0", kind="q8_0", slots=2),
        _case("bge-m3", 8192),
        _case("gemma2:2b", 8192, "no flash", flash=False),
        _case("qwen2.5:3b", 16384),
        _case("qwen3:4b", 4096, "q4_0", kind="q4_0"),
        _case("llama3:8b", 2048, "2 slots", slots=2),
        _case("gemma3:12b", 4096),
        _case("phi4:14b", 4096),
    )
)
"""Chosen after the formula and its constants stood, and run once."""

IN_CONTAINERS: tuple[Case, ...] = (
    _case("smollm2:135m", 4096),
    _case("gemma3:270m", 4096),
    _case("nomic-embed-text", 2048),
    _case("llama3.2:1b", 4096),
    _case("llama3.2:3b", 4096),
    _case("llama3.1:8b", 4096),
)
"""Tried in a container with the limit that is stated, and with 5 % less."""
