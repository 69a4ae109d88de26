"""The models that read slides: which ones read this one, and their readers, ready to run."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import structlog

from casepath.inference.v1.scoring_pb2 import Model
from chassis.errors import Malformed
from inference.adapters.registry_store import RegistryStore
from inference.bundle import AGGREGATOR, CARD, MANIFEST, ONNX, SIGNATURE, Bundle, ModelFile
from inference.readers import Reader, Session
from inference.registry import Assignment, Line, configured

# So many models are kept ready: one in production, its canary, and shadows.
KEPT = 4
CONFIGURATION = "configuration"

log: structlog.stdlib.BoundLogger = structlog.get_logger()

type MakeSession = Callable[[ModelFile], Session]


class Models:
    """One line of models, that of the configured bundle. The registry says which of its versions reads what."""

    def __init__(self, store: RegistryStore, bundle: Bundle, session: Session, make: MakeSession) -> None:
        self.store = store
        self.name = bundle.name
        self.configured = bundle
        self.session = session
        self.make = make
        self.bundles: dict[str, Bundle] = {key_of(bundle.model): bundle}
        self.readers: OrderedDict[str, Reader] = OrderedDict()
        self.loading = asyncio.Lock()

    async def begin(self, folder: Path) -> None:
        """Where no version was ever in production, the configured one is: whoever configures the deployment answers for it."""
        line = await self.store.line(self.name)
        if line.log:
            production = line.production
            if production is not None and production.model != self.configured.model:
                log.warning("model", outcome="the registry's version reads, not the configured one", model=self.name)
            return
        paths = [folder / name for name in (MANIFEST, ONNX, AGGREGATOR, CARD, SIGNATURE) if (folder / name).is_file()]
        published = await self.store.publish(self.configured, paths, CONFIGURATION)
        try:
            await self.store.append(configured(published), 0)
        except Malformed:
            # Another replica began at the same time.
            return

    async def assignments(self, scan_id: str) -> list[Assignment]:
        return (await self.line()).assignments(scan_id)

    async def line(self) -> Line:
        return await self.store.line(self.name)

    async def bundle(self, model: Model) -> Bundle:
        """Raise NotFound where it is not published, Misconfigured where its files are no bundle."""
        key = key_of(model)
        if key not in self.bundles:
            self.bundles[key] = await self.store.bundle(await self.store.get(model.name, model.version))
        return self.bundles[key]

    async def reader(self, model: Model) -> Reader:
        """Ready to run. Raise as `bundle` does, and Misconfigured where the network cannot be loaded."""
        key = key_of(model)
        async with self.loading:
            if key not in self.readers:
                bundle = await self.bundle(model)
                self.readers[key] = await asyncio.to_thread(self.made, bundle)
                while len(self.readers) > KEPT:
                    _, oldest = self.readers.popitem(last=False)
                    await asyncio.to_thread(self.closed, oldest)
            self.readers.move_to_end(key)
            return self.readers[key]

    def made(self, bundle: Bundle) -> Reader:
        session = self.session if bundle.model == self.configured.model else self.make(bundle)
        return Reader(bundle, session, self.make(bundle.aggregator) if bundle.aggregator else None)

    def closed(self, reader: Reader) -> None:
        """The configured model's session is its server's."""
        for session in (reader.session, reader.aggregator):
            if session is not None and session is not self.session:
                session.close()

    async def close(self) -> None:
        while self.readers:
            _, reader = self.readers.popitem()
            await asyncio.to_thread(self.closed, reader)


def key_of(model: Model) -> str:
    return f"{model.name}|{model.version}|{model.sha256}"
