"""`casepath model`: models without a broker."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import click


@click.group()
def model() -> None:
    """AI models."""


@model.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("tiles_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option("--include-training", is_flag=True, help="Count tiles of slides that the model was trained on, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def evaluate(bundle: Path, tiles_dir: Path, device: str, include_training: bool, as_json: bool) -> None:
    """Score the tiles in TILES_DIR (one subfolder a class) with BUNDLE, and say how well it separates them."""
    from inference.adapters.onnx_session import classifier_of
    from inference.bundle import load_bundle
    from inference.evaluation import evaluate as run

    loaded = load_bundle(bundle)
    found = run(loaded, classifier_of(loaded, device), tiles_dir, include_training)  # type: ignore[arg-type]
    if as_json:
        click.echo(
            json.dumps({"model": loaded.name, "version": loaded.version, "sha256": loaded.sha256, **asdict(found)}, indent=2)
        )
        return
    click.echo(f"{loaded.name} {loaded.version} on {found.provider}: {found.tiles} tiles of {', '.join(found.slides)}")
    if found.auc is not None and found.auc_ci95 is not None:
        click.echo(f"AUC {found.auc:.3f} (95 % interval over tiles {found.auc_ci95[0]:.3f} to {found.auc_ci95[1]:.3f})")
    click.echo(f"accuracy {found.accuracy:.3f} at a threshold of 0.5")
    if found.excluded_training_tiles:
        click.echo(f"left out: {found.excluded_training_tiles} tiles of slides that the model was trained on", err=True)


@model.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("tiles_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--precision", type=click.Choice(["fp16", "int8"]), required=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the new bundle.")
@click.option("--margin", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="How much lower its AUC may be.")
def reduce(bundle: Path, tiles_dir: Path, precision: Literal["fp16", "int8"], out: Path, margin: float) -> None:
    """Make a bundle of BUNDLE with smaller numbers, where TILES_DIR shows that it separates as well.

    Tiles of slides that the model was trained on calibrate it; those of others judge it.
    """
    from inference.precision import reduce_precision

    found = reduce_precision(bundle, tiles_dir, out, precision, margin)
    click.echo(f"{out}: AUC {found.after.auc:.4f}, before {found.before.auc:.4f}, on {found.after.tiles} tiles of other slides")
    click.echo(f"the largest difference of two probabilities is {found.largest_difference:.4f}")
