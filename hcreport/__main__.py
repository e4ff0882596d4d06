"""The entry point: ``hcreport`` and ``python -m hcreport``."""

import sys

from hcreport import __version__


def main() -> None:
    """Run the command line.

    Scripts ask for the version in loops, so that answer does not wait for the rest to load.
    """
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"hcreport {__version__}\n")
        return
    from hcreport.cli import run

    run()


if __name__ == "__main__":
    main()
