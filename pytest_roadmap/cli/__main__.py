"""``python -m pytest_roadmap.cli`` is the command ``roadmap``."""

import sys

from pytest_roadmap.cli import main

if __name__ == "__main__":
    sys.exit(main())
