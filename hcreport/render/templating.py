"""The Jinja environment: every expression on a page is escaped, and no template can forget it.

Templates are looked up in the user's folders first. ``!base/index.md.j2`` always names ours, so a
user's ``index.md.j2`` may extend it and replace one block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    nodes,
)
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from hcreport.errors import BuildError
from hcreport.facts import facts
from hcreport.names import slug
from hcreport.render import words
from hcreport.render.capped import capped, part_rows, told
from hcreport.render.compiled import compiled_templates
from hcreport.render.escape import code, code_block, escape, link_target, with_code
from hcreport.render.sources import fact_anchor, fact_link
from hcreport.units import gb, gib, percent

_PACKAGE = Path(__file__).parent.parent

# Of Jinja's own filters, those that neither make markup nor join it with text.
_KEPT_FILTERS = (
    "batch",
    "first",
    "groupby",
    "last",
    "length",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
    "sort",
    "sum",
)

# What a template may raise: it is a program, and the user's own.
_TEMPLATE_FAILURES = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    UnicodeError,
    ValueError,
)


def templates_folder() -> Path:
    """Return our templates: inside an installed package, or beside it in a checkout."""
    packaged = _PACKAGE / "templates"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "templates"


class _Generator(CodeGenerator):
    """Compiles templates so that nothing reaches a page but through :func:`escape`."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        """Keep constants for run time: Jinja would escape them for HTML only."""
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: ARG002, N802
        """Refuse ``~``, which joins text and markup, with the line it stands on."""
        self.fail("write {{ one }}{{ other }} instead of {{ one ~ other }}", node.lineno)


class _Environment(SandboxedEnvironment):
    """Lets markup be printed and nothing else: joined with text, it would escape for HTML only.

    Jinja's sandbox is there for its operators. Templates are trusted code; the rest of the sandbox
    guards against them and took a third of the time.
    """

    code_generator_class = _Generator
    intercepted_binops = frozenset({"+", "%", "*"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Compute as Python does, but never with markup."""
        if isinstance(left, Markup) or isinstance(right, Markup):
            raise TypeError(f"markup takes no {operator}: print one after the other")
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a public attribute or an item, and no method of markup."""
        _refuse_hidden(obj, attribute)
        return Environment.getattr(self, obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item or a public attribute, and no method of markup."""
        if isinstance(argument, str):
            _refuse_hidden(obj, argument)
        return Environment.getitem(self, obj, argument)

    def call(self, context: Context, function: Any, /, *args: Any, **named: Any) -> Any:
        """Call whatever a template can reach."""
        return context.call(function, *args, **named)


def _refuse_hidden(obj: Any, name: str) -> None:
    if isinstance(obj, Markup):
        raise TypeError("markup has no methods in a template")
    if name.startswith("_"):
        raise AttributeError(f"{name} is not for templates")


@lru_cache(maxsize=4)
def environment(folders: tuple[Path, ...] = ()) -> _Environment:
    """Return the environment for the user's template folders, the first one winning."""
    ours = FileSystemLoader(templates_folder() / "pages")
    made = _Environment(
        loader=ChoiceLoader([FileSystemLoader(folders), PrefixLoader({"!base": ours}), ours]),
        bytecode_cache=compiled_templates(Path(__file__)),
        autoescape=True,
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters = {name: made.filters[name] for name in _KEPT_FILTERS} | {
        "e": escape,
        "escape": escape,
        "join": _join,
        "gib": lambda size: gib(round(size)),
        "gb": lambda size: gb(round(size)),
        "exact_bytes": words.exact_bytes,
        "joined": words.joined,
        "percent": percent,
        "code": code,
        "code_block": code_block,
        "with_code": with_code,
        "link_target": link_target,
        "slug": slug,
        "fact_anchor": fact_anchor,
        "fact_link": _fact_link,
        "number": words.number_text,
        "cpus": words.cpus,
        "duration": words.duration,
        "plain_number": words.plain_number,
        "date": words.date_text,
        "severity_word": words.severity_word,
        "severity_shape": words.severity_shape,
        "effort": words.effort_text,
        "confidence": words.confidence_text,
        "counted": words.counted,
        "capped": capped,
        "part_rows": part_rows,
        "told": told,
        "listed": words.listed,
        "capital": words.capital,
        "heading": words.heading,
    }
    made.tests["known_fact"] = lambda key: key in facts()
    return made


def _fact_link(key: str) -> Markup:
    """Return the link of a cited fact as markup."""
    return Markup(fact_link(key))  # noqa: S704  (a page of ours and letters, digits and hyphens)


def _join(values: Iterable[object], between: object = "") -> Markup:
    return escape(between).join(escape(each) for each in values)


def render_template(folders: Sequence[Path], name: str, values: dict[str, object]) -> str:
    """Return the text of one page. Raises BuildError with the template's name and line."""
    try:
        return environment(tuple(folders)).get_template(name).render(values)
    except _TEMPLATE_FAILURES as error:
        place = _place(error, name)
        raise BuildError(
            f"The template {place} cannot be rendered: {_reason(error)}.",
            hint="Correct it, or take it out of your template folder.",
        ) from error


def _reason(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.rstrip(".")


def _place(error: BaseException, name: str) -> str:
    """Return template and line: Jinja puts both into the traceback, or into a syntax error."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.name or name}, line {error.lineno},"
    found = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith(".j2"):
            found = f"{Path(file).name}, line {trace.tb_lineno},"
        trace = trace.tb_next
    return found or name
