"""The columns of the set `motility`."""

from __future__ import annotations

from napari_cellstate.core.units import Feature

MSD = "Gorelik and Gautreau 2014, Nat. Protoc. 9:1931"
FUERTH = "Fuerth 1920, Z. Phys. 2:244; Selmeczi et al. 2005, Biophys. J. 89:912"
COVARIANCE = "Vestergaard, Blainey and Flyvbjerg 2014, Phys. Rev. E 89:022726"
T_CELLS = "Beltman, Maree and de Boer 2009, Nat. Rev. Immunol. 9:789"

FEATURES = (
    Feature("speed", "Mean step length per frame; position noise adds to it.", length=1, time=-1),
    Feature("speed_median", "Median step length per frame.", length=1, time=-1, pooled=False),
    Feature("speed_sd", "Standard deviation (divided by n) of the step lengths per frame.", length=1, time=-1),
    Feature("speed_max", "Longest step per frame; one wrong link decides it.", length=1, time=-1, pooled=False),
    Feature("speed_variation", "Standard deviation over mean of the step lengths.", pooled=False),
    Feature(
        "path_length",
        "Length of the path through the positions that are there; grows with the number of frames.",
        length=1,
        pooled=False,
    ),
    Feature("displacement", "Distance between the first and the last position that is there.", length=1),
    Feature(
        "straightness",
        "Displacement over path length: 1 for a straight path; falls with the number of frames for any other.",
        source=T_CELLS,
    ),
    Feature(
        "outreach",
        "Greatest distance from the first position over the path length.",
        source=T_CELLS,
        pooled=False,
    ),
    Feature("gyration_radius", "Root mean square distance of the positions from their centre.", length=1),
    Feature(
        "gyration_anisotropy",
        "Squared difference over squared sum of the eigenvalues of the positions' covariance: 0 round, 1 a line.",
        source="Rudnick and Gaspari 1986, J. Phys. A 19:L191",
        pooled=False,
    ),
    Feature(
        "turning_mean",
        "Mean signed angle from step to step, positive counter-clockwise on the screen; mirroring changes its sign.",
        angle=True,
        pooled=False,
    ),
    Feature("turning_abs", "Mean size of the angle from step to step.", angle=True, pooled=False),
    Feature("turning_cos", "Mean cosine of that angle: 1 straight on, 0 any way, -1 to and fro.", pooled=False),
    Feature(
        "turning_autocorr",
        "Correlation (about 0) of one signed angle with the next: positive where the cell keeps curving one way. "
        "Position noise makes it negative.",
        pooled=False,
    ),
    Feature(
        "persistence",
        "Velocity autocorrelation at one step: products of successive steps over their mean squares. Position noise "
        "lowers it.",
        source=MSD,
    ),
    Feature("velocity_autocorr_2", "The same at two steps.", source=MSD, pooled=False),
    Feature(
        "msd_exponent",
        "Slope of ln MSD on ln lag, lags 1 to a tenth of the frames (at least 2): 0 bound, 1 random, 2 straight. "
        "Position noise lowers it.",
        source=MSD,
        pooled=False,
    ),
    Feature(
        "diffusion",
        "Diffusion coefficient from the steps' variance and covariance, free of position noise; means something for "
        "random walks only.",
        length=2,
        time=-1,
        source=COVARIANCE,
        pooled=False,
    ),
    Feature(
        "diffusion_se", "Its standard error for a random walk.", length=2, time=-1, source=COVARIANCE, pooled=False
    ),
    Feature(
        "localisation_error",
        "Position noise of one axis from the covariance of successive steps; 0 where persistence hides it.",
        length=1,
        source=COVARIANCE,
        pooled=False,
    ),
    Feature(
        "persistence_time",
        "Time over which the direction is kept, of the persistent random walk whose MSD fits best (lags to a quarter "
        "of the frames); 0.1 frame at the least, 10 times the frames at the most.",
        time=1,
        source=FUERTH,
        pooled=False,
    ),
    Feature("persistence_time_se", "Its standard error, by leaving out fifths.", time=1, source=FUERTH, pooled=False),
    Feature(
        "persistence_speed",
        "Root mean square speed of that walk, free of the frame interval.",
        length=1,
        time=-1,
        source=FUERTH,
        pooled=False,
    ),
    Feature(
        "persistence_speed_se",
        "Its standard error, by leaving out fifths.",
        length=1,
        time=-1,
        source=FUERTH,
        pooled=False,
    ),
    Feature(
        "nongaussian",
        "Mean 4th power over twice the squared mean square of the steps, less 1: 0 for Gaussian steps in the plane, "
        "-1/2 at constant speed, more for rare long steps.",
        source="Rahman 1964, Phys. Rev. 136:A405",
        pooled=False,
    ),
    Feature("arrest", "Arrest coefficient: part of the steps below the arrest speed.", source=T_CELLS, pooled=False),
    Feature("pause_time", "Mean length of pauses, runs of steps below the arrest speed.", time=1, pooled=False),
    Feature("run_time", "Mean length of runs of steps at or above the arrest speed.", time=1, pooled=False),
    Feature("pause_rate", "Pauses that begin within the window, over its time.", time=-1, pooled=False),
    Feature(
        "passage_time",
        "Mean time until the cell is first so far from where it was as the passage distance, over all starts that "
        "reach it; long ones are cut off by the end.",
        time=1,
        source="Fauchald and Tveraa 2003, Ecology 84:282",
        pooled=False,
    ),
    Feature(
        "hurst_rs",
        "Slope of ln R/S on ln n of the steps as vectors: 1/2 for a random walk, more where direction is kept; "
        "biased up on short tracks.",
        source="Mandelbrot and Wallis 1969, Water Resour. Res. 5:967",
        pooled=False,
    ),
    Feature(
        "hurst_dfa",
        "The same by detrended fluctuation analysis of the path: drift at constant speed does not count.",
        source="Peng et al. 1994, Phys. Rev. E 49:1685",
        pooled=False,
    ),
    Feature(
        "spectral_slope",
        "Slope of ln power on ln frequency of the steps as vectors: 0 for a random walk, negative where direction is "
        "kept, positive where noise rules. No gap allowed.",
        pooled=False,
    ),
    Feature(
        "repeated_steps",
        "Part of the steps that repeat the one before exactly: they were probably interpolated, and look ballistic.",
        pooled=False,
    ),
    Feature("missing", "Part of the frames, between first and last position, without the cell.", pooled=False),
)
"""Columns of `Motility`, in order. None changes when the movie is turned; mirroring changes the sign of `turning_mean`.

Pooled are those that are defined on a few frames and whose distribution there is fit for a mixture: the speed and its
spread, how far and how straight the cell went, and whether it keeps its direction.
"""

AT = {feature.name: nth for nth, feature in enumerate(FEATURES)}
"""Place of each column."""
