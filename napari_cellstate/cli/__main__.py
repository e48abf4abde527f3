"""python -m napari_cellstate.cli."""

import sys

from napari_cellstate.cli import main

sys.exit(main())
