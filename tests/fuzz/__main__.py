"""Fuzz the readers: `scripts/fuzz --minutes 10`, or `scripts/fuzz --replay FILE`."""

from __future__ import annotations

import argparse
import json
import sys
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fuzz import trials
from fuzz.cases import Case, Reader, load_finding, save_finding
from fuzz.mutators import Mutation
from fuzz.trials import BAD, GOOD, Limits, Subject, Tally

_KEPT = 3  #: findings of one kind and place that are saved


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    trials.prepare()
    from fuzz.readers import GROUPS, READERS

    readers = {reader.name: reader for reader in READERS}
    if options.list:
        print("\n".join(readers))
        return 0
    limits = Limits(options.memory << 20, options.seconds)
    if options.replay:
        return max(replay(path, readers, limits) for path in options.replay)
    chosen = [
        reader for reader in READERS if not options.reader or any(name in reader.name for name in options.reader)
    ]
    if options.flips:
        chosen = [reader for reader in chosen if reader.own]
    if not chosen:
        print(f"no reader is called {options.reader}; --list names them", file=sys.stderr)
        return 2
    if options.group:
        chosen = [reader for reader in chosen if reader in GROUPS[options.group]]
    subjects = [Subject(reader, options.seed, limits) for reader in chosen]
    number = options.flips or options.trials
    seconds = None if options.minutes is None else 60 * options.minutes
    if number is None and seconds is None:
        seconds = 60.0
    return fuzz(subjects, number, seconds, bool(options.flips), options.findings, options.json)


def fuzz(
    subjects: list[Subject],
    number: int | None,
    seconds: float | None,
    flips: bool,
    findings: Path,
    as_json: Path | None,
) -> int:
    """Run trials, print the table, save findings; returns the exit code, 1 if there is a finding."""
    begin = time.monotonic()
    tallies = {subject.reader.name: Tally() for subject in subjects}
    seen: Counter[str] = Counter()
    for subject, trial, case, outcome in trials.run_trials(subjects, trials=number, seconds=seconds, flips=flips):
        name = subject.reader.name
        tallies[name].outcomes[outcome.kind] += 1
        if outcome.kind in GOOD:
            continue
        signature = f"{name}: {outcome.signature}"
        seen[signature] += 1
        if outcome.kind == trials.BROKEN:
            print(outcome.detail, file=sys.stderr)
        if seen[signature] <= _KEPT:
            mark = zlib.crc32(repr(sorted(case.files.items())).encode())
            path = findings / outcome.kind.replace(" ", "-") / f"{_file_name(name)}-{mark:08x}.zip"
            about = {"kind": outcome.kind, "detail": outcome.detail, "seed": subject.seed, "trial": trial}
            save_finding(path, name, case, about)
            last = outcome.detail.strip().rpartition("\n")[2]
            print(f"{outcome.kind}: {path}: {'+'.join(case.mutation.names)}: {last[:160]}", file=sys.stderr)
    print(trials.table(tallies))
    broken = sum(tally.outcomes[trials.BROKEN] for tally in tallies.values())
    if broken:
        print(f"\n{broken} times the fuzzer itself, or the reading of a valid file, is broken.")
    spent = time.monotonic() - begin
    done = sum(tally.trials for tally in tallies.values())
    what = "one flipped bit each" if flips else "mutations"
    print(f"\n{done:,} trials in {spent:.0f} s, seed {subjects[0].seed}, {what}.")
    for signature, times in seen.most_common():
        print(f"{times:6}  {signature}")
    if as_json:
        as_json.write_text(json.dumps({name: tally.outcomes for name, tally in tallies.items()}, indent=1))
    return int(any(tally.outcomes[kind] for tally in tallies.values() for kind in BAD))


def replay(path: Path, readers: dict[str, Reader], limits: Limits) -> int:
    """Run a saved finding again; returns the exit code, 1 if it is still one."""
    about, valid_files, files = load_finding(path)
    reader = readers[about["reader"]]
    reference = trials.prepared(reader, valid_files, limits)
    case = Case(valid_files, files, reference, Mutation(b"", tuple(about["mutations"]), about["edited"]))
    outcome = trials.run_trial(reader, case, limits)
    changed = [name for name in files if files[name] != valid_files.get(name)]
    print(f"{path}: {about['reader']}, {'+'.join(about['mutations'])} in {', '.join(changed)}")
    print(f"it was {about['kind']}; it is {outcome.kind}\n{outcome.detail}")
    return int(outcome.kind in BAD)


def _file_name(name: str) -> str:
    return "".join(character if character.isalnum() else "-" for character in name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, help="how long to run; one minute if no number of trials is given")
    parser.add_argument("--trials", type=int, help="how many trials to run")
    parser.add_argument("--flips", type=int, metavar="N", help="instead, flip one bit in our own files, N times")
    parser.add_argument("--seed", type=int, default=1, help="equal seeds give equal trials")
    parser.add_argument(
        "--reader",
        action="append",
        default=[],
        metavar="NAME",
        help="only readers with NAME in their name; repeatable",
    )
    parser.add_argument(
        "--group", choices=["text", "formats", "sets", "vectors", "matrix"], help="only readers of this group"
    )
    parser.add_argument("--list", action="store_true", help="list the readers")
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE", help="run saved findings again")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"), help="the folder for findings")
    parser.add_argument(
        "--memory",
        type=int,
        default=512,
        metavar="MB",
        help="address space of a trial beyond that of an idle process",
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="time of a trial")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts here too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
