"""The supervisor's own process: python -m embedded HOME PORT_BASE [BACKUP]. `casepath up` starts it."""

import asyncio
import sys
from pathlib import Path

from embedded.platform import Home, run
from embedded.ports import Ports

if __name__ == "__main__":
    folder, base, *backup = sys.argv[1:]
    asyncio.run(run(Home(Path(folder)), Ports(int(base)), *backup))
