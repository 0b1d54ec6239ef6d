"""``recsys`` and ``python -m recsys``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from recsys.cli.app import build_app
    from recsys.terminal import run

    sys.exit(run(build_app(sys.argv[1:]), "recsys"))


if __name__ == "__main__":
    main()
