"""Records the findings of a release: ``python -m tests.update_findings``, once for each release."""

from __future__ import annotations

from tests.generated import update
from tests.upgrades.recorded import (
    CHANGELOG,
    FINDINGS,
    findings_text,
    findings_today,
    newest_release,
)


def main() -> None:
    """Write the list for the newest version of the changelog."""
    release = newest_release(CHANGELOG.read_text(encoding="utf-8"))
    update({FINDINGS: findings_text(release, findings_today())}, "python -m tests.update_findings")


if __name__ == "__main__":
    main()
