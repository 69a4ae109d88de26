"""Which keys of cases and patients a deployment has, as settings and options name them."""

from dataclasses import dataclass
from pathlib import Path

from chassis.encryption import Encryption
from chassis.errors import Misconfigured
from chassis.keys import FileKeys, Keys

FOLDER = "file://"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`url` is a folder or a key server; `ca` and `authorization` are for a server. Picklable, for processes of their own."""

    url: str
    ca: Path | None = None
    authorization: Path | None = None

    @classmethod
    def at(cls, url: str, ca: Path | None = None, authorization: Path | None = None) -> "KeyRing":
        """Raise Misconfigured where the URL is none of a folder or a server."""
        if not url.startswith((FOLDER, "https://", "http://")):
            raise Misconfigured(
                "CASEPATH_KEYS names the keys of cases and patients, file:///folder or https://host:port/v1/transit; only where "
                "nothing is to be encrypted, CASEPATH_KEYS_OFF=true"
            )
        return cls(url, ca, authorization)

    def keys(self) -> Keys:
        """Raise Misconfigured where the folder, or a file of proof, is not there."""
        if self.url.startswith(FOLDER):
            return FileKeys(Path(self.url.removeprefix(FOLDER)))
        # Only where it is needed: most processes have a folder.
        from chassis.transit import TransitKeys

        return TransitKeys.at(self.url, self.ca, self.authorization)

    def encryption(self) -> Encryption:
        return Encryption(self.keys())
