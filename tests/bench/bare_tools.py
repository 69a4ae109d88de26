"""minimap2, samtools and bcftools as programs, built from the sources that mappy and pysam carry: the same code as ours runs."""

import html
import re
import subprocess
import tarfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import mappy
import pysam
import pysam.version

from chassis.settings import cache
from embedded.java import filling

INCLUDE = ["-O2", "-w", "-D_GNU_SOURCE", "-Ihtslib", "-Ihtslib/htscodecs/htscodecs"]
LIBRARIES = ["-lz", "-lbz2", "-llzma", "-lm", "-lpthread", "-ldl"]
CONFIGURATION = """
#define _XOPEN_SOURCE 600
#define HAVE_LIBBZ2 1
#define HAVE_LIBLZMA 1
#define HAVE_LZMA_H 1
#define HAVE_DRAND48 1
#define HAVE_ATTRIBUTE_CONSTRUCTOR 1
#define HAVE_GETAUXVAL 1
"""
# Needs a network library, or a terminal's.
LEFT_OUT = ("hfile_libcurl", "hfile_s3", "hfile_gcs", "plugin")
NO_VIEWER = "int bam_tview_main(int argc, char **argv) { return 1; }\n"


def bare_tools() -> Path:
    """A folder with the three programs, built on first use with a C compiler and the headers of zlib, bzip2 and lzma."""
    folder = cache() / "bare-tools" / f"{mappy.__version__}-{pysam.__version__}"
    with filling("bare-tools"):
        if not (folder / "bcftools").exists():
            folder.mkdir(parents=True, exist_ok=True)
            aligner = source("mappy", mappy.__version__, folder)
            subprocess.run(["make", "-s", "minimap2"], cwd=aligner, check=True, capture_output=True)
            (aligner / "minimap2").replace(folder / "minimap2")
            build(source("pysam", pysam.__version__, folder), folder)
    return folder


def source(name: str, version: str, folder: Path) -> Path:
    """The unpacked source distribution of a release on PyPI."""
    index = f"https://pypi.org/simple/{name}/"
    with urllib.request.urlopen(index) as answer:
        link = re.search(rf'href="([^"]*{name}-{re.escape(version)}\.tar\.gz[^"]*)"', answer.read().decode())
    assert link is not None, f"{name} {version} has no source distribution"
    url = urljoin(index, html.unescape(link[1]))
    archive = folder / f"{name}.tar.gz"
    urllib.request.urlretrieve(url, archive)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / f"{name}-{version}"


def build(sources: Path, folder: Path) -> None:
    (sources / "htslib" / "config.h").write_text(CONFIGURATION)
    (sources / "samtools" / "no_viewer.c").write_text(NO_VIEWER)
    version = pysam.version.__htslib_version__
    (sources / "htslib" / "version.h").write_text(f'#define HTS_VERSION_TEXT "{version}"\n')
    (sources / "htslib" / "config_vars.h").write_text(
        "".join(f'#define HTS_{name} ""\n' for name in ("CC", "CPPFLAGS", "CFLAGS", "LDFLAGS", "LIBS"))
    )
    parts: dict[str, tuple[str, ...]] = {"htslib": ("htslib", "htslib/cram", "htslib/htscodecs/htscodecs")}
    parts |= {"samtools": ("samtools", "samtools/lz4"), "bcftools": ("bcftools",)}
    objects = {name: compiled(sources, name, folders) for name, folders in parts.items()}
    for program in ("samtools", "bcftools"):
        linked = ["gcc", "-o", str(folder / program), *objects[program], *objects["htslib"], *LIBRARIES]
        subprocess.run(linked, cwd=sources, check=True)


def compiled(sources: Path, name: str, folders: tuple[str, ...]) -> list[str]:
    said = [f'-D{name.upper()}_{what}=""' for what in ("CC", "CPPFLAGS", "CFLAGS", "LDFLAGS", "HTSDIR", "LIBS", "CURSES_LIB")]
    said.append(f'-D{name.upper()}_VERSION="{pysam.version.__samtools_version__}"')
    includes = [f"-I{folder}" for folder in folders] if name != "htslib" else []
    found = []
    for folder in folders:
        for file in sorted((sources / folder).glob("*.c")):
            if file.name.endswith(".pysam.c") or file.name.startswith(LEFT_OUT):
                continue
            target = f"{name}-{file.stem}.o"
            options = [*INCLUDE, *includes, *said]
            subprocess.run(["gcc", *options, "-c", str(file.relative_to(sources)), "-o", target], cwd=sources, check=True)
            found.append(target)
    return found
