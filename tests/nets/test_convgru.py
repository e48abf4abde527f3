from __future__ import annotations

import math

import pytest
import torch

from napari_cellstate.nets.convgru import ConvGRU, ConvGRUCell, from_update_gate, unrolled


def test_published_sizes():
    net = ConvGRU(8, [32, 64, 16], [3, 5, 3])
    sequence, states = net(torch.zeros(1, 1, 8, 64, 64))
    assert [tuple(state.shape) for state in states] == [(1, 32, 64, 64), (1, 64, 64, 64), (1, 16, 64, 64)]
    assert tuple(sequence.shape) == (1, 1, 16, 64, 64)
    parameters = sum(p.numel() for p in net.parameters())
    assert parameters == 530_256
    wanted = sum(3 * ((i + h) * h * k * k + h) for i, h, k in [(8, 32, 3), (32, 64, 5), (64, 16, 3)])
    assert parameters == wanted


def test_one_step_without_a_time_axis():
    _, states = ConvGRU(8, [32, 64, 16], [3, 5, 3])(torch.randn(1, 8, 16, 16))
    assert [state.shape[1] for state in states] == [32, 64, 16]


def test_nothing_in_nothing_out():
    sequence, states = ConvGRU(2, [4, 4], bidirectional=True)(torch.zeros(2, 5, 2, 6, 6))
    assert not sequence.any()
    assert not any(state.any() for state in states)


def test_hand_computed_step():
    """1 x 1 kernels and one px: h' = z h + (1 - z) c by hand."""
    cell = ConvGRUCell(1, 1, 1)
    with torch.no_grad():
        cell.gates.weight.copy_(torch.tensor([[0.5, -1.0], [2.0, 0.25]]).view(2, 2, 1, 1))
        cell.gates.bias.copy_(torch.tensor([0.1, -0.2]))
        cell.candidate.weight.copy_(torch.tensor([[1.5, -0.5]]).view(1, 2, 1, 1))
        cell.candidate.bias.fill_(0.3)
    x, h = 0.7, -0.4
    r = 1 / (1 + math.exp(-(0.5 * x - 1.0 * h + 0.1)))
    z = 1 / (1 + math.exp(-(2.0 * x + 0.25 * h - 0.2)))
    c = math.tanh(1.5 * x - 0.5 * r * h + 0.3)
    found = cell(torch.full((1, 1, 1, 1), x), torch.full((1, 1, 1, 1), h)).detach()
    assert float(found) == pytest.approx(z * h + (1 - z) * c, abs=1e-6)


def test_step_by_step_equals_the_sequence():
    net, x = ConvGRU(2, [3, 5], [3, 5]), torch.randn(2, 6, 2, 7, 9)
    sequence, last = net(x)
    states = None
    for t in range(6):
        step, states = net(x[:, t], states)
        assert torch.allclose(step[:, 0], sequence[:, t], atol=1e-6)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(states, last, strict=True))


def test_masked_steps_leave_the_state_unchanged():
    net, x = ConvGRU(1, [3, 2]), torch.randn(2, 5, 1, 6, 6)
    mask = torch.tensor([[True] * 5, [True, True, False, False, False]])
    sequence, last = net(x, mask=mask)
    short, short_last = net(x[1:, :2])
    assert torch.allclose(last[-1][1:], short_last[-1], atol=1e-6)
    assert torch.equal(sequence[1, 4], sequence[1, 1])
    x[1, 2:] = 1e6
    assert torch.equal(net(x, mask=mask)[0], sequence)
    assert torch.allclose(sequence[1:, :2], short, atol=1e-6)


def test_backward_reads_from_the_end_and_skips_padding():
    net, x = ConvGRU(1, 3, bidirectional=True), torch.randn(1, 5, 1, 6, 6)
    net.backward_cells.load_state_dict(net.cells.state_dict())
    forward, backward = net(x)[0].split(3, 2)
    mirrored, _ = net(x.flip(1))[0].split(3, 2)
    assert torch.allclose(backward, mirrored.flip(1), atol=1e-6)
    assert forward.shape == backward.shape
    mask = torch.tensor([[True, True, True, False, False]])
    assert torch.allclose(net(x, mask=mask)[0][:, :3], net(x[:, :3])[0], atol=1e-6)


def test_bidirectional_stack_joins():
    sequence, states = ConvGRU(1, [3, 2], bidirectional=True)(torch.randn(1, 4, 1, 5, 5))
    assert tuple(sequence.shape) == (1, 4, 4, 5, 5)
    assert [state.shape[1] for state in states] == [3, 2, 3, 2]


def _opposite(net: ConvGRU) -> dict[str, torch.Tensor]:
    """Weights of the same net written with an update gate."""
    out = {}
    for n, cell in enumerate(net.cells):
        for part in ("weight", "bias"):
            reset, keep = getattr(cell.gates, part).detach().split(cell.hidden)
            out |= {f"ConvGRUCell_{n:02d}.reset_gate.{part}": reset, f"ConvGRUCell_{n:02d}.update_gate.{part}": -keep}
            out[f"ConvGRUCell_{n:02d}.out_gate.{part}"] = getattr(cell.candidate, part).detach()
    return out


def test_weights_with_an_update_gate_are_converted():
    net, other, x = ConvGRU(2, [3, 4], [3, 1]), ConvGRU(2, [3, 4], [3, 1]), torch.randn(1, 3, 2, 5, 5)
    other.load_state_dict(from_update_gate(_opposite(net)))
    assert torch.equal(net(x)[0], other(x)[0])
    first = _opposite(net)
    r = torch.sigmoid(torch.nn.functional.conv2d(
        torch.cat((x[:, 0], torch.zeros(1, 3, 5, 5)), 1), first["ConvGRUCell_00.update_gate.weight"], padding=1
    ))  # fmt: skip
    c = torch.tanh(torch.nn.functional.conv2d(
        torch.cat((x[:, 0], torch.zeros(1, 3, 5, 5)), 1), first["ConvGRUCell_00.out_gate.weight"], padding=1
    ))  # fmt: skip
    assert torch.allclose(other(x[:, 0])[1][0], r * c, atol=1e-6)  # h = 0: h' = u c


def test_gates_start_orthogonal_and_biases_at_zero():
    cell = ConvGRUCell(2, 6, 3)
    for part in (*cell.gates.weight.split(6), cell.candidate.weight):
        rows = part.flatten(1)
        assert torch.allclose(rows @ rows.T, torch.eye(6), atol=1e-5)
    assert not cell.gates.bias.any()


@pytest.mark.parametrize("bad", [{"kernels": 4}, {"kernels": [3, 3]}, {"hidden": []}, {"hidden": 0}])
def test_bad_settings(bad):
    with pytest.raises(ValueError, match=r"kernel|hidden|layers"):
        ConvGRU(1, **({"hidden": 3} | bad))


def test_bad_input():
    with pytest.raises(ValueError, match="expected"):
        ConvGRU(1, 3)(torch.zeros(3, 4))
    with pytest.raises(ValueError, match="2 states for 1 layers"):
        ConvGRU(1, 3)(torch.zeros(1, 1, 4, 4), [torch.zeros(1)] * 2)


def test_the_same_input_at_every_step():
    cell, x, h = ConvGRUCell(3, 4, 3), torch.randn(2, 3, 6, 6), torch.randn(2, 4, 6, 6)
    found = unrolled(cell, x, h, 3)
    for t in range(3):
        h = cell(x, h)
        assert torch.allclose(found[:, t], h, atol=1e-5)
