"""Whether a control did what it must, and what a list of controls leaves open."""

from __future__ import annotations

import pytest

from pytest_roadmap.domain.controls import (
    Observed,
    ProofWord,
    control_problems,
    judge_control,
    judge_healthy,
    names_step,
    not_judged,
    proven_steps,
    unproven_steps,
)
from pytest_roadmap.domain.outcome import Outcome
from tests.unit.proof_cases import SCENARIO, THEN, control, guard, killed

STEPS = {"SEC-001.S1": ("Given a world", *SCENARIO.then_steps)}
NOT_PASS = [word for word in Outcome if word is not Outcome.PASS]


def test_a_scenario_that_passes_unchanged_is_healthy() -> None:
    """Only then its controls prove something."""
    proof = judge_healthy("SEC-001.S1", Observed(Outcome.PASS))

    assert (proof.word, proof.good, proof.control) == (ProofWord.HEALTHY, True, None)


@pytest.mark.parametrize("word", NOT_PASS)
def test_every_other_ending_unchanged_is_unhealthy(word: Outcome) -> None:
    """The reason repeats word, step and cause."""
    proof = judge_healthy("SEC-001.S1", Observed(word, "Given a world", "the cause"))

    assert (proof.word, proof.good) == (ProofWord.UNHEALTHY, False)
    assert f"{word} at “Given a world” (the cause)" in proof.reason


@pytest.mark.parametrize("word", NOT_PASS)
def test_the_expected_word_at_the_expected_step_kills(word: Outcome) -> None:
    """Whichever of the five words the control states."""
    proof = judge_control(control(expect=word), Observed(word, THEN))

    assert (proof.word, proof.good, proof.reason) == (ProofWord.KILLED, True, "")


@pytest.mark.parametrize("word", NOT_PASS)
def test_a_pass_under_a_control_survives(word: Outcome) -> None:
    """The reason says what went unnoticed."""
    proof = judge_control(control(expect=word), Observed(Outcome.PASS))

    assert (proof.word, proof.good) == (ProofWord.SURVIVED, False)
    assert "something is gone" in proof.reason


def test_another_word_at_the_right_step_does_not_kill() -> None:
    """An inconclusive check has not seen the fault."""
    proof = judge_control(control(), Observed(Outcome.INCONCLUSIVE, THEN, "timeout"))

    assert (proof.word, proof.good) == (ProofWord.WRONG_WORD, False)
    assert "inconclusive" in proof.reason
    assert "expected fail" in proof.reason


@pytest.mark.parametrize("step", ["And nothing is missing", "Then all is well enough", ""])
def test_the_right_word_at_another_step_is_elsewhere(step: str) -> None:
    """It proves another check, or none."""
    proof = judge_control(control(), Observed(Outcome.FAIL, step))

    assert (proof.word, proof.good) == (ProofWord.ELSEWHERE, False)
    assert THEN in proof.reason


def test_a_guard_that_passes_is_guarded() -> None:
    """A harmless change stays green."""
    proof = judge_control(guard(), Observed(Outcome.PASS))

    assert (proof.word, proof.good) == (ProofWord.GUARDED, True)


@pytest.mark.parametrize("word", NOT_PASS)
def test_a_guard_that_does_not_pass_is_broken(word: Outcome) -> None:
    """Even where it could not be judged."""
    proof = judge_control(guard(), Observed(word, THEN))

    assert (proof.word, proof.good) == (ProofWord.GUARD_BROKEN, False)


def test_what_could_not_be_run_is_neither_killed_nor_survived() -> None:
    """It has a word of its own, and is not good."""
    proof = not_judged("SEC-001.S1", control(), "no such fault")

    assert (proof.word, proof.good, proof.reason) == (
        ProofWord.NOT_JUDGED,
        False,
        "no such fault",
    )


@pytest.mark.parametrize(
    ("written", "ran"),
    [
        ("Then <who> may <what>", "Then Kim may read"),
        ("Then <who> may <what>", "Then  may "),
        ("Then <who> may", "Then two\nlines may"),
        ("Then a (b) [c] x.y* +1?", "Then a (b) [c] x.y* +1?"),
        ("Then 값은 <값>", "Then 값은 7"),
    ],
)
def test_a_written_step_names_the_step_that_ran(written: str, ran: str) -> None:
    """A placeholder is any cell; all else is literal."""
    assert names_step(written, ran)


@pytest.mark.parametrize(
    ("written", "ran"),
    [
        ("Then a", "Then ab"),
        ("Then a", "And a"),
        ("Then x.y", "Then xzy"),
        ("Then a*", "Then aaa"),
        ("Then <who> may", "Then Kim must"),
        ("Then 1 < 2", "Then 1 > 2"),
    ],
)
def test_another_step_is_not_named(written: str, ran: str) -> None:
    """The whole line counts, and no sign of it is a pattern."""
    assert not names_step(written, ran)


class TestOpenSteps:
    """Then steps and the controls that turn them red."""

    def test_without_controls_every_then_step_is_open(self) -> None:
        """The healthy run shows nothing about what a check can see."""
        healthy = judge_healthy("SEC-001.S1", Observed(Outcome.PASS))

        assert unproven_steps([SCENARIO], [healthy]) == (
            ("SEC-001.S1", THEN),
            ("SEC-001.S1", "And nothing is missing"),
        )

    def test_a_killed_control_proves_its_step_only(self) -> None:
        """The other one stays open."""
        proofs = [killed(control())]

        assert unproven_steps([SCENARIO], proofs) == (("SEC-001.S1", "And nothing is missing"),)
        assert proven_steps(SCENARIO, proofs) == {THEN}

    @pytest.mark.parametrize(
        "observed",
        [Observed(Outcome.PASS), Observed(Outcome.FAIL, "Then x"), Observed(Outcome.BLOCKED)],
    )
    def test_a_control_that_is_not_killed_proves_no_step(self, observed: Observed) -> None:
        """Survived, elsewhere, wrong word."""
        proofs = [judge_control(control(), observed)]

        assert ("SEC-001.S1", THEN) in unproven_steps([SCENARIO], proofs)

    def test_a_control_that_expects_no_run_proves_no_step(self) -> None:
        """The check was not reached."""
        proofs = [killed(control(expect=Outcome.NOT_RUN))]

        assert ("SEC-001.S1", THEN) in unproven_steps([SCENARIO], proofs)

    def test_a_guard_proves_no_step(self) -> None:
        """It names the step that must not mind."""
        proofs = [killed(control(expect=Outcome.PASS, guard=True))]

        assert ("SEC-001.S1", THEN) in unproven_steps([SCENARIO], proofs)

    def test_the_same_step_of_another_scenario_is_not_proven(self) -> None:
        """Each scenario answers for itself."""
        proofs = [killed(control("SEC-001.S2.N1", scenario_id="SEC-001.S2"))]

        assert ("SEC-001.S1", THEN) in unproven_steps([SCENARIO], proofs)

    def test_a_step_whose_control_could_not_be_judged_is_neither(self) -> None:
        """Nobody can say that no control turns it red."""
        proofs = [not_judged("SEC-001.S1", control(), "refused")]

        assert ("SEC-001.S1", THEN) not in unproven_steps([SCENARIO], proofs)
        assert proven_steps(SCENARIO, proofs) == frozenset()


class TestProblems:
    """Controls that could never be killed."""

    def test_good_controls_have_none(self) -> None:
        """A control at a step, a guard with and without one."""
        step_guard = control("SEC-001.S1.G2", expect=Outcome.PASS, guard=True)

        assert control_problems([control(), guard(), step_guard], STEPS) == ()

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"changes": ()}, "changes nothing"),
            ({"scenario_id": "SEC-001.S9", "name": "SEC-001.S9.N1"}, "does not have"),
            ({"name": "SEC-001.S10.N1"}, "is not named after"),
            ({"step": "Then other"}, "names a step"),
            ({"step": ""}, "at which step"),
            ({"expect": Outcome.PASS}, "is no guard"),
            ({"guard": True}, "must expect pass"),
            ({"guard": True, "expect": Outcome.PASS, "step": "Then other"}, "names a step"),
        ],
    )
    def test_each_is_one_sentence_with_the_control(
        self, changed: dict[str, object], words: str
    ) -> None:
        """Nothing else is wrong."""
        values = dict(changed)
        one = control(str(values.pop("name", "SEC-001.S1.N1")), **values)

        (problem,) = control_problems([one], STEPS)

        assert one.control_id in problem
        assert words in problem

    def test_an_id_stands_once(self) -> None:
        """Else one judgement would hide the other."""
        assert control_problems([control(), control()], STEPS) == ("SEC-001.S1.N1 stands twice",)
