"""`python -m cosfast` is the `cosfast` command."""

import sys

from cosfast.cli import main

sys.exit(main())
