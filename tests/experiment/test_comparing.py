from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import napari_cellstate as cs
from napari_cellstate.cli import main
from napari_cellstate.core.errors import InputError
from napari_cellstate.experiment.comparing.figures import pictures_of
from napari_cellstate.simulate.population import spread_rates

RATES = np.array([[0, 0.06, 0.02], [0.04, 0, 0.04], [0.02, 0.06, 0]])


def sequences(seed=0, *, factor=0.5, replicates=4, tracks=60, frames=50, speed=True) -> pd.DataFrame:
    """A table of states of two conditions, with a speed that belongs to the state."""
    rng = np.random.default_rng(seed)
    tables = []
    for condition, scale in (("young", 1.0), ("aged", factor)):
        for replicate, law in enumerate(spread_rates(rng, RATES * scale, sd=0.1, populations=replicates)):
            steps = np.cumsum(law, axis=1)
            state = np.zeros((tracks, frames), int)
            state[:, 0] = rng.integers(3, size=tracks)
            for t in range(1, frames):
                state[:, t] = (rng.random(tracks)[:, None] >= steps[state[:, t - 1], :2]).sum(axis=1)
            table = pd.DataFrame(
                {"track": np.repeat(np.arange(tracks), frames), "frame": np.tile(range(frames), tracks)}
            )
            table["condition"], table["replicate"] = condition, f"{condition} {replicate}"
            table["state"] = np.array(["rest", "run", "turn"])[state.ravel()]
            if speed:
                table["speed"] = rng.normal(state.ravel() * 3.0, 1.0)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "states.csv"
    sequences().to_csv(path, index=False)
    return path


def test_slower_transitions_from_a_plain_table(table, tmp_path, capsys):
    assert main(["compare", str(table), str(tmp_path / "out"), "--no-report"]) == 0
    assert "same states, slower transitions" in capsys.readouterr().out
    found = json.loads((tmp_path / "out" / "compare.json").read_text())
    by_name = {one["name"]: one for one in found["questions"]}
    assert len(by_name) == len(found["questions"])
    needed = {"name", "estimate", "low", "high", "p", "q", "test", "unit", "n_replicates", "paired", "verdict"}
    assert all(needed <= set(one) for one in found["questions"])
    speed = by_name["overall rate"]
    assert speed["verdict"] == "differs" and speed["n_replicates"] == 4 and not speed["paired"]
    assert speed["low"] < 0.52 < speed["high"]
    rates = {name for name in by_name if name.startswith("rate ")}
    assert rates == {f"rate {a}->{b}" for a in ("rest", "run", "turn") for b in ("rest", "run", "turn") if a != b}
    assert {"occupancy rest", "state run speed", "mean speed"} <= set(by_name)
    assert {one["name"] for one in found["checks"]} == {
        *("design aged against young", "stationarity", "markov", "batch", "position")
    }
    assert not {"stationarity", "markov", "batch", "position"} & set(by_name)
    rows = pd.read_csv(tmp_path / "out" / "compare.csv")
    assert rows["name"].tolist() == [one["name"] for one in found["questions"]]


def test_the_same_table_gives_the_same_bytes(table, tmp_path):
    for name in ("a", "b"):
        cs.compare(table, tmp_path / name, points=20, report=False)
    for file in ("compare.json", "compare.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_rows_in_any_order_and_columns_by_name(table, tmp_path):
    plain = cs.compare(table, tmp_path / "a", points=20, report=False)
    shuffled = (
        pd.read_csv(table).sample(frac=1, random_state=0).sort_values("condition", ascending=False, kind="stable")
    )
    names = {"state": "behaviour", "replicate": "mouse_id", "condition": "age", "track": "cell", "frame": "hour"}
    shuffled["frame"] = shuffled["frame"] * 0.1
    shuffled.rename(columns=names).to_csv(tmp_path / "other.csv", index=False)
    given = {"by": "age", "replicate": "mouse_id", "states": "behaviour", "track": "cell", "time": "hour"}
    other = cs.compare(tmp_path / "other.csv", tmp_path / "b", **given, points=20, report=False)
    assert other.statements() == plain.statements()
    for one, two in zip(plain.findings, other.findings, strict=True):
        drawn = one.question in ("distance", "classifier", "emissions")  # windows are drawn at random
        assert one.name == two.name and one.estimate == pytest.approx(two.estimate, abs=0.3 if drawn else 1e-9)


def test_a_shifted_state_is_a_changed_state(tmp_path):
    rows = sequences(1, factor=1.0)
    rows.loc[(rows["state"] == "run") & (rows["condition"] == "aged"), "speed"] += 1.0
    rows.to_csv(tmp_path / "t.csv", index=False)
    said = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=20, report=False).statements()["aged against young"]
    assert said.startswith("changed states, moved: run speed") and "slower" not in said and "faster" not in said


def test_states_without_features_are_the_same_by_name(tmp_path):
    sequences(speed=False).to_csv(tmp_path / "t.csv", index=False)
    said = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=20, report=False).statements()["aged against young"]
    assert said.startswith("same states, slower transitions") and said.endswith("(states as given, not compared)")


def test_two_replicates_end_undecided(tmp_path):
    sequences(replicates=2, factor=0.1).to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=20, report=False)
    assert {one.verdict for one in found.findings} == {"undecided"}
    content = json.loads((tmp_path / "out" / "compare.json").read_text())
    assert all(one["p"] is None and one["q"] is None and one["estimate"] is not None for one in content["questions"])
    assert any("fewer than three" in note for note in found.notes)


def test_without_replicates_nothing_is_concluded(table, tmp_path):
    pd.read_csv(table).assign(track=lambda t: t["replicate"] + t["track"].astype(str)).drop(columns="replicate").to_csv(
        tmp_path / "t.csv", index=False
    )
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=20, report=False)
    assert {one.verdict for one in found.findings} == {"undecided"}
    assert "no replicates given" in found.notes[0]


def test_movies_of_one_replicate_count_once(table, tmp_path):
    rows = pd.read_csv(table)
    rows["movie"] = rows["replicate"] + np.where(rows["track"] < 30, " m1", " m2")
    rows.to_csv(tmp_path / "t.csv", index=False)
    with_movies, without = (
        cs.compare(tmp_path / "t.csv", tmp_path / "a", points=20, report=False),
        cs.compare(table, tmp_path / "b", points=20, report=False),
    )
    assert {one.n for one in with_movies.findings} == {(4, 4)}
    for one, two in zip(with_movies.findings, without.findings, strict=True):
        if one.question not in ("means", "distance", "classifier", "emissions"):
            assert one.estimate == pytest.approx(two.estimate, rel=0.1, abs=0.02)


def test_numbers_in_both_conditions_are_paired_and_said(table, tmp_path):
    rows = pd.read_csv(table)
    rows["replicate"] = rows["replicate"].str[-1]
    rows.to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=20, report=False)
    assert found.findings[0].paired and "--pairing unpaired" in found.notes[0]
    assert (
        not cs.compare(tmp_path / "t.csv", tmp_path / "alone", pairing="unpaired", points=20, report=False)
        .findings[0]
        .paired
    )


def test_pairs_and_three_conditions(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        {"donor": f"d{donor}", "condition": condition, "cell": cell, "speed": 5 + donor + shift + rng.normal()}
        for donor in range(4)
        for condition, shift in (("pbs", 0.0), ("low", 0.0), ("high", 2.0))
        for cell in range(50)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=20, report=False)
    means = [one for one in found.findings if one.question == "means"]
    assert [one.name for one in means] == ["mean speed (low against pbs)", "mean speed (high against pbs)"]
    assert all(one.paired for one in found.findings)
    assert means[1].verdict == "differs" and means[0].verdict != "differs"
    assert found.statements()["high against pbs"] == "mean speed higher"
    alone = cs.compare(
        tmp_path / "t.csv", tmp_path / "alone", pairing="unpaired", reference="high", correction="holm", report=False
    )
    assert not alone.findings[0].paired and alone.findings[0].reference == "high"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop(columns="condition"), "no column 'condition'"),
        (lambda t: t.drop(columns="track"), "no column 'track_id'"),
        (lambda t: t.assign(condition="one"), "one condition only"),
        (lambda t: t.assign(condition=t["condition"].where(t.index != 3)), "row 5: the condition is blank"),
        (lambda t: t.assign(frame=0), "one track twice"),
        (lambda t: t.assign(state=""), "blank in every row"),
    ],
)
def test_what_cannot_be_is_said(table, tmp_path, change, says):
    change(pd.read_csv(table)).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(InputError, match=says):
        cs.compare(tmp_path / "bad.csv", tmp_path / "out", points=20, report=False)
    assert not (tmp_path / "out").exists()


def test_an_experiment(two_movies, tmp_path):
    with pytest.raises(InputError, match="needs every stage"):
        cs.compare(two_movies, tmp_path / "out", points=20, report=False)
    cs.run(two_movies)
    found = cs.compare(two_movies, tmp_path / "out", points=20, report=False)
    assert {one.verdict for one in found.findings} == {"undecided"}
    assert any(one.name.startswith("state 1 ") for one in found.findings)
    assert any(math.isfinite(one.estimate) for one in found.findings)
    with pytest.raises(InputError, match="named for tables only"):
        cs.compare(two_movies, tmp_path / "b", states="state", points=20, report=False)
    with pytest.raises(InputError, match="is not empty"):
        cs.compare(two_movies, tmp_path / "out", points=20, report=False)


def test_the_report_is_whole_and_the_same_again(table, tmp_path):
    for name in ("a", "b"):
        assert main(["compare", str(table), str(tmp_path / name), "--points", "20", "--link-error", "0.04"]) == 0
    out = tmp_path / "a"
    page = (out / "report.html").read_text()
    assert "same states, slower transitions" in page.lower() and "The unit of n is the replicate" in page
    assert "http" not in page.replace("http-equiv", "")  # needs nothing from elsewhere
    for word in (
        "differs",
        "undecided",
        "Methods",
        "Benjamini-Hochberg",
        "4 + 4 replicates",
        "link error rest-&gt;run",
    ):
        assert word in page
    made = {path.stem for path in (out / "figures").glob("*.png")}
    assert made == {"dwell", "means", "rates", "superplots", "vectors"}
    assert page.count("data:image/png;base64,") == len(made)
    for path in sorted(path.relative_to(out) for path in out.rglob("*.*")):
        assert (out / path).read_bytes() == (tmp_path / "b" / path).read_bytes(), path
    assert b"/Type /Font" in (out / "report.pdf").read_bytes()


def test_features_without_states_or_time_and_what_is_descriptive(tmp_path):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(240, 3)), columns=["speed", "area", "turning"])
    rows["condition"] = np.repeat(["a", "b"], 120)
    rows["replicate"] = [f"m{nth}" for nth in np.repeat(range(8), 30)]
    rows.loc[rows["condition"] == "b", "speed"] += 1.5
    rows.to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "a", points=20)
    by_name = {one.name: one for one in found.findings}
    assert by_name["mean speed"].verdict == "differs" and by_name["mean speed"].mixed_p < 0.01
    assert {"distance", "windows told apart", "spread", "mean area"} <= set(by_name)
    assert by_name["distance"].p == pytest.approx(1 / 35) and by_name["windows told apart"].estimate > 0.7
    assert (tmp_path / "a" / "report.pdf").is_file()
    shown = cs.compare(tmp_path / "t.csv", tmp_path / "b", points=20, descriptive=True, report=False)
    assert {one.verdict for one in shown.findings} == {"undecided"}
    assert shown.statements()["b against a"].startswith("descriptive only")


def test_two_factors_from_a_table_and_a_confounded_batch(tmp_path):
    rng = np.random.default_rng(1)
    rows = []
    for age in ("young", "aged"):
        for animal in range(4):
            own = rng.normal(0, 0.1)
            for drug in ("none", "fgf"):
                rise = 1.0 * (age == "aged") + 0.8 * (age == "aged" and drug == "fgf")
                values = own + rise + rng.normal(0, 0.5, 40)
                told = {"age": age, "drug": drug, "animal": f"{age} {animal}", "plate": age}
                rows += [{**told, "speed": value} for value in values]
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", by="age,drug", batch="plate", points=20, report=False)
    effects = {one.name: one for one in found.factor_findings()}
    cells = pd.DataFrame(rows).groupby(["age", "drug", "animal"])["speed"]
    sd = np.sqrt(cells.var().mean())
    mean = cells.mean().groupby(["age", "drug"]).mean()
    of_fgf, of_none = (mean["aged", drug] - mean["young", drug] for drug in ("fgf", "none"))
    assert effects["age: aged, mean speed"].estimate * sd == pytest.approx((of_fgf + of_none) / 2)
    both = effects["age: aged x drug: fgf, mean speed"]
    assert both.verdict == "differs" and both.estimate * sd == pytest.approx(of_fgf - of_none)
    assert any(note.startswith("batch: ") and "cannot be told apart" in note for note in found.notes)
    assert len(found.designs) == 3


def test_slower_progress_along_one_path(tmp_path):
    rng = np.random.default_rng(2)
    tables = []
    for condition, drift in (("young", 0.25), ("aged", 0.1)):
        for animal in range(4):
            own = drift * np.exp(rng.normal(0, 0.1))
            start = rng.uniform(0, 3, 25)[:, None]
            place = start + np.cumsum(own + rng.normal(0, 0.1, (25, 20)), axis=1)
            table = pd.DataFrame({"a": place.ravel() + rng.normal(0, 0.05, 500), "b": np.sin(place.ravel())})
            table["state"] = np.where(table["a"] < 2, "early", "late")
            table["track"], table["frame"] = np.repeat(np.arange(25), 20), np.tile(np.arange(20), 25)
            tables.append(table.assign(condition=condition, replicate=f"{condition} {animal}"))
    pd.concat(tables).to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", root="early", points=20, report=False)
    by_name = {one.name: one for one in found.findings}
    assert by_name["backward steps"].verdict == "differs" and by_name["backward steps"].estimate > 0.05
    assert by_name["phase progress"].verdict == "differs" and by_name["phase progress"].estimate < 0
    curves = found.details["progress"]["pseudotime"]
    assert curves["young"][0] == pytest.approx(curves["aged"][0]) and curves["young"][-1] > curves["aged"][-1]
    with pytest.raises(InputError, match="--root 'middle'"):
        cs.compare(tmp_path / "t.csv", tmp_path / "b", root="middle", report=False)


def test_wrong_links_that_review_measured_are_carried_into_rates(two_movies, tmp_path):
    from napari_cellstate.experiment.edit import edit
    from napari_cellstate.experiment.review import sample_links

    cs.run(two_movies)
    items, _ = sample_links(two_movies, 1, 10)
    for nth, item in enumerate(items):
        edit(two_movies, item.judge(1, "wrong" if nth < 2 else "right"))
    found = cs.compare(two_movies, tmp_path / "out", points=20, report=False)
    assert found.settings["link_error"] == pytest.approx(0.2)
    assert any(note.startswith("links: 2 of 10 links drawn at random were wrong") for note in found.notes)
    assert any(check.name.startswith("link error 1->2") for check in found.checks)
    said = cs.compare(two_movies, tmp_path / "b", link_error=0.01, points=20, report=False)
    assert said.settings["link_error"] == 0.01


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.assign(state="rest"),  # one state only
        lambda t: t.drop(columns=["state", "frame"]),  # tracks without time
        lambda t: t[t["frame"] % 3 == 0],  # rows three frames apart
        lambda t: t.assign(speed=1.0),  # a constant feature
        lambda t: t.assign(speed=t["speed"].where(t["replicate"] != "aged 1")),  # nothing measured in one replicate
        lambda t: t[t["replicate"].isin(["young 0", "aged 0"])],
    ],
)
def test_odd_tables_are_compared_too(tmp_path, change):
    change(sequences(tracks=10, frames=21)).to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=10)
    assert found.findings and (tmp_path / "out" / "report.pdf").is_file()


def test_states_taught_in_one_condition_only_are_descriptive(two_movies, tmp_path):
    from napari_cellstate.experiment.edit import edit
    from napari_cellstate.experiment.edits.states import TeachState
    from napari_cellstate.methods.states.taught import Taught

    cs.run(two_movies)
    recipe = replace(cs.Recipe(), states=Taught(steps=20))
    rows = two_movies.behavior.obs
    young, aged = (rows[rows["movie"] == entry.name] for entry in two_movies.movies)

    def say(row, state):
        place = {"frame": int(row["frame"]), "y": float(row["y"]), "x": float(row["x"])}
        edit(two_movies, TeachState(movie=str(row["movie"]), **place, state=state))

    say(young.iloc[0], 1)
    say(young.iloc[-1], 2)
    say(aged.iloc[0], 1)
    cs.run(two_movies, recipe)
    found = cs.compare(two_movies, tmp_path / "out", points=20, report=False)
    assert found.settings["descriptive"] and "made with knowledge of them" in found.methods
    assert any(note.startswith("state 2 was taught without an example from aged") for note in found.notes)
    assert all(said.startswith("descriptive only") for said in found.statements().values())
    say(aged.iloc[-1], 2)
    cs.run(two_movies, recipe)
    assert not cs.compare(two_movies, tmp_path / "b", points=20, report=False).settings["descriptive"]


def test_paths_are_drawn_where_there_are_positions(tmp_path):
    rows = sequences(tracks=6, frames=12)
    rng = np.random.default_rng(4)
    for name in ("x", "y"):
        rows[name] = rng.normal(size=len(rows))
    rows.to_csv(tmp_path / "t.csv", index=False)
    found = cs.compare(tmp_path / "t.csv", tmp_path / "out", points=10, report=False)
    pictures = {one.name: one for one in pictures_of(found)}
    panels = [panel for panel in pictures["paths"].make().axes if panel.get_title()]
    assert [panel.get_title() for panel in panels] == ["young\n24 tracks", "aged\n24 tracks"]
    assert all(len(panel.collections[0].get_segments()) == 24 * 11 for panel in panels)
