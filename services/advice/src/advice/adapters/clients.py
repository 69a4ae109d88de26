"""Which prescribing systems may ask (CDS Hooks 2.0, section "Trusting CDS Clients"): by JSON Web Tokens that they sign."""

import json
import time
from pathlib import Path

import jwt
from cachetools import TTLCache

from chassis.access import LEEWAY, Unauthenticated
from chassis.errors import Misconfigured

ALGORITHMS = ("ES384", "RS384", "ES256", "RS256")
# A token is for one request: it lives no longer.
LONGEST_SECONDS = 300
REMEMBERED = 100_000


class Clients:
    """Issuers and their keys. A token is taken once by this process."""

    def __init__(self, keys: dict[str, dict[str, jwt.PyJWK]]) -> None:
        self.keys = keys
        self.seen: TTLCache[tuple[str, str], bool] = TTLCache(REMEMBERED, LONGEST_SECONDS + 2 * LEEWAY)

    @classmethod
    def at(cls, path: Path) -> "Clients":
        """Raise Misconfigured where the file is not issuers and JWK Sets."""
        try:
            declared = json.loads(path.read_text())
            sets = {str(issuer): jwt.PyJWKSet.from_dict(keys) for issuer, keys in declared.items()}
        except (OSError, ValueError, AttributeError, TypeError, jwt.PyJWTError) as error:
            raise Misconfigured(
                f"CASEPATH_ADVICE_CLIENTS is not JSON of issuers and their JWK Sets: {type(error).__name__}"
            ) from error
        return cls({issuer: {str(key.key_id): key for key in found.keys} for issuer, found in sets.items()})

    def check(self, authorization: str | None, audience: str) -> str:
        """The issuer of the token in an Authorization header.

        Raise Unauthenticated where none of ours signed it for this address, or it was used before.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("this needs a bearer token")
        try:
            issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss"))
            key = self.keys[issuer][str(jwt.get_unverified_header(token).get("kid"))]
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=audience,
                issuer=issuer,
                leeway=LEEWAY,
                options={"require": ["iss", "aud", "exp", "iat", "jti"]},
            )
        except (KeyError, jwt.PyJWTError) as error:
            raise Unauthenticated(f"the token is not good: {type(error).__name__}") from None
        if claims["exp"] > time.time() + LONGEST_SECONDS + LEEWAY:
            raise Unauthenticated(f"the token is good for longer than {LONGEST_SECONDS} seconds")
        name = issuer, str(claims["jti"])
        if name in self.seen:
            raise Unauthenticated("the token was used before")
        self.seen[name] = True
        return issuer
