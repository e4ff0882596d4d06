"""What is known of a project's local models before anybody is asked about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hcreport.collect.compose import ComposeProject
from hcreport.collect.engine_replies import Replies
from hcreport.collect.ollama_facts import same_name
from hcreport.collect.ollama_places import Place, find_places
from hcreport.config import PlannedModel
from hcreport.facts import catalogue, fact, fact_bytes
from hcreport.model import Gap, LocalModel

if TYPE_CHECKING:
    from hcreport.collect import CollectOptions

SOURCE = "ollama"
"""Source of the gaps."""

_UNREADABLE = "The engine's answer was not of the expected form."


@dataclass(frozen=True, kw_only=True)
class ModelSearch:
    """Which models are declared, and who can be asked about them."""

    declared: tuple[LocalModel, ...]
    paths: dict[str, Path] = field(default_factory=dict)
    """Files that ``hcreport.yml`` names, by the name of the model."""
    places: tuple[Place, ...] = ()
    store: Path | None = None
    """A folder of models that the user named."""
    registry: bool = False
    """Ask the registry for what nobody else knows."""
    keep_registries: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self.paths or self.places or self.store or self.registry or self.gaps)


@dataclass(frozen=True, kw_only=True)
class FoundModels:
    """The models of a project, and what about them could not be found out."""

    models: tuple[LocalModel, ...]
    gaps: tuple[Gap, ...] = ()


def search_of(options: CollectOptions, compose: ComposeProject, replies: Replies) -> ModelSearch:
    """Return the search that options, Compose and the engine's replies ask for."""
    config = options.config
    named = frozenset(model.service for model in config.models if model.service)
    url = options.ollama or config.ollama
    gaps: tuple[Gap, ...] = ()
    try:
        places = find_places(compose.services, named, compose.project, replies, url)
    except (LookupError, TypeError, ValueError, AttributeError):
        places, gaps = (), (Gap(source=SOURCE, reason=_UNREADABLE),)
    return ModelSearch(
        declared=declared_models(compose, config.models),
        paths={
            model.name: options.compose.folder / model.path for model in config.models if model.path
        },
        places=places,
        store=options.ollama_store,
        registry=options.from_registry or config.registry,
        keep_registries=config.keep_registries,
        gaps=gaps,
    )


def catalogued(model: LocalModel) -> LocalModel:
    """Return a model with the shape in hcreport's own list, where it has none and is in it."""
    keys = {same_name(tag): key for tag, key in catalogue().items()}
    key = keys.get(same_name(model.name))
    known = fact(key).model if key else None
    if model.shape is not None or key is None or known is None:
        return model
    # A declared need rests on what its author says, not on our list.
    cited = key if model.memory is None else None
    return model.model_copy(
        update={
            "shape": known.shape,
            "shape_from": "catalogue",
            "file": model.file or fact_bytes(key),
            "fact": model.fact or cited,
        }
    )


def declared_models(
    compose: ComposeProject, planned: tuple[PlannedModel, ...]
) -> tuple[LocalModel, ...]:
    """Return the models of Compose and of the configuration, whose word counts more."""
    names = {model.name for model in planned}
    others = (model for model in compose.models if model.name not in names)
    ours = (LocalModel.model_validate(model.model_dump(exclude={"path"})) for model in planned)
    return (*others, *ours)


def unasked_models(compose: ComposeProject, planned: tuple[PlannedModel, ...]) -> FoundModels:
    """Return the declared models where nobody is asked about them."""
    return FoundModels(models=tuple(map(catalogued, declared_models(compose, planned))))
