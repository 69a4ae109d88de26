"""Keys of cases and patients in a real Vault: as in a folder, and nobody but who erases can destroy one."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest
from vault.conftest import Vault

from chassis.encryption import Encryption
from chassis.errors import Erased, Malformed, Unavailable
from chassis.key_ring import KeyRing
from chassis.keys import Keys
from chassis.objects import Objects

DATA_KEY = os.urandom(32)

type Of = Callable[[str], Keys]


@pytest.fixture
async def of(vault: Vault) -> AsyncIterator[Of]:
    """The keys as a caller reaches them."""
    made: list[Keys] = []

    def keys(caller: str) -> Keys:
        made.append(KeyRing.at(vault.transit, vault.ca, vault.tokens[caller]).keys())
        return made[-1]

    yield keys
    for one in made:
        await one.close()


@pytest.fixture
def case() -> str:
    return str(uuid4())


async def test_what_one_service_wraps_another_unwraps(of: Of, case: str) -> None:
    one, other = of("service"), of("erasing")
    wrapped = await asyncio.gather(*(one.wrap(case, DATA_KEY) for _ in range(10)))
    assert [await other.unwrap(case, each) for each in wrapped] == [DATA_KEY] * 10


async def test_what_was_wrapped_by_a_destroyed_key_is_erased_and_what_comes_later_is_not(of: Of, case: str) -> None:
    keys = of("erasing")
    for _ in range(2):
        wrapped = await keys.wrap(case, DATA_KEY)
        assert await keys.destroy(case)
        with pytest.raises(Erased):
            await keys.unwrap(case, wrapped)
    assert await keys.unwrap(case, await keys.wrap(case, DATA_KEY)) == DATA_KEY


async def test_a_key_that_is_missing_or_another_is_not_taken_for_one_that_was_destroyed(of: Of, case: str) -> None:
    keys = of("erasing")
    wrapped, other = await keys.wrap(case, DATA_KEY), str(uuid4())
    assert not await keys.destroy(other)
    with pytest.raises(Unavailable, match="CASEPATH_KEYS"):
        await keys.unwrap(other, wrapped)
    await keys.wrap(other, DATA_KEY)
    with pytest.raises(Malformed):
        await keys.unwrap(other, wrapped)


async def test_a_service_that_does_not_erase_cannot_destroy_a_key(of: Of, case: str) -> None:
    keys = of("service")
    wrapped = await keys.wrap(case, DATA_KEY)
    with pytest.raises(Unavailable, match="403"):
        await keys.destroy(case)
    assert await keys.unwrap(case, wrapped) == DATA_KEY


async def test_a_token_that_ran_out_is_waited_for_and_taken_when_it_is_renewed(vault: Vault, case: str, tmp_path: Path) -> None:
    file = tmp_path / "authorization"
    file.write_text("Bearer none")
    keys = KeyRing.at(vault.transit, vault.ca, file).keys()
    with pytest.raises(Unavailable, match="403"):
        await keys.wrap(case, DATA_KEY)
    file.write_text(vault.tokens["service"].read_text())
    assert await keys.unwrap(case, await keys.wrap(case, DATA_KEY)) == DATA_KEY
    await keys.close()


async def test_objects_are_encrypted_by_it_and_erased(of: Of, case: str, tmp_path: Path) -> None:
    content = os.urandom(300_000)

    def objects(caller: str) -> Objects:
        return Objects.at(f"file://{tmp_path}", Encryption(of(caller)))

    ref = await objects("service").put(content, case)
    assert await objects("service").ranges(ref, [200_000], [1000]) == [content[200_000:201_000]]
    await Encryption(of("erasing")).destroy(case)
    with pytest.raises(Erased):
        await objects("service").get(ref)
