"""One local model as the page about models shows it: a verdict, its parts, what it fits into.

A pure view: it adds nothing to the estimate but words and the order of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from hcreport.estimate.images import images_by_service
from hcreport.estimate.llm_choices import longest_context
from hcreport.estimate.memory import engine_memory
from hcreport.estimate.model_room import room_for, unmeasured_beside
from hcreport.estimate.models import (
    model_memory,
    model_size,
    runner_settings,
    service_limit,
)
from hcreport.estimate.requirements import started_requirement
from hcreport.facts import fact_bytes
from hcreport.model import (
    Assessment,
    Image,
    LocalModel,
    ModelFit,
    ModelMemory,
    ModelShape,
    Number,
    RunnerSettings,
    Snapshot,
)
from hcreport.names import slug
from hcreport.render.charts import Chart
from hcreport.render.model_chart import Part, model_chart
from hcreport.render.model_evidence import Evidence, failed_loads
from hcreport.render.model_parts import model_parts
from hcreport.render.model_tables import (
    MachineTable,
    SavingRow,
    ScenarioRow,
    SmallerModel,
    machine_table,
    saving_rows,
    scenario_rows,
    smaller_models,
)
from hcreport.render.words import counted
from hcreport.units import Bytes, gib

PROMPTS = (1, 4, 16)
"""For how many remembered prompts the page says what the model needs while it works."""


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """A model whose header was read. Sizes are in bytes; nothing here changes."""

    anchor: str
    """Its place on the page."""
    model: LocalModel
    shape: ModelShape
    memory: ModelMemory
    fit: ModelFit
    snapshot: Snapshot
    assessment: Assessment

    @property
    def settings(self) -> RunnerSettings:
        """How it is run."""
        return runner_settings(self.model)

    @property
    def server(self) -> Bytes:
        """What Ollama's own server takes beside the model."""
        return fact_bytes("ollama/serve-idle")

    @property
    def beside(self) -> Bytes:
        """What comes beside the model's own process: its server, and the kernel's share."""
        return self.server + self.memory.kernel

    @property
    def full(self) -> Bytes:
        """What the model and all beside it need once a prompt has filled the context."""
        return self.memory.full + self.beside

    @property
    def load(self) -> Bytes:
        """What of :attr:`full` they hold after a first, short prompt."""
        return self.memory.load + self.beside

    @property
    def low(self) -> Bytes:
        """Lower end of the range of :attr:`full`."""
        return self.memory.low + self.memory.filling + self.beside

    @property
    def high(self) -> Bytes:
        """Upper end of the range of :attr:`full`."""
        return self.memory.high + self.memory.filling + self.beside

    @property
    def ceiling(self) -> Bytes:
        """:attr:`full` with all that it remembers."""
        return self.memory.ceiling + self.beside

    @property
    def smallest_limit(self) -> Bytes:
        """What of :attr:`load` the kernel cannot take back."""
        return self.memory.container_minimum + self.server

    @property
    def need(self) -> Bytes:
        """What counts in every sum: the declared need where there is one, else :attr:`full`."""
        return model_size(self.model) or self.full

    @cached_property
    def engine(self) -> Number | None:
        """Return the engine's whole memory."""
        return engine_memory(self.snapshot)

    @cached_property
    def limit(self) -> Number | None:
        """Return the memory limit of its service."""
        return service_limit(self.model.service, self.snapshot)

    @cached_property
    def room(self) -> Bytes | None:
        """Return what it can have beside all that starts; None is not measured."""
        return room_for(self.model, self.snapshot)

    @cached_property
    def unmeasured(self) -> int:
        """Return how many parts beside it were not measured."""
        return unmeasured_beside(self.model, started_requirement(self.snapshot))

    @cached_property
    def lower_bounds(self) -> bool:
        """Return whether a part beside it was seen at one moment only."""
        parts = started_requirement(self.snapshot).parts
        return any(each.memory is not None and not each.exact for each in parts)

    @cached_property
    def fits_beside(self) -> bool | None:
        """Return whether it fits beside all that starts; None is not measured."""
        if self.room is None:
            return None
        if self.need > self.room:
            return False
        return None if self.unmeasured else True

    @cached_property
    def verdict(self) -> str:
        """Return whether it fits, in short sentences with their numbers."""
        if not self.fit.fits or self.room is None:
            return self.fit.reason
        need, room = gib(self.need), gib(self.room)
        if self.need > self.room:
            return f"It needs {need} and fits alone. What else starts leaves {room} to it."
        if self.unmeasured:
            parts = counted(self.unmeasured, "part")
            return (
                f"It needs {need} and fits beside what is known. Not measured: {parts} beside it."
            )
        more = " Under load that can be less." if self.lower_bounds else ""
        return f"It needs {need} and fits: what else starts leaves {room} to it.{more}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What collecting could not find out about it, one sentence each."""
        return model_notes(self.model.name, self.snapshot)

    @cached_property
    def failed_loads(self) -> tuple[Evidence, ...] | None:
        """Return what was seen of loads that failed; None where no container was looked at."""
        return failed_loads(self.model, self.snapshot)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Return its parts as numbered rows; what it remembers comes last."""
        return model_parts(self.shape, self.memory, self.settings, server=self.server)

    @cached_property
    def chart(self) -> Chart:
        """Return the drawing of :attr:`parts`, with a line at what its engine or service has."""
        has = None if self.fit.has is None else Bytes(round(self.fit.has.value))
        return model_chart(self.model.name, self.parts, has)

    @cached_property
    def working(self) -> tuple[tuple[int, Bytes], ...]:
        """Return what it needs after some different prompts, each as long as the context."""
        most, prompt = self.memory.prompt_cache_ceiling, self.memory.prompt
        return tuple(
            (count, self.full + prompt * count) for count in PROMPTS if 0 < prompt * count <= most
        )

    @cached_property
    def scenarios(self) -> tuple[ScenarioRow, ...]:
        """Return whether each scenario that runs it runs on this engine."""
        return scenario_rows(self.model, self.assessment.requirements, self.snapshot)

    @cached_property
    def machines(self) -> MachineTable:
        """Return what fits on machines of each size."""
        return machine_table(self.model, self.need, self.assessment.requirements)

    @cached_property
    def longest_alone(self) -> int | None:
        """Return the longest context with which it fits by itself, in tokens."""
        has = self.fit.has
        return None if has is None else self._longest(Bytes(round(has.value)))

    @cached_property
    def longest_beside(self) -> int | None:
        """Return the longest context with which it fits beside all that starts, in tokens."""
        return None if self.room is None else self._longest(self.room)

    @cached_property
    def savings(self) -> tuple[SavingRow, ...]:
        """Return the settings that would save memory."""
        return saving_rows(self.shape, self.settings)

    @cached_property
    def smaller(self) -> tuple[SmallerModel, ...]:
        """Return models that need less with the same settings."""
        return smaller_models(self.model, self.full, self.settings, self.room)

    @cached_property
    def image(self) -> Image | None:
        """Return the image of its service, where that is known."""
        images: Mapping[str, Image] = images_by_service(self.snapshot)
        return images.get(self.model.service) if self.model.service else None

    def _longest(self, room: Bytes) -> int | None:
        return longest_context(self.shape, self.settings, Bytes(max(0, room - self.server)))


def model_notes(name: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return what collecting could not find out about a model, sorted."""
    return tuple(sorted({each.reason for each in snapshot.gaps if each.subject == name}))


def model_rows(
    snapshot: Snapshot, assessment: Assessment
) -> tuple[tuple[ModelFit, ModelView | None], ...]:
    """Return every model in the order of the snapshot; without a view where it has no header."""
    rows: list[tuple[ModelFit, ModelView | None]] = []
    anchors: Counter[str] = Counter()
    for model, fit in zip(snapshot.models, assessment.models, strict=False):
        memory = model_memory(model)
        if model.shape is None or memory is None:
            rows.append((fit, None))
            continue
        anchor = f"model-{slug(model.name)}"
        anchors[anchor] += 1
        view = ModelView(
            anchor=anchor if anchors[anchor] == 1 else f"{anchor}-{anchors[anchor]}",
            model=model,
            shape=model.shape,
            memory=memory,
            fit=fit,
            snapshot=snapshot,
            assessment=assessment,
        )
        rows.append((fit, view))
    return tuple(rows)
