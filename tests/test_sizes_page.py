"""The tables about predicted sizes: every row, in words and units, and only between their marks."""

from __future__ import annotations

from bench.sizing.predict import OTHERS
from bench.sizing.results import Machine, Results, Row, Settings, summarise
from hcreport.facts import fact_bytes, fact_value
from hcreport.units import gib, mebibytes
from tests.generated import BEGIN, END, stale
from tests.sizes_page import PAGE, files, with_results


def _row(name: str, predicted: int, *, apart: str = "", failed: int = 0) -> Row:
    return Row(
        name=name,
        what="a test",
        apart=apart,
        predicted=int(mebibytes(predicted)),
        true_minimum=int(mebibytes(100)),
        confirmed=True,
        search_trials=5,
        trials=("",) * (3 - failed) + ("killed",) * failed,
        others=dict.fromkeys(OTHERS, int(mebibytes(80))) | {"krr": int(mebibytes(130))},
        samples=30,
        peak=None,
        held=None,
    )


def _results() -> Results:
    services = (_row("cache", 110), _row("bursts", 125, failed=1), _row("jvm", 400, apart="heap"))
    return Results(
        date="2026-03-01",
        machine=Machine(
            engine="29.2.0",
            kernel="6.1",
            cgroup="1",
            cpus=2,
            memory=int(mebibytes(4096)),
            compose="2.40",
            packages={"redis-server": "7.0.15"},
        ),
        settings=Settings(window_seconds=20, load_seconds=7, trials=3, stack_trials=10, lanes=1),
        services=services,
        stacks=(_row("in step", 130),),
        summary=summarise(services),
    )


def test_the_page_holds_every_row_in_words() -> None:
    page = with_results(f"before\n{BEGIN}\nold\n{END}\nafter\n", _results())
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page
    assert "| cache: a test | 110 MiB | 100 MiB | +10 % | 3 of 3 | 80 MiB, too low |" in page
    assert "130 MiB |" in page
    assert "The prediction was enough in 5 of 6 trials of 2 services." in page
    assert "| jvm: a test | 400 MiB | 100 MiB | +300 % | 3 of 3 |" in page
    assert page.index("### Listed apart") < page.index("| jvm: a test")
    assert page.index("### Whole stacks") < page.index("| in step: a test")
    assert "| redis-server | 7.0.15 |" in page
    assert "| hcreport | 2 of 2 | +17.5 % | +25 % | +10 % |" in page
    assert with_results(page, _results()) == page


def test_the_formula_on_the_page_has_the_factors_that_count() -> None:
    page = PAGE.read_text(encoding="utf-8")
    factors = [f"{fact_value(f'sizing/{name}'):.2f}" for name in ("peak-factor", "held-factor")]
    slack = gib(fact_bytes("sizing/slack"))
    twice = f"{fact_value('sizing/unseen-factor'):.0f}"
    assert f"min({factors[0]} P, {factors[1]} (E + {twice} (P - U)) + {slack})" in page
    assert fact_value("sizing/recommended-headroom") == 0.25  # "a quarter"


def test_the_page_is_current() -> None:
    assert stale(files()) == [], "run `make docs`"
    assert PAGE.read_text(encoding="utf-8").count(BEGIN) == 1
