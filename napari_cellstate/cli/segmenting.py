"""Verbs that segment, train and list models."""

from __future__ import annotations

import argparse

from napari_cellstate.cli.verb import Arguments, Verb, json_argument, show

_DEVICES = ("auto", "cpu", "cuda", "mps")


def _segment_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", help="a movie, or a folder of images that are taken one by one")
    parser.add_argument("--out", required=True, help="TIFF of labels of a movie; folder with STEM.tif for a folder")
    parser.add_argument(
        "--model", default="", help="name or folder of a model, or classical (default: the shipped net)"
    )
    parser.add_argument("--channel", type=int, default=0, help="of the images, from 0 (default: %(default)s)")
    parser.add_argument("--diameter", type=float, default=0.0, metavar="PX", help="of a typical cell (default: found)")
    parser.add_argument("--device", choices=_DEVICES, default="auto", help="default: %(default)s")
    json_argument(parser)


def _segment(given: Arguments) -> int:
    from napari_cellstate.experiment.segmenting import segment
    from napari_cellstate.learn.allocator import keep_freed_memory
    from napari_cellstate.terminal import progress_bar, segmented_text

    keep_freed_memory()

    with progress_bar() as progress:
        done = segment(
            given.input,
            given.out,
            model=given.model,
            channel=given.channel,
            diameter=given.diameter,
            device=given.device,
            progress=progress,
        )
    found = [one.to_dict() for one in done]
    return show(given, found, segmented_text(found))


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", required=True, metavar="DIR", help="folder of images")
    parser.add_argument("--masks", required=True, metavar="DIR", help="folder of label images of the same names")
    parser.add_argument("--unlabelled", default="", metavar="MOVIE", help="a movie of the same kind, without labels")
    parser.add_argument(
        "--from", dest="start", default="default", metavar="MODEL",
        help="model to start from, or scratch (default: the shipped one)",
    )  # fmt: skip
    parser.add_argument("--out", required=True, metavar="MODEL", help="folder of the new model")
    parser.add_argument("--seconds", type=float, default=300.0, help="at most (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=0, help="at most (default: as time allows)")
    parser.add_argument("--channel", type=int, default=0, help="of the images, from 0 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--device", choices=_DEVICES, default="auto", help="default: %(default)s")
    json_argument(parser)


def _train(given: Arguments) -> int:
    from napari_cellstate.experiment.training import train
    from napari_cellstate.learn.allocator import keep_freed_memory
    from napari_cellstate.terminal import progress_bar

    keep_freed_memory()

    with progress_bar() as progress:
        made = train(
            given.images,
            given.masks,
            given.out,
            unlabelled=given.unlabelled,
            start=given.start,
            seconds=given.seconds,
            steps=given.steps,
            channel=given.channel,
            seed=given.seed,
            device=given.device,
            progress=progress,
        )
    text = (
        f"{made.folder}: {made.steps} steps on {made.cells} cells of {made.images} images, diameter "
        f"{made.diameter:g} px, weights {made.digest[:12]}\nuse it: napari-cellstate segment INPUT --out OUT "
        f"--model {made.folder}"
    )
    return show(given, made.to_dict(), text)


def _models(given: Arguments) -> int:
    from napari_cellstate.learn.models import models, user_folder
    from napari_cellstate.terminal import models_text

    found = [
        {"name": one.name, "folder": str(one.folder), "digest": one.digest, "net": one.net, "shipped": one.shipped,
         "card": one.card}
        for one in models()
    ]  # fmt: skip
    return show(given, found, models_text(found, str(user_folder())))


VERBS = {
    "segment": Verb(
        "find the cells in a movie, or in every image of a folder",
        "napari-cellstate segment movie.tif --out labels.tif",
        _segment_arguments,
        _segment,
    ),
    "train": Verb(
        "teach a net on images and masks",
        "napari-cellstate train --images images --masks masks --out my-model",
        _train_arguments,
        _train,
    ),
    "models": Verb("list the models that segment", "napari-cellstate models", json_argument, _models),
}
