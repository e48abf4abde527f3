"""The columns of the set `motility`."""

from __future__ import annotations

from napari_cellstate.core.units import Feature

MSD = "Gorelik and Gautreau 2014, Nat. Protoc. 9:1931"
FUERTH = "Fuerth 1920, Z. Phys. 2:244; Selmeczi et al. 2005, Biophys. J. 89:912"
COVARIANCE = "Vestergaard, Blainey and Flyvbjerg 2014, Phys. Rev. E 89:022726"
T_CELLS = "Beltman, Maree and de Boer 2009, Nat. Rev. Immunol. 9:789"

FEATURES = (
    Feature(
        "speed",
        "Mean step length per frame.",
        length=1,
        time=-1,
        note="Position noise adds to it; it depends on the frame interval.",
    ),
    Feature(
        "speed_median",
        "Median step length per frame.",
        length=1,
        time=-1,
        pooled=False,
        note="Position noise adds to it; it depends on the frame interval.",
    ),
    Feature(
        "speed_sd",
        "Standard deviation (divided by n) of the step lengths per frame.",
        length=1,
        time=-1,
        note="Position noise adds to it; it grows with the speed.",
    ),
    Feature(
        "speed_max",
        "Longest step per frame.",
        length=1,
        time=-1,
        pooled=False,
        note="One wrong link decides it.",
    ),
    Feature(
        "speed_variation",
        "Standard deviation over mean of the step lengths.",
        pooled=False,
        note="Pauses raise it, and so does position noise in slow cells.",
    ),
    Feature(
        "path_length",
        "Length of the path through the positions that are there.",
        length=1,
        pooled=False,
        note="Grows with the number of frames and with position noise.",
    ),
    Feature(
        "displacement",
        "Distance between the first and the last position that is there.",
        length=1,
        note="Grows with the number of frames.",
    ),
    Feature(
        "straightness",
        "Displacement over path length: 1 for a straight path.",
        source=T_CELLS,
        note="Falls with the number of frames for any path but a straight one, and with position noise.",
    ),
    Feature(
        "outreach",
        "Greatest distance from the first position over the path length.",
        source=T_CELLS,
        pooled=False,
        note="Falls with the number of frames.",
    ),
    Feature(
        "gyration_radius",
        "Root mean square distance of the positions from their centre.",
        length=1,
        note="Grows with the number of frames.",
    ),
    Feature(
        "gyration_anisotropy",
        "Squared difference over squared sum of the eigenvalues of the positions' covariance: 0 round, 1 a line.",
        source="Rudnick and Gaspari 1986, J. Phys. A 19:L191",
        pooled=False,
        note="A random walk is far from round too: 4/7 as a ratio of means.",
    ),
    Feature(
        "turning_mean",
        "Mean signed angle from step to step, positive counter-clockwise on the screen; mirroring changes its sign.",
        angle=True,
        pooled=False,
        note="Position noise turns slow cells any way; steps of length 0 have no angle.",
    ),
    Feature(
        "turning_abs",
        "Mean size of the angle from step to step.",
        angle=True,
        pooled=False,
        note="Position noise turns slow cells any way.",
    ),
    Feature(
        "turning_cos",
        "Mean cosine of that angle: 1 straight on, 0 any way, -1 to and fro.",
        pooled=False,
        note="Position noise lowers it, most in slow cells.",
    ),
    Feature(
        "turning_autocorr",
        "Correlation (about 0) of one signed angle with the next: positive where the cell keeps curving one way.",
        pooled=False,
        note="Position noise makes it negative.",
    ),
    Feature(
        "persistence",
        "Velocity autocorrelation at one step: products of successive steps over their mean squares.",
        source=MSD,
        note="Position noise lowers it; it depends on the frame interval.",
    ),
    Feature(
        "velocity_autocorr_2",
        "The same at two steps.",
        source=MSD,
        pooled=False,
        note="Few steps decide it on short windows.",
    ),
    Feature(
        "msd_exponent",
        "Slope of ln MSD on ln lag, lags 1 to a tenth of the frames (at least 2): 0 bound, 1 random, 2 straight.",
        source=MSD,
        pooled=False,
        note="Position noise lowers it; pauses mixed with runs give any value.",
    ),
    Feature(
        "diffusion",
        "Diffusion coefficient from the steps' variance and covariance, free of position noise.",
        length=2,
        time=-1,
        source=COVARIANCE,
        pooled=False,
        note="Means something for random walks only.",
    ),
    Feature(
        "diffusion_se",
        "Its standard error for a random walk.",
        length=2,
        time=-1,
        source=COVARIANCE,
        pooled=False,
        note="For a random walk only; neighbouring windows are not independent.",
    ),
    Feature(
        "localisation_error",
        "Position noise of one axis from the covariance of successive steps.",
        length=1,
        source=COVARIANCE,
        pooled=False,
        note="0 where persistence hides it; not the noise of the microscope but of mask and tracker.",
    ),
    Feature(
        "persistence_time",
        "Time over which the direction is kept, of the persistent random walk whose MSD fits best (lags to a "
        "quarter of the frames); 0.1 frame at the least, 10 times the frames at the most.",
        time=1,
        source=FUERTH,
        pooled=False,
        note="At either limit there is no persistence time in the path; see its standard error.",
    ),
    Feature(
        "persistence_time_se",
        "Its standard error, by leaving out fifths.",
        time=1,
        source=FUERTH,
        pooled=False,
        note="One path says little of its own error: it is itself uncertain by a third or more.",
    ),
    Feature(
        "persistence_speed",
        "Root mean square speed of that walk, free of the frame interval.",
        length=1,
        time=-1,
        source=FUERTH,
        pooled=False,
        note="Without persistence it grows beyond all speeds seen.",
    ),
    Feature(
        "persistence_speed_se",
        "Its standard error, by leaving out fifths.",
        length=1,
        time=-1,
        source=FUERTH,
        pooled=False,
        note="One path says little of its own error: it is itself uncertain by a third or more.",
    ),
    Feature(
        "nongaussian",
        "Mean 4th power over twice the squared mean square of the steps, less 1: 0 for Gaussian steps in the "
        "plane, -1/2 at constant speed, more for rare long steps.",
        source="Rahman 1964, Phys. Rev. 136:A405",
        pooled=False,
        note="One long step decides it; pauses and cells in two moods raise it alike.",
    ),
    Feature(
        "arrest",
        "Arrest coefficient: part of the steps below the arrest speed.",
        source=T_CELLS,
        pooled=False,
        note="Below the position noise no step is a pause.",
    ),
    Feature(
        "pause_time",
        "Mean length of pauses, runs of steps below the arrest speed.",
        time=1,
        pooled=False,
        note="Cut off by the ends of the window.",
    ),
    Feature(
        "run_time",
        "Mean length of runs of steps at or above the arrest speed.",
        time=1,
        pooled=False,
        note="Cut off by the ends of the window.",
    ),
    Feature(
        "pause_rate",
        "Pauses that begin within the window, over its time.",
        time=-1,
        pooled=False,
        note="Speeds near the limit flicker, and every flicker counts.",
    ),
    Feature(
        "passage_time",
        "Mean time until the cell is first so far from where it was as the passage distance, over all starts "
        "that reach it.",
        time=1,
        source="Fauchald and Tveraa 2003, Ecology 84:282",
        pooled=False,
        note="Long ones are cut off by the end, so slow cells seem quicker.",
    ),
    Feature(
        "hurst_rs",
        "Slope of ln R/S on ln n of the steps as vectors: 1/2 for a random walk, more where direction is kept.",
        source="Mandelbrot and Wallis 1969, Water Resour. Res. 5:967",
        pooled=False,
        note="Biased up on short tracks.",
    ),
    Feature(
        "hurst_dfa",
        "The same by detrended fluctuation analysis of the path: drift at constant speed does not count.",
        source="Peng et al. 1994, Phys. Rev. E 49:1685",
        pooled=False,
        note="Scatters widely on short tracks.",
    ),
    Feature(
        "spectral_slope",
        "Slope of ln power on ln frequency of the steps as vectors: 0 for a random walk, negative where "
        "direction is kept, positive where noise rules.",
        pooled=False,
        note="Any gap makes it missing; scatters widely on one path.",
    ),
    Feature(
        "repeated_steps",
        "Part of the steps that repeat the one before exactly: they were probably interpolated, and look ballistic.",
        pooled=False,
        note="Where positions are whole pixels, slow cells repeat steps by chance.",
    ),
    Feature(
        "missing",
        "Part of the frames, between first and last position, without the cell.",
        pooled=False,
        note="Cells are lost where it is crowded or they divide, so it is not by chance.",
    ),
)
"""Columns of `Motility`, in order. None changes when the movie is turned; mirroring changes the sign of `turning_mean`.

Pooled are those that are defined on a few frames and whose distribution there is fit for a mixture: the speed and its
spread, how far and how straight the cell went, and whether it keeps its direction.
"""

AT = {feature.name: nth for nth, feature in enumerate(FEATURES)}
"""Place of each column."""
