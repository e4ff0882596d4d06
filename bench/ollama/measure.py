"""Runs one case on the real server, and asks the other estimators about it."""

from __future__ import annotations

from pathlib import Path

from bench.ollama.cases import Case
from bench.ollama.files import ModelFile
from bench.ollama.peers import Question, ask_peers
from bench.ollama.results import Row
from bench.ollama.runner import Runner, running
from hcreport.estimate.llm_compute import first_prompt

TURN = 150
"""Tokens that each further turn of a conversation adds."""


def measured_row(
    case: Case, file: ModelFile, server: Path, folder: Path, environment: Path | None
) -> Row:
    """Return what a case held.

    ``environment`` is that of the peers; without it they are not asked. Raises RuntimeError where
    the server fails.
    """
    settings, shape = case.settings, file.shape
    tokens = first_prompt(shape, settings)
    with running(
        server,
        file.path,
        settings,
        vocabulary=shape.vocabulary,
        log=folder / "server.log",
        embeds=shape.embeds,
    ) as runner:
        idle = runner.resident()
        _talk(runner, case, tokens)
        held, buffers = runner.resident(), runner.buffers()
    row = Row(
        name=case.name,
        tag=case.tag,
        words=case.words,
        content=file.content,
        shape=shape,
        settings=settings,
        apart=case.apart,
        prompt_tokens=tokens,
        prompts=case.prompts,
        turns=case.turns,
        idle=idle.total,
        peak=held.peak,
        anonymous=held.anonymous,
        buffers=buffers,
        peers={},
    )
    if environment is None or not row.single:
        return row
    return row.model_copy(update={"peers": _peers(case, file, environment)})


def _talk(runner: Runner, case: Case, tokens: int) -> None:
    if case.turns:
        runner.talk(tokens, case.turns, TURN)
        return
    for _ in range(case.prompts):
        runner.prompt(tokens)


def _peers(case: Case, file: ModelFile, environment: Path) -> dict[str, int | None]:
    question = Question(
        tag=case.tag,
        file=file.path,
        size=file.path.stat().st_size,
        parameters=file.parameters,
        quantization=file.quantization,
        shape=file.shape,
        settings=case.settings,
    )
    return {name: answer.bytes for name, answer in ask_peers(question, environment).items()}
