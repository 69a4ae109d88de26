from pathlib import Path

import jwt
import pytest

from chassis.access import Forbidden, Gate, Permission, Principal, Signer, Unauthenticated
from chassis.errors import Misconfigured


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.fresh()


@pytest.fixture
def gate(signer: Signer, tmp_path: Path) -> Gate:
    (tmp_path / "keys.json").write_text(signer.public_keys())
    return Gate.at(tmp_path / "keys.json")


def test_a_token_says_who_asks(gate: Gate, signer: Signer) -> None:
    who = gate.principal(f"Bearer {signer.token('u1', ['pathologist'], 60)}")
    assert who == Principal("u1", frozenset({"pathologist"}))
    assert who.may(Permission.SIGN_REPORTS)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dTpw", "Bearer x.y.z"])
def test_no_token_is_nobody(gate: Gate, header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        gate.principal(header)


def test_an_expired_token_is_nobodys(gate: Gate, signer: Signer) -> None:
    with pytest.raises(Unauthenticated):
        gate.principal(f"Bearer {signer.token('u1', ['pathologist'], -60)}")


def test_a_token_of_another_key_is_nobodys(gate: Gate, signer: Signer) -> None:
    stranger = Signer.fresh()
    stranger.kid = signer.kid
    with pytest.raises(Unauthenticated):
        gate.principal(f"Bearer {stranger.token('u1', ['pathologist'], 60)}")


def test_an_unsigned_token_is_nobodys(gate: Gate, signer: Signer) -> None:
    claims = {"sub": "u1", "roles": ["pathologist"], "aud": "casepath", "exp": 9999999999}
    with pytest.raises(Unauthenticated):
        gate.principal(f"Bearer {jwt.encode(claims, '', algorithm='none', headers={'kid': signer.kid})}")


def test_a_token_for_somebody_else_is_not_taken(gate: Gate, signer: Signer) -> None:
    claims = {"sub": "u1", "roles": ["pathologist"], "aud": "other", "exp": 9999999999}
    token = jwt.encode(claims, signer.key, algorithm="ES256", headers={"kid": signer.kid})
    with pytest.raises(Unauthenticated):
        gate.principal(f"Bearer {token}")


def test_who_has_no_known_role_may_nothing() -> None:
    nobody = Principal("u1", frozenset({"root", ""}))
    assert not [permission for permission in Permission if nobody.may(permission)]
    with pytest.raises(Forbidden):
        nobody.must(Permission.READ_SLIDES)


def test_machines_never_sign() -> None:
    for role in ("viewer", "scanner", "technician"):
        assert not Principal("m1", frozenset({role})).may(Permission.SIGN_REPORTS)


def test_a_signing_key_is_kept_in_a_file(signer: Signer, gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(signer.pem())
    assert gate.principal(f"Bearer {Signer.at(tmp_path / 'key.pem').token('u1', [], 60)}").subject == "u1"


@pytest.mark.parametrize("content", ["", "{}", "no key"])
def test_keys_that_cannot_be_read_are_a_misconfiguration(content: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(content)
    with pytest.raises(Misconfigured):
        Gate.at(tmp_path / "file")
    with pytest.raises(Misconfigured):
        Signer.at(tmp_path / "file")
