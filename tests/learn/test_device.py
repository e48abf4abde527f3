from __future__ import annotations

import pytest
import torch

from napari_cellstate.core.errors import InputError
from napari_cellstate.learn.device import choose_device, describe, has_fast_bfloat16


def test_cpu():
    assert choose_device("cpu") == torch.device("cpu")
    assert "threads" in describe(choose_device("cpu"))
    assert has_fast_bfloat16() in (True, False)
    assert not has_fast_bfloat16(torch.device("mps"))


def test_auto_takes_what_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device().type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto").type == "mps"


def test_what_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"cuda.*use auto or cpu"):
        choose_device("cuda")
    with pytest.raises(InputError, match="expected one of"):
        choose_device("gpu")
