from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from napari_cellstate.nets.elbo import Elbo, capacity, kl_to_standard_normal, reconstruction
from napari_cellstate.nets.vae import Encoded, image_vae, vector_vae


def test_divergence_closed_form():
    mean, log_var = torch.randn(5, 3), torch.randn(5, 3)
    wanted = kl_divergence(Normal(mean, (log_var / 2).exp()), Normal(torch.zeros(()), torch.ones(())))
    assert torch.allclose(kl_to_standard_normal(mean, log_var), wanted, atol=1e-5)
    assert not kl_to_standard_normal(torch.zeros(2), torch.zeros(2)).any()


@pytest.mark.parametrize(("step", "wanted"), [(0, 0.0), (50_000, 12.5), (100_000, 25.0), (200_000, 25.0), (-1, 0.0)])
def test_capacity(step, wanted):
    assert capacity(step) == wanted


def test_reconstruction_is_summed_over_pixels():
    output, target = torch.randn(2, 1, 4, 4), torch.rand(2, 1, 4, 4).round()
    wanted = -Bernoulli(logits=output).log_prob(target).sum((1, 2, 3))
    assert torch.allclose(reconstruction(output, target, "bernoulli"), wanted, atol=1e-5)
    wanted = -Normal(output, 0.5).log_prob(target).sum((1, 2, 3))
    assert torch.allclose(reconstruction(output, target, "gaussian", 0.5), wanted, atol=1e-4)


def test_four_times_the_pixels_is_four_times_the_loss():
    small, large = torch.full((3, 1, 4, 4), 0.3), torch.full((3, 1, 8, 8), 0.3)
    ratio = reconstruction(large, large * 0, "bernoulli") / reconstruction(small, small * 0, "bernoulli")
    assert torch.allclose(ratio, torch.tensor(4.0))


@pytest.mark.parametrize(
    ("objective", "weighted"),
    [
        (Elbo("vae"), lambda kl: kl),
        (Elbo("beta", beta=7), lambda kl: 7 * kl),
        (Elbo("annealed", gamma=10, capacity_steps=100), lambda kl: 10 * abs(kl - 12.5)),
    ],
)
def test_objectives(objective, weighted):
    mean, log_var, target = torch.randn(6, 2), torch.randn(6, 2), torch.rand(6, 5)
    made = Encoded(torch.randn(6, 5), mean, log_var, mean)
    loss = objective(made, target, step=50)
    recon = ((made.output - target).square() / 2 + math.log(2 * math.pi) / 2).sum(1).mean()
    kl = float(kl_to_standard_normal(mean, log_var).sum(1).mean())
    assert float(loss.total) == pytest.approx(float(recon) + weighted(kl), rel=1e-5)
    assert float(loss.parts["kl"]) == pytest.approx(kl, rel=1e-5)
    assert set(loss.parts) == {"reconstruction", "kl"} | ({"capacity"} if objective.objective == "annealed" else set())


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (vector_vae(7, 3, (5,)), (4, 7)),
        (vector_vae(7, 3, ()), (4, 7)),
        (image_vae(2, 32, 5, (4, 8)), (3, 2, 32, 32)),
        (image_vae(), (1, 1, 64, 64)),
    ],
)
def test_shapes(net, shape):
    made = net(torch.randn(shape))
    assert made.output.shape == shape
    assert made.mean.shape == made.log_var.shape == made.sample.shape == (shape[0], net.latent)


def test_samples_in_training_and_means_at_test():
    net, x = vector_vae(4, 2), torch.randn(3, 4)
    assert not torch.equal(net.train()(x).sample, net(x).mean)
    assert torch.equal(net.eval()(x).sample, net(x).mean)


def test_sample_has_the_spread_that_was_encoded():
    net = vector_vae(1, 1, ())
    with torch.no_grad():
        net.encoder[0].weight.zero_()
        net.encoder[0].bias.copy_(torch.tensor([2.0, math.log(9.0)]))
    n = 20_000
    z = net.train()(torch.zeros(n, 1)).sample.detach()
    assert abs(float(z.mean()) - 2) < 3.3 * 3 / math.sqrt(n)
    assert abs(float(z.std()) - 3) < 3.3 * 3 / math.sqrt(2 * n)


def test_linear_gaussian_vae_reaches_the_likelihood_of_probabilistic_pca():
    """A linear VAE's best bound is the marginal likelihood of probabilistic PCA (Lucas et al. 2019)."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2000, 1, generator=generator) @ torch.tensor([[2.0, -1.0, 1.0]])
    x = x + torch.randn(2000, 3, generator=generator)
    x = x - x.mean(0)
    wanted = -torch.distributions.MultivariateNormal(
        torch.zeros(3), torch.outer(torch.tensor([2.0, -1, 1]), torch.tensor([2.0, -1, 1])) + torch.eye(3)
    ).log_prob(x).mean()  # fmt: skip
    net, objective = vector_vae(3, 1, ()), Elbo("vae", "gaussian", sd=1.0)
    optimiser = torch.optim.Adam(net.parameters(), 2e-2)
    for _ in range(400):
        optimiser.zero_grad()
        objective(net(x), x).total.backward()
        optimiser.step()
    found = torch.stack([objective(net(x), x).total.detach() for _ in range(20)]).mean()
    assert float(found) == pytest.approx(float(wanted), abs=0.03)


@pytest.mark.parametrize("bad", [{"size": 60}, {"size": 8}, {"widths": ()}, {"latent": 0}])
def test_bad_settings(bad):
    with pytest.raises(ValueError, match=r"multiple|at least 1"):
        image_vae(**bad)


def _sprites(count: int, generator: torch.Generator) -> torch.Tensor:
    """Squares of 3 to 6 px anywhere in 16 x 16 px: factors y, x and size."""
    corner = torch.randint(0, 10, (2, count, 1, 1), generator=generator)
    size = torch.randint(3, 7, (count, 1, 1), generator=generator)
    at = torch.arange(16)
    inside = [
        (axis >= low) & (axis < low + size)
        for axis, low in zip((at.view(1, 16, 1), at.view(1, 1, 16)), corner, strict=True)
    ]
    return (inside[0] & inside[1]).float()[:, None]


def test_annealed_divergence_follows_the_capacity():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    net = image_vae(size=16, widths=(16, 16), hidden=64, latent=6)
    objective = Elbo("annealed", "bernoulli", gamma=100, most_capacity=6, capacity_steps=250)
    optimiser = torch.optim.Adam(net.parameters(), 2e-3)
    off = []
    for step in range(300):
        x = _sprites(32, generator)
        loss = objective(net.train()(x), x, step)
        optimiser.zero_grad()
        loss.total.backward()
        optimiser.step()
        if step >= 100:
            off.append(float(loss.parts["kl"] - loss.parts["capacity"]))
    off = torch.tensor(off).view(-1, 20).mean(1)  # single batches scatter
    assert off.abs().max() < 1
