"""Where each quantity of a report stands: in which cells, and in which words.

A quantity has a name, such as ``memory limit of core``. ``{row}`` is the first cell of the row,
``{page}`` the title of the page, ``{part}`` the heading above, and a name in brackets is what the
pattern found. A quantity that stands in one place only cannot contradict itself, so only those
are listed that stand in two, or that :mod:`tests.consistency.known` knows from the assessment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

from tests.consistency.numbers import Shown, numbers_in
from tests.consistency.reading import Line, Row, lines

ENGINE, USED, LIMITS, NEED = (
    *("memory of the engine", "measured use", "sum of limits"),
    "minimum of the main scenario",
)
RECOMMENDED = "recommended memory of the main scenario"
SETTING = "setting of the main scenario"
LOCAL = "memory of the local models and their servers"
LOCAL_USED = "measured use of the servers of the local models"

# Pages, head of the first column and of others that the table must have, the column, and what its
# cells hold.
COLUMNS = (
    ("*", "Service", "Memory limit", "memory limit of {row}"),
    ("*", "Service", "Memory in use", "memory in use of {row}"),
    ("*", "Service", "Problems", "problems of {row}"),
    ("limits.md", "Service", "Needed", "need of a container of {row}"),
    ("limits.md", "Service", "Suggested limit", "suggested limit of {row}"),
    ("limits.md", "Service", "Limit now", "memory limit of {row}"),
    ("requirements.md", "Scenario", "Minimum for Docker", "minimum of {row}"),
    ("requirements.md", "Scenario", "CPU used", "CPUs of {row}"),
    ("requirements.md", "Scenario", "Disk", "disk of {row}"),
    ("requirements.md", "Platform", "Set Docker to", "setting of {part}"),
    ("requirements.md", "Service", "Average", "CPUs of {row}"),
    ("requirements.md", "Service", "Saves", "saving without {row} in {part}"),
    ("sleep.md", "Service", "In use now", "memory in use of {row}"),
    ("images.md", "Image", "Size", "size of the image {row}"),
    ("images.md", "Image", "Only in this image", "bytes only in the image {row}"),
    ("images.md", "Image", "Shared with others", "shared bytes of the image {row}"),
    ("images.md", "Image", "Target", "target of the image {row}"),
    ("rules/index.md", "Rule", "Problems", "problems of {row}"),
    ("models.md", "Model+Can have", "Needs", "need of the model {row}"),
    ("models.md", "Model", "Can have", "room of the model {row}"),
    ("models.md", "Model", "Context", "context of the model {row}"),
)

# Pages, the row's first cell as a pattern, the column, and what the cell holds.
CELLS = (
    ("index.md", r"Docker has", "Size", ENGINE),
    ("index.md", r"(?:\d+ )?In use by .*", "Size", USED),
    ("index.md", r"\d+ Model (?P<model>.*)", "Size", "need of the model {model}"),
    ("index.md", r"Sum of limits", "Size", LIMITS),
    ("index.md", r"Needs(?: at least)?", "Size", NEED),
    ("requirements.md", r"Measured use", "Memory", USED),
    ("requirements.md", r"Worst case", "Memory", LIMITS),
    ("requirements.md", r"Requirement", "Memory", NEED),
    ("requirements.md", r"Sum of the (?:known )?parts", "Memory", "minimum of {part}"),
    ("requirements.md", r"Sum of the parts", "Minimum", "minimum of {part}"),
    ("requirements.md", r"Sum of the parts", "Recommended", "recommended memory of {part}"),
    ("requirements.md", r"Sum of the known parts", "Size", "disk of {part}"),
    ("requirements.md", r"Setting of a virtual machine", "Memory", "setting of {part}"),
    ("requirements.md", r"Setting of a virtual machine", "Minimum", "setting of {part}"),
    ("requirements.md", r"All together", "Average", "CPUs of {part}"),
    ("limits.md", r"Limits now, of all services that start", "Memory", LIMITS),
    ("limits.md", r"Docker has", "Memory", ENGINE),
    ("services/*", r"Memory limit of one container", "Value", "memory limit of {page}"),
    ("services/*", r"Memory in use", "Value", "memory in use of {page}"),
    ("services/*", r"Need of the model (?P<model>.*)", "Value", "need of the model {model}"),
    ("images/*", r"Size", "Value", "size of the image {page}"),
    ("images/*", r"In layers that only it has", "Value", "bytes only in the image {page}"),
    (
        "images/*",
        r"In layers that other images have too",
        "Value",
        "shared bytes of the image {page}",
    ),
    ("images/*", r"Size after all steps", "Value", "target of the image {page}"),
    ("images/*", r"As it is", "Size after it", "size of the image {page}"),
    ("models.md", r"Docker's memory, the model by itself", "Has", ENGINE),
    ("models.md", r"Scenario .*", "Has", ENGINE),
    ("assessment.md", r"Memory of the engine", "Value", ENGINE),
    ("assessment.md", r"Sum of limits", "Value", LIMITS),
    ("assessment.md", r"Memory limit of (?P<service>.*)", "Value", "memory limit of {service}"),
    ("assessment.md", r"Need of (?P<model>.*:.*)", "Value", "need of the model {model}"),
    ("assessment.md", r"Services that start", "Value", "services that start"),
    ("assessment.md", r"Services without a limit", "Value", "services without a limit"),
    ("local-or-api.md", r"Memory in Docker", "Local model", LOCAL),
    ("local-or-api.md", r"Memory that Docker needs less", "Size", LOCAL),
    ("local-or-api.md", r"Memory in use now", "Local model", LOCAL_USED),
    ("local-or-api.md", r"Memory in use now", "Size", LOCAL_USED),
    ("method.md", r"CPUs of the engine", "Version", "CPUs of the engine"),
)

_SIZE = r"(?P<n>[\d.,]+ (?:[KMGT]i?)?B)\b"
_EXACT = r"(?: \([\d,]+ bytes\))?"
_COUNT = r"(?P<n>\d[\d,]*)"
_NAME = r"(?P<name>[\w./:-]*[\w/])"

# Pages, words around a number that is called n, and what the number is.
PHRASES = (
    ("*", rf"\bDocker has {_SIZE}", ENGINE),
    ("*", rf"\bthe engine has {_SIZE}", ENGINE),
    ("*", rf"\bthe engine's {_SIZE}", ENGINE),
    ("*", rf"Memory of the engine {_SIZE}", ENGINE),
    ("*", rf"\bneeds (?:at least )?{_SIZE} of memory in Docker", NEED),
    ("*", rf"\b[Nn]eeds (?:at least )?{_SIZE}, Docker has", NEED),
    ("*", rf"Needs (?:at least )?{_SIZE}(?:\.|;|$)", NEED),
    ("*", rf"in Docker \({_SIZE} recommended\)", RECOMMENDED),
    ("*", rf"(?:Give Docker|Raise the memory of [^.;]*) at least {_SIZE}", SETTING),
    ("requirements.md", rf"Set at least {_SIZE}", SETTING),
    (
        "*",
        rf"(?:Only for a machine with|machine around it needs) {_SIZE}",
        "machine around the setting",
    ),
    ("*", rf"{_SIZE} less is needed", LOCAL),
    ("*", rf"Set (?P<key>[A-Z]\w+)={_COUNT} in the environment of {_NAME}", "{key} of {name}"),
    ("*", rf"et the memory limit of {_NAME} to {_COUNT}m\b", "new memory limit of {name}"),
    # All that starts may be more than the scenario that the report leads with.
    ("*", rf"All that starts, .*, needs at least {_SIZE}", "need of all that starts"),
    (
        "*",
        rf"All that starts, .*, with {_COUNT} parts? not measured",
        "unknown parts of all that starts",
    ),
    ("index.md", rf"page; {_COUNT} parts? not measured", "unknown parts of the main scenario"),
    ("requirements.md", rf"\. {_COUNT} of \d+ parts? not measured", "unknown parts of {part}"),
    ("requirements.md", rf"\bprints {_COUNT} or more", "bytes for the main scenario"),
    ("requirements.md", rf"^{_COUNT} or more, for ", "bytes for the main scenario"),
    ("requirements.md", rf"^Machine: .* with Docker set to {_SIZE}", "setting of {part}"),
    ("assessment.md", rf"\bprints {_COUNT} or more", "bytes for all that starts"),
    ("checklist.md", rf"\bprints {_COUNT} or more", "bytes for all that starts"),
    ("*", rf"Sum of limits {_SIZE}", LIMITS),
    ("*", rf"The limits of \d+ services allow {_SIZE}", LIMITS),
    ("*", rf"In use by \d+ of \d+ containers? {_SIZE}", USED),
    ("*", rf"the limit of {_NAME} is {_SIZE}", "memory limit of {name}"),
    ("*", rf"(?:^|\W){_NAME} may use {_SIZE}, but the engine", "memory limit of {name}"),
    ("*", rf"^{_NAME} weighs {_SIZE}{_EXACT}(?: on the disk|[.;])", "size of the image {name}"),
    ("*", rf"the {_SIZE} of {_NAME};", "size of the image {name}"),
    ("*", rf"(?:^|\W)(?P<name>[\w.-]+:[\w.-]+) needs {_SIZE}, but", "need of the model {name}"),
    ("*", rf"^{_COUNT} problems?(?:,|\.|$)", "problems of {whose}"),
    ("*", rf"\b{_COUNT} checks? passed", "checks that passed"),
    ("assessment.md", rf"passed, {_COUNT} not measured", "answers that were not measured"),
    ("*", rf"Not measured: {_COUNT} answers?", "answers that were not measured"),
    ("*", rf"\b{_COUNT} questions? did not arise", "questions that did not arise"),
    ("*", rf"\b{_COUNT} of \d+ services have no memory limit", "services without a limit"),
    ("*", rf"\b\d+ of {_COUNT} services have no memory limit", "services that start"),
    ("*", rf"; {_COUNT} services have none", "services without a limit"),
    ("*", rf"\b{_COUNT} services? without (?:a limit|one)", "services without a limit"),
    ("*", rf"The limits of {_COUNT} services allow", "services with a limit"),
    ("*", rf"services in it: {_COUNT}", "services with a limit"),
    ("*", rf"In use by {_COUNT} of \d+ containers?", "containers that were sampled"),
    ("*", rf"In use by \d+ of {_COUNT} containers?", "containers that run"),
    ("*", rf"sum over {_COUNT} of \d+ running containers?", "containers that were sampled"),
    ("*", rf"sum over \d+ of {_COUNT} running containers?", "containers that run"),
    ("services/index.md", rf"^{_COUNT} services? in the Compose project", "services"),
    ("images.md", rf"^{_COUNT} images?\. The largest", "images"),
    ("rules/index.md", rf"^{_COUNT} rules?\.", "rules"),
    ("sources.md", rf"speaks against it\. {_COUNT} facts?\.", "facts"),
    ("requirements.md", rf"^Docker needs (?:at least )?{_SIZE} of memory", "minimum of {part}"),
    ("requirements.md", rf"\. {_SIZE} is recommended:", "recommended memory of {part}"),
    ("*", r"rounded up to (?P<n>\d+ MiB)", "step of suggested limits"),
    ("*", r"plus (?P<n>[\d.]+ %) (?:for each|and with)", "headroom of recommended memory"),
    ("limits.md", r"needed plus (?P<n>[\d.]+ %)", "headroom of recommended memory"),
    ("*", rf"at least {_SIZE} stay with the machine itself", "memory that stays with the machine"),
    ("*", r"1 GiB is (?P<n>[\d,]+ bytes)", "a GiB"),
    ("*", r"1 GB is (?P<n>[\d,]+ bytes)", "a GB"),
)

_WHOLE = {"assessment.md", "index.md", "terminal.txt"}


@dataclass(frozen=True)
class Reading:
    """One number as it stands somewhere, and what it is the value of."""

    quantity: str
    page: str
    text: str
    """The cell or the line it stands in."""
    number: Shown


def readings(pages: Mapping[str, str]) -> Iterator[Reading]:
    """Yield every number of the pages that is known to be the value of a quantity."""
    for page, text in pages.items():
        for line in lines(text):
            names = _names(page, line)
            for quantity, words in (*_of_row(page, line), *_of_text(page, line)):
                for number in _first(words):
                    yield Reading(quantity.format_map(names), page, words, number)


def _first(words: str) -> Iterator[Shown]:
    """Yield the first number, and itself to the byte; a range or a recommendation may follow."""
    found = list(numbers_in(words))
    yield from found[:1]
    yield from (each for each in found[1:2] if each.text.endswith("bytes"))


def _names(page: str, line: Row | Line) -> dict[str, str]:
    part = next((each for each in line.headings[1:2]), "")
    title = "the report" if page in _WHOLE else (line.headings[0] if line.headings else page)
    row = line.name if isinstance(line, Row) else ""
    row = re.sub(r"(?: each of)? \d+ containers?$", "", row)
    # An image may be called what a service is called, and its problems are its own.
    whose = f"the image {title}" if page.startswith("images/") else title
    return {"row": row, "page": title, "whose": whose, "part": part.removeprefix("Scenario ")}


def _of_row(page: str, line: Row | Line, *, named: bool = False) -> Iterator[tuple[str, str]]:
    """Yield quantity and cell; with ``named`` the pattern's own name in place of the quantity."""
    if not isinstance(line, Row):
        return
    special = False
    for pages, pattern, column, quantity in CELLS:
        cell, found = line.cell(column), re.fullmatch(pattern, line.name)
        if cell is not None and found and fnmatch(page, pages):
            special = True
            yield f"{pages} {pattern} {column}" if named else _filled(quantity, found), cell
    for pages, first, column, quantity in COLUMNS:
        cell = line.cell(column)
        head, *others = first.split("+")
        fits = line.columns[0] == head and set(others) <= set(line.columns)
        if cell is not None and not special and fits and fnmatch(page, pages):
            yield f"{pages} {first} {column}" if named else quantity, cell


def _of_text(page: str, line: Row | Line, *, named: bool = False) -> Iterator[tuple[str, str]]:
    """Yield quantity and number; with ``named`` the pattern in place of the quantity."""
    cells = line.cells if isinstance(line, Row) else (line.text,)
    texts = [each for each in cells if re.search(r"\d", each)]
    for pages, pattern, quantity in PHRASES if texts else ():
        if fnmatch(page, pages):
            for text in texts:
                for found in re.finditer(pattern, text):
                    yield pattern if named else _filled(quantity, found), found["n"]


def _filled(quantity: str, found: re.Match[str]) -> str:
    """Fill in what the pattern found; the names of page and row are filled in later."""
    for name, value in found.groupdict().items():
        quantity = quantity.replace(f"{{{name}}}", value.replace("{", "").replace("}", ""))
    return quantity


def never_met(sites: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield the patterns above that nothing on any page of some sites matches."""
    met: set[str] = set()
    for site in sites:
        for page, text in site.items():
            for line in lines(text):
                met.update(words for words, _ in _of_text(page, line, named=True))
                met.update(words for words, _ in _of_row(page, line, named=True))
    for pages, first, column, _ in (*COLUMNS, *CELLS):
        if f"{pages} {first} {column}" not in met:
            yield f"{pages} {first} {column}"
    yield from (pattern for _, pattern, _ in PHRASES if pattern not in met)
