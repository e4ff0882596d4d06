"""The results: what each case held, how near the estimate is, and what the containers did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from hcreport.estimate.llm_memory import llm_memory, prompt_bytes
from hcreport.facts import fact_bytes
from hcreport.model import ModelMemory, ModelShape, RunnerSettings
from hcreport.units import GIB, MIB, Bytes

SHARE_ALLOWED = 0.02
"""How far the estimate may be off from 1 GiB on."""

SIZE_ALLOWED = 30 * MIB
"""How far it may be off below, in bytes."""


Outcome = Literal["ran", "killed"]
"""What became of a container; it was killed for want of memory."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Part):
    """What one case held; sizes are bytes. What was estimated is computed anew each time."""

    name: str
    tag: str
    words: str
    """What is unusual about it."""
    content: Literal["real", "real header", "made"]
    """What the model's file held: all of it, or true sizes and no content."""
    shape: ModelShape
    settings: RunnerSettings
    apart: bool = False
    """No constant was fitted to it."""
    prompt_tokens: int
    prompts: int
    turns: int
    idle: int
    """Resident memory of the process before the first prompt."""
    peak: int
    """The highest resident memory that the kernel saw, up to and with the last prompt."""
    anonymous: int
    """What of it no file backs, after the last prompt."""
    buffers: Mapping[str, int]
    """As the server's log names them."""
    peers: Mapping[str, int | None]
    """Figures of others, by their names; None where one has none."""

    @property
    def single(self) -> bool:
        """Whether one prompt was sent, as for a load."""
        return self.prompts == 1 and not self.turns

    @property
    def memory(self) -> ModelMemory:
        """The estimate."""
        return llm_memory(self.shape, self.settings)

    @property
    def estimated(self) -> int:
        """The load, with what further prompts and the states of a conversation add to it."""
        if self.turns:
            return int(self.memory.load + self.memory.checkpoints_ceiling)
        prompt = prompt_bytes(self.shape, self.settings, self.prompt_tokens)
        return int(self.memory.load + (self.prompts - 1) * prompt)

    @property
    def anonymous_estimated(self) -> int:
        """What of the estimate the kernel cannot take back."""
        files = fact_bytes("ollama/runner-libraries")
        files += self.shape.weights if self.settings.mapped else Bytes(0)
        return self.estimated - int(files)

    @property
    def error(self) -> float:
        """By what share of the peak the estimate is off; positive is too much."""
        return self.estimated / self.peak - 1

    @property
    def within(self) -> bool:
        """Whether the estimate is as near as it has to be."""
        off = abs(self.estimated - self.peak)
        return off <= (SHARE_ALLOWED * self.peak if self.peak >= GIB else SIZE_ALLOWED)


class Trial(_Part):
    """One run of a model in a container with a limit. Sizes are bytes."""

    limit: int
    outcome: Outcome


class ContainerRow(_Part):
    """One model in containers. Sizes are bytes."""

    name: str
    minimum: int
    """The smallest limit that is stated."""
    peak: int
    """The highest that the kernel counted without file pages, in a container without limit."""
    at_minimum: tuple[Trial, ...]
    below: tuple[Trial, ...]
    """With 5 % less."""

    @property
    def holds(self) -> bool:
        """Whether it ran each time with the limit, and never with less."""
        return all(each.outcome == "ran" for each in self.at_minimum) and all(
            each.outcome == "killed" for each in self.below
        )


class Machine(_Part):
    """Where and with what it was measured."""

    kernel: str
    processor: str
    cpus: int
    memory: int
    llama_cpp: str
    engine: str | None = None
    cgroup: str | None = None


class Results(_Part):
    """One run of the bench."""

    date: str
    machine: Machine
    rows: tuple[Row, ...] = ()
    containers: tuple[ContainerRow, ...] = ()


def mean_errors(rows: Iterable[Row], *, least: int = 0) -> dict[str, tuple[float, int]]:
    """Return the mean size of each estimator's error and of how many cases it is, ours first.

    Only cases with a peak of ``least`` bytes count, and only those of one prompt: no peer was asked
    about others. A peer is judged by the cases for which it has a figure.
    """
    single = [row for row in rows if row.single and row.peak >= least]
    found = {"hcreport": [abs(row.error) for row in single]}
    for row in single:
        for name, size in row.peers.items():
            if size is not None:
                found.setdefault(name, []).append(abs(size / row.peak - 1))
    return {name: (sum(each) / len(each), len(each)) for name, each in found.items() if each}


def with_row(rows: Sequence[Row], row: Row, order: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows with one put in or replaced, in an order of names."""
    kept = [each for each in rows if each.name != row.name]
    return tuple(sorted((*kept, row), key=lambda each: order.index(each.name)))
