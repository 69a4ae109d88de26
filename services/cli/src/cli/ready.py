"""`casepath ready`: whether services are, as their readiness says."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import httpx

POLL_SECONDS = 1.0


@click.command()
@click.argument("urls", nargs=-1, required=True)
@click.option("--timeout", default=120.0, show_default=True, type=click.FloatRange(min=0), help="Seconds until all of them are.")
def ready(urls: Sequence[str], timeout: float) -> None:
    """Wait until every URL (http://host:port/readyz) answers that its service is ready, and say which are not."""
    import httpx

    from chassis.errors import Unavailable

    deadline, left = time.monotonic() + timeout, list(urls)
    with httpx.Client(timeout=5, trust_env=False) as client:
        while True:
            states = {url: state_of(client, url) for url in left}
            for url in [url for url in left if not states[url]]:
                click.echo(f"{url} ready")
            left = [url for url in left if states[url]]
            if not left:
                return
            if time.monotonic() >= deadline:
                raise Unavailable("; ".join(f"{url}: {states[url]}" for url in left))
            time.sleep(POLL_SECONDS)


def state_of(client: "httpx.Client", url: str) -> str:
    """What keeps a service from being ready; empty where it is."""
    import httpx

    try:
        answer = client.get(url)
    except httpx.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    if answer.status_code == 200:
        return ""
    try:
        waiting = [name for name, good in answer.json().items() if good is False]
    except ValueError:
        waiting = []
    return f"waits for {', '.join(waiting)}" if waiting else f"answers {answer.status_code}"
