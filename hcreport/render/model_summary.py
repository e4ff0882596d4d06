"""All local models in one sentence and one drawing, for the top of the page about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hcreport.estimate.model_room import room_for
from hcreport.model import ModelFit, Number, Snapshot
from hcreport.render.charts import Chart
from hcreport.render.escape import one_line
from hcreport.render.model_chart import Fit, fit_chart
from hcreport.render.model_pages import ModelView
from hcreport.render.words import counted, joined
from hcreport.units import Bytes

_WORDS = {
    "fits": ("fits", "fit"),
    "only alone": ("fits only alone", "fit only alone"),
    "too large": ("does not fit", "do not fit"),
    "unknown": ("is not measured", "are not measured"),
}


@dataclass(frozen=True, kw_only=True)
class ModelsSummary:
    """What stands at the top of the page."""

    verdict: str
    chart: Chart | None
    """Each model's need beside the room it has; None where no need is known."""


def models_summary(
    rows: Sequence[tuple[ModelFit, ModelView | None]], snapshot: Snapshot
) -> ModelsSummary:
    """Return how many models fit, and all of them as one drawing in the order of their rows."""
    fits = [
        Fit(
            name=fit.model,
            need=_bytes(fit.needs),
            has=_bytes(fit.has),
            room=room_for(model, snapshot) if view else None,
        )
        for model, (fit, view) in zip(snapshot.models, rows, strict=False)
    ]
    counts = Counter(_answer(*row) for row in rows)
    answers = [
        f"{counts[each]} {words[0] if counts[each] == 1 else words[1]}"
        for each, words in _WORDS.items()
        if counts[each]
    ]
    what = f"{counted(len(rows), 'local model')}: {joined(answers)}."
    if len(rows) == 1:
        what = f"{one_line(rows[0][0].model)} {_WORDS[_answer(*rows[0])][0]}."
    return ModelsSummary(verdict=what, chart=fit_chart(fits))


def _answer(fit: ModelFit, view: ModelView | None) -> str:
    if fit.fits is None:
        return "unknown"
    if not fit.fits:
        return "too large"
    return "only alone" if view is not None and view.fits_beside is False else "fits"


def _bytes(number: Number | None) -> Bytes | None:
    return None if number is None else Bytes(round(number.value))
