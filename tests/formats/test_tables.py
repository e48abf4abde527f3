from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellstate.core.errors import InputError
from napari_cellstate.formats.tables import read_parquet, write_csv, write_parquet


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "movie": ["a", "b, µ", 'say "c"'],
            "n": pd.array([1, None, 3], "Int64"),
            "y": [0.1, np.nan, 1e-17],
            "f": np.array([0.1, 2, 3], np.float32),
            "ok": [True, False, True],
        }
    )


def test_csv_is_plain(tmp_path, table):
    write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == (
        b'movie,n,y,f,ok\na,1,0.1,0.1,True\n"b, \xc2\xb5",,,2.0,False\n"say ""c""",3,1e-17,3.0,True\n'
    )


def test_numbers_read_back_as_they_were(tmp_path):
    values = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(1000).clip(0, 200)
    write_csv(pd.DataFrame({"v": values}), tmp_path / "t.csv")
    back = pd.read_csv(tmp_path / "t.csv", float_precision="round_trip")
    np.testing.assert_array_equal(back["v"], values)


def test_parquet_round_trip(tmp_path, table):
    table.index = pd.Index([5, 6, 7])
    write_parquet(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "t.parquet"), table.reset_index(drop=True))


@pytest.mark.parametrize(("write", "name"), [(write_csv, "t.csv"), (write_parquet, "t.parquet")])
def test_the_same_rows_give_the_same_bytes(tmp_path, table, write, name):
    other = pd.concat([table.iloc[:1], table.iloc[1:]]).set_axis([9, 8, 7])
    other.attrs["note"] = "not part of the table"
    write(table, tmp_path / "a" / name)
    write(other, tmp_path / "b" / name)
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert [file.name for file in (tmp_path / "a").iterdir()] == [name]


@pytest.mark.parametrize(("write", "name"), [(write_csv, "t.csv"), (write_parquet, "t.parquet")])
def test_a_table_without_rows(tmp_path, table, write, name):
    write(table.iloc[:0], tmp_path / name)
    back = read_parquet(tmp_path / name) if write is write_parquet else pd.read_csv(tmp_path / name)
    assert (len(back), list(back.columns)) == (0, list(table.columns))


class Unwritable:
    def __str__(self):
        raise RuntimeError("cannot be written")


def test_what_fails_leaves_the_old_file(tmp_path, table):
    write_csv(table, tmp_path / "t.csv")
    before = (tmp_path / "t.csv").read_bytes()
    with pytest.raises(RuntimeError, match="cannot be written"):
        write_csv(pd.DataFrame({"bad": ["x", Unwritable()]}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]


def test_missing_and_damaged_tables(tmp_path):
    with pytest.raises(InputError, match=r"gone\.parquet: no such file"):
        read_parquet(tmp_path / "gone.parquet")
    (tmp_path / "t.parquet").write_bytes(b"PAR1 damaged")
    with pytest.raises(InputError, match=r"t\.parquet: cannot be read"):
        read_parquet(tmp_path / "t.parquet")


def test_whole_numbers_of_all_sizes_come_back(tmp_path):
    kinds = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    table = pd.DataFrame({kind: np.array([*(np.iinfo(kind).min, np.iinfo(kind).max) * 40], kind) for kind in kinds})
    table["some"] = pd.array([None, 2**62, -5, 7] * 20, "Int64")
    table["kind"] = pd.Categorical(["a", "b", "a", "c"] * 20)
    write_parquet(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "t.parquet"), table)
