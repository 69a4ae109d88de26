"""Who may do what: bearer tokens (RFC 6750) that are signed JSON Web Tokens (RFC 7519). Denied by default.

Whoever issues tokens holds the private key; every service holds the public ones, as a JWK Set (RFC 7517).
"""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from chassis.errors import Misconfigured, Rejected

AUDIENCE = "casepath"
ALGORITHMS = ("ES256", "RS256")
# Clocks of two machines may differ by this many seconds.
LEEWAY = 10


class Permission(StrEnum):
    READ_SLIDES = "slides.read"
    # Label and overview images show what is written on the glass.
    READ_LABELS = "slides.labels.read"
    SEND_SCANS = "slides.send"
    # Patients and orders, as a hospital's systems send them.
    SEND_ORDERS = "orders.send"
    READ_CASES = "cases.read"
    SIGN_REPORTS = "reports.sign"
    # What a genome says of drugs, as it was issued.
    SIGN_GENOMICS = "genomics.sign"
    READ_MODELS = "models.read"
    PUBLISH_MODELS = "models.publish"
    # To let a version of a model read slides for care, or take that back.
    APPROVE_MODELS = "models.approve"
    CANCEL_SCORING = "scoring.cancel"
    # To see how far services have come, and what becomes of what was set aside.
    OPERATE = "platform.operate"
    # In projects that they are members of.
    RUN_WORKFLOWS = "workflows.run"
    READ_SCHEDULE = "schedule.read"
    # Whether what came in is of the patient whom it names.
    DECIDE_IDENTITIES = "identities.decide"
    # Who had to do with whose data.
    READ_LEDGER = "ledger.read"
    # Of a region's data, for research: to ask for some, and to say whether it may be had, each for their office.
    SEE_STUDIES = "studies.see"
    REQUEST_STUDIES = "studies.request"
    PROTECT_DATA = "studies.protect"
    WEIGH_STUDIES = "studies.weigh"


GRANTS: dict[str, frozenset[Permission]] = {
    "pathologist": frozenset(
        {
            Permission.READ_SLIDES,
            Permission.READ_LABELS,
            Permission.READ_CASES,
            Permission.SIGN_REPORTS,
            Permission.READ_MODELS,
            Permission.CANCEL_SCORING,
        }
    ),
    "biologist": frozenset({Permission.READ_SLIDES, Permission.READ_CASES, Permission.SIGN_GENOMICS}),
    "technician": frozenset(
        {
            Permission.READ_SLIDES,
            Permission.READ_LABELS,
            Permission.READ_CASES,
            Permission.SEND_SCANS,
            Permission.CANCEL_SCORING,
        }
    ),
    "model-publisher": frozenset({Permission.READ_MODELS, Permission.PUBLISH_MODELS}),
    "model-approver": frozenset({Permission.READ_MODELS, Permission.APPROVE_MODELS}),
    "researcher": frozenset(
        {Permission.RUN_WORKFLOWS, Permission.READ_SCHEDULE, Permission.SEE_STUDIES, Permission.REQUEST_STUDIES}
    ),
    "data-protection-officer": frozenset({Permission.SEE_STUDIES, Permission.PROTECT_DATA}),
    "scientific-committee": frozenset({Permission.SEE_STUDIES, Permission.WEIGH_STUDIES}),
    "operator": frozenset({Permission.READ_SCHEDULE, Permission.OPERATE}),
    "identity-manager": frozenset({Permission.DECIDE_IDENTITIES}),
    "auditor": frozenset({Permission.READ_LEDGER}),
    "viewer": frozenset({Permission.READ_SLIDES}),
    "ordering-system": frozenset({Permission.SEND_ORDERS}),
    "scanner": frozenset({Permission.SEND_SCANS}),
}


class Unauthenticated(Rejected):
    """Nobody known asks."""


class Forbidden(Rejected):
    """Somebody known asks for what they may not have."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person or a machine, and their roles."""

    subject: str
    roles: frozenset[str]

    def may(self, permission: Permission) -> bool:
        return any(permission in GRANTS.get(role, ()) for role in self.roles)

    def must(self, permission: Permission) -> None:
        """Raise Forbidden where they may not."""
        if not self.may(permission):
            raise Forbidden(f"this needs the permission {permission}")


class Gate:
    """Tells from a token who asks."""

    def __init__(self, keys: jwt.PyJWKSet) -> None:
        self.keys = {key.key_id: key for key in keys.keys}

    @classmethod
    def at(cls, path: Path) -> "Gate":
        """Raise Misconfigured where the file is not a JWK Set."""
        try:
            return cls(jwt.PyJWKSet.from_json(path.read_text()))
        except (OSError, ValueError, jwt.PyJWTError) as error:
            raise Misconfigured(f"CASEPATH_ACCESS_KEYS is not a JWK Set: {type(error).__name__}") from error

    def principal(self, authorization: str | None) -> Principal:
        """Who sent this Authorization header. Raise Unauthenticated where it is absent, expired, or signed by nobody we know."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("this needs a bearer token")
        try:
            key = self.keys[jwt.get_unverified_header(token).get("kid")]
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=AUDIENCE,
                leeway=LEEWAY,
                options={"require": ["exp", "sub", "aud"]},
            )
        except (KeyError, jwt.PyJWTError) as error:
            raise Unauthenticated(f"the token is not good: {type(error).__name__}") from None
        roles = claims.get("roles", [])
        if not isinstance(roles, list):
            raise Unauthenticated("the token's roles are not a list")
        return Principal(str(claims["sub"]), frozenset(str(role) for role in roles))


class Signer:
    """Issues tokens."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self.key = key
        public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self.kid = public["x"][:16]
        self.jwk = {**public, "kid": self.kid, "use": "sig", "alg": "ES256"}

    @classmethod
    def at(cls, path: Path) -> "Signer":
        """Raise Misconfigured where the file is not a private key on the curve P-256."""
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise Misconfigured(f"the signing key cannot be read: {type(error).__name__}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise Misconfigured("the signing key is not on the curve P-256")
        return cls(key)

    @classmethod
    def fresh(cls) -> "Signer":
        return cls(ec.generate_private_key(ec.SECP256R1()))

    def pem(self) -> bytes:
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def public_keys(self) -> str:
        """The JWK Set that a Gate reads."""
        return json.dumps({"keys": [self.jwk]}, indent=2) + "\n"

    def token(self, subject: str, roles: Iterable[str], seconds: int) -> str:
        now = int(time.time())
        claims = {"sub": subject, "roles": sorted(roles), "aud": AUDIENCE, "iat": now, "exp": now + seconds}
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": self.kid})
