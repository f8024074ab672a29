"""``python -m pytest_roadmap.embedded``."""

import sys

from pytest_roadmap.embedded.server import main

if __name__ == "__main__":
    sys.exit(main())
