"""The report on the terminal, as Markdown, and the samples as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from bench.machine import file_stem
from bench.report import Cell, Report, Table, build
from bench.results import Results


def show(results: Results, console: Console) -> None:
    """Print the tables."""
    report = build(results)
    for table in report.tables:
        console.print(_rich(table))
    for number, note in enumerate(report.notes, 1):
        console.print(f"[{number}] {note}", markup=False, style="dim")


def save(results: Results, folder: Path) -> list[Path]:
    """Write `<date>-<cpu>.json` and `latest.md`; a second run on the same day replaces the first."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = file_stem(str(results.run["date"]), results.machine["cpu"])
    data, page = folder / f"{stem}.json", folder / "latest.md"
    data.write_text(json.dumps(results.as_data(), indent=1, ensure_ascii=False) + "\n")
    page.write_text(markdown(results, build(results), data.name))
    return [data, page]


def markdown(results: Results, report: Report, data_file: str) -> str:
    """The whole report as a page."""
    lines = [
        f"# Benchmark of {results.run['date']}",
        "",
        _circumstances(results),
        f"How each figure is taken: [README](../README.md). Every sample: [{data_file}]({data_file}).",
        "",
        *(f"- **{peer}** {version}: {results.settings[peer]}" for peer, version in results.peers.items()),
        *(f"- **{peer}**: not measured. {reason}" for peer, reason in results.absent.items()),
    ]
    for table in report.tables:
        lines += ["", f"## {table.title}", "", *_markdown_table(table)]
    if report.notes:
        lines += ["", *(f"{number}. {_plain(note)}" for number, note in enumerate(report.notes, 1))]
    return "\n".join(lines) + "\n"


def _circumstances(results: Results) -> str:
    machine, run = results.machine, results.run
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory']}, Linux {machine['kernel']}, "
        f"Python {machine['python']}. {run['cores']} Rounds: {run['rounds']}, a steady load of "
        f"{run['steady_seconds']} s. Load: {run['load']}. Upstream: {run['upstream']}."
    )


def _rich(table: Table) -> RichTable:
    drawn = RichTable(title=table.title, title_justify="left", show_lines=False, pad_edge=False)
    for number, column in enumerate(table.columns):
        drawn.add_column(column, justify="left" if number == 0 or column == "unit" else "right")
    for title, cells in table.rows:
        drawn.add_row(title, *(_rich_cell(cell) for cell in cells))
    return drawn


def _rich_cell(cell: Cell) -> str:
    colour = {True: "green", False: "red", None: ""}[cell.target_met]
    value = escape(cell.value)
    text = f"[{colour}]{value}[/]" if colour else value
    return f"{text}\n[dim]{cell.range}[/]" if cell.range else text


def _markdown_table(table: Table) -> list[str]:
    columns = table.columns
    rules = ["---" if number == 0 or column == "unit" else "---:" for number, column in enumerate(columns)]
    rows = [[title, *(cell.line() for cell in cells)] for title, cells in table.rows]
    return ["| " + " | ".join(row) + " |" for row in [columns, rules, *rows]]


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
