"""Keeps secrets out of pytest's own reports, which end in its output, JUnit files and plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from pytest_roadmap.domain.redaction import Redactor


def hide_in_report(config: pytest.Config, report: pytest.TestReport, redactor: Redactor) -> None:
    """Take what looks like a secret, or is known as one, out of traceback and captured output."""
    report.sections = [(name, redactor.redact_text(text)) for name, text in report.sections]
    shown = report.longrepr
    if isinstance(shown, tuple):
        path, line, text = shown
        report.longrepr = (path, line, redactor.redact_text(text))
    elif isinstance(shown, str):
        report.longrepr = redactor.redact_text(shown)
    elif shown is not None:
        crash = getattr(shown, "reprcrash", None)  # what the summary shows, in every style
        text = "\n".join([report.longreprtext, crash.message if crash else ""])
        hidden = redactor.redact_text(text)
        if hidden.count("\n") < text.count("\n"):  # one goes over several lines
            report.longrepr = redactor.redact_text(report.longreprtext)
        elif hidden != text:
            report.longrepr = _hidden(config, report, redactor).longrepr


def _hidden(
    config: pytest.Config, report: pytest.TestReport, redactor: Redactor
) -> pytest.TestReport:
    """The report as it travels between processes, its traceback without secrets."""
    plain = config.hook.pytest_report_to_serializable(config=config, report=report)
    plain["longrepr"] = redactor.redact(plain["longrepr"]).value
    found: pytest.TestReport = config.hook.pytest_report_from_serializable(
        config=config, data=plain
    )
    return found
