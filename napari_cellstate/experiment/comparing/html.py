"""The report as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from napari_cellstate.compare.design import Design
from napari_cellstate.compare.finding import Finding
from napari_cellstate.experiment.comparing.comparison import (
    Comparison,
    design_sentence,
    pair_of,
)
from napari_cellstate.experiment.comparing.factorial import factor_names
from napari_cellstate.experiment.comparing.words import interval_text, p_text, sentence

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #ffffff; --line: #d8d8d8; --soft: #f4f5f7; --dim: #5d5d5d;
  --differs: #b3261e; --same: #1b6e4b; --undecided: #6b6b6b; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #1b1d20; --line: #3a3d42; --soft: #24272b;
  --dim: #a8a8a8; --differs: #ff8a80; --same: #7fd1a8; --undecided: #b5b5b5; } figure img { background: #fff; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem;
  margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.said { font-size: 1.2rem; margin: .4rem 0; } .dim { color: var(--dim); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .8rem; }
.card { border: 1px solid var(--line); border-left: 5px solid var(--c); border-radius: 6px; padding: .6rem .8rem; }
.card h3 { font-size: .95rem; margin: 0; font-weight: 600; } .word { color: var(--c); font-weight: 700; }
.card p { margin: .3rem 0; } .small { font-size: .84rem; color: var(--dim); }
.differs { --c: var(--differs); } .same { --c: var(--same); } .undecided { --c: var(--undecided); }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; max-width: 100%; } figure img { max-width: 100%; height: auto; border-radius: 4px; }
figcaption { font-size: .84rem; color: var(--dim); max-width: 36rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .86rem; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } td.long { white-space: normal; min-width: 16rem; }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; font-size: .8rem; }
"""
_CLASSES = {"differs": "differs", "same within the margin": "same", "undecided": "undecided"}


def html_report(result: Comparison, pictures: Sequence[tuple[str, Path]]) -> str:
    """The whole report.

    Parameters
    ----------
    pictures : caption and PNG of each figure, which are put into the file.
    """
    parts = ["<h1>", escape(_title(result)), "</h1>"]
    for design in result.designs:
        parts += _pair(result, design)
    parts += _factors(result)
    parts += ["<h2>Figures</h2><div class='figures'>", *(_figure(*one) for one in pictures), "</div>"]
    parts += ["<h2>Every difference that was looked at</h2>", _findings(result.findings)]
    parts += ["<h2>Checks</h2><p class='small'>None of these is a difference between conditions.</p>", _checks(result)]
    parts += _described(result)
    if result.notes:
        parts += ["<h2>Notes</h2><ul>", *(f"<li>{escape(note)}</li>" for note in result.notes), "</ul>"]
    parts += ["<h2>Methods</h2><p>", escape(result.methods), "</p>"]
    settings = json.dumps(result.settings, indent=1, ensure_ascii=False)
    parts += ["<details><summary>Settings</summary><pre>", escape(settings), "</pre></details>"]
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{escape(_title(result))}"
    head = f"<head>{head}</title><style>{_STYLE}</style></head>"
    return f"<!doctype html><html lang='en'>{head}<body>{''.join(parts)}</body></html>\n"


def _title(result: Comparison) -> str:
    return "Comparison: " + "; ".join(pair_of(design) for design in result.designs)


def _pair(result: Comparison, design: Design) -> list[str]:
    """The sentence on two conditions, and a card a question."""
    pair = pair_of(design)
    parts = [f"<h2>{escape(pair)}</h2>" if len(result.designs) > 1 else ""]
    parts.append(f"<p class='said'>{escape(sentence(result.statements()[pair]))}</p>")
    parts.append(f"<p class='dim'>{escape(sentence(design_sentence(design)))} The unit of n is the replicate.</p>")
    cards = [_card(one) for one in result.cards(design)]
    return [*parts, "<div class='cards'>", *cards, "</div>"]


def _card(card: dict[str, Any]) -> str:
    more = f" <span class='small'>and {card['looked_at'] - 1} more</span>" if card["looked_at"] > 1 else ""
    word = card["verdict"]
    return (
        f"<div class='card {_CLASSES[word]}'><h3>{escape(card['title'])}</h3><p class='word'>{escape(word)}</p>"
        f"<p>{escape(card['says'])}{more}</p><p class='small'>{escape(card['tested'])}</p></div>"
    )


def _factors(result: Comparison) -> list[str]:
    findings = result.factor_findings()
    if not findings:
        return []
    parts = ["<h2>Main effects and interactions</h2>"]
    for name in factor_names(findings):
        mine = [one for one in findings if one.question.startswith(f"{name}, ")]
        parts += [f"<h3>{escape(name)}</h3>", _findings(mine)]
    return parts


def _figure(caption: str, path: Path) -> str:
    from PIL import Image

    with Image.open(path) as picture:
        width = round(picture.width * 100 / 160)  # shown at the size that it was drawn for
    data = base64.b64encode(path.read_bytes()).decode()
    text = escape(caption)
    picture_tag = f"<img width='{width}' alt='{text}' src='data:image/png;base64,{data}'>"
    return f"<figure>{picture_tag}<figcaption>{text}</figcaption></figure>"


def _findings(findings: Sequence[Finding]) -> str:
    head = ("name", "verdict", "estimate", "95 % interval", "p", "q", "n", "unit", "test", "note")
    rows = (
        (
            escape(one.name),
            f"<span class='{_CLASSES[one.verdict]} word'>{escape(one.verdict)}</span>",
            f"{one.estimate:.3g}",
            interval_text(one).strip(" ()").removeprefix("95 % interval "),
            escape(p_text(one.p)),
            escape(p_text(one.q)),
            f"{one.n[0]} pairs" if one.paired else f"{one.n[0]} + {one.n[1]}",
            escape(one.unit),
            escape(one.test),
            escape(one.note),
        )
        for one in findings
    )
    return _table(head, rows, numbers=(2, 3, 4, 5))


def _checks(result: Comparison) -> str:
    rows = (
        (
            escape(check.name),
            f"{check.value:.3g}" if check.value == check.value else "–",
            f"{check.low:.3g} to {check.high:.3g}" if check.low == check.low else "–",
            escape(p_text(check.p)),
            escape(check.unit),
            escape(check.says),
        )
        for check in result.checks
    )
    return _table(("check", "value", "95 % interval", "p", "unit", "what it means"), rows, numbers=(1, 2, 3), long=(5,))


def _described(result: Comparison) -> list[str]:
    """Variance explained, and features that change in one state or in most."""
    parts = []
    variance = result.details["variance"]
    if variance:
        rows = (
            (escape(name), f"{share:.1%}", f"{adjusted:.1%}")
            for name, share, adjusted in zip(variance["factors"], variance["share"], variance["adjusted"], strict=True)
        )
        parts += [
            "<h2>Variance explained</h2><p class='small'>Type II shares of the variance of windows; descriptions, "
            "not tests. Adjusted: less what as many levels of noise would explain.</p>",
            _table(("factor", "share", "adjusted"), rows, numbers=(1, 2)),
        ]
    for pair, said in result.details["pairs"].items():
        apart = sorted(((ratio, name) for name, ratio in said.get("by_feature", {}).items() if ratio), reverse=True)
        if len(apart) > 1:
            parts.append(f"<h2>Distance of each feature ({escape(pair)})</h2>")
            parts.append("<p class='small'>Over the distance within a condition; descriptions, not tests.</p>")
            parts.append(
                _table(("feature", "ratio"), ((escape(name), f"{one:.2f}") for one, name in apart), numbers=(1,))
            )
        shared = said.get("features")
        if shared and (shared["in_most"] or shared["in_one"]):
            parts.append(f"<h2>Features that change ({escape(pair)})</h2>")
            parts += [
                f"<p>{what}: {escape(', '.join(shared[key]) or 'none')}</p>"
                for key, what in (("in_most", "In most states"), ("in_one", "In one state"))
            ]
    return parts


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = (), long: Sequence[int] = ()
) -> str:
    kinds = {**dict.fromkeys(numbers, " class='n'"), **dict.fromkeys(long, " class='long'")}
    body = "".join(
        "<tr>" + "".join(f"<td{kinds.get(nth, '')}>{cell}</td>" for nth, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<div class='wide'><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
