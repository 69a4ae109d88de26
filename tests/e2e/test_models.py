"""A second version of the model, from its maker's machine to the shadow of a running platform."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from casepath.topics import INFERENCE_MODEL_STAGED, INFERENCE_SHADOW_SCORED, INFERENCE_SLIDE_SCORED
from conftest import Platform
from e2e.conftest import Done, begin, ended, new_visit
from embedded.reading_back import archived, differences
from kafka.broker import records_on
from waiting import eventually_async

NAME = "camelyon16-tile-demo"
BUNDLE = Path(__file__).parents[2] / "services/inference/models" / NAME
CASEPATH = Path(sys.executable).with_name("casepath")


def casepath(platform: Platform, folder: Path, who: str, role: str, *arguments: str) -> str:
    token = folder / f"token-{who}"
    token.write_text(platform.signer.token(who, [role], 600))
    asks = ["--inference", f"127.0.0.1:{platform.ports['inference']}", "--token-file", str(token)]
    done = platform.casepath("model", *arguments, *asks)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def has_an_earlier_slide_read_too(platform: Platform, done: Done, read_beside: Callable[[], Awaitable[bool]]) -> None:
    """A slide that was there before the version was; what production made of it stays as it is."""
    before = await archived(done.case, platform.home.folder, platform.ports)
    assert not await read_beside()
    why = ("--by", "dubois", "--reason", "version 2 in shadow", "--yes")
    other = platform.casepath("reprocess", "slides", "--version", "0", *why)
    assert other.stdout.strip() == "0 slides of 0 cases", other.stderr
    told = platform.casepath("reprocess", "slides", "--case", done.visit.case_id, "--version", "1", *why)
    assert told.stdout.startswith("1 slides of 1 cases"), told.stderr
    await eventually_async(read_beside)
    assert (await archived(done.case, platform.home.folder, platform.ports)).resources == before.resources
    assert "reprocess slides" in platform.casepath("audit", "show", "--case", done.visit.case_id).stdout


@pytest.fixture
def second(platform: Platform, tmp_path: Path) -> Path:
    """A signed bundle of a version 2, whose key the platform trusts."""
    folder = tmp_path / "bundle"
    shutil.copytree(BUNDLE, folder)
    said = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(said | {"version": "2", "threshold": 0.9}))
    key, trusted = tmp_path / "key.pem", platform.home.folder / "access/model-keys/maker.pem"
    for arguments in (("key", str(key), str(trusted)), ("sign", str(folder), "--key", str(key))):
        subprocess.run([CASEPATH, "model", *arguments], check=True, capture_output=True, timeout=60)
    return folder


async def test_a_version_in_shadow_reads_every_slide_and_the_record_does_not_know(
    platform: Platform, done: Done, second: Path, tmp_path: Path
) -> None:
    def publisher(*arguments: str) -> str:
        return casepath(platform, tmp_path, "robert", "model-publisher", *arguments)

    def approver(*arguments: str) -> str:
        return casepath(platform, tmp_path, "dubois", "model-approver", *arguments)

    assert "1; production; by configuration" in publisher("list")
    publisher("publish", str(second))
    assert "AUC 0.7" in publisher("evaluate", "--on-platform", NAME, "2")
    approver("promote", NAME, "2", "--to", "shadow", "--reason", "a first look")
    visit = new_visit(platform)
    await begin(platform, visit)
    case = await ended(platform, visit)

    async def read_beside(case_id: str) -> bool:
        found = await records_on(platform.kafka, INFERENCE_SHADOW_SCORED.name)
        return any(INFERENCE_SHADOW_SCORED.message.FromString(one.value).case_id == case_id for one in found)

    await eventually_async(lambda: read_beside(visit.case_id))
    assert case.slides[0].scored.model.version == "1"
    assert differences(case, await archived(case, platform.home.folder, platform.ports)) == []
    read = [
        INFERENCE_SLIDE_SCORED.message.FromString(one.value)
        for one in await records_on(platform.kafka, INFERENCE_SLIDE_SCORED.name)
    ]
    assert {one.model.version for one in read} == {"1"}
    assert await records_on(platform.kafka, INFERENCE_MODEL_STAGED.name)
    await has_an_earlier_slide_read_too(platform, done, lambda: read_beside(done.visit.case_id))
    await asyncio.to_thread(approver, "promote", NAME, "2", "--to", "retired", "--reason", "seen")
    assert "2; retired" in publisher("list")
