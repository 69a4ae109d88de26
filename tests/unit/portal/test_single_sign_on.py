"""What an identity provider's claims are here, and how the portal is told which provider."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

import examples
from chassis.errors import Misconfigured, Rejected
from chassis.objects import Objects
from portal.settings import PortalSettings, SingleSignOn
from portal.single_sign_on import PROOF_SECONDS, Ended, KnownStaff, account_of, is_fresh, logged_out
from waiting import eventually

CLAIMS = {"sub": "u-1", "name": "Alix Martin", "realm_access": {"roles": ["pathologist", "offline_access"]}}


@pytest.mark.parametrize(
    ("claim", "roles"),
    [("realm_access.roles", ("pathologist",)), ("roles", ()), ("name", ()), ("realm_access", ()), ("sub.roles", ())],
)
def test_roles_are_those_of_the_claim_that_are_ours(claim: str, roles: tuple[str, ...]) -> None:
    account = account_of(CLAIMS, claim, "units")
    assert (account.name, account.full_name, account.roles) == ("u-1", "Alix Martin", roles)


def test_units_are_what_the_claim_lists_and_none_where_it_lists_none() -> None:
    assert account_of({**CLAIMS, "units": ["LAB", "", 7, "LAB"]}, "roles", "units").units == ("LAB",)
    assert account_of({**CLAIMS, "units": "*"}, "roles", "units").units == ()
    with pytest.raises(Rejected, match="every unit"):
        account_of({**CLAIMS, "units": [f"U{number}" for number in range(21)]}, "roles", "units")


@pytest.mark.parametrize("claims", [{}, {"sub": "u-1"}, {"name": "Alix"}, {"sub": "u" * 65, "name": "Alix"}])
def test_who_does_not_say_who_they_are_is_nobody(claims: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="does not say who you are"):
        account_of(claims, "roles", "units")


def test_a_login_of_some_time_ago_proves_nothing() -> None:
    assert is_fresh({"auth_time": 1000}, 1000 + PROOF_SECONDS)
    assert not is_fresh({"auth_time": 1000}, 1001 + PROOF_SECONDS)
    assert not is_fresh({}, 1000)


async def test_who_came_in_once_can_be_given_cases_also_after_a_start(tmp_path: Path) -> None:
    objects = Objects.at(f"file://{tmp_path}")
    await KnownStaff(objects).keep(account_of({**CLAIMS, "units": ["LAB"]}, "realm_access.roles", "units"))
    staff = KnownStaff(objects)
    await staff.load()
    assert [one.full_name for one in staff.with_role("pathologist")] == ["Alix Martin"]
    found = staff.named("u-1")
    assert found is not None
    assert found.units == ("LAB",)
    assert staff.named("u-2") is None


async def test_who_came_in_at_another_replica_is_known_soon_here(tmp_path: Path) -> None:
    objects, stop = Objects.at(f"file://{tmp_path}"), asyncio.Event()
    here, elsewhere = KnownStaff(objects, seconds=0.01), KnownStaff(objects)
    looking = asyncio.create_task(here.run(stop))
    await elsewhere.keep(account_of(CLAIMS, "realm_access.roles", "units"))
    await eventually(lambda: here.named("u-1"))
    stop.set()
    await looking


def settings(**more: Any) -> PortalSettings:
    given = {"kafka": "-", "objects": "-", "namespace": str(examples.NAMESPACE), "slides_dicomweb": "-", "signing_key": "-"}
    return PortalSettings.model_validate({**given, **more})


def test_people_come_in_by_accounts_or_by_a_provider(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3\n")
    assert settings(accounts="-").single_sign_on is None
    provider = settings(oidc_issuer="https://idp", oidc_secret_file=secret, portal_url="https://portal").single_sign_on
    assert provider == SingleSignOn("https://idp", "casepath", "s3", "roles", "units", "openid profile")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"accounts": "-", "oidc_issuer": "https://idp"},
        {"oidc_issuer": "https://idp"},
        {"oidc_issuer": "https://idp", "oidc_secret_file": "/nowhere", "portal_url": "https://portal"},
    ],
)
def test_both_or_neither_or_half_of_a_provider_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(Misconfigured):
        _ = settings(**given).single_sign_on


LOGOUT = {
    "iss": "https://idp",
    "aud": "casepath",
    "iat": 1000,
    "sub": "u-1",
    "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
}


def test_a_logout_token_names_whose_sessions_end() -> None:
    assert logged_out(LOGOUT, "https://idp", "casepath", 1100) == "u-1"
    assert logged_out({**LOGOUT, "aud": ["other", "casepath"]}, "https://idp", "casepath", 1000) == "u-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other"},
        {"aud": "other"},
        {"aud": None},
        {"iat": 600},
        {"sub": ""},
        {"sub": None},
        {"events": {}},
        {"events": None},
        {"nonce": "n"},
    ],
)
def test_another_token_ends_nobodys_sessions(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="logout token"):
        logged_out({**LOGOUT, **changed}, "https://idp", "casepath", 1000)


async def test_an_end_is_known_to_every_replica(tmp_path: Path) -> None:
    objects = Objects.at(f"file://{tmp_path}")
    one, other = Ended(objects), Ended(objects)
    assert await one.at("u-1") == -1
    await one.end("u-1", 1000)
    assert await one.at("u-1") == await other.at("u-1") == 1000
