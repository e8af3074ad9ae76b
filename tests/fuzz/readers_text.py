"""Readers of texts: corpora, sentences, Wikipedia dumps, vocabularies."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import naive

from fuzz import plain, samples
from fuzz.cases import Case, Files, Reader, Refused, Unclean, Wrong, command
from fuzz.mutators import DAMAGE, TEXT, Mutation, Mutator, compress, edit_json, mutate, mutate_compressed

_WINDOW = 3
_COUNTING = "--workers 1 --memory 64M"


def one_of(*targets: tuple[str, Sequence[Mutator]]) -> Callable[[Random, Files, Files], tuple[str, Mutation]]:
    """Mutate one of some files by mutators of its own; the name of a target may be a pattern."""

    def choose(random: Random, files: Files, other: Files) -> tuple[str, Mutation]:
        pattern, mutators = random.choice(targets)
        path = random.choice([name for name in files if Path(name).match(pattern)])
        theirs = other.get(path) or random.choice([data for name, data in other.items() if Path(name).match(pattern)])
        return path, mutate(random, files[path], theirs, mutators)

    return choose


def compressed(
    path: str, kind: str, mutators: Sequence[Mutator], bombs: Sequence[bytes] = (b"x", b" ", b"\n")
) -> Callable[[Random, Files, Files], tuple[str, Mutation]]:
    """Mutate a compressed file, or its content before it is compressed; a bomb repeats one of `bombs`."""

    def choose(random: Random, files: Files, other: Files) -> tuple[str, Mutation]:
        inner, theirs = (plain.unpack(kind, of[path]) for of in (files, other))
        return path, mutate_compressed(random, files[path], inner, theirs, kind, mutators, bombs)

    return choose


# Corpora ----------------------------------------------------------------------------------------------------------


def _count(source: str, options: str = "", stdin: Path | None = None) -> dict[str, Any]:
    """The vocabulary and the records of a corpus."""
    command(f"vocab {source} --min-count 1 --output out/vocab --workers 1 {options}", stdin=stdin)
    try:
        command(
            f"cooccur {source} --vocab out/vocab --window {_WINDOW} --output out/matrix {_COUNTING} {options}",
            stdin=stdin,
        )
    except Refused as error:
        if "no two words" not in str(error):
            raise Unclean(f"vocab accepts what cooccur refuses: {error}") from None
        return {"vocab": Path("out/vocab").read_bytes(), "records": b""}
    command("export out/matrix out/records --format stanford-records")
    return {"vocab": Path("out/vocab").read_bytes(), "records": Path("out/records").read_bytes()}


def _check_counts(text: bytes, result: dict[str, Any]) -> None:
    vocabulary = naive.vocabulary(text)
    if (found := plain.vocabulary(result["vocab"])) != vocabulary:
        raise Wrong(f"other words or counts: {list(set(found) ^ set(vocabulary))[:6]}")
    contexts = naive.ids(text, [word for word, _ in vocabulary], "line", False)
    cells = naive.cooccurrences(contexts, _WINDOW, True, "harmonic")
    plain.check_records(plain.records(result["records"]), {(a + 1, b + 1): x for (a, b), x in cells.items()})


def _corpus(kind: str) -> Reader:
    path = f"text.txt.{kind}" if kind else "text.txt"

    def make(random: Random) -> Files:
        return {path: compress(kind, samples.text(random), random) if kind else samples.text(random)}

    def check(case: Case, result: Any) -> None:
        _check_counts(plain.corpus_text(plain.unpack(kind, case.files[path])), result)

    mutator = compressed(path, kind, TEXT) if kind else one_of((path, TEXT))
    return Reader(f"corpus {kind or 'plain'}", make, mutator, functools.partial(_count, path), check, atomic=True)


def _stdin() -> Reader:
    def check(case: Case, result: Any) -> None:
        _check_counts(plain.corpus_text(case.files["text.txt"]), result)

    def use() -> Any:
        return _count("-", stdin=Path("text.txt"))

    return Reader(
        "corpus stdin",
        lambda random: {"text.txt": samples.text(random)},
        one_of(("text.txt", TEXT)),
        use,
        check,
        atomic=True,
        weight=0.5,
    )


def _folder() -> Reader:
    """A folder of plain and compressed files, in lower case."""

    def make(random: Random) -> Files:
        return {
            "texts/a.txt": samples.text(random, 150),
            "texts/b/c.txt": samples.text(random, 150).rstrip(),
            "texts/b/d.txt.gz": compress("gz", samples.text(random, 100), random),
        }

    def check(case: Case, result: Any) -> None:
        texts = []
        for name, data in sorted(case.files.items()):
            text = plain.corpus_text(plain.unpack("gz" if name.endswith(".gz") else "", data))
            texts.append(text if text.endswith(b"\n") or not text else text + b"\n")
        lowered = b"".join(texts).replace(b"\r", b"").decode("utf-8", "surrogateescape").lower()
        _check_counts(lowered.encode("utf-8", "surrogateescape"), result)

    mutator = one_of(("texts/a.txt", TEXT), ("texts/b/c.txt", TEXT), ("texts/b/d.txt.gz", DAMAGE))
    return Reader(
        "corpus folder",
        make,
        mutator,
        functools.partial(_count, "texts", "--lowercase"),
        check,
        atomic=True,
        weight=0.5,
    )


# Lists of tokens --------------------------------------------------------------------------------------------------


def _python_values(value: Any) -> Any:
    """JSON as Python objects: {"bytes": text} stands for bytes, {"tuple": list} for a tuple."""
    if isinstance(value, dict):
        if isinstance(value.get("bytes"), str):
            return value["bytes"].encode("utf-8", "surrogatepass")
        if isinstance(value.get("tuple"), list):
            return tuple(map(_python_values, value["tuple"]))
        return {key: _python_values(part) for key, part in value.items()}
    return list(map(_python_values, value)) if isinstance(value, list) else value


def _sentences() -> Reader:
    def make(random: Random) -> Files:
        lists: list[Any] = [line.split() for line in samples.text(random, 120).decode().splitlines()]
        lists[1] = {"tuple": lists[1]}
        lists[2] = [{"bytes": word} for word in lists[2]]
        return {"sentences.json": json.dumps(lists).encode()}

    def use() -> Any:
        from glove_adagrad import GloVe
        from glove_adagrad.errors import InputError
        from glove_adagrad.sentences import Sentences
        from glove_adagrad.vocabulary import Vocabulary

        value = _python_values(json.loads(Path("sentences.json").read_bytes()))
        vocabulary = Vocabulary.count(Sentences(value), min_count=1, memory=64 << 20)
        found = dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))
        try:
            model = GloVe(value, vector_size=2, epochs=1, min_count=1, workers=1, memory=64 << 20)
        except InputError:
            return found  # one word in all, for example
        if [word.encode("utf-8", "surrogateescape") for word in model.wv.index_to_key] != list(vocabulary.words):
            raise Unclean("GloVe has another vocabulary than Vocabulary.count")
        return found

    def check(case: Case, result: Any) -> None:
        counts: Counter[bytes] = Counter()
        for sentence in _python_values(json.loads(case.files["sentences.json"])):
            for token in sentence:
                word = token if isinstance(token, bytes) else token.encode("utf-8", "surrogateescape")
                if not word or set(word) & set(b" \t\r\n\0"):
                    raise Wrong(f"the token {word!r}")
                counts[naive.cut(word)] += 1
        if counts != result:
            raise Wrong(f"other words or counts: {list(set(counts.items()) ^ set(result.items()))[:6]}")

    return Reader(
        "sentences (Python)", make, one_of(("sentences.json", [edit_json])), use, check, refusals=(TypeError,)
    )


# Wikipedia --------------------------------------------------------------------------------------------------------

_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "%b">%b]><m>&h;</m>' % (
    b"ha" * 100,
    b"".join(b'<!ENTITY %c "%b">' % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(7)),
)


def _dump(workers: int) -> Reader:
    def make(random: Random) -> Files:
        return {"dump.xml.bz2": compress("bz2", samples.dump(random), random)}

    def mutated(random: Random, files: Files, other: Files) -> tuple[str, Mutation]:
        if random.random() < 0.02:
            return "dump.xml.bz2", Mutation(compress("bz2", _LAUGHS, random), ("billion_laughs",), True)
        return compressed("dump.xml.bz2", "bz2", TEXT)(random, files, other)

    def use() -> Any:
        command(f"vocab dump.xml.bz2 --format wikipedia --min-count 1 --output out/vocab --workers {workers}")
        return dict(plain.vocabulary(Path("out/vocab").read_bytes()))

    def check(case: Case, result: Any) -> None:
        try:
            root = ElementTree.fromstring(plain.unpack("bz2", case.files["dump.xml.bz2"]))
        except ElementTree.ParseError as error:
            raise Wrong(f"the XML is not well-formed: {error}") from error
        readings = [_articles(root, by_title) for by_title in (False, True)]
        if result not in readings:
            raise Wrong(f"other words or counts: {list(set(readings[0].items()) ^ set(result.items()))[:6]}")

    return Reader(
        f"wikipedia dump, {workers} worker{'s' * (workers > 1)}", make, mutated, use, check, atomic=True, weight=0.7
    )


def _articles(root: ElementTree.Element, by_title: bool) -> dict[bytes, int]:
    """The words of the articles; the namespace or the title decides what is an article."""
    from gensim.corpora import wikicorpus

    found: Counter[bytes] = Counter()
    for page in root.findall(".//{*}page"):
        title, namespace, text = (page.findtext(f".//{{*}}{name}") or "" for name in ("title", "ns", "text"))
        if title.split(":")[0] in wikicorpus.IGNORED_NAMESPACES if by_title else namespace != "0":
            continue
        tokens = wikicorpus.tokenize(
            wikicorpus.filter_wiki(text), wikicorpus.TOKEN_MIN_LEN, wikicorpus.TOKEN_MAX_LEN, False
        )
        if len(tokens) >= wikicorpus.ARTICLE_MIN_WORDS:
            found.update(token.encode() for token in tokens)
    return dict(found)


# Vocabularies -----------------------------------------------------------------------------------------------------


def _vocabulary() -> Reader:
    def make(random: Random) -> Files:
        text = samples.text(random)
        return {"text.txt": text, "vocab.txt": b"".join(b"%b %d\n" % entry for entry in naive.vocabulary(text, 2))}

    def use() -> Any:
        command(f"cooccur text.txt --vocab vocab.txt --window {_WINDOW} --output out/matrix {_COUNTING}")
        kept = Path("out/matrix/vocab.txt").read_bytes()
        command("export out/matrix out/records --format stanford-records")
        return {"vocab": kept, "records": Path("out/records").read_bytes()}

    def check(case: Case, result: Any) -> None:
        vocabulary = plain.vocabulary(case.files["vocab.txt"])
        if (found := plain.vocabulary(result["vocab"])) != vocabulary:
            raise Wrong(f"other words or counts: {list(set(found) ^ set(vocabulary))[:6]}")
        cells = naive.cooccurrences(
            naive.ids(case.files["text.txt"], [word for word, _ in vocabulary], "line", False),
            _WINDOW,
            True,
            "harmonic",
        )
        plain.check_records(plain.records(result["records"]), {(a + 1, b + 1): x for (a, b), x in cells.items()})

    return Reader("vocab.txt", make, one_of(("vocab.txt", TEXT)), use, check, atomic=True)


READERS = [
    *map(_corpus, ("", "gz", "bz2", "xz", "zst")),
    _stdin(),
    _folder(),
    _sentences(),
    _dump(1),
    _dump(2),
    _vocabulary(),
]
