"""Whether a scenario runs on a machine of a certain size, and what has to be changed for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from hcreport.estimate.machines import smallest_machine
from hcreport.platforms import Platform, setting_for
from hcreport.units import Bytes

Runs = Literal["as it is", "after a change", "not"]


@dataclass(frozen=True, kw_only=True)
class DockerNeed:
    """Memory that one scenario needs in Docker, in bytes."""

    minimum: Bytes
    exact: bool
    """False where ``minimum`` is a lower bound: the real need can only be larger."""
    recommended: Bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What comes of running a scenario on one machine."""

    runs: Runs
    exact: bool
    """False where the need is a lower bound: "it runs" then only means that it may."""
    setting: Bytes | None = None
    """What to set, in whole GiB; None where there is nothing to set, or no use in it."""
    roomy: bool = True
    """Docker then has the recommended memory; also true where none is known."""


class FromSize(NamedTuple):
    """The answer for every machine from a size up to the next one of the list."""

    size: Bytes
    answer: Answer


def will_it_run(need: DockerNeed, machine: Bytes, platform: Platform) -> Answer:
    """Return whether a scenario runs on a machine that was sold with ``machine`` bytes.

    A machine may report 7 % less than it was sold with: :func:`smallest_machine` allows for that.
    Docker gets the recommended memory where the machine has room for it, else the minimum.
    """
    least = smallest_machine(need.minimum, platform)
    roomy = None if need.recommended is None else smallest_machine(need.recommended, platform)
    by_default = least.by_default is not None and machine >= least.by_default
    if not by_default and machine < least.when_set:
        return Answer(runs="not", exact=need.exact)
    enough = roomy is None or (roomy.by_default is not None and machine >= roomy.by_default)
    if by_default and enough:
        return Answer(runs="as it is", exact=need.exact)
    runs: Runs = "as it is" if by_default else "after a change"
    if not platform.virtual_machine:
        return Answer(runs=runs, exact=need.exact, roomy=False)
    if need.recommended is not None and roomy is not None and machine >= roomy.when_set:
        return Answer(runs=runs, exact=need.exact, setting=setting_for(need.recommended, platform))
    return Answer(
        runs=runs,
        exact=need.exact,
        setting=None if by_default else setting_for(need.minimum, platform),
        roomy=need.recommended is None,
    )


def answers_by_size(need: DockerNeed, platform: Platform) -> tuple[FromSize, ...]:
    """Return the answers for all machines: each holds from its size on, the first one from 0."""
    sizes = {Bytes(0)}
    for memory in (need.minimum, need.recommended):
        if memory is not None:
            sizes |= {each for each in smallest_machine(memory, platform) if each is not None}
    found: list[FromSize] = []
    for size in sorted(sizes):
        answer = will_it_run(need, size, platform)
        if not found or found[-1].answer != answer:
            found.append(FromSize(size, answer))
    return tuple(found)


def fits_from(need: DockerNeed, platform: Platform) -> Bytes:
    """Return the least machine on which a scenario runs or may run, in bytes as sold."""
    return min(each for each in smallest_machine(need.minimum, platform) if each is not None)
