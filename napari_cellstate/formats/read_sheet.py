"""Read a table that somebody else wrote."""

from __future__ import annotations

import gzip
from io import StringIO
from pathlib import Path

import numpy as np

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.format import reading
from napari_cellstate.formats.sheet import Sheet

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")


def read_sheet(path: Path) -> Sheet:
    """Read a table: .csv, .tsv, .txt (each also .gz) with commas, semicolons or tabs, or .parquet.

    Raises
    ------
    InputError
        Missing, empty, damaged or of another kind; a row longer than the header; no rows.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a table (.csv, .tsv, .txt, .csv.gz or .parquet)")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty (0 bytes); expected a table with a header")
    endings = [suffix.lower() for suffix in path.suffixes[-2:]]
    with reading(str(path)):
        if endings[-1:] == [".parquet"]:
            sheet = _from_parquet(path)
        elif endings[-1:] == [".gz"] and endings[0] in TEXT_SUFFIXES:
            sheet = _from_text(path, gzip.decompress(path.read_bytes()))
        elif endings[-1:] and endings[-1] in TEXT_SUFFIXES:
            sheet = _from_text(path, path.read_bytes())
        else:
            raise InputError(f"{path}: expected a table (.csv, .tsv, .txt, .csv.gz or .parquet) by its name")
    if not len(sheet.rows):
        raise InputError(f"{path}: a header without any row; expected one row for each cell and frame")
    return sheet


def _from_parquet(path: Path) -> Sheet:
    import pandas as pd

    frame = pd.read_parquet(path, engine="pyarrow")
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    frame.columns = frame.columns.map(str)
    return Sheet(path, frame.reset_index(drop=True), np.arange(2, len(frame) + 2))


def _from_text(path: Path, raw: bytes) -> Sheet:
    import pandas as pd

    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")  # what spreadsheets on Windows write
    header = text.split("\n", 1)[0].rstrip("\r")
    if not header.strip() or "\0" in text[:10_000]:
        raise InputError(f"{path}: the first line is {header[:40]!r}; expected the names of columns")
    separator = max(",;\t", key=header.count)
    try:
        # the header is read as a row: it then sets the number of columns, and longer rows are refused
        frame = pd.read_csv(
            StringIO(text), sep=separator, header=None, dtype=str, keep_default_na=False, skip_blank_lines=False
        )
    except pd.errors.ParserError as error:
        reason = str(error).split("C error: ")[-1].strip()
        raise InputError(
            f"{path}: {reason}; expected as many fields in each row as in the header ({header[:200]}); "
            "are decimal commas in a table separated by commas?"
        ) from error
    names = [str(name).strip() for name in frame.iloc[0]]
    frame = frame.iloc[1:].reset_index(drop=True)
    frame.columns = pd.Index(names)
    twice = sorted({name for name in names if names.count(name) > 1})
    frame = frame.loc[:, ~frame.columns.duplicated()]
    if twice and twice != [""]:
        raise InputError(f"{path}: column {twice[-1]!r} is there twice; expected each name once; rename one")
    sheet = Sheet(path, frame.fillna(""), np.arange(2, len(frame) + 2))
    return sheet.keep(~(sheet.frame == "").all(axis=1).to_numpy())
