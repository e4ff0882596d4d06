"""Names hidden files by the folder that held them, where all that was in it is hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hcreport.contents.merged import Merged, at_place

_NOTHING = -1


def named(
    sizes: Mapping[bytes, int], newest: Mapping[bytes, int], merged: Merged
) -> tuple[bytes, ...]:
    """Return what names the bytes that one cause hid, the largest first.

    ``sizes`` are bytes by path and ``newest`` the number of the newest layer that held them. A
    folder stands for at least two of the paths, and for all of them that lie in it; it has nothing
    that is seen, but for what layers above those wrote.
    """
    folders = _whole_folders(newest, merged) if len(sizes) > 1 else {}
    found: Counter[bytes] = Counter()
    for path, size in sizes.items():
        found[folders.get(_above(path)) or path] += size
    return tuple(sorted(found, key=lambda path: (-found[path], path)))


def _whole_folders(newest: Mapping[bytes, int], merged: Merged) -> dict[bytes, bytes]:
    """Return for folders which folder names what is in them.

    It is the highest that is hidden whole, or where that holds nothing else the deepest that holds
    as much.
    """
    count, last = _by_folder(newest)
    oldest = _oldest_seen(merged)
    names: dict[bytes, bytes] = {}
    for folder in sorted(count, key=lambda each: each.count(b"/")):
        above = names.get(_above(folder))
        if above is not None and count[above] > count[folder]:
            names[folder] = above
        elif count[folder] > 1 and oldest.get(folder, last[folder] + 1) > last[folder]:
            names[folder] = folder
    return names


def _by_folder(newest: Mapping[bytes, int]) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """Return how many paths each folder holds, and the newest layer of any of them."""
    count: dict[bytes, int] = {}
    last: dict[bytes, int] = {}
    for path, number in newest.items():
        _note(count, last, _above(path), 1, number)
    for folder, held in list(count.items()):
        number, above = last[folder], _above(folder)
        while above:
            _note(count, last, above, held, number)
            above = _above(above)
    count.pop(b"", None)
    return count, last


def _note(
    count: dict[bytes, int], last: dict[bytes, int], folder: bytes, held: int, number: int
) -> None:
    count[folder] = count.get(folder, 0) + held
    last[folder] = max(last.get(folder, _NOTHING), number)


def _oldest_seen(merged: Merged) -> dict[bytes, int]:
    """Return for each folder the number of the oldest layer that has something seen in it."""
    oldest: dict[bytes, int] = {}
    for path, place in merged.places.items():
        number, position = at_place(place)
        if not merged.layers[number].sizes[position] and place not in merged.carried:
            continue
        folder = _above(path)
        while folder and oldest.get(folder, number + 1) > number:
            oldest[folder] = number
            folder = _above(folder)
    return oldest


def _above(path: bytes) -> bytes:
    return path[: max(path.rfind(b"/"), 0)]
