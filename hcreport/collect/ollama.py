"""Finds out what is in a project's local models and how they are run, asking the best source first.

The order is: a running Ollama, a file that ``hcreport.yml`` names, Ollama's folder of models, and
where the user wants it the registry. What fails is a gap; what nobody was expected to know is one
only where no other source knew it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hcreport.collect.ollama_api import Loaded, facts_from_server
from hcreport.collect.ollama_facts import (
    ModelFacts,
    ModelName,
    ModelParameters,
    model_name,
    same_name,
)
from hcreport.collect.ollama_places import Place
from hcreport.collect.ollama_registry import OllamaRegistry, facts_from_registry
from hcreport.collect.ollama_search import SOURCE, FoundModels, ModelSearch, catalogued
from hcreport.collect.ollama_server import PlaceServer
from hcreport.collect.ollama_settings import Serving, runner_settings
from hcreport.collect.ollama_store import (
    NoStoreError,
    OllamaStore,
    facts_from_file,
    facts_from_store,
)
from hcreport.collect.redact import UNREADABLE_IMAGE, image_reference
from hcreport.collect.web import NoAnswerError, NotThereError
from hcreport.errors import GgufError, HcreportError, OllamaError
from hcreport.model import Gap, LocalModel

_DAMAGED = "The header of its file is damaged, or is none of a GGUF file."
_OLD = "Its Ollama is older than 0.30; runners of that time were not measured."


def model_from_server(name: str, url: str) -> LocalModel:
    """Return a model as a running Ollama describes it; ``url`` is as ``http://127.0.0.1:11434``.

    Raises OllamaError where the server does not answer or has no such model.
    """
    return _alone(name, facts_from_server(name, url))


def model_from_store(name: str, folder: Path) -> LocalModel:
    """Return a model from Ollama's folder of models (``~/.ollama``); only its header is read.

    Raises OllamaError where the folder is no such store or does not hold the model, GgufError
    where the model's file is damaged.
    """
    return _alone(name, facts_from_store(name, folder))


def model_from_file(name: str, path: Path) -> LocalModel:
    """Return a model from a GGUF file, of which only the header is read.

    Raises OllamaError where it cannot be read, GgufError where it is damaged.
    """
    return _alone(name, facts_from_file(path))


def model_from_registry(name: str, address: str | None = None) -> LocalModel:
    """Return a model from its manifest and the header of its file in the registry.

    ``address`` is of another registry than Ollama's, such as ``http://127.0.0.1:5000``; without it
    the variable ``HCREPORT_OLLAMA_REGISTRY`` counts. Raises OllamaError, or GgufError for a damaged
    header.
    """
    return _alone(name, facts_from_registry(name, address))


def find_models(search: ModelSearch) -> FoundModels:
    """Ask all sources, and return the project's models with what they said.

    Declared models keep their place and what they declare. Others of a server are added behind
    them where they are loaded, or where a server or a store has no other.
    """
    return _Finding(search).found()


def _alone(name: str, facts: ModelFacts) -> LocalModel:
    settings = None
    if facts.parameters != ModelParameters():
        settings = runner_settings(Serving(), facts.parameters, facts.shape)
    return LocalModel(
        name=name,
        shape=facts.shape,
        shape_from=facts.source,
        settings=settings,
        file=facts.file,
    )


def _from_folder(folder: Path, name: ModelName) -> ModelFacts:
    """Return what a folder that the user named says; that it is none is always worth saying."""
    try:
        store = OllamaStore(folder)
    except NoStoreError as error:
        raise OllamaError(error.message, hint=error.hint) from error
    return store.show(name)


class _Finding:
    """One search while it is under way."""

    def __init__(self, search: ModelSearch) -> None:
        self._search = search
        self._gaps = list(search.gaps)
        self._servers = [PlaceServer(each) for each in search.places]
        for server in self._servers:
            self._gaps += [
                Gap(source=SOURCE, subject=server.place.service, reason=reason)
                for reason in server.ask()
            ]
        self._silent_registry: NoAnswerError | None = None

    def found(self) -> FoundModels:
        models = [self._complete(each) for each in self._search.declared]
        for server in self._servers:
            known = {same_name(each.name) for each in models}
            models += [self._complete(each) for each in self._undeclared(server, known)]
        gaps = sorted(set(self._gaps), key=lambda gap: (gap.subject or "", gap.reason))
        return FoundModels(models=tuple(models), gaps=tuple(gaps))

    def _note(self, subject: str | None, error: HcreportError | str) -> None:
        """Note a gap; the words of a header stay out of it."""
        text = error if isinstance(error, str) else error.message
        reason = _DAMAGED if isinstance(error, GgufError) else text
        self._gaps.append(Gap(source=SOURCE, subject=subject, reason=reason))

    def _undeclared(self, server: PlaceServer, known: set[str]) -> Iterator[LocalModel]:
        """Yield models of a server that nobody declared and that count nevertheless."""
        has = tuple(server.sizes) or server.kept()
        service = server.place.service
        chosen = [each for each in has if len(has) == 1 or server.memory(each) is not None]
        if not chosen and not any(same_name(each) in known for each in has):
            self._note_no_model(server, has)
        for name in chosen:
            shown = image_reference(name, self._search.keep_registries)
            if shown == UNREADABLE_IMAGE:
                self._note(service, "It has a model whose name may not be shown.")
            elif same_name(name) not in known:
                yield LocalModel(name=shown, service=service)

    def _note_no_model(self, server: PlaceServer, has: tuple[str, ...]) -> None:
        """Note why no model of a server is in the report, where none is."""
        place = server.place
        if any(each.service == place.service for each in self._search.declared):
            return
        if has:
            reason = f"It has {len(has)} models; none is loaded, and none is in hcreport.yml."
            self._note(place.service, reason)
        elif place.unasked:
            self._note(place.service, place.unasked)

    def _server_of(self, model: LocalModel) -> PlaceServer | None:
        """Return the server that runs a model: its service's, or the one that has it.

        A model of Compose's top level may be another runner's, so it counts as Ollama's only where
        Ollama has it.
        """
        servers = self._servers
        if model.service is not None:
            return next((each for each in servers if each.place.service == model.service), None)
        has = [each for each in servers if each.shown(model.name)]
        if has or model.location is not None:
            return has[0] if has else None
        return servers[0] if len(servers) == 1 else None

    def _complete(self, model: LocalModel) -> LocalModel:
        """Return a model with what the best source said about it."""
        server = self._server_of(model)
        facts = None if model.shape else self._facts(model, server)
        if facts is not None:
            update = {"shape": facts.shape, "shape_from": facts.source}
            model = model.model_copy(update={**update, "file": model.file or facts.file})
        model = catalogued(model)
        if server is None and model.shape is None:
            return model
        place = server.place if server else Place(service=None)
        loaded = server.memory(model.name) if server else None
        self._note_limits(model, place, loaded)
        settings = model.settings or runner_settings(
            place.serving,
            facts.parameters if facts else ModelParameters(),
            model.shape,
            context=model.context_length or (loaded.context if loaded else None),
        )
        return model.model_copy(
            update={
                "service": model.service or place.service,
                "settings": settings,
                "loaded": loaded.size if loaded else model.loaded,
            }
        )

    def _note_limits(self, model: LocalModel, place: Place, loaded: Loaded | None) -> None:
        """Note what the estimate does not know about how a model is run."""
        if loaded is not None and loaded.on_gpu:
            self._note(model.name, "A part of it lies on a GPU, whose memory is not estimated.")
        if place.serving.old:
            self._note(model.name, _OLD)

    def _facts(self, model: LocalModel, server: PlaceServer | None) -> ModelFacts | None:
        """Return what the first source says that knows a model."""
        unknown = [server.place.unasked] if server and server.place.unasked else []
        for ask in self._sources(model, server):
            try:
                return ask()
            except (NotThereError, NoStoreError) as error:
                unknown.append(error.message)
            except (OllamaError, GgufError) as error:
                self._note(model.name, error)
        if catalogued(model).shape is None:
            for reason in unknown:
                self._note(model.name, reason)
        return None

    def _sources(
        self, model: LocalModel, server: PlaceServer | None
    ) -> Iterator[Callable[[], ModelFacts]]:
        """Yield the questions about a model, the best first."""
        search, name = self._search, model_name(model.name)
        if server is not None and server.api is not None:
            yield partial(server.show, model.name)
        if model.name in search.paths:
            yield partial(facts_from_file, search.paths[model.name])
        if name is None:
            return
        if server is not None and server.place.folders:
            yield partial(server.show_kept, name)
        if search.store is not None:
            yield partial(_from_folder, search.store, name)
        # Another runner's model of Compose's top level has a namespace: "ai/smollm2".
        if search.registry and (model.location is None or "/" not in model.name):
            yield partial(self._from_registry, name)

    def _from_registry(self, name: ModelName) -> ModelFacts:
        """Return what the registry says; one that does not answer is not asked again."""
        if self._silent_registry is not None:
            raise self._silent_registry
        try:
            return OllamaRegistry().show(name)
        except NoAnswerError as error:
            self._silent_registry = error
            raise
