"""The command that says how much memory one local language model needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.memory_size import memory_size
from hcreport.cli.shared_options import format_option
from hcreport.cli.talk import colour_and_width, publish, say
from hcreport.errors import EngineUnreachable, HcreportError, UsageError

if TYPE_CHECKING:
    from hcreport.model import CacheType, LocalModel, RunnerSettings
    from hcreport.render.model_answer import ModelAnswer
    from hcreport.units import Bytes

_CACHE_TYPES = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl")

_MOST_TOKENS = 99_999_999
_MOST_SLOTS = 999

_ENGINE_SECONDS = 2
"""So long the engine may take for each answer: the question is about the model, not about it."""

_LATEST = ":latest"
_LIBRARY = ("registry.ollama.ai/", "library/")


@click.command(short_help="Say how much memory a local model needs.")
@click.argument("model", metavar="TAG|FILE.gguf")
@click.option(
    "--context",
    type=click.IntRange(1, _MOST_TOKENS),
    metavar="N",
    help="Tokens of context for each slot.  [default: Ollama's]",
)
@click.option(
    "--kv-type",
    type=click.Choice(_CACHE_TYPES, case_sensitive=False),
    metavar="TYPE",
    help="How keys and values are stored, such as q8_0.  [default: f16]",
)
@click.option(
    "--slots",
    type=click.IntRange(1, _MOST_SLOTS),
    metavar="N",
    help="Requests that are answered at the same time.  [default: 1]",
)
@click.option("--no-flash-attention", is_flag=True, help="Without flash attention.")
@click.option("--mapped", is_flag=True, help="The file is mapped into memory, as with a GPU.")
@click.option(
    "--memory", metavar="SIZE", help="Memory to fit into, such as 8g.  [default: the engine's]"
)
@click.option("--ollama", metavar="URL", help="Ask this running Ollama for the model.")
@click.option(
    "--ollama-store",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Look into Ollama's folder of models.",
)
@click.option("--from-registry", is_flag=True, help="Ask Ollama's registry on the internet.")
@format_option("json")
def model(
    *,
    model: str,
    context: int | None,
    kv_type: CacheType | None,
    slots: int | None,
    no_flash_attention: bool,
    mapped: bool,
    memory: str | None,
    ollama: str | None,
    ollama_store: Path | None,
    from_registry: bool,
    form: str,
) -> None:
    """Say how much memory a local language model needs while Ollama runs it, and if it fits.

    The model is a tag, such as llama3.1:8b, or a GGUF file, of which only the header is read. A
    tag is looked up where the options say, else in hcreport's own list, and is not downloaded. With
    --memory the exit code is 1 if the model does not fit.
    """
    room = memory_size(memory)
    sources = _sources(model, ollama, ollama_store, registry=from_registry)
    found = _find(model, sources)
    changes: dict[str, object] = {
        name: value
        for name, value in (
            ("context", context),
            ("key_type", kv_type),
            ("value_type", kv_type),
            ("slots", slots),
            ("flash_attention", False if no_flash_attention else None),
            ("mapped", mapped or None),
        )
        if value is not None
    }
    answer = _answer(found, changes, room, ask_engine=form == "terminal")
    publish(_shown(answer, form), None)
    if room is not None and not answer.fits:
        raise click.exceptions.Exit(1)


_Sources = list[Callable[[], "LocalModel"]]


def _sources(name: str, server: str | None, store: Path | None, *, registry: bool) -> _Sources:
    """Return whom to ask for a model, the best first; nobody means hcreport's own list."""
    from hcreport.collect import ollama

    sources: _Sources = []
    if server is not None:
        sources.append(lambda: ollama.model_from_server(name, server))
    if store is not None:
        sources.append(lambda: ollama.model_from_store(name, store))
    if registry:
        sources.append(lambda: ollama.model_from_registry(name))
    if not sources and _is_file(name):
        sources.append(lambda: _from_file(Path(name)))
    return sources


def _from_file(path: Path) -> LocalModel:
    from hcreport.collect.ollama import model_from_file
    from hcreport.errors import OllamaError

    if path.is_dir():
        raise OllamaError(
            f"{path} is a folder and no model file.",
            hint="Name the file in it. For Ollama's folder of models use --ollama-store.",
        )
    return model_from_file(path.name, path)


def _is_file(name: str) -> bool:
    """Tell whether a file is meant and not a tag; a folder may happen to be called like a tag."""
    if name.lower().endswith(".gguf"):
        return True
    try:
        return Path(name).exists() and not (Path(name).is_dir() and _catalogued(name))
    except (OSError, ValueError):
        return False


def _find(name: str, sources: _Sources) -> LocalModel:
    """Return the model from the first source that knows it; raises the last one's error."""
    for source in sources[:-1]:
        try:
            return source()
        except HcreportError as error:
            say(f"{error.message} Asking the next.")
    return sources[-1]() if sources else _from_catalogue(name)


def _catalogued(name: str) -> str | None:
    """Return the key of the fact about a tag; None where it is not in the list."""
    from hcreport.facts import catalogue

    tag = name.strip().lower()
    for prefix in _LIBRARY:
        tag = tag.removeprefix(prefix)
    return catalogue().get(tag) or catalogue().get(tag.removesuffix(_LATEST))


def _from_catalogue(name: str) -> LocalModel:
    from hcreport.facts import fact, fact_bytes
    from hcreport.model import LocalModel
    from hcreport.render.escape import one_line

    key = _catalogued(name)
    known = fact(key).model if key else None
    if key is None or known is None:
        raise UsageError(
            f"hcreport's own list has no model {one_line(name)}.",
            hint=f"{' '.join(_nearest(name))} Or ask for it with --ollama URL, --ollama-store "
            "FOLDER or --from-registry, or name its GGUF file.",
        )
    return LocalModel(
        name=known.tag,
        shape=known.shape,
        shape_from="catalogue",
        file=fact_bytes(key),
        fact=key,
    )


def _nearest(name: str) -> Iterator[str]:
    """Yield which tags of the list are most like one that is not there, else all of them."""
    from difflib import get_close_matches

    from hcreport.facts import catalogue

    tag = name.strip().lower()
    family = tag.partition(":")[0]
    same = [each for each in catalogue() if each.partition(":")[0] == family]
    near = same + [each for each in get_close_matches(tag, catalogue()) if each not in same]
    yield f"The nearest are {', '.join(near)}." if near else f"It has {', '.join(catalogue())}."


def _answer(
    found: LocalModel, changes: dict[str, object], room: Bytes | None, *, ask_engine: bool
) -> ModelAnswer:
    from hcreport.errors import OllamaError
    from hcreport.estimate.llm_memory import llm_memory
    from hcreport.estimate.models import runner_settings
    from hcreport.facts import fact
    from hcreport.render.model_answer import ModelAnswer

    if found.shape is None:
        raise OllamaError(
            f"The header of {found.name} is not known.", hint="Name its GGUF file instead."
        )
    settings: RunnerSettings = runner_settings(found).model_copy(update=changes)
    asked, reason = room is not None, ""
    if room is None and ask_engine:
        room, reason = _engine_memory()
    return ModelAnswer(
        model=found,
        shape=found.shape,
        settings=settings,
        memory=llm_memory(found.shape, settings),
        fact=fact(found.fact) if found.fact else None,
        room=room,
        asked=asked,
        reason=reason,
    )


def _engine_memory() -> tuple[Bytes | None, str]:
    """Return the engine's memory, or why it is not known."""
    from hcreport.collect.engine_memory import engine_memory_within

    try:
        return engine_memory_within(_ENGINE_SECONDS), ""
    except EngineUnreachable as error:
        return None, error.message


def _shown(answer: ModelAnswer, form: str) -> str:
    if form == "json":
        from hcreport.render.model_answer import model_json

        return model_json(answer)
    from hcreport.render.model_lines import model_text

    colour, width = colour_and_width()
    return model_text(answer, colour=colour, width=width)
