"""The shared cases of corpora, vocabularies, dumps and damaged texts, through the command line.

They are files made after public bug reports; the folder that holds `cases/` is named in GLOVE_SHARED.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import naive
import numpy as np
import pytest
from data import SHARED
from runs import Command

from glove_adagrad.cooccurrence.matrix import CooccurrenceMatrix

CASES = SHARED / "cases"
MARK = b"\xef\xbb\xbf"

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"{CASES} is not there; name the folder that has cases/ in GLOVE_SHARED"
)

#: Corpora that are counted, with the warning each gives.
WARNINGS = {
    "c02_cr_only_mac.txt": "end with CR alone",
    "c11_latin1.txt": "4 of 4 words are not UTF-8",
    "c13_control.txt": "words are not UTF-8",
    "c14c_long_latin1.txt": "words are not UTF-8",
}
#: Corpora that cannot be counted, with what the line says.
REFUSED = {
    "c17_unk.txt": ":1: the corpus holds the word <unk>",
    "c19_utf16le_bom.txt": ": is UTF-16 text",
    "c19b_utf16be_nobom.txt": ": looks like UTF-16BE",
    "c22_space_only.txt": "only white space",
    "c23_empty.txt": ": the corpus is empty",
    "c29_zip.zip": ": is a zip archive",
}
#: Those whose bytes are not the text.
PLAIN = {"c28_gzip.txt.gz": "c03_no_final_newline.txt", "c28b_gzip_wrong_name.txt": "c03_no_final_newline.txt"}
ONE_WORD_A_LINE = {"c06b_one_word_lines.txt", "c07_single_token.txt"}


def _names(folder: str) -> list[str]:
    return sorted(path.name for path in (CASES / folder).glob("*"))


def complaint(found: object) -> str:
    """The one line on stderr of a command that failed."""
    assert (found.code, found.out, found.err.count("\n")) == (1, "", 1)  # type: ignore[attr-defined]
    return found.err  # type: ignore[attr-defined, no-any-return]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", _names("corpora"))
def test_corpora_are_counted_by_stanfords_rules(command: Command, tmp_path: Path, name: str) -> None:
    vocab, matrix = tmp_path / "vocab.txt", tmp_path / "m"
    found = command("vocab", CASES / "corpora" / name, "--min-count", 1, "--output", vocab)
    if name in REFUSED:
        assert REFUSED[name] in complaint(found)
        return
    assert found.code == 0
    if name in WARNINGS:
        assert re.search(rf"warning: .*{name}.*{WARNINGS[name]}", found.err)
        assert found.err.count("\n") == 1
    else:
        assert found.err == ""
    text = (CASES / "corpora" / PLAIN.get(name, name)).read_bytes().removeprefix(MARK)
    expected = naive.vocabulary(text)
    assert vocab.read_bytes() == b"".join(b"%b %d\n" % line for line in expected)
    if name in ONE_WORD_A_LINE or len(text) > 200_000:
        return  # nothing co-occurs, or the twin takes too long
    found = command("cooccur", CASES / "corpora" / name, "--vocab", vocab, "--window", 5, "--output", matrix)
    assert found.code == 0
    contexts = naive.ids(text, [word for word, _ in expected], "line", False)
    x = naive.cooccurrences(contexts, 5, True, "harmonic")
    counted = CooccurrenceMatrix.open(matrix)
    assert counted.records == len(x)
    cells = counted.to_scipy().tocoo()
    for i, j, value in zip(cells.row.tolist(), cells.col.tolist(), cells.data.tolist(), strict=True):
        assert np.isclose(value, float(x[i, j]), rtol=1e-12), Fraction(x[i, j])


VOCABULARIES = {
    "a_crlf.txt": None,
    "b_tab.txt": None,
    "c_nocount.txt": ":1: 'w0' is not a word",
    "d_bom.txt": None,
    "e_alpha_order.txt": None,
    "g_long.txt": "holds no word of the vocabulary",
    "h2_count_over_int32.txt": None,
    "i_zero_count.txt": ":2: 'w2 0': the count is 0",
    "j_neg.txt": ":2: 'w2 -3' is not a word",
    "k_float.txt": ":1: 'w1 5.0' is not a word",
    "l_unk.txt": None,
    "m_trailing_space.txt": None,
    "n_two_spaces.txt": None,
    "o_blank_lines.txt": None,
    "p_numbers_words.txt": "holds no word of the vocabulary",
    "q_json.txt": ":1: .* is not a word",
    "vocab-big.txt": ":1: .*: the counts exceed",
    "vocab-bom.txt": "holds no word of the vocabulary",
    "vocab-digits.txt": ":1: .*: the counts exceed",
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", VOCABULARIES)
def test_vocabularies(command: Command, tmp_path: Path, name: str) -> None:
    text = CASES / "corpora" / "c03_no_final_newline.txt"
    path = next(CASES.glob(f"*/{name}"))
    found = command("cooccur", text, "--vocab", path, "--output", tmp_path / "m", "--window", 5)
    if (message := VOCABULARIES[name]) is not None:
        assert re.search(message, complaint(found))
        return
    assert found.code == 0
    assert ("not in descending order" in found.err) == (name == "e_alpha_order.txt")
    words = (tmp_path / "m" / "vocab.txt").read_bytes().split()[::2]
    assert words == path.read_bytes().removeprefix(MARK).split()[::2]
    x = naive.cooccurrences(naive.ids(text.read_bytes(), words, "line", False), 5, True, "harmonic")
    assert CooccurrenceMatrix.open(tmp_path / "m").records == len(x)


DUMPS: dict[str, str | int] = {
    "wiki/de_namespaces.xml.bz2": 120,
    "wiki/no_ns_element.xml.bz2": 120,
    "wiki/plain.xml": 120,
    "wiki/only_stubs.xml.bz2": r"only_stubs\.xml\.bz2: no article in the main namespace",
    "damaged/empty-title.xml.bz2": 1338,
    "damaged/nodump.xml.bz2": r"nodump\.xml\.bz2: not a Wikipedia dump",
    "damaged/cut.xml.bz2": r"cut\.xml\.bz2: the compressed data are damaged or cut short",
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", DUMPS)
def test_dumps(command: Command, tmp_path: Path, name: str, workers: int) -> None:
    options = ["--format", "wikipedia", "--min-count", 1, "--workers", workers]
    found = command("vocab", CASES / name, *options, "--output", tmp_path / "v")
    if isinstance(expected := DUMPS[name], str):
        assert re.search(expected, complaint(found))
        assert not list(tmp_path.iterdir())
    else:
        assert found.code == 0
        assert f"{expected:,} tokens" in found.out


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("damaged/one-bit.txt.gz", 1, "the compressed data are damaged"),
        ("damaged/one-bit.txt.xz", 1, "the compressed data are damaged"),
        ("real/as_gold_head.utf8", 0, r"U\+3000"),
        ("real/cityu_head_bom_crlf.utf8", 0, "^$"),
        ("real/diginetica_sessions_head.txt", 0, "^$"),
        ("wiki/plain.xml", 0, "looks like a Wikipedia dump .* --format wikipedia"),
        ("bombs/bombline.txt.gz", 0, "^$"),
    ],
)
def test_texts(command: Command, tmp_path: Path, name: str, code: int, message: str) -> None:
    found = command("vocab", CASES / name, "--min-count", 1, "--output", tmp_path / "v")
    assert found.code == code
    assert re.search(message, found.err.rstrip("\n"))
    assert found.err.count("\n") == (message != "^$")
    if code == 0:
        assert not (tmp_path / "v").read_bytes().startswith(MARK)
