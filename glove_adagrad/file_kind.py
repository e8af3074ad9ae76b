"""Name what a file is by its first bytes if it is neither text nor vectors: an archive, a database, UTF-16."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from glove_adagrad.errors import InputError

#: Bytes that `other_kind` looks at.
HEAD_BYTES = 1 << 16

#: More bytes than any signature looks at.
SIGNATURE_BYTES = 512


class Kind(NamedTuple):
    """A kind of file: what it is, and what to do with it."""

    name: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}; {self.remedy}"


_UNPACK = "unpack it first"
_ICONV = "convert it with iconv -f {0} -t UTF-8"
_EXPORT = "export its words and vectors as text first"

#: Files that begin with these bytes are never text, and never vectors that this program reads.
_SIGNATURES = [
    (re.compile(start, re.DOTALL), Kind(name, remedy))
    for start, name, remedy in (
        (rb"version https://git-lfs", "a Git LFS pointer, not the file itself", "fetch it with: git lfs pull"),
        (rb"PK(\x03\x04|\x05\x06)", "a zip archive (as .zip, .npz, .pt, .docx)", _UNPACK),
        (rb"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
        (rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
        (rb".{257}ustar", "a tar archive", _UNPACK),
        (rb"\x04\x22\x4d\x18", "LZ4 data", _UNPACK),
        (rb"\x1f\x9d", "data of the program compress (.Z)", _UNPACK),
        (rb"%PDF-", "a PDF file", "extract its text first, for example with pdftotext"),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", "save it as text first"),
        (rb"PAR1", "a Parquet file", "read it as a corpus with `text_format=parquet`, or write a text file from it"),
        (rb"ARROW1|\xff\xff\xff\xff.{4}\x10\0\0\0", "an Arrow file", "write it as a Parquet file first"),
        (rb"SQLite format 3\0", "an SQLite database (as .magnitude)", "write its words or text to a text file first"),
        (rb"\x93NUMPY", "a NumPy array, which has no words", "write a text file of words and numbers from it"),
        (rb"\x89HDF", "an HDF5 file", _EXPORT),
        (
            re.escape(struct.pack("<i", 793712314)),
            "a fastText .bin model",
            "use the .vec file, or load it in gensim and export",
        ),
        (rb"FiFu\0", "a finalfusion file", "convert it with: finalfusion convert"),
        (
            rb"floret( -?\d+){5}",
            "a floret table, which has hash buckets instead of words",
            "export vectors of words from it",
        ),
        (rb'.{4}\0\0\0\0\{"', "a safetensors file, which has no words", _EXPORT),
        (rb"GGUF", "a GGUF model", _EXPORT),
        (rb"I(xF[2IlT]|xM[2p]|wFl|HN[fpsc]).{2}\0\0", "a faiss index, which has no words", _EXPORT),
        (rb"RD[AX][23]\n|X\n\0\0\0[\x02\x03]", "an R data file", _EXPORT),
        (rb"MATLAB 5\.0 MAT-file", "a MATLAB file", _EXPORT),
        (rb"FEA1", "a Feather file", "write it as a Parquet file first"),
        (rb"Obj\x01", "an Avro file", "write its words or text to a text file first"),
        (rb"LMDB|\0\0\0\0\0\0\0\0\0\0\x08\0\0\0\0\0\xde\xc0\xef\xbe", "an LMDB database", _EXPORT),
        (rb"\xff\xfe\0\0|\0\0\xfe\xff", "UTF-32 text", _ICONV.format("UTF-32")),
        (rb"\xff\xfe|\xfe\xff", "UTF-16 text", _ICONV.format("UTF-16")),
    )
]


def other_kind(head: bytes) -> Kind | None:
    """Name what a file is by its first bytes; None if it may be text or vectors.

    Parameters
    ----------
    head : bytes
        `SIGNATURE_BYTES` or more, if the file has as many.
    """
    return next((kind for start, kind in _SIGNATURES if start.match(head)), None)


def refuse_other_files(head: bytes, name: str) -> None:
    """Refuse a file that is not text in UTF-8 or another encoding of single bytes.

    Parameters
    ----------
    head : bytes
        The first bytes of the file, `HEAD_BYTES` or more if it has as many.
    name : str
        The file, for the message.

    Raises
    ------
    InputError
        If it is an archive, a database, a model or text in UTF-16 or UTF-32.
    """
    if kind := other_kind(head):
        raise InputError(f"{name}: is {kind}")
    begin = head[:HEAD_BYTES]
    zeros = [begin[first::2].count(0) for first in (0, 1)]
    # ASCII characters in UTF-16 have one zero byte each, always on the same side
    if max(zeros) > max(len(begin) // 8, 3) and min(zeros) == 0:
        encoding = "UTF-16BE" if zeros[0] else "UTF-16LE"
        raise InputError(f"{name}: looks like {encoding} text; {_ICONV.format(encoding)}")
