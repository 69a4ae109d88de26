"""A server that speaks S3: S3Proxy, from Maven, over a folder."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from jgo.maven import MavenContext

from embedded.java import java

VERSION = "2.9.0"
IDENTITY, CREDENTIAL = "local-identity", "local-credential"
BUCKET = "casepath"


@contextmanager
def s3_server(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `s3://casepath` is a bucket of it, as a deployment is told of its own."""
    component = MavenContext().project("org.gaul", "s3proxy").at_version(VERSION)
    jar = component.artifact(classifier="jar-with-dependencies").resolve()
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    (folder / "data" / BUCKET).mkdir(parents=True)
    settings = {
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.endpoint": address,
        "s3proxy.identity": IDENTITY,
        "s3proxy.credential": CREDENTIAL,
        # Of checksums, which it does not know.
        "s3proxy.ignore-unknown-headers": "true",
        "jclouds.provider": "filesystem-nio2",
        "jclouds.filesystem.basedir": str(folder / "data"),
    }
    (folder / "s3proxy.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    with (folder / "log").open("wb") as log:
        argv = [java(), "-Xmx128m", "-jar", str(jar), "--properties", str(folder / "s3proxy.conf")]
        server = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(address, server)
        yield {
            "AWS_ENDPOINT": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": IDENTITY,
            "AWS_SECRET_ACCESS_KEY": CREDENTIAL,
        }
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(address)
            return
        except httpx.HTTPError:
            assert server.poll() is None, "S3Proxy ended"
            assert time.monotonic() < deadline, "S3Proxy does not answer"
