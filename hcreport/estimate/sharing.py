"""What containers that share the memory do not need at once, of what each needs by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from hcreport.estimate.need import Need
from hcreport.facts import fact_bytes, fact_value
from hcreport.model import ContainerNeed, Series
from hcreport.units import Bytes, total


def not_needed_at_once(needs: Collection[ContainerNeed], together: Bytes | None) -> Bytes:
    """Return the bytes by which the sum of some containers' minima is more than they need together.

    ``together`` is the most that all containers which were watched held in one round.

    Each minimum is enough for one container under a limit of its own, with a margin. Where the
    memory is shared, three things are not needed at once:

    - margins: the largest is kept, because the highs of all at one time are supposed already;
    - files on the account of somebody else, where containers run the same programs from the same
      image: they are needed once, and not at all where one of these containers has them on its
      account;
    - files at the moment of all highs: they can be read again a moment later. So the sum of the
      highs without files is enough, with what a repeat may differ by (facts ``sizing/peak-factor``
      and ``sizing/slack``), unless more was held together with files. Only where all were watched.

    Source: own experiments, fact ``sizing/shared-margin``.
    """
    if not needs:
        return Bytes(0)
    once = _files_once(needs)
    highest = total(max(each.highest - each.elsewhere, Bytes(0)) for each in needs) + once
    margin = max(each.minimum - each.highest for each in needs)
    needed = highest + margin
    if together is not None and len(needs) > 1 and all(each.watched for each in needs):
        seen = min(highest, together + once) + margin
        needed = min(needed, max(seen, _at_all_highs(needs)))
    return max(total(each.minimum for each in needs) - needed, Bytes(0))


def _at_all_highs(needs: Collection[ContainerNeed]) -> Bytes:
    """Return what is needed when all containers are at their highest and have given up files."""
    largest = max(each.highest for each in needs)
    repeat = Bytes(round(largest * (fact_value("sizing/peak-factor") - 1)))
    return total(each.without_files for each in needs) + repeat + fact_bytes("sizing/slack")


def shared_need(need: Need, lives: Sequence[Series]) -> ContainerNeed:
    """Return what one container brings to a sum, from its need and from what was seen of it."""
    return ContainerNeed(
        minimum=need.minimum,
        highest=need.highest,
        without_files=need.without_files,
        elsewhere=need.elsewhere,
        mapped=max(each.mapped or Bytes(0) for each in lives),
        program_files=max(each.program_files or Bytes(0) for each in lives),
        program=lives[-1].program,
        watched=need.samples > len(lives),
    )


def _files_once(needs: Iterable[ContainerNeed]) -> Bytes:
    """Return the bytes of files on somebody else's account, those of one program counted once."""
    alone: list[Bytes] = []
    sharing: dict[int, list[ContainerNeed]] = {}
    for each in needs:
        if each.program is None:
            alone.append(each.elsewhere)
        else:
            sharing.setdefault(each.program, []).append(each)
    for members in sharing.values():
        on_account = total(each.mapped for each in members)
        if on_account < max(each.program_files for each in members):
            alone.append(max(each.elsewhere for each in members))
    return total(alone)
