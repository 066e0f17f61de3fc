"""`python -m ulmfit_demo`: the command line."""

import sys

from ulmfit_demo.cli import main

if __name__ == "__main__":
    sys.exit(main())
