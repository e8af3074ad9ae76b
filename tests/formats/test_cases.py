"""Cases made after public bug reports, kept outside the repository: files of vectors and test sets."""

from __future__ import annotations

import lzma
import warnings
from pathlib import Path

import pytest
from data import SHARED

from glove_adagrad.errors import InputError
from glove_adagrad.evaluation import evaluate_pairs, read_classes, read_pairs, read_questions
from glove_adagrad.formats import read_vectors

CASES = SHARED / "cases"
MEANS = [6.08, 6.08, 4.08, 4.85, 7.0, 6.38, 5.23, 3.77, 4.46, 4.08]

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="GLOVE_SHARED does not name a folder with the cases")

SETS = [
    "e01_msimlex_mean_last.csv", "e01b_msimlex_noheader.csv", "e02_pandas_index.csv", "e04_cr_only.tsv",
    "e05_semicolon.csv", "e06_dkpro_colon.txt", "e07_decimal_comma.tsv", "e07b_decimal_comma_semicolon.csv",
    "e08_score_first.tsv", "e09_scws.txt", "e10_simverb.txt", "e12_quoted.csv", "e17_pipe.txt",
    "e18_trailing_tab.csv",
]  # fmt: skip

#: File of vectors -> words read, or what the error says.
VECTORS: dict[str, int | str] = {
    "vectors/v01_header_one_too_many.vec": 6,
    "vectors/v02_tab_is_a_word.vec": 6,
    "vectors/v03_empty_word.vec": 6,
    "vectors/v08_bom_header.vec": 6,
    "vectors/v08b_bom_noheader.txt": 6,
    "vectors/v11_nan_row.vec": 6,
    "vectors/v16_ppmi_sparse.txt": ":2: .*sparse",
    "vectors/v17_git_lfs_pointer.txt": "Git LFS pointer",
    "vectors/v19_glove.zip": "zip archive",
    "vectors/v20d_bin_header_too_few.bin": ":2: .*more data",
    "vectors/v23_x.magnitude": "SQLite",
    "vectors/v24_floret.floret": "floret",
    "vectors/v25_fifu.fifu": "finalfusion",
    "vectors/v26_matrix.npy": "NumPy",
    "vectors/v30_vt_in_first_word.txt": 8,
    "vectors/v31_cr_only.txt": 6,
    "vectors/v33_comma_decimals.vec": ":2: '0,9902'",
    "vectors/v33b_decimal_comma_200x50.vec": ":2: '-1,370340'",
    "vectors/v43_bin_dims_too_small.bin": ":2: ",
    "vectors/v44_bin_bigendian.bin": "big-endian",
    "vectors/v46_sparse_header.vec": ":2: .*sparse",
    "vectors/v48_json_lines_header.vec": ":2: ",
    "sniff/run.bin": 8,
    "sniff/run.bin.gz": 8,
    "damaged/trail.bin": ":2: .*more data",
    "damaged/comma.txt": ":2: '-0,111030'",
    "damaged/hex.txt": ":2: '0x1p-3'",
    "bombs/bomb.bz2": "longer than 8 MB",
    "bombs/bombline.txt.gz": "longer than 8 MB",
}


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.filterwarnings("ignore:.*(skipped|cut short)")
def test_vectors(name: str) -> None:
    expected = VECTORS[name]
    if isinstance(expected, int):
        assert len(read_vectors(CASES / name).words) == expected
    else:
        with pytest.raises(InputError, match=expected):
            read_vectors(CASES / name)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.filterwarnings("ignore:.*took column")
def test_means_of_ten_pairs(name: str) -> None:
    found = read_pairs(CASES / "evalsets" / name, strict=True)
    assert found.scores.tolist() == MEANS
    assert found.pairs[0] == ("king", "queen")


def test_published_sets(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(lzma.decompress((SHARED / "vectors" / "glove.6B.50d.head10k.txt.xz").read_bytes()))
    vectors = read_vectors(tmp_path / "v")
    for name, copy, correlation in (
        ("EN-RG-65.txt", "vecto_rg-65.csv", 0.830),
        ("EN-MTurk-287.txt", "vecto_mturk-287.csv", 0.660),
    ):
        one, two = (evaluate_pairs(vectors, read_pairs(CASES / "real" / each)) for each in (name, copy))
        assert one.spearman == two.spearman == pytest.approx(correlation, abs=5e-4)
    assert len(read_pairs(CASES / "real" / "simlex-german.txt", strict=True).pairs) == 999
    assert len(read_pairs(CASES / "real" / "dkpro_gur65.txt", strict=True).pairs) == 65
    with pytest.raises(InputError, match="--columns"):
        read_pairs(CASES / "real" / "rosimlex_head.tsv")


def test_other_sets() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(read_pairs(CASES / "evalsets" / "e15_hashtag_words.tsv").pairs) == 11
        for name in ("k01_plain.tsv", "k03_cr_only.tsv", "k04_comma_index.csv", "k05_class_first.tsv"):
            found = read_classes(CASES / "evalsets" / name)
            assert (len(found.words), len(set(found.classes))) == (24, 4)
            assert found.words[0] == "apple"
        assert len(read_questions(CASES / "evalsets" / "bats", strict=True).sections) == 1
