"""The commands that document the rules."""

from __future__ import annotations

import click


@click.command(short_help="Print the documentation of a rule.")
@click.argument("rule")
def explain(rule: str) -> None:
    """Print what a rule checks, why it matters, how to fix it, and its limits."""
    from hcreport.render.rule_docs import rule_text

    click.echo(rule_text(rule))


@click.command(short_help="List the rules.")
def rules() -> None:
    """List the rules."""
    from hcreport.render.rule_docs import rule_list

    click.echo(rule_list())
