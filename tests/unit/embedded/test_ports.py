import socket

import pytest

from chassis.errors import Misconfigured
from conftest import free_ports
from embedded.ports import OFFSETS, Ports


def test_every_part_has_a_port_of_its_own() -> None:
    ports = Ports(28000)
    assert len({ports[name] for name in OFFSETS}) == len(OFFSETS)
    assert all(28000 < ports[name] < 28100 for name in OFFSETS)


def test_a_taken_port_is_named_with_what_to_do() -> None:
    ports = free_ports()
    taken = socket.create_server(("127.0.0.1", ports["fhir"]))
    with taken, pytest.raises(Misconfigured, match=r"\(fhir\) is taken.*--port-base"):
        ports.check_free()
