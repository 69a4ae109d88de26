"""dicom-microscopy-viewer, in a real browser, on our DICOMweb."""

import asyncio
import io
import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.async_api import async_playwright
from stages.npm_package import npm_package
from stages.slide_archive import archive_at
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import examples
from chassis.http_server import HttpServer
from embedded import samples
from waiting import eventually_async

VIEWER = ("dicom-microscopy-viewer", "0.48.24", "db1b675f5e3bc4aa4682b97d1a0e2020fff558b9efe6e16b9ec055604e17fa2b")
CLIENT = ("dicomweb-client", "0.11.3", "cda90aae5843f974beaeaf9c191f238209e18b28a932b10af575df6d7320d891")
PAGE = """<!doctype html><title>viewer</title><div id="v" style="width:900px;height:700px"></div>
<script src="/client/dicomweb-client.js"></script>
<script type="module">
import "/viewer/dynamic-import/dicomMicroscopyViewer.min.js";
const { metadata, viewer } = window.dicomMicroscopyViewer;
const headers = {Authorization: "Bearer %TOKEN%"};
const client = new DICOMwebClient.api.DICOMwebClient({url: location.origin + "/dicomweb", headers});
const found = await client.retrieveSeriesMetadata({studyInstanceUID: "%STUDY%", seriesInstanceUID: "%SERIES%"});
const images = found.map((one) => new metadata.VLWholeSlideMicroscopyImage({metadata: one}));
const volumes = images.filter((one) => one.ImageType[2] === "VOLUME");
new viewer.VolumeImageViewer({client, metadata: volumes}).render({container: document.getElementById("v")});
</script>"""
# Of the view that are tissue rather than background: the sample's is about a third.
TISSUE = 0.15


async def test_dicom_microscopy_viewer_shows_the_slide(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is not installed: make setup-test installs it"
    files, client = await asyncio.to_thread(npm_package, *VIEWER), await asyncio.to_thread(npm_package, *CLIENT)
    async with archive_at(tmp_path) as archive:
        slide = await archive.take(samples.SLIDE, f"{examples.ACCESSION}_A1.svs")
        web = archive.web()
        page_text = PAGE.replace("%TOKEN%", archive.token("viewer"))
        page_text = page_text.replace("%STUDY%", slide.study_instance_uid).replace("%SERIES%", slide.series_instance_uid)

        async def index(_: Request) -> HTMLResponse:
            return HTMLResponse(page_text)

        routes = [
            Route("/", index),
            Mount("/dicomweb", web.app()),
            Mount("/viewer", StaticFiles(directory=files / "dist")),
            Mount("/static/js", StaticFiles(directory=files / "dist" / "dynamic-import")),
            Mount("/client", StaticFiles(directory=client / "build")),
        ]
        server, stop = HttpServer(Starlette(routes=routes), "127.0.0.1", 0), asyncio.Event()
        serving = asyncio.create_task(server.run(stop))
        async with async_playwright() as playwright:
            arguments = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
            browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
            page = await browser.new_page(viewport={"width": 950, "height": 760})
            errors: list[str] = []
            frames: list[int] = []
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("response", lambda one: frames.append(one.status) if "/frames/" in one.url else None)
            await page.goto(f"http://127.0.0.1:{server.port}/")

            async def shown() -> bool:
                with Image.open(io.BytesIO(await page.screenshot())) as picture:
                    pixels = np.asarray(picture.convert("HSV"))[..., 1]
                return bool(errors) or float((pixels > 40).mean()) > TISSUE

            await eventually_async(shown, 60)
            await browser.close()
        stop.set()
        await serving
    assert errors == []
    assert frames
    assert set(frames) == {200}
