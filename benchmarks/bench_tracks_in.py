"""Reading tracks: ours beside the reference readers, in one run, on 40,000 cells.

python benchmarks/bench_tracks_in.py > benchmarks/results/tracks_in.md
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from xml.etree.ElementTree import parse

import numpy as np
import pandas as pd

from napari_cellstate.formats.geff_write import write_geff
from napari_cellstate.formats.tables import write_csv
from napari_cellstate.formats.tracks import read_tracks

TRACKS, FRAMES, REPEATS = 400, 100, 3


def write_xml(path: Path, nodes: pd.DataFrame, edges: np.ndarray) -> None:
    more = " ".join(f'FEATURE_{n}="{n}.25"' for n in range(20))
    rows = zip(nodes["t"], nodes["y"], nodes["x"], strict=True)
    spots = "\n".join(
        f'<Spot ID="{i}" FRAME="{t}" POSITION_T="{t}" POSITION_X="{x}" POSITION_Y="{y}" {more} />'
        for i, (t, y, x) in enumerate(rows)
    )
    declared = "".join(f'<Feature feature="FEATURE_{n}" />' for n in range(20))
    tracks = "\n".join(
        f'<Track TRACK_ID="{k}">'
        + "".join(f'<Edge SPOT_SOURCE_ID="{a}" SPOT_TARGET_ID="{b}" />' for a, b in edges[edges[:, 0] // FRAMES == k])
        + "</Track>"
        for k in range(TRACKS)
    )
    path.write_text(
        f'<TrackMate version="7"><Model spatialunits="pixel" timeunits="frame"><FeatureDeclarations><SpotFeatures>'
        f"{declared}</SpotFeatures></FeatureDeclarations><AllSpots>{spots}</AllSpots><AllTracks>{tracks}</AllTracks>"
        "</Model></TrackMate>"
    )


def timed(read) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        read()
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    import geff

    rng = np.random.default_rng(0)
    track, frame = np.divmod(np.arange(TRACKS * FRAMES), FRAMES)
    y, x = rng.uniform(0, 2000, (2, len(track)))
    nodes = pd.DataFrame({"t": frame, "y": y, "x": x, "track": track + 1})
    edges = np.flatnonzero(frame < FRAMES - 1)[:, None] + [0, 1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_geff(folder / "m.geff", nodes, edges, dt_s=60.0, pixel_size_um=0.5, tracklet="track")
        write_xml(folder / "m.xml", nodes, edges)
        write_csv(nodes.rename(columns={"t": "frame"}), folder / "m.csv")
        at = {kind: folder / f"m.{kind}" for kind in ("geff", "xml", "csv")}
        rows = [
            ("GEFF", lambda: read_tracks(at["geff"]), "geff.read (networkx)", lambda: geff.read(at["geff"])),
            ("TrackMate XML", lambda: read_tracks(at["xml"]), "ElementTree.parse alone", lambda: parse(at["xml"])),
            ("CSV", lambda: read_tracks(at["csv"]), "pandas.read_csv alone", lambda: pd.read_csv(at["csv"])),
        ]
        print(f"{len(track)} cells in {TRACKS} tracks, median of {REPEATS}.\n")
        print("| format | ours (s) | peer | peer (s) | ours / peer |\n|---|---|---|---|---|")
        for what, ours, peer, theirs in rows:
            mine, other = timed(ours), timed(theirs)
            print(f"| {what} | {mine:.2f} | {peer} | {other:.2f} | {mine / other:.2f} |")


if __name__ == "__main__":
    main()
