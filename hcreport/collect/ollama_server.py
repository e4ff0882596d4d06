"""One Ollama of a project while it is asked: its server, and the folder with its models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from hcreport.collect.ollama_api import NO_OLLAMA, Loaded, OllamaServer
from hcreport.collect.ollama_facts import ModelFacts, ModelName, same_name
from hcreport.collect.ollama_places import Place
from hcreport.collect.ollama_store import NoStoreError, OllamaStore
from hcreport.collect.web import NoAnswerError, NotThereError
from hcreport.errors import OllamaError
from hcreport.units import Bytes


class PlaceServer:
    """One place, and what its server said that it has."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.api: OllamaServer | None = None
        """None where there is none to ask, or it does not answer any more."""
        self.sizes: dict[str, Bytes | None] = {}
        """Of all files of a model, by its name."""
        self.loaded: dict[str, Loaded] = {}

    def ask(self) -> tuple[str, ...]:
        """Ask the server what it has; return why it did not say, where it did not."""
        if self.place.url is None:
            return ()
        api = OllamaServer(self.place.url)
        try:
            version = api.version()
        except NotThereError:
            return (NO_OLLAMA,) if self.place.certain else ()
        except OllamaError as error:
            return (error.message,)
        if version is not None:
            serving = replace(self.place.serving, version=version)
            self.place = replace(self.place, serving=serving)
        self.api = api
        try:
            self.sizes = api.models()
            self.loaded = api.loaded()
        except OllamaError as error:
            if isinstance(error, NoAnswerError):
                self.api = None
            return (error.message,)
        return ()

    def shown(self, name: str) -> str | None:
        """Return the name under which the server has a model."""
        return next((each for each in self.sizes if same_name(each) == same_name(name)), None)

    def memory(self, name: str) -> Loaded | None:
        """Return what a model takes; None where it is not loaded."""
        names = (each for each in self.loaded if same_name(each) == same_name(name))
        found = next(names, None)
        return None if found is None else self.loaded[found]

    def show(self, name: str) -> ModelFacts:
        """Return what the server says about a model; one that does not answer is not asked again.

        Raises OllamaError.
        """
        if self.api is None:
            raise NotThereError("Its Ollama does not answer any more.")
        shown = self.shown(name) or name
        try:
            return self.api.show(shown, self.sizes.get(shown))
        except NoAnswerError:
            self.api = None
            raise

    def stores(self) -> Iterator[OllamaStore]:
        """Yield the folders of models that can be opened."""
        for folder in self.place.folders:
            with suppress(NoStoreError):
                yield OllamaStore(folder)

    def kept(self) -> tuple[str, ...]:
        """Return the names of the models in its folder; none where it cannot be read."""
        for store in self.stores():
            with suppress(NoStoreError):
                return store.models()
        return ()

    def show_kept(self, name: ModelName) -> ModelFacts:
        """Return what the files in its folder say about a model. Raises OllamaError, GgufError."""
        why: OllamaError | None = None
        for folder in self.place.folders:
            try:
                return OllamaStore(folder).show(name)
            except (NoStoreError, NotThereError) as error:
                why = error
        raise why or NotThereError("Its folder of models is not known.")
