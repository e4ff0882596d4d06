"""The command that says what one image is made of, what is reclaimable, what it could weigh."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hcreport.cli.image_size import size_or_share
from hcreport.cli.shared_options import format_option, output_option
from hcreport.cli.talk import FILE, colour_and_width, publish, say
from hcreport.errors import UsageError

if TYPE_CHECKING:
    from hcreport.collect.layers.source import FoundImage
    from hcreport.render.image_answer import ImageAnswer


@click.command(short_help="Say what an image is made of and could weigh.")
@click.argument("reference", metavar="IMAGE|ARCHIVE.tar")
@click.option("--host", metavar="URL", help="Address of the engine.  [default: the CLI's]")
@click.option("--image", "name", metavar="NAME", help="Which image of an archive that has several.")
@click.option("--context", type=FILE, metavar="FOLDER", help="The folder that it is built from.")
@click.option("--dockerfile", metavar="NAME", help="Its Dockerfile in that folder.")
@click.option("--keep", multiple=True, metavar="PACKAGE", help="This package stays.")
@click.option(
    "--write",
    type=FILE,
    metavar="FOLDER",
    help="Write a Dockerfile and a .dockerignore for a smaller image there.",
)
@click.option("--max-size", metavar="SIZE", help="Fail if it is larger, such as 500MB.")
@click.option(
    "--max-reclaimable", metavar="SIZE|%", help="Fail if more is reclaimable, such as 50MB or 10%."
)
@click.option("--no-cache", is_flag=True, help="Read all layers anew, and keep none.")
@click.option(
    "--no-folder", is_flag=True, help="Ask the engine, even where its folder is readable."
)
@format_option("json")
@output_option
def image(
    *,
    reference: str,
    host: str | None,
    name: str | None,
    context: Path | None,
    dockerfile: str | None,
    keep: tuple[str, ...],
    write: Path | None,
    max_size: str | None,
    max_reclaimable: str | None,
    no_cache: bool,
    no_folder: bool,
    form: str,
    output: Path | None,
) -> None:
    """Say what an image's bytes are, which of them need not be there, and what it could weigh.

    The image is one of the engine's, or a file that `docker save` wrote. Nothing is unpacked to
    disk, and nothing is changed. With --max-size or --max-reclaimable the exit code is 1 if the
    image has more than that.
    """
    from hcreport.collect.layers.source import find_image
    from hcreport.progress import bytes_bar

    if dockerfile is not None and context is None:
        raise UsageError("--dockerfile needs --context.", hint="Name the folder it is built from.")
    for option, text in (("--max-size", max_size), ("--max-reclaimable", max_reclaimable)):
        if text is not None:
            size_or_share(option, text, 0)
    with bytes_bar() as on_bytes:
        found = find_image(
            reference,
            name=name,
            host=host,
            cached=not no_cache,
            in_place=not no_folder,
            on_bytes=on_bytes,
        )
    file = _dockerfile(context, dockerfile) if context else None
    answer = _answer(found, context, file, keep)
    answer = _limited(answer, max_size, max_reclaimable)
    publish(_shown(answer, form, output), output)
    if write is not None:
        _write(answer, write, reference)
    if answer.exceeded:
        raise click.exceptions.Exit(1)


def _dockerfile(context: Path, name: str | None) -> Path | None:
    """Return the Dockerfile in a context; None where none is named and there is none."""
    if not context.is_dir():
        raise UsageError(
            f"There is no folder {context}.", hint="Name the folder that the image is built from."
        )
    file = context / (name or "Dockerfile")
    if file.is_file():
        return file
    if name is None:
        return None
    raise UsageError(f"There is no file {file}.", hint="Name it relative to the folder.")


def _answer(
    found: FoundImage, context: Path | None, file: Path | None, keep: tuple[str, ...]
) -> ImageAnswer:
    from hcreport.collect.context import read_context
    from hcreport.collect.history import read_instruction
    from hcreport.contents.analysis import analyse
    from hcreport.contents.copied import context_copies, in_context
    from hcreport.render.image_answer import ImageAnswer

    image = found.image
    text = file.read_text(encoding="utf-8", errors="replace") if file else None
    scan, ignored = None, None
    if context is not None:
        name = file.relative_to(context).as_posix() if file else "Dockerfile"
        scan = read_context(context, dockerfile=name)
        ignored = in_context(context_copies(image, text), scan.ignored)
    return ImageAnswer(
        analysis=analyse(image, known=found.others, dockerfile=text, ignored=ignored, keep=keep),
        read=found.read,
        instructions=tuple(
            read_instruction(step.text).name if step else None for step in image.steps()
        ),
        context=scan,
        dockerfile=text,
    )


def _limited(answer: ImageAnswer, max_size: str | None, max_reclaimable: str | None) -> ImageAnswer:
    """Return the answer with the limits that were asked about."""
    from dataclasses import replace

    from hcreport.render.image_answer import Limit

    size, limits = answer.analysis.image.size, []
    for option, text, found in (
        ("--max-size", max_size, size),
        ("--max-reclaimable", max_reclaimable, answer.analysis.reclaimable),
    ):
        if text is not None:
            most = size_or_share(option, text, size)
            limits.append(Limit(option=option, most=most, found=found))
    return replace(answer, limits=tuple(limits))


def _shown(answer: ImageAnswer, form: str, output: Path | None) -> str:
    if form == "json":
        from hcreport.render.image_answer import image_json

        return image_json(answer)
    from hcreport.render.image_lines import image_text

    colour, width = colour_and_width(output)
    return image_text(answer, colour=colour, width=width)


def _write(answer: ImageAnswer, folder: Path, reference: str) -> None:
    """Write the files of the change into a folder, and say what to do with them."""
    from hcreport.render.dockerfile import write_change

    plan = answer.analysis.plan
    if plan is None:
        raise UsageError(
            "No smaller image is known, so there is nothing to write.",
            hint="Name the folder that it is built from with --context.",
        )
    advised = [each.pattern for each in answer.context.advised] if answer.context else []
    change = write_change(
        answer.analysis.image,
        plan,
        dockerfile=answer.dockerfile,
        advised=advised,
        build_from=reference,
    )
    ignore, ignore_name = change.ignore_file, ".dockerignore"
    if answer.context is not None:
        ignore = answer.context.text()
        ignore_name = Path(answer.context.ignore_file or ignore_name).name
    for name, text in (("Dockerfile", change.dockerfile), (ignore_name, ignore)):
        if text:
            _write_ours(folder / name, text)
    for note in change.notes:
        say(f"Note: {note}")
    say(
        f"Read them, then copy {ignore_name} to the project, and build with -f {folder}/Dockerfile."
    )


def _write_ours(place: Path, text: str) -> None:
    """Write a file where there is none, or one that was written here; never over another's."""
    from hcreport.files import write_whole
    from hcreport.render.image_answer import WRITTEN_BY

    try:
        if place.exists() and WRITTEN_BY not in place.read_text(encoding="utf-8", errors="replace"):
            raise UsageError(
                f"{place} is there already and was not written by hcreport.",
                hint="Name another folder with --write.",
            )
        # Names in a project may be no UTF-8; they are written as they are.
        whole = f"{text}# {WRITTEN_BY}\n".encode("utf-8", "surrogateescape")
        write_whole(place, whole)
    except OSError as error:
        raise UsageError(
            f"{place} cannot be written: {error.strerror}.",
            hint="Name another folder with --write.",
        ) from error
    say(f"Wrote {place}.")
