"""`casepath demo`, as a user runs it, beside a platform that is up."""

import re

import httpx

from conftest import Platform
from embedded.programs import archive_account

STAGES = [
    "patient and order sent",
    "slide dropped",
    "reads dropped",
    "genotypes dropped",
    "order assembled",
    "slide digitised",
    "slide read by AI",
    "reads received",
    "variants called",
    "genes and medicines",
    "all filed in the record",
    "read back from the record",
]


def test_the_demo_tells_each_stage_and_where_each_object_opens(platform: Platform) -> None:
    home, base = str(platform.home.folder), str(platform.ports.base)
    told = platform.casepath("demo", "--home", home, "--port-base", base, "--timeout", "120")
    assert told.returncode == 0, told.stdout + told.stderr
    for stage in STAGES:
        assert f"✔ {stage}" in told.stdout
    assert "sequencing.variants.called.v1" in told.stdout
    addresses = re.findall(r"http://\S+", told.stdout)
    assert len(addresses) == 19
    case = httpx.get(addresses.pop(0), headers={"Accept": "text/html"}, timeout=30)
    assert case.headers["location"] == "/login"
    account, archive = archive_account(platform.home.folder), f"http://127.0.0.1:{platform.ports['orthanc']}/"
    for address in addresses:
        assert httpx.get(address, timeout=30, auth=account).status_code == 200, address
        if address.startswith(archive):
            assert httpx.get(address, timeout=30).status_code == 401, address
    assert platform.home.supervisor() is not None


def test_a_demo_that_does_not_come_to_its_end_says_what_it_waits_for(platform: Platform) -> None:
    home, base = str(platform.home.folder), str(platform.ports.base)
    told = platform.casepath("demo", "--home", home, "--port-base", base, "--timeout", "1")
    assert told.returncode == 69
    assert "still waits for:" in told.stderr
    assert "casepath dlq list" in told.stderr
