"""`table.md` of `compare-optimizers`: a comparison of update rules as a page of Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glove_adagrad.comparison_record import Summary, nanoseconds_per_record, seeds_note, summaries
from glove_adagrad.provenance import measured_by


def table(record: Mapping[str, Any]) -> str:
    """Format a `results.json` as a page of Markdown, rules in the order of their last loss."""
    matrix, settings = record["matrix"], record["settings"]
    rules = summaries(record)
    tests = list(dict.fromkeys(test for rule in rules for test in rule.scores))
    head = ["rule", "rate", "loss", "loss after epoch 1", *tests, "zeros", "bytes/parameter", "CPU ns/record"]
    seed, seeds = settings["seed"], settings.get("seeds", 1)
    lines = [
        "# Update rules, each at its own best rate",
        "",
        *measured_by(record.get("provenance", [])),
        f"{matrix['words']:,} words, {matrix['records']:,} records; {settings['vector_size']} components, "
        f"{settings['epochs']} epochs, x_max {settings['x_max']:g}, "
        f"{f'seeds {seed} to {seed + seeds - 1}' if seeds > 1 else f'seed {seed}'}. Rates are from a grid "
        f"in steps of a factor of {settings['factor']:g}, by the loss after {settings['trial_epochs']} epochs on "
        f"{settings['trial_share']:.0%} of the cells{f', with seed {seed}' if seeds > 1 else ''}.",
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
    ]
    for rule in sorted(rules, key=lambda rule: (bool(rule.diverged), rule.losses[-1:])):
        cells = [
            rule.label,
            f"{rule.learning_rate:.3g}",
            rule.diverged or _with_range(rule, rule.losses[-1], rule.losses_half_range[-1], 5),
            _with_range(rule, rule.losses[0], rule.losses_half_range[0], 5)
            if rule.losses and not rule.diverged
            else "",
            *(
                _with_range(rule, rule.scores[test], rule.scores_half_range[test], 1) if test in rule.scores else ""
                for test in tests
            ),
            "" if rule.diverged else f"{rule.zeros:.1%}" if rule.zeros else "0",
            f"{rule.bytes_per_parameter:.1f}",
            f"{nanoseconds_per_record(rule):.0f}" if rule.losses else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Scores: percent of analogies solved; Spearman's correlation times 100 for word similarity."]
    if note := seeds_note(rules):
        lines += ["", f"{note[0].upper()}{note[1:]}."]
    return "\n".join(lines) + "\n"


def _with_range(rule: Summary, mean: float, half_range: float, digits: int) -> str:
    return f"{mean:.{digits}f} ± {half_range:.{digits}f}" if rule.seeds > 1 else f"{mean:.{digits}f}"
