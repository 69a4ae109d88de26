"""`casepath research`: models of what care learnt, on a study's opened workspace."""

import json
import tempfile
from pathlib import Path

import click

EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def research() -> None:
    """Models of what care learnt."""


@research.command()
@click.argument("workspace", type=EXISTING)
@click.option("--base", required=True, type=EXISTING, help="Bundle whose last layer is fitted again.")
@click.option("--model-version", required=True, help="Of the new bundle.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the new bundle: a candidate.")
@click.option("--tiles", type=click.Path(path_type=Path), help="Folder that keeps the tiles; they stay where the study is.")
@click.option("--study", default="", help="Its name, as the card gives it.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def train(workspace: Path, base: Path, model_version: str, out: Path, tiles: Path | None, study: str, as_json: bool) -> None:
    """Fit a classifier again to what pathologists said of its findings, in a study's WORKSPACE (casepath hub workspace).

    The candidate goes the way of every model: casepath model publish, evaluate, promote.
    """
    from inference.adapters.sealed_cohort import cut_tiles
    from inference.bundle import load_bundle
    from inference.retraining import retrain

    said = load_bundle(base).manifest
    with tempfile.TemporaryDirectory() as scratch:
        folder = tiles or Path(scratch)
        counted = cut_tiles(workspace, said, folder)
        regions = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counted.items()))
        found = retrain(base, folder, out, model_version, {"study": study, "regions": regions} if study else {"regions": regions})
    if as_json:
        figures = {"tiles": found.tiles, "persons": found.persons, "auc_before": found.before, "auc_left_out": found.after}
        click.echo(json.dumps({**figures, "regions": dict(counted)}))
        return
    click.echo(f"{out}: {found.tiles} tiles of {found.persons} persons; regions: {regions}")
    if found.before < 0.5:
        click.echo(
            "on these tiles the earlier model is worse than chance: are they of its task, and verdicts not exchanged?", err=True
        )
    click.echo(f"AUC {found.before:.3f} before, {found.after:.3f} after, each person judged by a layer fitted without them")
