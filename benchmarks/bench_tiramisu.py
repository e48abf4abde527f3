"""Seconds a frame of the Tiramisu beside a plain torch implementation with the same weights.

Each runs in a process of its own with the default allocator; runs are interleaved and the ratio is that of medians.

python benchmarks/bench_tiramisu.py --layout 67 --size 1024 --runs 5
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch

from benchmarks.plain_tiramisu import PlainTiramisu
from napari_cellstate.learn.allocator import keep_freed_memory
from napari_cellstate.learn.device import has_fast_bfloat16
from napari_cellstate.nets.layouts import LAYOUTS
from napari_cellstate.nets.tiramisu import Tiramisu

CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
WAYS = ("plain", "ours float32", "ours bfloat16", "slim-half float32", "slim-half bfloat16", "wide-half float32",
        "wide-half bfloat16")  # fmt: skip


def nets(layout: str) -> tuple[PlainTiramisu, Tiramisu]:
    """The two implementations with equal weights and lively norms."""
    torch.manual_seed(0)
    shape = LAYOUTS[layout]
    ours = Tiramisu(1, 3, layout).eval()
    plain = PlainTiramisu(1, 3, shape.growth, shape.down, shape.bottleneck, shape.stem).eval()
    for name, tensor in ours.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif "norm" in name:
            tensor.normal_(0.5, 0.3)
    with torch.no_grad():
        sources = [tensor for name, tensor in sorted_like(plain, ours)]
        for target, source in zip(_tensors(plain), sources, strict=True):
            target.copy_(source)
    return plain, ours


def _tensors(net: torch.nn.Module) -> list[torch.Tensor]:
    return [t for name, t in net.state_dict().items() if "num_batches" not in name]


def sorted_like(plain: PlainTiramisu, ours: Tiramisu) -> list[tuple[str, torch.Tensor]]:
    """Our tensors in the order of the plain net's (it registers its parts in another order)."""
    parts = ["stem", "down", "to_lower", "to_upper", "up", "bottleneck", "head"]
    at = {"lower": "to_lower", "upper": "to_upper"}
    order = [at.get(name, name) for name, _ in plain.named_children()]
    assert sorted(order) == sorted(parts)
    state = ours.state_dict()
    return [(name, state[name]) for part in order for name in state if name.split(".")[0] == part]


def serve(way: str, layout: str, size: int, threads: int, clock: Callable[[], float]) -> None:
    """Time one frame for each line read, and answer with the seconds."""
    torch.set_num_threads(threads)
    if way != "plain":
        keep_freed_memory()  # as the terminal does
    kind, _, precision = way.rpartition(" ")
    if way == "plain":
        net: torch.nn.Module = nets(layout)[0]
    else:
        net = nets(layout)[1] if kind == "ours" else Tiramisu(1, 3, kind).eval()
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    net, image = net.to(dtype), torch.randn(1, 1, size, size, generator=torch.Generator().manual_seed(1)).to(dtype)
    with torch.no_grad():
        net(image[..., :64, :64])
        for _ in sys.stdin:
            start = clock()
            net(image)
            seconds = clock() - start
            print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, flush=True)


def errors(layout: str) -> dict[str, float]:
    """Root mean square difference from the plain net over its root mean square score, 256 x 256 px."""
    plain, ours = nets(layout)
    image = torch.randn(1, 1, 256, 256)
    with torch.no_grad():
        wanted = plain(image)
        found = {"ours float32": ours(image), "ours bfloat16": ours.bfloat16()(image.bfloat16()).float()}
    return {way: float((one - wanted).norm() / wanted.norm()) for way, one in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--layout", default="67")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall", help="cpu: processor time, on a busy machine")
    parser.add_argument("--serve", default="")
    given = parser.parse_args()
    if given.serve:
        return serve(given.serve, given.layout, given.size, given.threads, CLOCKS[given.clock])
    ways = [way for way in WAYS if has_fast_bfloat16() or "bfloat16" not in way]
    arguments = ["--layout", given.layout, "--size", str(given.size), "--threads", str(given.threads)]
    arguments += ["--clock", given.clock]
    times: dict[str, list[float]] = {way: [] for way in ways}
    memory: dict[str, float] = {}
    processes = {
        way: subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bench_tiramisu", "--serve", way, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        for way in ways
    }  # fmt: skip
    for _ in range(given.runs):
        for way, process in processes.items():
            process.stdin.write("go\n")
            seconds, peak = process.stdout.readline().split()
            times[way].append(float(seconds))
            memory[way] = float(peak)
    for process in processes.values():
        process.stdin.close()
        process.wait()
    print(
        f"layout {given.layout}, one frame of {given.size} x {given.size} px, median of {given.runs} interleaved runs, "
        f"{given.threads} threads, {given.clock} time"
    )
    print("| way | s a frame | times faster than plain | peak memory of the process, GB |\n|---|---|---|---|")
    plain = statistics.median(times["plain"])
    for way in ways:
        median = statistics.median(times[way])
        print(f"| {way} | {median:.2f} | {plain / median:.1f} | {memory[way]:.2f} |")
    print("relative error beside plain:", {way: f"{error:.1e}" for way, error in errors(given.layout).items()})


if __name__ == "__main__":
    main()
