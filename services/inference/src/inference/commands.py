"""`casepath model`: models on disk, without a broker; and the models that a platform reads slides with."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from casepath.inference.v1.registry_pb2 import (
    CancelJobRequest,
    EvaluateModelRequest,
    ListModelsRequest,
    ModelEvaluated,
    ModelStaged,
    ModelState,
    PromoteModelRequest,
    PublishModelRequest,
    RollbackModelRequest,
)
from casepath.inference.v1.registry_pb2_grpc import ModelRegistryServiceStub
from casepath.inference.v1.scoring_pb2 import STAGE_CANARY, STAGE_PRODUCTION, STAGE_RETIRED, STAGE_SHADOW
from chassis.asking import Calls, Where, asks_platform
from chassis.errors import Misconfigured
from inference.registry import stage_name

CHUNK = 1 << 20
# An evaluation runs on the platform while the caller waits.
SECONDS = 600.0
STAGES = {"shadow": STAGE_SHADOW, "canary": STAGE_CANARY, "production": STAGE_PRODUCTION, "retired": STAGE_RETIRED}

EXISTING = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW = click.Path(path_type=Path)


asked_of_registry = asks_platform("--inference", "CASEPATH_INFERENCE_ADDRESS", "127.0.0.1:18051")


@click.group()
def model() -> None:
    """AI models."""


@model.command()
@click.argument("target")
@click.argument("other")
@click.option("--on-platform", is_flag=True, help="TARGET and OTHER are a published name and version: the platform tries it.")
@click.option("--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True)
@click.option("--include-training", is_flag=True, help="Count tiles of slides that the model was trained on, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@asked_of_registry
def evaluate(
    target: str,
    other: str,
    on_platform: bool,
    device: Literal["auto", "cpu", "gpu"],
    include_training: bool,
    as_json: bool,
    platform: Where,
) -> None:
    """Say how well a model separates tiles: the bundle in folder TARGET, on those in folder OTHER (one subfolder a class)."""
    if on_platform:
        evaluated = asked(platform, "EvaluateModel", EvaluateModelRequest(name=target, version=other)).evaluated
        click.echo(evaluation_line(evaluated))
        return
    from inference.adapters.onnx_session import reader_of
    from inference.bundle import load_bundle
    from inference.evaluation import evaluate as run

    for folder in (target, other):
        if not Path(folder).is_dir():
            raise click.BadParameter(f"{folder} is no folder; a published model is evaluated with --on-platform")
    loaded = load_bundle(Path(target))
    found = run(reader_of(loaded, device), Path(other), include_training)
    if as_json:
        click.echo(
            json.dumps({"model": loaded.name, "version": loaded.version, "sha256": loaded.sha256, **asdict(found)}, indent=2)
        )
        return
    click.echo(f"{loaded.name} {loaded.version} on {found.provider}: {found.tiles} tiles of {', '.join(found.slides)}")
    if found.auc is not None and found.auc_ci95 is not None:
        click.echo(f"AUC {found.auc:.3f} (95 % interval over tiles {found.auc_ci95[0]:.3f} to {found.auc_ci95[1]:.3f})")
    click.echo(f"accuracy {found.accuracy:.3f} at a threshold of {found.threshold:g}")
    if found.sensitivity_at_specificity is not None:
        click.echo(f"sensitivity {found.sensitivity_at_specificity:.3f} at a specificity of 0.9")
    click.echo(f"expected calibration error {found.ece:.3f}")
    if found.excluded_training_tiles:
        click.echo(f"left out: {found.excluded_training_tiles} tiles of slides that the model was trained on", err=True)


@model.command()
@click.argument("bundle", type=EXISTING)
@click.argument("tiles_dir", type=EXISTING)
@click.option("--precision", type=click.Choice(["fp16", "int8"]), required=True)
@click.option("--out", required=True, type=NEW, help="Folder for the new bundle.")
@click.option("--margin", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="How much lower its AUC may be.")
def reduce(bundle: Path, tiles_dir: Path, precision: Literal["fp16", "int8"], out: Path, margin: float) -> None:
    """Make a bundle of BUNDLE with smaller numbers, where TILES_DIR shows that it separates as well.

    Tiles of slides that the model was trained on calibrate it; those of others judge it.
    """
    from inference.precision import reduce_precision

    found = reduce_precision(bundle, tiles_dir, out, precision, margin)
    click.echo(f"{out}: AUC {found.after.auc:.4f}, before {found.before.auc:.4f}, on {found.after.tiles} tiles of other slides")
    click.echo(f"the largest difference of two probabilities is {found.largest_difference:.4f}")


@model.command()
@click.argument("bundle", type=EXISTING)
@click.argument("tiles_dir", type=EXISTING)
@click.option("--version", required=True, help="The new bundle's version.")
@click.option("--out", required=True, type=NEW, help="Folder for the new bundle.")
def calibrate(bundle: Path, tiles_dir: Path, version: str, out: Path) -> None:
    """Make a bundle of BUNDLE whose probabilities fit the tiles in TILES_DIR, of slides that it was not trained on."""
    from inference.calibration import calibrate as run

    fit = run(bundle, tiles_dir, version, out)
    click.echo(f"{out}: temperature {fit.temperature:g}, from {fit.tiles} tiles")
    click.echo(f"expected calibration error on them {fit.ece_before:.3f} before, {fit.ece_after:.3f} after")


@model.command()
@click.argument("private", type=NEW)
@click.argument("public", type=NEW)
def key(private: Path, public: Path) -> None:
    """Make a key pair to sign bundles with. PUBLIC goes into the folder of trusted keys (CASEPATH_MODEL_KEYS) as NAME.pem."""
    from inference.adapters.signatures import new_key

    if private.exists() or public.exists():
        raise Misconfigured("one of the files is there already: a key is not overwritten")
    new_key(private, public)
    click.echo(f"{private} signs: keep it to yourself. {public} verifies.")


@model.command()
@click.argument("bundle", type=EXISTING)
@click.option("--key", "private", required=True, type=FILE, help="Private key (casepath model key).")
def sign(bundle: Path, private: Path) -> None:
    """Sign every file of BUNDLE, by the OpenSSF Model Signing specification."""
    from inference.adapters.signatures import sign as run
    from inference.bundle import SIGNATURE, load_bundle

    load_bundle(bundle)
    run(bundle, private)
    click.echo(f"{bundle / SIGNATURE}")


@model.command()
@click.argument("bundle", type=EXISTING)
@asked_of_registry
def publish(bundle: Path, platform: Where) -> None:
    """Give a signed BUNDLE to a platform, as a candidate. Publishing it again changes nothing."""
    published = asked(platform, "PublishModel", parts(files_of(bundle))).published
    click.echo(f"{published.model.name} {published.model.version} is a candidate (sha256 {published.model.sha256[:12]})")


@model.command()
@click.argument("name")
@click.argument("version")
@click.option("--to", "stage", type=click.Choice(list(STAGES)), required=True)
@click.option("--percent", type=click.IntRange(1, 100), default=None, help="Of the slides, for a canary.")
@click.option("--reason", required=True, help="Why; it is kept with your name.")
@asked_of_registry
def promote(
    name: str,
    version: str,
    stage: str,
    percent: int | None,
    reason: str,
    platform: Where,
) -> None:
    """Bring VERSION of model NAME to another stage. Reading for care needs an evaluation that passed, and another approver."""
    request = PromoteModelRequest(name=name, version=version, to_stage=STAGES[stage], canary_percent=percent or 0, reason=reason)
    click.echo(staged_line(asked(platform, "PromoteModel", request).staged))


@model.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is kept with your name.")
@asked_of_registry
def rollback(name: str, reason: str, platform: Where) -> None:
    """Put back the version of model NAME that was in production before."""
    click.echo(staged_line(asked(platform, "RollbackModel", RollbackModelRequest(name=name, reason=reason)).staged))


@model.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@asked_of_registry
def list_(as_json: bool, platform: Where) -> None:
    """Show every published version: its stage, evaluation, pathologists' verdicts and drift."""
    found = asked(platform, "ListModels", ListModelsRequest())
    if as_json:
        from google.protobuf.json_format import MessageToDict

        click.echo(json.dumps(MessageToDict(found, preserving_proto_field_name=True), indent=2))
        return
    for one in found.models:
        click.echo(state_line(one))


@model.command()
@click.argument("job")
@asked_of_registry
def cancel(job: str, platform: Where) -> None:
    """Stop the reading of a slide, by its JOB. The slide is shown as not read by AI."""
    stopped = asked(platform, "CancelJob", CancelJobRequest(job_id=job)).cancelled
    click.echo("stopped" if stopped else "it had ended already")


def asked(platform: Where, method: str, request: Any) -> Any:
    with Calls(ModelRegistryServiceStub, "inference", platform, SECONDS) as ask:
        return ask(method, request)


def files_of(bundle: Path) -> list[Path]:
    paths = sorted(bundle.iterdir())
    if not all(path.is_file() for path in paths):
        raise Misconfigured(f"{bundle} has folders in it: a bundle is a folder of files")
    return paths


def parts(paths: Sequence[Path]) -> Iterator[PublishModelRequest]:
    for path in paths:
        yield PublishModelRequest(file=path.name)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield PublishModelRequest(chunk=chunk)


def state_line(one: ModelState) -> str:
    model = one.published.model
    stage = stage_name(one.stage) + (f" {one.canary_percent} %" if one.canary_percent else "")
    told = [f"{model.name} {model.version}", stage]
    if one.HasField("evaluated"):
        told.append(evaluation_line(one.evaluated))
    if one.accepted or one.rejected:
        told.append(f"findings accepted {one.accepted}, rejected {one.rejected}")
    if one.HasField("score_drift"):
        told.append(f"drift of scores {one.score_drift:.2f}, of stain {one.stain_drift:.2f}")
    if one.HasField("staged"):
        told.append(f"by {one.staged.approver}")
    return "; ".join(told)


def evaluation_line(evaluated: ModelEvaluated) -> str:
    verdict = "passed" if evaluated.passed else f"did not pass: {evaluated.reason}"
    figure = f"AUC {evaluated.auc:.3f}" if evaluated.HasField("auc") else "no AUC"
    return f"{figure} on {evaluated.tiles} tiles of {evaluated.slides} slides, {verdict}"


def staged_line(staged: ModelStaged) -> str:
    came = f"{staged.model.name} {staged.model.version}: {stage_name(staged.from_stage)} -> {stage_name(staged.to_stage)}"
    return came + (f", in place of {staged.replaces}" if staged.replaces else "")
