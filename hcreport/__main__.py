"""The entry point: ``hcreport`` and ``python -m hcreport``."""

import gc
import sys

from hcreport import __version__


def main() -> None:
    """Run the command line.

    Scripts ask for the version in loops, so that answer does not wait for the rest to load.
    """
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"hcreport {__version__}\n")
        return
    # A command is one short run whose objects live to its end, so collecting garbage only costs:
    # a twentieth of a build. `serve`, which goes on, switches it on again.
    gc.disable()
    from hcreport.cli import run

    run()


if __name__ == "__main__":
    main()
