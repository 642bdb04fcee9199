"""The error codes of a market as a page: what each says, where it comes, and which clause stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.codecs.reasons import wire_reason
from gateway.markets.policies import MarketRules
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import REJECT_KINDS, DocumentKind
from gateway.messages.findings import Severity
from gateway.rules.runner import Wording
from gateway.transport.error_bodies import ebix_code


def code_table(market: MarketProfile) -> str:
    """Every code of a market's answers, as Markdown."""
    lines = [
        f"# Error codes: {market.title}",
        "",
        "<!-- Written by `gridpost explain dk 2025-06-10 --codes`. -->",
        "",
        "Words in braces stand for what was found. One code can have several causes; the text says which.",
        "",
        "## At once: the whole message is refused with 400",
        "",
        "Nothing of the message is taken. The body names one error, or several as details; ebIX names the first.",
        "",
        *_table(("Code", "ebIX", "Meaning", "Clause"), _at_once(market.rules)),
        "",
    ]
    for title, text, wordings in _parts_rejected(market.rules):
        lines += [f"## {title}", "", *((text, "") if text else ()), *_rule_table(wordings), ""]
    return "\n".join(
        (
            *lines,
            "## Codes that a document cannot carry",
            "",
            "Some lists of codes lack a code of the rules; the document then carries another beside the same text.",
            "",
            *_table(("Document", "Form", "Code", "Written as"), _substitutes(market)),
            "",
        )
    )


def _parts_rejected(rules: MarketRules) -> Iterator[tuple[str, str, Iterable[Wording]]]:
    """What is rejected in part: where that is said, what it means for the rest, and by which rules."""
    yield (
        "In an RSM-009: a series of measure data is rejected",
        "The other series of the message are not concerned. A remark rejects nothing; the message's status shows it.",
        (rule.wording for rule in (*rules.measure_data.rules, *rules.history.rules)),
    )
    yield (
        "In a reject: a transaction of a request (RSM-015) is refused",
        "",
        (rule.wording for rule in rules.requests.rules),
    )
    yield (
        "In the answer to meter readings and their cancellations",
        "The other readings of the message are not concerned. A remark rejects nothing.",
        dict.fromkeys(wording for _, wording in (*rules.readings.rules, *rules.cancellations.rules)),
    )
    for kind, request in _RESULTS.items():
        yield (
            f"In a reject: a transaction of a request for {request} is refused",
            "",
            (rule.wording for rule in rules.results[kind].rules),
        )


_RESULTS = {
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: "aggregated measure data (RSM-016)",
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: "wholesale settlement (RSM-017)",
}


def _at_once(rules: MarketRules) -> Iterator[tuple[str, ...]]:
    """Codes of envelopes, and of what no rule finds: schemas, namespaces, ids used before."""
    named = {wording.rule for _, wording in rules.envelope.rules}
    named |= {wording.rule for _, wording in (*rules.readings.rules, *rules.cancellations.rules)}
    named |= set(rules.measure_data.names) | set(rules.history.names) | set(rules.requests.names)
    named |= {name for of in rules.results.values() for name in of.names}
    elsewhere = [wording for name, wording in rules.wordings.items() if name not in named and wording.code[:2] == "00"]
    for wording in _sorted([*(wording for _, wording in rules.envelope.rules), *elsewhere]):
        yield wording.code, ebix_code(wording.code), _text(wording), wording.clause


def _rule_table(wordings: Iterable[Wording]) -> list[str]:
    rows = (
        (wording.code + (" (remark)" * (wording.severity is Severity.WARNING)), _text(wording), wording.clause)
        for wording in _sorted(wordings)
    )
    return _table(("Code", "Meaning", "Clause"), rows)


def _substitutes(market: MarketProfile) -> Iterator[tuple[str, ...]]:
    """Codes that a document's own list lacks, and what is written in their place."""
    rules = market.rules
    series = [rule.wording.code for rule in (*rules.measure_data.rules, *rules.history.rules)]
    documents = {
        DocumentKind.ACKNOWLEDGEMENT: series,
        DocumentKind.MEASURE_DATA_REQUEST_REJECT: [rule.wording.code for rule in rules.requests.rules],
        **{REJECT_KINDS[kind]: [rule.wording.code for rule in of.rules] for kind, of in rules.results.items()},
    }
    for kind, codes in documents.items():
        for dialect in sorted(market.dialects):
            for code in sorted(set(codes)):
                if (written := wire_reason(code, dialect, kind)) != code:
                    yield kind, dialect, code, written


def _sorted(wordings: Iterable[Wording]) -> list[Wording]:
    return sorted(wordings, key=lambda wording: wording.code)


def _text(wording: Wording) -> str:
    """The English sentence."""
    return wording.text.rpartition(" / ")[2].replace("|", "\\|")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [heads, ("---",) * len(heads), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]
