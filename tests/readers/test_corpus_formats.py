"""Corpora in other formats than plain text: the same text in each, records that cannot be used, tokenizers."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from runs import Command

from glove_adagrad.corpus import TextFiles, open_corpus
from glove_adagrad.errors import InputError
from glove_adagrad.text_options import TextOptions

pytestmark = pytest.mark.usefixtures("no_warnings")

#: Documents with all that a format may have trouble with.
DOCUMENTS = [
    "The cat sat on the mat.",
    'naïve "quotes", commas; tabs\tand\nseveral\n\nlines',
    "",
    "CRLF\r\nand CR\rend lines, \\ and \u2028 do not",
    "東京\u3000大阪 \U0001f600",
    *(f"document {number} of many" for number in range(40)),
]
#: The same as plain text: each document ends with a blank line.
PLAIN = "".join(text.replace("\r\n", "\n").replace("\r", "\n") + "\n\n" for text in DOCUMENTS if text)


def joined(corpus: TextFiles) -> str:
    return b"".join(chunk.text.tobytes() for chunk in corpus.chunks()).decode("utf-8", "surrogateescape")


def text_of(*paths: Path, **options: Any) -> str:
    return joined(open_corpus(paths, TextOptions(**options)))


def without_blank_lines(text: str) -> str:
    return re.sub(r"\n\n+", "\n\n", text).lstrip("\n")


def as_json_lines(texts: list[str], **settings: Any) -> bytes:
    lines = [json.dumps({"id": n, "text": text, "meta": {"text": "no"}}, **settings) for n, text in enumerate(texts)]
    return "".join(line + "\n" for line in lines).encode()


def as_csv(texts: list[str], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([["id", "text"], *([n, text] for n, text in enumerate(texts))])
    return out.getvalue().encode()


def as_wet(texts: list[str]) -> bytes:
    """Records of a WET file, each compressed by itself as Common Crawl's are."""
    pytest.importorskip("warcio")
    records = [("warcinfo", b"Software-Info: none\r\n"), *(("conversion", text.encode()) for text in texts)]
    return b"".join(
        gzip.compress(
            b"WARC/1.0\r\nWARC-Type: %b\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
            % (kind.encode(), len(content), content)
        )
        for kind, content in records
    )


def as_parquet(texts: list[str], kind: str = "string") -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    column = pyarrow.array(texts)
    if kind == "dictionary":
        column = column.dictionary_encode()
    elif kind == "large_string":
        column = column.cast(pyarrow.large_string())
    out = io.BytesIO()
    table = pyarrow.table({"id": list(range(len(texts))), "text": column})
    parquet.write_table(table, out, row_group_size=7)
    return out.getvalue()


#: Name of a file, its content, and how to read it.
FORMATS: dict[str, tuple[str, Callable[[list[str]], bytes], dict[str, str]]] = {
    "jsonl": ("a.jsonl", as_json_lines, {"text_format": "jsonl"}),
    "jsonl, characters as they are": (
        "a.jsonl",
        lambda texts: as_json_lines(texts, ensure_ascii=False),
        {"text_format": "jsonl"},
    ),
    "jsonl, other lines": (
        "a.jsonl",
        lambda texts: b"\xef\xbb\xbf\n" + as_json_lines(texts).replace(b"\n", b"\r\n\r\n").rstrip(),
        {"text_format": "jsonl"},
    ),
    "jsonl in gzip": ("a.json.gz", lambda texts: gzip.compress(as_json_lines(texts)), {"text_format": "jsonl"}),
    "jsonl in zstd": (
        "a.jsonl.zst",
        lambda texts: zstandard.ZstdCompressor().compress(as_json_lines(texts)),
        {"text_format": "jsonl"},
    ),
    "jsonl, another field": (
        "a.jsonl",
        lambda texts: as_json_lines(texts).replace(b'"text"', b'"body"'),
        {"text_format": "jsonl", "field": "body"},
    ),
    "csv": ("a.csv", as_csv, {"text_format": "csv"}),
    "csv with semicolons": ("a.csv", lambda texts: as_csv(texts, ";"), {"text_format": "csv"}),
    "csv without header": (
        "a.csv",
        lambda texts: as_csv(texts).partition(b"\n")[2],
        {"text_format": "csv", "field": "2"},
    ),
    "csv of Excel": (
        "a.csv",
        lambda texts: as_csv(texts).decode().encode("utf-16"),
        {"text_format": "csv", "encoding": "utf-16"},
    ),
    "parquet": ("a.parquet", as_parquet, {"text_format": "parquet"}),
    "parquet, large strings": (
        "a.parquet", lambda texts: as_parquet(texts, "large_string"), {"text_format": "parquet"},
    ),
    "parquet, dictionary": ("a.parquet", lambda texts: as_parquet(texts, "dictionary"), {"text_format": "parquet"}),
    "wet": ("a.warc.wet.gz", as_wet, {"text_format": "wet"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_text(tmp_path: Path, name: str) -> None:
    file, make, options = FORMATS[name]
    (tmp_path / file).write_bytes(make(DOCUMENTS))
    corpus = open_corpus([tmp_path], TextOptions(**options))
    for _ in range(2):  # counting reads a text more than once
        assert without_blank_lines(joined(corpus)) == without_blank_lines(PLAIN)
    assert (corpus.notes != []) == name.startswith("csv")
    (tmp_path / file).write_bytes(make(["Straße ÀB"]))
    assert text_of(tmp_path, lowercase=True, **options).strip() == "straße àb"


def test_tabs_make_quotes_ordinary_characters(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text('id\ttext\n1\t"to be\n2\tor "not"\n')
    corpus = open_corpus([tmp_path / "a.tsv"], TextOptions("csv"))
    assert joined(corpus).split() == ['"to', "be", "or", '"not"']
    assert corpus.notes == [f"{tmp_path / 'a.tsv'}: columns separated by tabs, the text is column 2 (text)"]


@pytest.mark.parametrize(
    ("encoding", "error"),
    [("latin-1", None), ("cp1252", None), ("utf-8", "not text in utf-8"), ("ascii", "not text in ascii")],
)
@pytest.mark.parametrize("text_format", ["text", "jsonl", "csv"])
def test_encodings(tmp_path: Path, text_format: str, encoding: str, error: str | None) -> None:
    text = {"text": "café naïve\n", "jsonl": '{"text": "café naïve"}\n', "csv": "text\ncafé naïve\n"}[text_format]
    (tmp_path / "a.txt").write_bytes(text.encode("latin-1"))
    if error:
        with pytest.raises(InputError, match=rf"a\.txt: {error}"):
            text_of(tmp_path / "a.txt", text_format=text_format, encoding=encoding)
    else:
        found = text_of(tmp_path / "a.txt", text_format=text_format, encoding=encoding)
        assert found.split() == ["café", "naïve"]


def test_long_texts_in_another_encoding(tmp_path: Path) -> None:
    text = "äöü € \U0001f600 words\n" * 200_000
    (tmp_path / "a.txt").write_bytes(text.encode("utf-16"))
    assert text_of(tmp_path / "a.txt", encoding="utf-16") == text


# records that cannot be used

GOOD = [f"good text {number}" for number in range(300)]

#: A line of a file, and what is said of it.
BAD_LINES = {
    "jsonl": [
        ("{", "not JSON"),
        ('{"text": "cut', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('["text"]', "is a list, not an object"),
        ("7", "is a number, not an object"),
        ('{"Text": "x", "id": 3}', r"has no field 'text' \(its fields: Text, id\); .*`field`"),
        ("{}", r"has no field 'text' \(its fields: none\)"),
        ('{"text": ["x"]}', "the field 'text' is a list, not a string"),
        ('{"text": 5}', "the field 'text' is a number, not a string"),
    ],
    "csv": [("7", "has 1 columns, and the text is column 2")],
    "conllu": [
        ("1\tThe\tthe", "expected 10 columns between tabs, found 3"),
        ("one" + "\tx" * 9, "expected the number of a word, found b'one'"),
    ],
}


def _lines(text_format: str) -> list[str]:
    if text_format == "jsonl":
        return as_json_lines(GOOD).decode().splitlines()
    if text_format == "csv":
        return as_csv(GOOD).decode().splitlines()
    return ["\t".join([str(n), *["good"] * 9]) for n in range(1, 301)]


@pytest.mark.parametrize(
    ("text_format", "bad", "message"), [(name, *case) for name, cases in BAD_LINES.items() for case in cases]
)
def test_a_bad_record_is_skipped_with_one_warning(tmp_path: Path, text_format: str, bad: str, message: str) -> None:
    lines = _lines(text_format)
    path = tmp_path / "a"
    for number, skipped in ((1, "the record"), (3, "3 such records")):
        path.write_text("\n".join([*lines[:20], *[bad] * number, *lines[20:]]) + "\n")
        corpus = open_corpus([path], TextOptions(text_format))
        with pytest.warns(UserWarning, match=rf"a:21: {message}.*; skipped {skipped}$") as shown:
            found = [joined(corpus) for _ in range(2)][1]
        assert len(shown) == 1
        assert found.split().count("good") == 300
        with pytest.raises(InputError, match=rf"a:21: {message}"):
            text_of(path, text_format=text_format, strict=True)
    path.write_text((bad + "\n") * 15 + "\n".join(lines))
    if text_format != "csv":  # whose first line is the header
        with pytest.raises(InputError, match=rf"a:1: {message}.*9 other records cannot be read either"):
            text_of(path, text_format=text_format)
    path.write_text("\n".join([*lines[:50], *[bad] * 20]) + "\n")
    with pytest.raises(InputError, match=rf"a:51: {message}"):
        text_of(path, text_format=text_format)


def test_nulls_and_odd_strings(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"text": null}\n{"text": "a\\u0000b \\ud800c"}\n')
    assert text_of(tmp_path / "a", text_format="jsonl").split() == ["a", "b", "\ufffdc"]


@pytest.mark.parametrize(
    ("text_format", "content", "message"),
    [
        ("csv", b"id,body\n1,x\n", r":1: has no column 'text' \(its columns, separated by commas: id, body\)"),
        ("csv", b'id,text\n1,"x\n2,y\n', r":\d: not a row of CSV \(unexpected end of data\)"),
        ("csv", b'id,text\n1,"x" y\n', r":2: not a row of CSV"),
        ("parquet", b"some words", ": is not a Parquet file"),
        ("parquet", b"PK\x03\x04", ": is a zip archive"),
        ("parquet", b"PAR1" + b"x" * 50 + b"PAR1", ": is damaged"),
        ("wet", b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 1\r\n\r\nx\r\n\r\n", ": holds no record of the"),
        ("wet", b"words and more words\n", ": is damaged"),
        ("jsonl", b"PK\x03\x04", ": is a zip archive"),
        ("csv", "id,text\n1,x\n".encode("utf-16"), ": is UTF-16 text"),
        ("jsonl", b"[\n" + b' {"text": "x"},\n' * 20 + b"]\n", r":1: not JSON .* jq -c '\.\[\]'"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, text_format: str, content: bytes, message: str) -> None:
    pytest.importorskip({"parquet": "pyarrow", "wet": "warcio"}.get(text_format, "json"))
    (tmp_path / "a.x").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.x" + message):
        text_of(tmp_path / "a.x", text_format=text_format)


def test_columns_of_parquet_are_checked(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(as_parquet(["x"]))
    with pytest.raises(InputError, match=r"a: has no column 'body' \(its columns: id, text\)"):
        text_of(tmp_path / "a", text_format="parquet", field="body")
    with pytest.raises(InputError, match="a: the column 'id' is of the type int64, not a string"):
        text_of(tmp_path / "a", text_format="parquet", field="id")


@pytest.mark.parametrize(
    ("text_format", "package", "extra"), [("parquet", "pyarrow", "arrow"), ("wet", "warcio", "warc")]
)
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text_format: str, package: str, extra: str
) -> None:
    (tmp_path / "a").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.parquet", None)
    with pytest.raises(InputError, match=rf"needs {package}; .*glove-adagrad\[{extra}\]"):
        open_corpus([tmp_path / "a"], TextOptions(text_format))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_format": "json"}, "choose from text, jsonl"),
        ({"field": "x"}, "is an option of the formats jsonl, csv, parquet"),
        ({"text_format": "jsonl", "column": "form"}, "is an option of the format conllu"),
        ({"text_format": "conllu", "column": "upos"}, "choose from form, lemma"),
        ({"text_format": "parquet", "encoding": "latin-1"}, "is an option of the formats"),
        ({"encoding": "latin-99"}, "is not known"),
        ({"tokenizer": "nltk"}, "write whitespace, gensim or module:function"),
        ({"text_format": "wikipedia", "tokenizer": "a:b"}, "tokenized by gensim"),
    ],
)
def test_options_that_cannot_be(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TextOptions(**options)  # type: ignore[arg-type]


def test_options_survive_json() -> None:
    options = TextOptions("conllu", column="lemma", tokenizer="gensim", lowercase=True)
    assert TextOptions.from_json({**json.loads(json.dumps(options.to_json())), "preset": "fast"}) == options


# treebanks


def test_treebanks_are_read_as_by_the_package_conllu(tmp_path: Path) -> None:
    conllu = pytest.importorskip("conllu")
    draw = random.Random(1)
    lines = []
    for sentence in range(30):
        if sentence % 10 == 0:
            lines.append("# newdoc id = d")
        lines += [f"# sent_id = {sentence}", "# text = 1\tnot a word"]
        for word in range(1, draw.randint(2, 9)):
            if draw.random() < 0.2:
                lines.append(f"{word}-{word + 1}\tdu" + "\t_" * 8)
            form, lemma = draw.choice([("Le", "le"), ("10 000", "10 000"), ("_", "_"), ("mots", "_"), ("çà", "ça")])
            lines.append(f"{word}\t{form}\t{lemma}\tDET\t_\t_\t0\troot\t_\tSpaceAfter=No")
            if draw.random() < 0.1:
                lines.append(f"{word}.1\tempty\tempty" + "\t_" * 7)
        lines.append("")
    (tmp_path / "a.conllu").write_text("\n".join(lines) + "\n", encoding="utf-8")
    trees = conllu.parse("\n".join(lines) + "\n")
    words = [[token for token in tree if isinstance(token["id"], int)] for tree in trees]
    for column in ("form", "lemma"):
        expected = [
            [(token["form"] if token[column] == "_" else token[column]).replace(" ", "_") for token in tree]
            for tree in words
        ]
        found = text_of(tmp_path, text_format="conllu", column=column)
        assert [line.split(" ") for line in found.split("\n") if line] == expected
        assert found.count("\n\n") == 2  # documents are separated by blank lines


# folders


def test_folders_of_dolma_are_read_as_they_lie(tmp_path: Path, command: Command) -> None:
    for name, content in {
        "cc/documents/2023/a.json.gz": gzip.compress(as_json_lines(["documents of dolma"])),
        "cc/attributes/toxicity/2023/a.json.gz": gzip.compress(
            b'{"id": 1, "attributes": {"toxic": [[0, 3, 0.5]]}}\n'
        ),
        "books/documents/b.jsonl": as_json_lines(["more documents"]),
        "README.md": b"# Not a record\n",
        ".cache/c.jsonl": b"hidden",
    }.items():
        (tmp_path / "dolma" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dolma" / name).write_bytes(content)
    options = ["--min-count", 1, "--format", "jsonl", "--output", tmp_path / "v"]
    found = command("vocab", tmp_path / "dolma", *options)
    assert found.code == 0
    assert f"{tmp_path / 'dolma'}: 2 of its 4 files are read" in found.out
    assert (tmp_path / "v").read_text().split("\n")[0] == "documents 2"


# tokenizers


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module of tokenizers in the working folder."""
    (tmp_path / "own_tokenizers.py").write_text(
        "import re\n"
        "def words(line): return re.findall(r'\\w+|[^\\w\\s]', line)\n"
        "def spaced(line): return ['a b']\n"
        "def blank(line): return ['', ' ', *line.split(), '\\n']\n"
        "def lazy(line): return iter(line.split())\n"
        "def text(line): return line\n"
        "def numbers(line): return [1]\n"
        "def fails(line): raise KeyError('x')\n"
        "constant = 5\n"
    )
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("own_tokenizers", None)
    sys.path[:] = [path for path in sys.path if path != str(tmp_path)]


def test_tokenizers_give_the_same_bytes_for_any_number_of_workers(module: Path) -> None:
    from gensim.utils import simple_preprocess

    lines = [*PLAIN.split("\n"), "a", "1 2"] * 3
    (module / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    (module / "a.jsonl").write_bytes(as_json_lines(["\n".join(lines)]))
    expected = [simple_preprocess(line) for line in lines]
    options = {"tokenizer": "gensim"}
    found = text_of(module / "a.txt", **options)
    assert [line.split() for line in found.split("\n") if line] == [tokens for tokens in expected if tokens]
    assert "\n\n" in found  # blank lines stay
    results = set()
    for tokenizer, workers in (("gensim", 1), ("own_tokenizers:words", 1), ("own_tokenizers:words", 2)):
        plain, records = (
            joined(open_corpus([module / name], TextOptions(kind, tokenizer=tokenizer), workers=workers))
            for name, kind in (("a.txt", "text"), ("a.jsonl", "jsonl"))
        )
        assert plain.rstrip("\n") == records.rstrip("\n")
        results.add(plain)
    (other,) = results - {found}  # of the module, for one worker and for two
    assert "mat ." in other


def test_a_line_longer_than_a_chunk_stays_one_line(module: Path) -> None:
    (module / "a.txt").write_text("words, and more " * 150_000)
    found = text_of(module / "a.txt", tokenizer="own_tokenizers:words")
    assert found.count("\n") == 1
    assert found.split() == ["words", ",", "and", "more"] * 150_000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("spaced", "the token 'a b' has white space"),
        ("text", "returns a string"),
        ("numbers", "returns tokens that are not strings"),
        ("fails", r"raised KeyError \('x'\) for 'to be'"),
        ("constant", "is not a function"),
        ("missing", "cannot be imported"),
    ],
)
def test_tokenizers_that_fail(module: Path, name: str, message: str) -> None:
    (module / "a.txt").write_text("to be\n")
    with pytest.raises(InputError, match=f"tokenizer own_tokenizers:{name}: {message}"):
        text_of(module / "a.txt", tokenizer=f"own_tokenizers:{name}")
    for good in ("blank", "lazy"):
        assert text_of(module / "a.txt", tokenizer=f"own_tokenizers:{good}") == "to be\n"


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


def test_records_of_archives_of_another_length_are_skipped(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("warcio")
    texts = [f"word{number} and more" for number in range(40)]
    data = as_wet(texts)
    good = b"Content-Length: %d\r\n" % len(texts[7])
    assert gzip.decompress(data).count(good) > 1
    records = gzip.decompress(data).split(b"WARC/1.0\r\n")
    row = next(row for row, record in enumerate(records) if b"word7 " in record)
    for length in (3, len(texts[7]) - 1):
        wrong = records[row].replace(good, b"Content-Length: %d\r\n" % length)
        path = tmp_path / "a.wet"
        path.write_bytes(b"WARC/1.0\r\n".join([*records[:row], wrong, *records[row + 1 :]]))
        with pytest.warns(UserWarning, match=r"a\.wet:\d+: the record is not as long as its Content-Length says"):
            found = b"".join(chunk.text.tobytes() for chunk in open_corpus([path], TextOptions("wet")).chunks())
        assert b"word7 " not in found
        assert b"word8 and more" in found
        with pytest.raises(InputError, match="Content-Length"):
            list(open_corpus([path], TextOptions("wet", strict=True)).chunks())
        assert capfd.readouterr().err == ""
