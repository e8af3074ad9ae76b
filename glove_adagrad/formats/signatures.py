"""What a file is that is neither vectors nor a test set: by its first bytes, so that an error can name it."""

from __future__ import annotations

import re
import struct

#: (offset, bytes, name and what to do).
_MAGIC = (
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself; fetch it with: git lfs pull"),
    (0, b"PK\x03\x04", "a zip archive (as .zip, .npz, .pt); unpack it and name the file of vectors in it"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"SQLite format 3\0", "an SQLite database (as .magnitude); convert it to word2vec text"),
    (0, b"\x93NUMPY", "a NumPy array, which has no words; write a text file of words and numbers from it"),
    (0, struct.pack("<i", 793712314), "a fastText .bin model; use the .vec file, or load it in gensim and export"),
    (0, b"FiFu\0", "a finalfusion file; convert it with: finalfusion convert"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"PAR1\x15", "a Parquet file"),
    (0, b"ARROW1", "an Arrow file"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (0, b"Rar!\x1a\x07", "a RAR archive; unpack it first"),
    (257, b"ustar", "a tar archive; unpack it first"),
    (0, b"\xff\xfe", "UTF-16 text; convert it with iconv -t UTF-8"),
    (0, b"\xfe\xff", "UTF-16 text; convert it with iconv -t UTF-8"),
    (4, b'\0\0\0\0{"', "a safetensors file, which has no words"),
)
_HTML = re.compile(rb"\s*<(!doctype html|html[ >]|\?xml |mediawiki )", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*"|\[\s*[\[{"])')
_FLORET = re.compile(rb"floret( -?\d+){5}")

#: More bytes than any signature looks at.
SIGNATURE_BYTES = 512


def other_kind(head: bytes) -> str:
    """Name what a file is, and what to do, by its first bytes; an empty string for anything unknown."""
    for offset, magic, name in _MAGIC:
        if head.startswith(magic, offset):
            return name
    if _HTML.match(head):
        return "a web page or XML; a download may have failed"
    if _JSON.match(head):
        return "JSON, not lines of words"
    if _FLORET.match(head):
        return "a floret table, which has hash buckets instead of words; export vectors of words from it"
    return ""
