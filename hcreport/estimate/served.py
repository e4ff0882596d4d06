"""What of a service's memory is counted with the local models that it serves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hcreport.estimate.memory import memory_number
from hcreport.estimate.models import model_memory, model_size
from hcreport.estimate.need import Need
from hcreport.estimate.scenarios import replicas
from hcreport.model import LocalModel, Origin, RequirementPart, Service
from hcreport.units import Bytes, gib


@dataclass(frozen=True, kw_only=True)
class Served:
    """The models of one service that are loaded together."""

    memory: Bytes
    """What is counted for them."""
    computed: str
    """One of them whose need was computed, with the server in it; empty where there is none."""


def served_models(loaded: Iterable[LocalModel]) -> dict[str, Served]:
    """Return what is counted for loaded models, by the service that serves them."""
    found: dict[str, Served] = {}
    for model in loaded:
        size = model_size(model)
        if model.service is None or size is None:
            continue
        known = found.get(model.service, Served(memory=Bytes(0), computed=""))
        computed = known.computed or (model.name if model.memory is None else "")
        found[model.service] = Served(memory=known.memory + size, computed=computed)
    return found


def is_ollama_image(reference: str | None) -> bool:
    """Tell whether an image is Ollama's own, ``ollama/ollama`` in any registry and of any tag."""
    name = re.split("[@:]", reference or "", maxsplit=1)[0]
    return name.split("/")[-2:] == ["ollama", "ollama"]


def is_covered(service: Service, served: Served | None) -> bool:
    """Tell whether all that runs in a service is counted with its models.

    Ollama's image runs its server and one process for each model, and a computed need holds both.
    What another image runs beside is not known, nor is the server in a need that was declared. Each
    further container has a server that is not counted.
    """
    if served is None or not served.computed or service.build is not None:
        return False
    return is_ollama_image(service.image) and replicas(service) == 1


def covered_part(
    service: Service, served: Served, *, largest: Bytes | None, notes: tuple[str, ...] = ()
) -> RequirementPart:
    """Return the part of a service that needs nothing beyond its models, see :func:`is_covered`."""
    origin = Origin(
        kind="estimated",
        evidence=f"Ollama's server is counted in the need of {served.computed}",
        fact="ollama/serve-idle",
    )
    return RequirementPart(
        name=service.name,
        memory=memory_number("nothing beyond its model", Bytes(0), origin),
        containers=replicas(service),
        largest=largest,
        exact=True,
        notes=notes,
    )


def prompt_note(model: LocalModel) -> tuple[str, ...]:
    """Return that prompts come on top of a computed need; nothing where none are remembered."""
    memory = model_memory(model)
    if memory is None or model.memory is not None or memory.ceiling == memory.full:
        return ()
    most = gib(memory.ceiling - memory.full)
    return (f"the prompts that it remembers come on top, up to {most}",)


def without_models(needs: Sequence[Need], counted: Bytes) -> list[Need]:
    """Return needs without what the model takes, which is counted once, however many serve it.

    It is taken off the hungriest first: the others may have loaded it too, and then need it too.
    """
    left, found = counted, list(needs)
    for place in sorted(range(len(needs)), key=lambda place: needs[place].minimum, reverse=True):
        taken = min(left, needs[place].minimum)
        found[place] = _beyond(needs[place], taken)
        left -= taken
    return found


def less(size: Bytes, by: Bytes) -> Bytes:
    """Return the bytes that are left; 0 where nothing is."""
    return Bytes(max(0, int(size) - int(by)))


def _beyond(need: Need, counted: Bytes) -> Need:
    """Return a need without what its model takes, which is a part of its own."""
    return replace(
        need,
        minimum=less(need.minimum, counted),
        highest=(highest := less(need.highest, counted)),
        without_files=min(need.without_files, highest),
        elsewhere=min(need.elsewhere, highest),
        low=less(need.low, counted),
        high=None if need.high is None else less(need.high, counted),
        recommended=less(need.recommended, counted),
    )
