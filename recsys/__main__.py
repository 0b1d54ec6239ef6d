"""``recsys`` and ``python -m recsys``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from recsys.cli.app import build_app
        from recsys.terminal import run

        code = run(build_app(sys.argv[1:]), "recsys")
    except KeyboardInterrupt:  # while it is imported, which is long on a busy machine
        print("interrupted", file=sys.stderr)
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
