"""What one local model needs, for a terminal: the verdict, its parts, what fits, what would save.

It is readable at 80 columns and without colour.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hcreport.estimate.llm_choices import (
    CONTEXT_STEP,
    Saving,
    longest_context,
    prompt_cache_that_fits,
    savings,
)
from hcreport.estimate.llm_compute import automatic_batch
from hcreport.estimate.llm_memory import measured_error
from hcreport.render.bars import bar
from hcreport.render.console import WIDTH, indented, printed, shown
from hcreport.render.escape import one_line
from hcreport.render.model_answer import ModelAnswer
from hcreport.render.words import NOT_MEASURED, date_text
from hcreport.units import MIB, Bytes, gb, gib

_BAR = 10
_WIDE_BAR = 30
_WIDE = 100
_NARROWEST = 72
_NAMES = 30
_SIZES = 14
_GAP = 1

_HEADERS = {
    "ollama": "The model's header, as the running Ollama told it",
    "file": "The header of the model's file",
    "registry": "The header of the model's file, as the registry has it",
}

_UNFIT = "bold red"
_FIT = "bold green"


def model_text(answer: ModelAnswer, *, colour: bool = False, width: int = WIDTH) -> str:
    """Return what a model needs as text, with colour codes where asked for."""
    length = _WIDE_BAR if width >= _WIDE else _BAR
    return printed(Group(*_lines(answer, length)), colour=colour, width=max(width, _NARROWEST))


def _lines(answer: ModelAnswer, length: int) -> Iterator[RenderableType]:
    yield _verdict(answer)
    for note in _notes(answer):
        yield shown(f"Note: {note}", "yellow")
    yield Text("")
    yield _parts(answer, length)
    for title, body in (
        ("In a container, and over time", _limits(answer)),
        ("Does it fit?", _room(answer)),
        ("What would save memory", _savings(answer)),
        ("Where this comes from", Group(*_sources(answer))),
    ):
        yield Text("")
        yield shown(title, "bold")
        yield body


def _verdict(answer: ModelAnswer) -> RenderableType:
    """Return the first line; it says whether the model fits where a memory was asked about."""
    needs = f"{one_line(answer.model.name)} needs {gib(answer.memory.full)} for {_context(answer)}"
    if not answer.asked or answer.room is None:
        return shown(f"{needs}.", "bold")
    if answer.fits:
        return shown(f"{needs} and fits in {gib(answer.room)}.", _FIT)
    return shown(f"{needs} and does not fit in {gib(answer.room)}.", _UNFIT)


def _context(answer: ModelAnswer) -> str:
    tokens = f"{answer.settings.context:,} tokens"
    return f"{answer.settings.slots} × {tokens}" if answer.settings.slots > 1 else tokens


def _notes(answer: ModelAnswer) -> Iterator[str]:
    """Yield what is unusual about the question."""
    longest, settings = answer.shape.context_length, answer.settings
    if longest is not None and settings.context > longest:
        yield (
            f"the model was made for {longest:,} tokens at most; Ollama may give it fewer than "
            f"{settings.context:,}."
        )
    if not settings.flash_attention and settings.value_type not in ("f32", "f16", "bf16"):
        yield (
            f"llama.cpp takes {settings.value_type} for the values only with flash attention; "
            "without it the model may not load."
        )
    if answer.shape.embeds and settings.slots > 1:
        yield "Ollama runs an embedding model with one slot, whatever is set."


def _parts(answer: ModelAnswer, length: int) -> RenderableType:
    memory, settings = answer.memory, answer.settings
    batch = automatic_batch(settings, embeds=answer.shape.embeds)
    rows = [
        ("Weights", memory.weights, "mapped from the file" if settings.mapped else "all tensors"),
        ("Second copy", memory.repacked_copy, "made for the CPU"),
        ("Key-value cache", memory.kv_cache, _cache_words(answer)),
        ("Compute", memory.compute, f"a batch of {batch:,} tokens"),
        ("Copies of scores", memory.copies, "without flash attention"),
        (
            "Output",
            memory.output,
            "a row for each token" if answer.shape.embeds else "a score for each token",
        ),
        ("Process", memory.overhead, "program and vocabulary"),
        ("States of one prompt", memory.checkpoints, "to go back in the text"),
    ]
    table = Table.grid(padding=(0, _GAP))
    table.add_column(no_wrap=True, width=_NAMES)
    table.add_column(no_wrap=True, width=_SIZES, justify="right")
    table.add_column(no_wrap=True, width=length)
    table.add_column(overflow="fold")
    for name, size, words in rows:
        if size:
            share = size / memory.full
            table.add_row(f"  {name}", gib(size), Text(bar(share, length), "cyan"), shown(words))
    most = f"{gib(memory.low + memory.filling)} to {gib(memory.high + memory.filling)}"
    table.add_row(
        Text("  With a full context", "bold"), Text(gib(memory.full), "bold"), "", shown(most)
    )
    if gib(memory.load) != gib(memory.full):
        later = shown("the rest comes later")
        table.add_row("  After a first prompt", gib(memory.load), "", later)
    return table


def _cache_words(answer: ModelAnswer) -> str:
    keys, values = answer.settings.key_type, answer.settings.value_type
    return f"{keys if keys == values else f'{keys} and {values}'}, {_context(answer)}"


def _limits(answer: ModelAnswer) -> RenderableType:
    """Return the smallest limit, and how far what is remembered takes the model beyond its need."""
    memory, kept = answer.memory, answer.memory.prompt_cache_ceiling
    with_server = gib(memory.container_minimum + answer.server)
    rows = [
        (
            "Smallest container limit",
            gib(memory.container_minimum),
            f"{with_server} with Ollama's server",
        )
    ]
    if kept:
        tokens = f"of {answer.settings.context:,} tokens, for a like one"
        setting = f"at most: LLAMA_ARG_CACHE_RAM={kept // MIB}"
        rows.append(("Each finished prompt", f"+{gib(memory.prompt)}", tokens))
        rows.append(("All finished prompts", f"+{gib(kept)}", setting))
    if states := memory.checkpoints_ceiling:
        setting = f"with LLAMA_ARG_CTX_CHECKPOINTS={answer.settings.checkpoints}"
        rows.append(("States of conversations", f"+{gib(states)}", setting))
    words = "with all of them" if memory.ceiling > memory.full else "it keeps no finished prompts"
    rows.append(("Ceiling", gib(memory.ceiling), words))
    return _rows(rows)


def _room(answer: ModelAnswer) -> RenderableType:
    """Return whether the model and what is beside it fit, and the longest context that does."""
    need = ("The model needs", gib(answer.need), "with Ollama and the kernel")
    if answer.room is None:
        why = f"{answer.reason} To ask about a memory, add --memory 8g."
        return Group(_rows([need, ("Docker has", NOT_MEASURED, "")]), indented(why))
    longest = longest_context(answer.shape, answer.settings, answer.room - answer.server)
    words = "all that it was made for" if longest == answer.shape.context_length else ""
    if longest is not None and answer.settings.slots > 1:
        words = f"in each of {answer.settings.slots} slots"
    rows = [
        need,
        ("There is" if answer.asked else "Docker has", gib(answer.room), ""),
        _left(answer, answer.room),
        (
            "Longest context that fits",
            f"{longest:,} tokens" if longest else "none",
            words if longest else f"of {_least(answer):,} tokens or more",
        ),
        *_cache_room(answer, answer.room),
    ]
    return _rows(rows)


def _least(answer: ModelAnswer) -> int:
    return min(CONTEXT_STEP, answer.shape.context_length or CONTEXT_STEP)


def _left(answer: ModelAnswer, room: Bytes) -> tuple[str, str, str]:
    if not answer.fits:
        starts = answer.memory.container_minimum + answer.server <= room
        poorly = "it would start, and read its weights again and again"
        words = poorly if answer.settings.mapped and starts else "it does not fit"
        return "Missing", gib(answer.need - room), words
    spread = answer.memory.high - answer.memory.load
    close = answer.need + spread > room
    words = "it fits, but the estimate's range goes beyond" if close else "it fits"
    return "Left for the rest", gib(room - answer.need), words


def _cache_room(answer: ModelAnswer, room: Bytes) -> Iterator[tuple[str, str, str]]:
    """Yield with which prompt cache the ceiling fits too."""
    cache = prompt_cache_that_fits(answer.memory, room - answer.server)
    if cache is None or not answer.memory.prompt_cache_ceiling:
        return
    kept = min(cache, answer.memory.prompt_cache_ceiling)
    enough = kept == answer.memory.prompt_cache_ceiling
    words = "the ceiling fits" if enough else f"LLAMA_ARG_CACHE_RAM={kept // MIB}, or less"
    yield "Prompt cache that fits", gib(kept), words


def _rows(rows: list[tuple[str, str, str]]) -> RenderableType:
    """Return names, sizes and words as columns that stand under those of the other sections."""
    table = Table.grid(padding=(0, _GAP))
    table.add_column(no_wrap=True, width=_NAMES)
    table.add_column(no_wrap=True, min_width=_SIZES, justify="right")
    table.add_column(overflow="fold")
    for name, size, words in rows:
        table.add_row(f"  {name}", size, shown(words))
    return table


def _savings(answer: ModelAnswer) -> RenderableType:
    found = savings(answer.shape, answer.settings)
    if not found:
        return indented("No setting of the cache, the slots or the prompt cache would.")
    return _rows([_saved(each) for each in found])


def _saved(saving: Saving) -> tuple[str, str, str]:
    settings = saving.settings
    match saving.kind:
        case "cache type":
            name, words = f"OLLAMA_KV_CACHE_TYPE={settings.key_type}", "cache stored less exactly"
        case "slots":
            name, words = f"OLLAMA_NUM_PARALLEL={settings.slots}", "one request at a time"
        case "prompt cache":
            words = "off the ceiling; keeps no prompts"
            return "LLAMA_ARG_CACHE_RAM=0", f"-{gib(saving.ceiling)}", words
        case "states":
            name = f"LLAMA_ARG_CTX_CHECKPOINTS={settings.checkpoints}"
            return name, f"-{gib(saving.ceiling)}", "off the ceiling; two stay"
    return name, f"-{gib(saving.full)}", words


def _sources(answer: ModelAnswer) -> Iterator[RenderableType]:
    """Yield who told the shape, what is doubtful about it, and where the formulas hold."""
    listed = answer.fact.model if answer.fact else None
    size = f", {gb(answer.model.file)} on disk" if answer.model.file else ""
    if answer.fact is not None and listed is not None:
        read_on = datetime.combine(answer.fact.source.read_on, time(), UTC)
        day = date_text(read_on).partition(",")[0]
        yield indented(
            f"hcreport's own list, as of {day}: blob {listed.digest}, {listed.quantization}{size}."
        )
        if answer.fact.doubt:
            yield indented(f"Doubt: {answer.fact.doubt}")
        yield indented("--ollama, --ollama-store and --from-registry ask for the file as it is.")
    else:
        yield indented(f"{_HEADERS.get(answer.model.shape_from or '', 'Its stated shape')}{size}.")
    if answer.model.loaded is not None:
        yield indented(
            f"Ollama says that it holds {gib(answer.model.loaded)} now, without its process and "
            "its prompt cache."
        )
    yield indented(_validity(answer))


def _validity(answer: ModelAnswer) -> str:
    memory, name = answer.memory, one_line(answer.shape.architecture)
    spread = memory.high - memory.load
    about = "Computed for Ollama 0.30 and later on the CPU; a GPU does not count."
    if not memory.validated:
        images = " that takes images" if answer.shape.sees else ""
        known = f"No model of the architecture {name}{images} was measured"
    elif spread <= measured_error(memory.load):
        known = f"Models of the architecture {name} were measured"
    else:
        known = f"Models of the architecture {name} were measured, but not of this kind"
    return f"{about} {known}: the range is {gib(spread)} to both sides."
