"""``roadmap check``: is the document complete, in range, covered and honest about its status?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_roadmap.cli._place import add_document

if TYPE_CHECKING:
    from pytest_roadmap.domain.quality.finding import Finding
    from pytest_roadmap.domain.quality.report import CheckReport

CHECKS = (
    *("QA-01", "QA-02", "QA-03", "QA-04", "QA-05"),
    *("gates", "defaults", "structure", "status", "features"),
)


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "check",
        help="check the roadmap document, its features and its declared status",
        description="Check the roadmap document. The policy (.roadmap/policy.yaml), the features "
        "and the evidence are those of the working directory. Exit status: 0 pass, 20 findings "
        "that fail, 22 inconclusive, 30 the document or the policy cannot be read.",
    )
    add_document(parser)
    parser.add_argument(
        "--only",
        type=_checks,
        default=CHECKS,
        metavar="CHECK[,CHECK]",
        help=f"run only these checks, out of {', '.join(CHECKS)} (default: all)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=run)


def _checks(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in CHECKS:
            raise argparse.ArgumentTypeError(
                f"{name!r} is no check; choose from {', '.join(CHECKS)}"
            )
    return names


def run(args: argparse.Namespace) -> int:
    """Print the report and return its exit status."""
    from pytest_roadmap.cli._checks import check_project  # noqa: PLC0415 - only for this command

    report = check_project(args.document, args.only, Path.cwd())
    print(_as_json(report) if args.format == "json" else _as_text(report, args.document))
    return report.verdict.exit_code


def _as_json(report: CheckReport) -> str:
    return json.dumps(
        {
            "verdict": report.verdict.value,
            "exit_code": report.verdict.exit_code,
            "tasks": report.tasks,
            "findings": [_plain(finding) for finding in report.findings],
        },
        indent=2,
    )


def _plain(finding: Finding) -> dict[str, Any]:
    message = f"{finding.file}: {finding.message}" if finding.file else finding.message
    return {
        "check": finding.check,
        "code": finding.code,
        "level": finding.level.value,
        "task": finding.task,
        "line": finding.line,
        "message": message,
    }


def _as_text(report: CheckReport, document: Path) -> str:
    """Errors and warnings one a line, remarks of one code together, the verdict last."""
    lines = [_line(each, document) for each in report.findings if each.level.value != "info"]
    remarks: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.level.value == "info":
            remarks.setdefault((finding.check, finding.code), []).append(finding)
    for (check, code), found in remarks.items():
        tasks = ", ".join(finding.task or "-" for finding in found)
        lines.append(f"info: {check} {code} ({len(found)}): {tasks}")
    levels = [finding.level.value for finding in report.findings]
    counts = ", ".join(f"{levels.count(each)} {each}(s)" for each in ("error", "warning", "info"))
    lines.append(f"{report.verdict.value.upper()}: {report.tasks} tasks, {counts}")
    return "\n".join(lines)


def _line(finding: Finding, document: Path) -> str:
    place = finding.file or str(document)
    place += f":{finding.line}" if finding.line else ""
    task = f" {finding.task}" if finding.task else ""
    level = finding.level.value
    return f"{place}: {level}: {finding.check} {finding.code}{task}: {finding.message}"
