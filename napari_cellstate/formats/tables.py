"""Our own tables: the same rows give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellstate.core.atomic import replacing
from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.format import reading

if TYPE_CHECKING:
    import pandas as pd


def write_csv(df: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV: UTF-8, LF line ends, numbers that read back as they were, missing values blank.

    The index is not written. A column of whole numbers with holes stays whole if it has a nullable type ("Int64").
    """
    with replacing(path) as temporary:
        df.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8", compression=None)


def write_table(df: pd.DataFrame, path: Path) -> None:
    """Write a table as what its name says, .csv or .parquet; `check_name` says what other names raise."""
    check_name(path)
    (write_parquet if path.suffix.lower() == ".parquet" else write_csv)(df, path)


def check_name(path: Path) -> None:
    """Raise InputError unless a table can be written under this name: .csv or .parquet, in a folder that is there."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise InputError(f"{path}: expected a name that ends in .csv or .parquet")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no folder {path.absolute().parent}; make it first")


def write_parquet(df: pd.DataFrame, path: Path) -> None:
    """Write a table as parquet, without its index; types come back as they were."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = df.copy(deep=False)
    plain.attrs = {}  # would be written into the file, and are no part of the table
    table = pa.Table.from_pandas(plain, preserve_index=False, nthreads=1)
    words = [field.name for field in table.schema if not pa.types.is_primitive(field.type)]
    counts = {field.name: "DELTA_BINARY_PACKED" for field in table.schema if pa.types.is_integer(field.type)}
    with replacing(path) as temporary:
        # numbers hardly ever repeat: a dictionary of them takes three times as long and is no smaller; of whole ones
        # the steps from row to row are small, and written in a third less time
        pq.write_table(table, temporary, compression="zstd", use_dictionary=words, column_encoding=counts)


def read_parquet(path: Path, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a parquet table.

    Parameters
    ----------
    columns : those wanted, as far as the table has them; default all.

    Raises
    ------
    InputError
        The file is missing or damaged.
    """
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError(f"{path}: no such file; expected a parquet table")
    with reading(str(path)):
        names = [name for name in pq.read_schema(path).names if name in columns] if columns else None
        table = pq.read_table(path, columns=names, use_threads=False, partitioning=None)
        frame: pd.DataFrame = table.to_pandas(use_threads=False)
        return frame
