"""Laws of redaction: planted secrets never survive, honest values never change."""

from __future__ import annotations

import json
import re
import string
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_roadmap.domain.redaction import Redactor, mark, redact
from pytest_roadmap.domain.secret_patterns import PHONE_HINT, PHONES, SHAPES, TRIGGERS

ALNUM = string.ascii_letters + string.digits
NOISE = st.text(max_size=30)
GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def tokens(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=alphabet, min_size=least, max_size=most)


SHAPED = st.one_of(
    tokens(ALNUM + "-_", 20, 60).map(lambda body: f"eyJ{body}"),
    tokens("0123456789abcdef", 32, 32).map(lambda body: f"dapi{body}"),
    tokens(ALNUM + "+/", 86, 86).map(lambda body: f"{body}=="),
    tokens(ALNUM, 36, 36).map(lambda body: f"ghp_{body}"),
)
KNOWN = tokens(string.printable.strip() + "é한 ", 8, 40).filter(lambda text: text == text.strip())


@st.composite
def nested(draw: Any, leaf: st.SearchStrategy[Any]) -> Any:
    """The leaf somewhere in plain JSON, beside noise."""
    value = draw(leaf)
    for _ in range(draw(st.integers(0, 5))):
        beside = draw(st.one_of(NOISE, st.integers(), st.booleans(), st.none()))
        value = draw(
            st.sampled_from(
                [[value, beside], {"response": value, "other": beside}, {str(beside): [value]}]
            )
        )
    return value


@given(st.data(), NOISE, NOISE)
def test_a_planted_shape_survives_nowhere(data: Any, before: str, after: str) -> None:
    """Wherever a token stands in the data, and whatever stands around it, it goes."""
    secret = data.draw(SHAPED)
    value = data.draw(nested(st.just(f"{before} {secret} {after}")))

    written = json.dumps(redact(value).value, ensure_ascii=False)

    assert secret not in written
    assert Redactor().leaks(written) == ()


@given(st.data(), NOISE, NOISE, KNOWN)
def test_a_known_secret_survives_nowhere(data: Any, before: str, after: str, secret: str) -> None:
    """A registered value goes, and the deny scan over the JSON text agrees."""
    assume(secret not in mark("known secret"))
    redactor = Redactor([secret])
    value = data.draw(nested(st.just(f"{before}{secret}{after}")))

    written = json.dumps(redactor.redact(value).value, ensure_ascii=False)

    assert json.dumps(secret, ensure_ascii=False)[1:-1] not in written
    assert "known secret" not in redactor.leaks(written)


@given(st.data(), KNOWN)
def test_a_known_secret_goes_as_a_key_too(data: Any, secret: str) -> None:
    """A secret used as a mapping's key is one as well."""
    assume(secret not in mark("known secret"))
    written = json.dumps(Redactor([secret]).redact({secret: 1}).value, ensure_ascii=False)

    assert json.dumps(secret, ensure_ascii=False)[1:-1] not in written


GUIDS = st.uuids().map(str)
HONEST = st.one_of(
    GUIDS,
    GUIDS.map(lambda guid: f"/subscriptions/{guid}/resourceGroups/rg-1/providers/M.D/workspaces/w"),
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)).map(  # noqa: DTZ001
        lambda moment: moment.replace(tzinfo=UTC).isoformat()
    ),
    st.datetimes(
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001
        max_value=datetime(2100, 1, 1),  # noqa: DTZ001
        timezones=st.timezones(),
    ).map(lambda moment: moment.isoformat(sep=" ")),
    tokens("0123456789abcdef", 64, 64).map(lambda digest: f"sha256:{digest}"),
    tokens("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26, 26),
    st.integers(min_value=1, max_value=10**18).map(lambda run: f"run_id {run}, attempt 2"),
    st.integers(min_value=10**11, max_value=4 * 10**12).map(str),
    st.ip_addresses(v=4).map(str),
    st.tuples(*(st.integers(0, 400),) * 3).map(lambda parts: ".".join(map(str, parts))),
    st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=40),
    st.dates().map(lambda day: f"{day:%Y%m%d}_sec_handoff_inventory.md"),
    st.dates(min_value=datetime(1900, 1, 1).date()).map(  # noqa: DTZ001
        lambda day: f"between {day} and {day}"
    ),
    tokens(string.ascii_lowercase + string.digits, 3, 24).map(
        lambda name: f"abfss://{name}@st{name}.dfs.core.windows.net/{name}"
    ),
    st.floats(allow_nan=False).map(repr),
)


@given(HONEST)
def test_an_honest_text_never_changes(text: str) -> None:
    """Ids, digests, times, numbers and Korean text are no secrets and no phone numbers."""
    assert redact(text).value == text
    assert redact([{"value": text}]).value == [{"value": text}]


@given(
    st.recursive(
        NOISE | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(NOISE, inner)
    )
)
def test_redaction_is_idempotent(value: Any) -> None:
    """What was redacted once is left alone."""
    once = redact(value).value

    assert redact(once).value == once


@given(st.from_regex(PHONES, fullmatch=False), NOISE)
def test_the_cheap_phone_test_misses_no_phone(text: str, noise: str) -> None:
    """Skipping the full patterns never lets a number through that they would have found."""
    joined = f"{noise} {text}"

    assert not PHONES.search(joined) or PHONE_HINT.search(joined) or GUID.search(joined)


@given(st.from_regex(SHAPES, fullmatch=False))
def test_the_cheap_words_miss_no_shape(text: str) -> None:
    """Every text that the patterns match holds one of the cheap words."""
    assert not SHAPES.search(text) or any(word in text.lower() for word in TRIGGERS)


FRAGMENTS = (
    *("Bearer ", "basic ", "authorization", "Proxy-Authorization", ": ", "=", "sig=", "sig%3D"),
    *("eyJ", "abcdefgh", "dapi", "0123456789abcdef", "-----BEGIN ", "PRIVATE KEY", "-----"),
    *("-----END ", "RSA ", "@", "%40", "corp.example", "ops.kim", "hooks.slack.com", "/", "//"),
    *("https:", "prod-1.logic.azure.com", "webhook.office.com", "AccountKey", "abc8Q~", ";"),
    *("abfss://", "abfs://", "\n", "\\", '"', "'", " ", "[redacted:token]", "***", "x", "한"),
    *("password", "Cookie", "?code=", "&", "ghp_", "github_pat_", "%2F", "v1", ".", "-", "_"),
)
NEARLY = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join)


@given(NEARLY, NEARLY)
@settings(max_examples=400)
def test_the_deny_scan_agrees_with_redaction(text: str, key: str) -> None:
    """Odd text that only resembles secrets never costs a record: what is left passes the scan."""
    redactor = Redactor()
    value = redactor.redact([text, {key: text, "claim": text}]).value

    assert redactor.leaks(json.dumps(value, ensure_ascii=False)) == ()
    assert redactor.redact(value[0]).value == value[0]
