"""Style sheets and scripts, at addresses that change with what is in them, so that a browser asks once."""

import hashlib
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"


def version(folder: Path) -> str:
    """Of every file's name and content."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder)} {len(content)}\n".encode() + content)
    return found.hexdigest()[:16]


VERSION = version(FOLDER)
# Where a browser finds them.
ADDRESS = f"/static/{VERSION}"


class Assets(StaticFiles):
    """Below `/static`. While portals of two versions run side by side, a file asked for by the other's address is not kept."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER)

    async def get_response(self, path: str, scope: Scope) -> Response:
        named, _, rest = path.partition("/")
        answer = await super().get_response(rest, scope)
        if answer.status_code == 200 and named == VERSION:
            answer.headers["Cache-Control"] = FOREVER
        return answer
