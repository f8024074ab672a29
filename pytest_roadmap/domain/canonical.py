"""One text and one digest for one value, whatever its key order, Unicode form or spacing."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, NFC text and no spare spaces: one text for one value."""
    return json.dumps(
        _nfc(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def canonical_digest(value: Any) -> str:
    """``sha256:…`` of a YAML or JSON subject, independent of key order and Unicode form.

    Dates, as YAML reads them, count as their ISO text. Raises ``TypeError`` or ``ValueError`` for
    what JSON cannot say.
    """
    return sha256_of(canonical_json(value).encode("utf-8", "surrogatepass"))


def sha256_of(content: bytes) -> str:
    """``sha256:<hex>`` of bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def utc_text(moment: datetime) -> str:
    """A time as evidence spells it: UTC, microseconds only when there are any, ``Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _nfc(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {_key(key): _nfc(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_nfc(item) for item in value]
    if isinstance(value, datetime):
        return utc_text(value) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be text, not {key!r}")
    return unicodedata.normalize("NFC", key)
