"""A token, for clients that are built on requests."""

import requests
from requests.auth import AuthBase


class Bearer(AuthBase):  # type: ignore[misc]
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request
