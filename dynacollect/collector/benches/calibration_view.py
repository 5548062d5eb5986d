"""The tables of `dynacollect bench calibration`."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table

from .boards.measures import WORKSPACE_MM
from .calibration import CalibrationFigures, SeedFigures, Stated, Summary, WayFigures


def view(figures: CalibrationFigures) -> Group:
    """Errors by measure over all seeds, and the workspace seed by seed."""
    return Group(_measures(figures), _seeds(figures))


def _measures(figures: CalibrationFigures) -> Table:
    seen = "drawn pictures" if figures.pictures else "corners with noise"
    kind = f"{'x'.join(map(str, figures.size))}, {seen}{', 5 % corrupted' if figures.corrupted else ''}"
    table = Table(title=f"RMS errors of {len(figures.seeds)} sets, {kind}", title_justify="left")
    table.add_column("measure", no_wrap=True)
    stated = [way for way, row in figures.seeds[0].ways.items() if row.stated]
    for way in figures.summary:
        table.add_column(way, justify="right")
        for name in ("bound", "ratio", "worst") if way in stated else ():
            table.add_column(name, justify="right")
    for measure in next(iter(figures.summary.values())):
        cells = list[str]()
        for way, rows in figures.summary.items():
            cells += _cells(rows[measure]) if way in stated else [f"{rows[measure].error:.3g}"]
        table.add_row(measure, *cells)
    return table


def _cells(row: Summary) -> list[str]:
    return [f"{row.error:.3g}", f"{row.bound:.3g}", f"{row.ratio:.2f}", f"{row.worst:.2f}"]


def _seeds(figures: CalibrationFigures) -> Table:
    table = Table(title="Seed by seed: workspace [mm], corners [px]", title_justify="left")
    for name in ("seed", "way", "workspace", "stated", "bound", "in 95 %", "sigma", "rejected", "spoilt", "s"):
        table.add_column(name, justify="left" if name == "way" else "right", no_wrap=True)
    for seed in figures.seeds:
        for name, way in seed.ways.items():
            if way.stated:
                table.add_row(str(seed.seed), name, *_of_way(seed, way, way.stated))
    return table


def _of_way(seed: SeedFigures, way: WayFigures, stated: Stated) -> list[str]:
    distances = way.errors[WORKSPACE_MM], stated.workspace_mm, way.bounds[WORKSPACE_MM]
    counts = f"{stated.rejected}/{seed.views}", f"{stated.spoilt_used}/{seed.spoilt}"
    share, sigma = f"{100 * stated.inside_95:.0f}", f"{way.corner_sigma_px:.4f}"
    return [*(f"{distance:.3f}" for distance in distances), share, sigma, *counts, f"{way.seconds:.1f}"]
