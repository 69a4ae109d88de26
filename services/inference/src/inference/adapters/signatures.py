"""Signatures of bundles by the OpenSSF Model Signing specification 1.0: a DSSE envelope with the digest of every file."""

import hashlib
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.errors import Misconfigured, Rejected
from inference.bundle import SIGNATURE


class Unsigned(Rejected):
    """No key that is trusted here signed these files."""


def sign(folder: Path, key: Path) -> None:
    """Write `model.sig` with a private key on the curve P-256 (PEM). Raise Misconfigured where there is none."""
    from model_signing import signing

    private_key(key)
    config: Any = signing.Config()  # type: ignore[no-untyped-call]
    config.use_elliptic_key_signer(private_key=key).set_hashing_config(hashing(folder)).sign(folder, folder / SIGNATURE)


def verified(folder: Path, keys: Path) -> str:
    """SHA-256 of the trusted key, of those in the folder `keys`, that signed every file of a bundle. Raise Unsigned."""
    from model_signing import verifying

    if not (folder / SIGNATURE).is_file():
        raise Unsigned(f"it has no {SIGNATURE}: casepath model sign BUNDLE --key KEY")
    reason = "no key is trusted here"
    for path in sorted(keys.glob("*.pem")):
        config: Any = verifying.Config()  # type: ignore[no-untyped-call]
        try:
            config.use_elliptic_key_verifier(public_key=path).set_hashing_config(hashing(folder))
            config.verify(folder, folder / SIGNATURE)
        except Exception as error:  # noqa: BLE001 - the library raises ValueError, and whatever its parsers do for bytes that are no signature
            reason = (
                "a file was altered"
                if str(error).startswith("Signature mismatch")
                else f"no trusted key made it ({type(error).__name__})"
            )
            continue
        return hashlib.sha256(der_of(path)).hexdigest()
    raise Unsigned(f"its signature is not good: {reason}")


def new_key(private: Path, public: Path) -> None:
    """Make a key pair, each where nothing is yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    private.touch(mode=0o600, exist_ok=False)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))


def private_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(f"{path} is not a private key: {type(error).__name__}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Misconfigured(f"{path} is not a key on an elliptic curve: casepath model key makes one")
    return key


def der_of(path: Path) -> bytes:
    key = serialization.load_pem_public_key(path.read_bytes())
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def hashing(folder: Path) -> Any:
    from model_signing import hashing as library

    config: Any = library.Config()  # type: ignore[no-untyped-call]
    return config.set_ignored_paths(paths=[folder / SIGNATURE], ignore_git_paths=False)
