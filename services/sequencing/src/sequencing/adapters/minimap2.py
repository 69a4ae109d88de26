"""minimap2's own main loop (Li 2018), from the library that mappy carries: `minimap2 -a -x sr` in this process.

mappy's Python calls make an object for each hit, which costs half as much again as aligning; and what they leave to the caller
(flags, mapping qualities of pairs, tags) would be ours instead of minimap2's. The functions are those that minimap2's main.c
calls, in its order; both option structures are filled by the library and stay opaque but for the flags, which come first.
"""

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import mappy

from chassis.errors import Misconfigured
from sequencing.adapters.reference_index import IndexedReference, made_once

PRESET = b"sr"
# minimap.h: MM_F_CIGAR and MM_F_OUT_SAM, what main.c sets for -a.
CIGAR, SAM = 0x004, 0x008
# Larger than either option structure.
OPTIONS_BYTES = 4096
STDOUT = 1


class Library:
    """The functions of minimap2 that are called, typed."""

    def __init__(self) -> None:
        library = ctypes.CDLL(mappy.__file__)
        pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        self.set_options = library.mm_set_opt
        self.set_options.argtypes = [text, pointer, pointer]
        self.open_index = library.mm_idx_reader_open
        self.open_index.argtypes, self.open_index.restype = [text, pointer, text], pointer
        self.read_index = library.mm_idx_reader_read
        self.read_index.argtypes, self.read_index.restype = [pointer, number], pointer
        self.close_index = library.mm_idx_reader_close
        self.close_index.argtypes = [pointer]
        self.fit_options = library.mm_mapopt_update
        self.fit_options.argtypes = [pointer, pointer]
        self.write_header = library.mm_write_sam_hdr
        self.write_header.argtypes = [pointer, text, text, number, pointer]
        self.map_fragments = library.mm_map_file_frag
        self.map_fragments.argtypes = [pointer, number, pointer, pointer, number]
        self.free_index = library.mm_idx_destroy
        self.free_index.argtypes = [pointer]
        self.flush = ctypes.CDLL(None).fflush
        self.flush.argtypes = [pointer]


class Minimap2:
    """A reference's index in memory: some 2.5 bytes a base of it."""

    def __init__(self, index: Path, save: Path | None = None, threads: int = 1) -> None:
        """Read an index, or make it from a FASTA file and write it to `save`. Raise Misconfigured where that cannot be."""
        self.library = Library()
        indexing = ctypes.create_string_buffer(OPTIONS_BYTES)
        self.mapping = ctypes.create_string_buffer(OPTIONS_BYTES)
        self.library.set_options(None, indexing, self.mapping)
        self.library.set_options(PRESET, indexing, self.mapping)
        flags = ctypes.cast(self.mapping, ctypes.POINTER(ctypes.c_int64))
        flags[0] |= CIGAR | SAM
        reader = self.library.open_index(os.fsencode(index), indexing, os.fsencode(save) if save else None)
        self.index = self.library.read_index(reader, threads) if reader else None
        if not self.index:
            raise Misconfigured(f"minimap2 finds no sequence in {index}")
        self.library.close_index(reader)
        self.library.fit_options(self.mapping, self.index)

    def close(self) -> None:
        """Give its memory back; it must not be used after that."""
        self.library.free_index(self.index)
        self.index = None

    def align(self, reads: Sequence[Path], read_group: str, out: Path, threads: int) -> None:
        """Write SAM, in the order of the reads, with minimap2's header.

        One file has pairs interleaved. Whatever this process prints meanwhile would go into the file.
        """
        names = (ctypes.c_char_p * len(reads))(*[os.fsencode(path) for path in reads])
        line = f"@RG\\tID:{read_group}".encode()
        with self.standard_output(out):
            self.library.write_header(self.index, line, mappy.__version__.encode(), 0, None)
            failed = self.library.map_fragments(self.index, len(reads), names, self.mapping, threads)
        if failed:
            raise OSError("minimap2 could not open the reads")

    @contextmanager
    def standard_output(self, file: Path) -> Iterator[None]:
        """minimap2 writes to C's standard output alone."""
        self.library.flush(None)
        kept = os.dup(STDOUT)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.dup2(descriptor, STDOUT)
            yield
            self.library.flush(None)
        finally:
            os.dup2(kept, STDOUT)
            os.close(kept)
            os.close(descriptor)


@lru_cache(maxsize=1)
def minimap2(reference: IndexedReference) -> Minimap2:
    """The reference's index, read once a process, and made once for all who share its folder."""
    name = reference.fasta.with_name(f"{reference.fasta.name}.sr.{mappy.__version__}.mmi")
    return Minimap2(made_once(name, lambda partial: Minimap2(reference.fasta, partial).close()))
