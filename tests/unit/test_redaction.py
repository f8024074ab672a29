"""Redaction: what goes, what stays, and what stops the writer."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import quote

import pytest

from pytest_roadmap.domain.known_secrets import SecretRegistry
from pytest_roadmap.domain.redaction import LeakError, Redactor, assert_clean, redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXBhcnQ"
PAT = "dapi" + "0123456789abcdef" * 2
AAD_SECRET = "abc8Q~" + "Zx1-_~." * 5
ACCOUNT_KEY = "Ab1+/" * 17 + "x=="

REMOVED = {
    "a token": (JWT, JWT),
    "a token in a sentence": (f"using {JWT} now", JWT),
    "a Databricks token": (f"token={PAT}-2", PAT),
    "a bearer header": ("Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
    "a basic header": ("authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
    "a bare bearer value": ("Bearer 0a1b2c3d4e5f", "0a1b2c3d4e5f"),
    "a signature": ("https://st.blob.core.windows.net/c?sv=1&sig=abc%2Bdef%3D&se=2", "abc%2Bdef"),
    "an encoded signature": ("u%3Fsv%3D1%26sig%3Dabcdef123", "abcdef123"),
    "an account key": (f"AccountName=x;AccountKey={ACCOUNT_KEY};Suffix=y", ACCOUNT_KEY),
    "a bare account key": (ACCOUNT_KEY[:88], ACCOUNT_KEY[:80]),
    "a connection string": ("Server=s;Uid=u;Password=my pass word;Db=d", "my pass word"),
    "a shared access key": ("Endpoint=sb://x/;SharedAccessKey=q1w2e3=", "q1w2e3"),
    "a client secret": (f"secret is {AAD_SECRET}", AAD_SECRET),
    "a client secret setting": ("client_secret: hunter22", "hunter22"),
    "a JSON text with a password": ('{"password": "hunter22"}', "hunter22"),
    "an escaped JSON text": (json.dumps('{"token": "hunter22"}'), "hunter22"),
    "a private key": ("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----", "MC4C"),
    "a cut private key": ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz", "b3BlbnNz"),
    "a user in an address": ("postgres://bob:hunter22@db/x", "hunter22"),
    "a Teams webhook": ("https://corp.webhook.office.com/webhookb2/abc/def", "webhookb2/abc"),
    "a webhook without scheme": ("post to hooks.slack.com/services/T0/B0", "services/T0"),
    "a webhook path": ("https://alerts.example.com/api/webhook/xyz", "webhook/xyz"),
    "a function key": ("https://f.example.com/api/x?code=abc123==", "abc123"),
    "a cookie": ("Set-Cookie: session=abcdef; Path=/", "abcdef"),
    "a mail local part": ("ask ops.kim@corp.example today", "ops.kim"),
    "a mail local part in a path": ("/Users/ops.kim@corp.example/x", "ops.kim"),
    "an encoded mail local part": ("?principal=ops.kim%40corp.example", "ops.kim"),
    "a mail without dots": ("ops.kim@corp", "ops.kim"),
    "an international phone number": ("call +82 10-1234-5678", "1234"),
    "a Korean mobile number": ("010-1234-5678", "1234"),
    "a Korean mobile number in one": ("연락처 01012345678", "12345678"),
    "a Korean landline": ("02-123-4567", "4567"),
    "a US number": ("(555) 123-4567", "4567"),
    "a telephone link": ("tel:+82101234", "82101234"),
}

KEPT = (
    "/subscriptions/ebedded0-0000-4000-8000-000000000002/resourceGroups/rg-data/providers/M.D/w/x",
    "abfss://landing@stdataembedded.dfs.core.windows.net/_dod_probe/x",
    "8f3c1f6e-0000-4000-8000-1234567890ab",
    "01JD8Q2W3E4R5T6Y7U8I9O0PAS",
    "sha256:" + "0123456789" * 6 + "abcd",
    "2026-11-24T03:04:05.123456Z",
    "2026-11-24 03:04:05+09:00",
    "https://adb-7405610928374650.10.azuredatabricks.net/?o=7405610928374650",
    "run 983274650123456 at 1764000000000",
    "10.0.12.5, 0.162.0, 3.11",
    "권한(`USE CATALOG/SCHEMA`, `SELECT`) 검증 통과 0건",
    "main.silver.txn@v12",
    "GRANT SELECT ON TABLE main.silver.txn TO `sp-pipeline`",
    "basic information about Bearer authentication",
    "password policy: rotate every 90 days",
    "the token is missing",
    "databricks-sdk@0.162.0",
    "a - b - c 123-45-67",
    "grp-etl",
    "key vault kv-data-embedded",
    "https://kv-data-embedded.vault.azure.net/",
    "SELECT count(*) FROM t WHERE d BETWEEN '2026-01-01' AND '2026-12-31'",
)


@pytest.mark.parametrize(("text", "secret"), REMOVED.values(), ids=REMOVED)
def test_a_secret_shape_is_removed(text: str, secret: str) -> None:
    """Each known shape of a secret goes, counted, and the deny scan agrees."""
    redacted = redact({"response": [text]})

    assert secret not in json.dumps(redacted.value)
    assert redacted.count >= 1
    assert_clean(json.dumps(redacted.value, ensure_ascii=False))


@pytest.mark.parametrize("text", KEPT)
def test_an_honest_value_is_unchanged(text: str) -> None:
    """ARM ids, GUIDs, digests, times, names, SQL and Korean text stay as they are."""
    assert redact(text).value == text
    assert_clean(text)


@pytest.mark.parametrize(("text", "secret"), REMOVED.values(), ids=REMOVED)
def test_redacting_twice_changes_nothing_more(text: str, secret: str) -> None:
    """A redacted text is fit to be written and is left alone."""
    once = redact(text).value

    assert redact(once).value == once


def test_the_domain_of_a_mail_address_stays() -> None:
    """Only the local part goes: ``o***@domain``."""
    assert redact("ops.kim@corp.example").value == "o***@corp.example"


def test_the_host_of_a_webhook_stays() -> None:
    """An action group's webhook keeps its host and nothing behind it."""
    redacted = redact({"serviceUri": "https://u:p@hook.example.com/a/b?c=d"})

    assert redacted.value == {"serviceUri": "https://hook.example.com/[redacted:webhook]"}


def test_a_value_under_a_telling_key_is_removed_whatever_it_is() -> None:
    """Passwords need no recognisable shape when their key says what they are."""
    value = {"clientSecret": "plain", "X-Authorization": "ab cd", "phoneNumber": 12345}

    assert set(redact(value).value.values()) == {"[redacted:secret]"}


def test_a_finding_under_a_telling_key_stays() -> None:
    """Booleans about a secret are evidence, not secrets."""
    value = {"secret": {"present": True, "matches": None}}

    assert redact(value).value == value


def test_a_named_parameter_is_removed_by_its_name() -> None:
    """A list of name and value hides the value of a password."""
    redacted = redact([{"name": "password", "value": "plain"}, {"name": "table", "value": "t"}])

    assert redacted.value == [
        {"name": "password", "value": "[redacted:secret]"},
        {"name": "table", "value": "t"},
    ]


SECRET = 'tok/en+with=odd "chars" é and more'


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(json.dumps(SECRET)),
        quote(SECRET, safe=""),
        quote(quote(SECRET, safe=""), safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(b"user:" + SECRET.encode() + b":x").decode(),
        base64.b64encode(b"ab" + SECRET.encode()).decode(),
        SECRET.encode().hex(),
    ],
)
def test_a_known_secret_is_removed_in_every_plausible_spelling(spelling: str) -> None:
    """The run's own tokens go wherever they stand, also encoded inside other text and in keys."""
    redactor = Redactor([SECRET])

    redacted = redactor.redact({f"k {spelling}": {"deep": [f"before {spelling} after"]}})

    assert spelling not in json.dumps(redacted.value, ensure_ascii=False)
    assert SECRET[4:20] not in str(redacted.value)
    assert redacted.count == 2


def test_a_secret_registered_later_counts_too() -> None:
    """Tokens of further subjects become known while the run goes on."""
    registry = SecretRegistry()
    redactor = Redactor(registry)
    registry.add("s3cr3t-of-the-operator")

    assert redactor.redact("x s3cr3t-of-the-operator").value == "x [redacted:known secret]"


def test_a_secret_that_is_a_number_is_removed_from_numbers() -> None:
    """A PIN known to the run does not slip through as a JSON number."""
    assert redact({"pin": 48151623}, ["48151623"]).value == {"pin": "[redacted:known secret]"}


def test_a_very_short_value_is_not_registered() -> None:
    """A value of a few characters would blot out honest text."""
    assert redact("the main schema", ["main"]).value == "the main schema"


def test_the_deny_scan_stops_what_redaction_missed() -> None:
    """Text that still holds a secret raises, naming kinds and never the secret."""
    with pytest.raises(LeakError) as raised:
        Redactor(["s3cr3t-value"]).assert_clean(f"x {JWT} s3cr3t-value sig=abc")

    assert raised.value.kinds == ("known secret", "token", "shared access signature")
    assert JWT not in str(raised.value)


def test_an_untouched_value_comes_back_as_it_is() -> None:
    """Nothing is copied where nothing is removed."""
    value = {"a": [1, 2.5, None, True, "텍스트"]}

    assert redact(value).value is value


def test_a_telling_key_hides_everything_below_it() -> None:
    """Lists, mappings and bottomless nesting under a password are hidden leaf by leaf."""
    deep: object = "x"
    for _ in range(3000):
        deep = [deep]
    value = {"password": {"parts": ["a", 1, "", False], "deep": deep}}

    hidden = redact(value).value["password"]

    assert hidden["parts"] == ["[redacted:secret]", "[redacted:secret]", "", False]
    assert "x" not in str(hidden["deep"])


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("", ""),
        ("no address", "[redacted:webhook]"),
        ("https://h.example", "https://h.example"),
        ("https://h.example/[redacted:webhook]", "https://h.example/[redacted:webhook]"),
    ],
)
def test_a_webhook_address_keeps_at_most_its_host(address: str, kept: str) -> None:
    """What is no address is hidden whole; what was redacted before stays."""
    assert redact({"callbackUrl": address}).value == {"callbackUrl": kept}


def test_one_text_is_redacted_alone() -> None:
    """A message for the terminal passes through the same rules."""
    assert Redactor(["s3cr3t-value"]).redact_text("a s3cr3t-value b") == (
        "a [redacted:known secret] b"
    )


def test_two_base64_spellings_in_one_run_are_one_mark() -> None:
    """A run of base64 that holds the secret twice is replaced once, as a whole."""
    twice = base64.b64encode(b"s3cr3t-value:s3cr3t-value").decode()

    assert redact(f"x {twice} y", ["s3cr3t-value"]).value == "x [redacted:known secret] y"


def test_odd_types_become_plain_json() -> None:
    """Tuples, dates, bytes, sets and non-finite numbers are written as text or lists."""
    moment = datetime(2026, 11, 24, tzinfo=UTC)

    odd = {"t": (1, b"\xff"), 3: {moment}, "n": float("nan"), "m": MappingProxyType({"a": 1})}

    redacted = redact(odd)

    assert redacted.value == {"t": [1, "\\xff"], "3": [str(moment)], "n": "nan", "m": {"a": 1}}


def test_bottomless_nesting_is_cut() -> None:
    """Depth never ends in a crash."""
    value: object = "ops@corp.example"
    for _ in range(3000):
        value = [value]

    assert "nested too deep" in str(redact(value).value)


@pytest.mark.parametrize(
    "text",
    [
        *("eyJ" * 20_000, "a." * 30_000, "http://" * 9_000, "a@" * 30_000, "0" * 60_000),
        *("-----BEGIN PRIVATE KEY" * 3000, "+1 " * 20_000, "(((" * 20_000),
        *("password=" * 7_000, "Bearer " * 9_000),
    ],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    """Matching stays linear on repetition made to confuse it."""
    before = time.process_time()

    redact(text + "@ sig= key 010-1234-5678")

    assert time.process_time() - before < 2
