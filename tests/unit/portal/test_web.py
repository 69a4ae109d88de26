"""What holds for every page, before any of them is asked."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from click.testing import CliRunner

import examples
from casepath.audit.v1.audit_pb2 import OUTCOME_REFUSED, AccessRecorded
from chassis.access import Signer
from chassis.accounts import Accounts, AccountsFile, account, load_accounts, save_accounts
from chassis.errors import Misconfigured, Unavailable
from chassis.objects import Objects
from chassis.publisher import MemoryPublisher
from portal import commands
from portal.assets import ADDRESS
from portal.login_pages import PasswordLogin
from portal.people import MOST_FAILURES, PasswordDoor
from portal.web import application
from portal_desk import desk_at

BASE = "http://portal"


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest_asyncio.fixture
async def client(tmp_path: Path, publisher: MemoryPublisher) -> AsyncIterator[httpx.AsyncClient]:
    """The portal with nobody behind it."""
    objects, signer = Objects.at(f"file://{tmp_path}"), Signer.fresh()
    accounts = tmp_path / "accounts.json"
    save_accounts(accounts, [account("martin", "Dr Alix Martin", ["pathologist"], "right")])
    door = PasswordDoor(AccountsFile(accounts).now)
    async with desk_at(objects, publisher, door, signer) as desk:
        transport = httpx.ASGITransport(app=application(desk, PasswordLogin(door, desk.accesses), "secret", https_only=False))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE}) as one:
            yield one


async def enter(client: httpx.AsyncClient, password: str = "right") -> httpx.Response:
    return await client.post("/login", data={"name": "martin", "password": password})


async def test_every_answer_forbids_foreign_scripts_and_frames(client: httpx.AsyncClient) -> None:
    for path in ("/login", "/", f"{ADDRESS}/portal.css", "/nowhere"):
        headers = (await client.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


async def test_scripts_and_styles_are_asked_for_once_and_pages_each_time(client: httpx.AsyncClient) -> None:
    page = await client.get("/login")
    assert page.headers["cache-control"] == "no-store"
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(named) > 3
    for path in named:
        assert "immutable" in (await client.get(path)).headers["cache-control"]
    assert (await client.get(f"{ADDRESS}/nothing.js")).headers["cache-control"] == "no-store"
    other = await client.get("/static/0123456789abcdef/portal.css")
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-store")
    for path in ("/static/", f"{ADDRESS}/", f"{ADDRESS}/../web.py", "/static/x/../../web.py", "/static/portal.css"):
        assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("origin", ["http://evil", "null", "", "http://portal.evil"])
async def test_an_act_from_another_site_is_refused(client: httpx.AsyncClient, origin: str) -> None:
    answer = await client.post("/login", data={"name": "martin", "password": "right"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_the_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(client: httpx.AsyncClient) -> None:
    cookie = (await enter(client)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_a_forged_session_is_nobodys(client: httpx.AsyncClient) -> None:
    client.cookies.set("casepath", "eyJuYW1lIjogIm1hcnRpbiJ9.forged.signature")
    assert (await client.get("/")).status_code == 401


async def test_logging_out_ends_the_session(client: httpx.AsyncClient) -> None:
    await enter(client)
    assert (await client.get("/")).status_code == 503
    await client.post("/logout")
    assert (await client.get("/")).status_code == 401


async def test_a_session_that_is_ended_from_afar_is_over_at_once(client: httpx.AsyncClient, tmp_path: Path) -> None:
    await enter(client)
    assert (await client.get("/")).status_code == 503
    ended = CliRunner().invoke(commands.account, ["end", "martin", "--accounts", str(tmp_path / "accounts.json")])
    assert ended.exit_code == 0
    assert (await client.get("/")).status_code == 401
    removed = CliRunner().invoke(commands.account, ["end", "martin", "--remove", "--accounts", str(tmp_path / "accounts.json")])
    assert removed.exit_code == 0
    assert (await enter(client)).status_code == 401


async def test_accounts_that_cannot_be_read_any_more_are_those_that_there_were(client: httpx.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text("{")
    assert (await enter(client)).status_code == 303


async def test_after_too_many_wrong_passwords_the_right_one_is_refused_too(client: httpx.AsyncClient) -> None:
    for _ in range(MOST_FAILURES):
        assert (await enter(client, "wrong")).status_code == 401
    assert (await enter(client)).status_code == 401


async def test_a_service_that_does_not_answer_is_said_with_what_to_do(client: httpx.AsyncClient) -> None:
    await enter(client)
    for path in ("/", f"/cases/{examples.CASE}", f"/cases/{examples.CASE}/tiles/1.2/3.4/5.6/1"):
        answer = await client.get(path, headers={"Accept-Language": "fr"})
        assert answer.status_code == 503
        assert "réessayez" in answer.text


async def test_a_case_id_that_is_none_is_not_found(client: httpx.AsyncClient) -> None:
    await enter(client)
    for path in ("/cases/1", "/cases/..%2f..%2fetc", "/tiles/1.2/3.4/5.6/1", "/cases/1/tiles/1.2/3.4/5.6/1"):
        assert (await client.get(path)).status_code == 404


async def test_the_language_is_kept_and_the_way_back_stays_on_the_site(client: httpx.AsyncClient) -> None:
    answer = await client.post("/language", data={"language": "fr"}, headers={"Referer": "http://evil//evil.example/x"})
    assert answer.headers["location"] == "/"
    assert "Connexion" in (await client.get("/login")).text


def test_accounts_are_kept_without_their_passwords(tmp_path: Path) -> None:
    save_accounts(tmp_path / "accounts.json", [account("martin", "Dr Alix Martin", ["pathologist"], "right")])
    assert "right" not in (tmp_path / "accounts.json").read_text()
    assert (tmp_path / "accounts.json").stat().st_mode & 0o077 == 0
    accounts = Accounts(load_accounts(tmp_path / "accounts.json"))
    assert accounts.known("martin", "right") is not None
    assert accounts.known("martin", "wrong") is None
    assert accounts.known("nobody", "right") is None


@pytest.mark.parametrize("content", ["", "{}", '[{"name": "x"}]'])
def test_accounts_that_cannot_be_read_are_a_misconfiguration(content: str, tmp_path: Path) -> None:
    (tmp_path / "accounts.json").write_text(content)
    with pytest.raises(Misconfigured):
        load_accounts(tmp_path / "accounts.json")


async def test_who_is_not_let_in_is_told_and_what_they_typed_only_where_it_is_a_name(
    client: httpx.AsyncClient, publisher: MemoryPublisher
) -> None:
    await enter(client, "wrong")
    await client.post("/login", data={"name": "my password by mistake", "password": ""})
    await client.get(f"/cases/{examples.CASE}")
    said = [AccessRecorded.FromString(record.value) for record in publisher.records]
    assert [(one.agent.user_id, one.operation, one.outcome) for one in said] == [
        ("martin", "POST /login", OUTCOME_REFUSED),
        ("", "POST /login", OUTCOME_REFUSED),
        ("", "GET /cases/{case_id}", OUTCOME_REFUSED),
    ]
    assert all("mistake" not in str(record) for record in publisher.records)


async def test_nobody_comes_in_while_audit_cannot_be_told(
    client: httpx.AsyncClient, publisher: MemoryPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(records: object) -> None:
        raise Unavailable("the broker did not acknowledge")

    monkeypatch.setattr(publisher, "publish", down)
    assert (await enter(client)).status_code == 503
    monkeypatch.undo()
    assert (await client.get("/", headers={"Accept": "text/html"})).headers["location"] == "/login"
