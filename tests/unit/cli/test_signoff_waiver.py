"""A gate that is approved with a waiver: the waiver must still be in force when people sign."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pytest_roadmap.adapters.document.signoff import decision_block, read_signoff
from pytest_roadmap.adapters.document.waivers import read_waivers
from pytest_roadmap.adapters.evidence.attest import create_attestation, sign_attestation
from pytest_roadmap.adapters.evidence.keys import CryptoSigner, generate_key, public_key_pem
from pytest_roadmap.adapters.evidence.signers import signer_entry
from pytest_roadmap.adapters.evidence.signing import file_subject, with_own_id
from pytest_roadmap.cli._signoff_files import act, signoff_problems
from pytest_roadmap.cli._signoff_place import SignoffPlace
from pytest_roadmap.domain.signoff import APPROVE_WITH_WAIVERS, PURPOSE, Decision
from pytest_roadmap.domain.signoff_text import DECISION, with_block
from tests.unit.cli.provable import publish
from tests.unit.cli.test_gate_command import WAIVER, small
from tests.unit.document.documents import row

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
PEOPLE = {"Infra": "kim@corp", "Platform": "lee@corp", "DataEng": "yun@corp"}


class Review:
    """A gate of one waived task, reviewed four days ago."""

    def __init__(self, root: Path, expires: date) -> None:
        self.root = root
        small(root, row("SEC-001", priority="P1", owner="Data Eng"))
        entry = yaml.safe_load(WAIVER)[0]
        entry |= {"created": (NOW - 9 * DAY).date(), "expires": expires}
        waivers = root / ".roadmap" / "waivers.yaml"
        waivers.write_text(yaml.safe_dump([entry]), "utf-8")
        self.keys = {role: generate_key() for role in PEOPLE}
        signers = [
            signer_entry(PEOPLE[role], (role,), public_key_pem(key), NOW - 30 * DAY)
            for role, key in self.keys.items()
        ]
        (root / ".roadmap" / "signers.yaml").write_text(yaml.safe_dump(signers), "utf-8")
        (root / ".roadmap" / "attestations").mkdir()
        (waiver,) = read_waivers(waivers, {"SEC-001"}, {"G1"})
        given = {"subject_name": "waiver W-1", "subject_digest": waiver.subject_digest}
        self.sign("waiver-approved", "Platform", NOW - 5 * DAY, "AT-1", "SEC-001", **given)
        publish(root)
        self.place = SignoffPlace(root, root / ".roadmap" / "implementation_roadmap.md")

    def sign(
        self,
        purpose: str,
        role: str,
        at: datetime,
        name: str = "",
        task: str | None = None,
        **subject: str,
    ) -> None:
        key: CryptoSigner = self.keys[role]
        made = create_attestation(
            attestation_id=name or "new",
            purpose=purpose,
            role=role,
            person=PEOPLE[role],
            signed_at=at,
            task=task,
            gate="G1",
            subject_name=subject["subject_name"],
            subject_digest=subject["subject_digest"],
        )
        folder = self.root / ".roadmap" / "attestations"
        sign_attestation(folder, made if name else with_own_id(made), key)

    def approve(self) -> Path:
        """Written four days ago, signed yesterday."""
        act(self.place, "G1", NOW - 4 * DAY, language="en", record=False)
        (path,) = (self.root / ".agents/logs/verification").glob("*_gate_g1_signoff.md")
        decision = Decision(NOW.date(), APPROVE_WITH_WAIVERS, tuple(PEOPLE.items()))
        text = with_block(path.read_text("utf-8"), DECISION, decision_block(decision))
        path.write_text(text, "utf-8")
        subject = file_subject(self.root, path, PURPOSE)
        stated = {"subject_name": subject.name, "subject_digest": subject.digest}
        for role in PEOPLE:
            self.sign(PURPOSE, role, NOW - DAY, **stated)
        return path


@pytest.mark.parametrize(("left", "told"), [(-2, True), (3, False)])
def test_n8_a_waiver_that_expires_before_the_signatures_is_named(
    project: Path, left: int, *, told: bool
) -> None:
    """It was in force at the review, and people signed without it."""
    expires = (NOW + left * DAY).date()
    review = Review(project, expires)
    path = review.approve()

    assert read_signoff(path.read_text("utf-8")).verdict == "PASS_WITH_WAIVERS"
    problems = signoff_problems(review.place, path, NOW)

    sentence = f"section 5: W-1 expired on {expires}, before the last signature of"
    assert any(each.startswith(sentence) for each in problems) is told, problems
