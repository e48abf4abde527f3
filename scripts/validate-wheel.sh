#!/bin/sh
# Build a wheel and check that the manifest is in it and valid: what users install, not what lies here.
# usage: validate-wheel.sh BIN
set -eu
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bin/python" -m build --wheel --no-isolation --outdir "$work" . >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$bin/python" -m pip install --quiet --no-deps --target "$work/site" "$work"/*.whl
cd "$work"
"$bin/npe2" validate "$work/site/napari_cellstate/napari.yaml"
PYTHONPATH="$work/site" "$bin/npe2" validate napari-cellstate
PYTHONPATH="$work/site" "$bin/python" -c "
import napari_cellstate, pathlib
assert pathlib.Path(napari_cellstate.__file__).is_relative_to('$work/site'), napari_cellstate.__file__
"
