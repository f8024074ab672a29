"""The shapes of secrets and personal data, as data: one alternation to replace, one list to deny.

Each alternative of ``SHAPES`` and ``PHONES`` holds exactly one named group: its name is the kind,
its text is what stays in front of the mark. ``keep`` consumes honest text that another alternative
could mistake. Every quantified part is bounded or starts at a boundary, so matching stays linear.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: What stands in place of a removed value.
MARK = re.compile(r"\[redacted:[a-z ]{1,30}\]")
_DONE = r"(?!\[redacted:[a-z ]{1,30}\](?![A-Za-z0-9+/%_-]))"
_TOKEN68 = r"[A-Za-z0-9._~+/=-]"

_SURE_NAMES = (
    r"account-?key|shared-?access-?key|shared-?access-?signature|client[_-]?secret"
    r"|access[_-]?token|refresh[_-]?token|id[_-]?token|api[_-]?key|private[_-]?key"
    r"|access[_-]?key|subscription-key|sas[_-]?token|management-token"
    r"|(?:databricks|github|gitlab)_token"
)
_ANY_NAMES = rf"{_SURE_NAMES}|password|passwd|pwd|secret|token"
_QUERY_NAMES = r"code|key|apikey|password|secret|token|access_token|signature"

_WEBHOOK_HOSTS = (
    r"(?:webhook\.office\.com|hooks\.slack\.com|logic\.azure\.com"
    r"|api\.powerplatform\.com|events\.pagerduty\.com|api\.opsgenie\.com|azurewebsites\.net)"
)

SHAPES = re.compile(
    "|".join(
        (
            r"(?P<keep>abfss?://(?![a-z0-9$-]*(?:dapi|dose|dkea))[a-z0-9$-]{1,63}@)",
            (
                r"(?P<private_key>)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"
                r"[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)"
            ),
            r"(?P<token>)eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}",
            r"(?P<databricks_token>)(?:dapi|dose|dkea|dsapi)[A-Za-z0-9]{10,}(?:-[0-9]+)?",
            r"(?P<client_secret>)[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{24,}",
            (
                r"(?P<service_token>)(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"
                r"|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16})"
            ),
            r"(?P<account_key>)(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==",
            (
                rf"(?P<webhook>(?:(?<![\w-])|(?<=%2[fF])){_WEBHOOK_HOSTS}(?::[0-9]+)?"
                rf"(?:/|%2[fF])){_DONE}[^\s\"'<>\\]+"
            ),
            (
                rf"(?P<webhook_path>https?://[\w.-]+(?::[0-9]+)?/)(?=[^\s\"'<>\\]{{0,200}}(?i:webhook))"
                rf"{_DONE}[^\s\"'<>\\]+"
            ),
            (
                rf"(?P<user_info>(?<![A-Za-z0-9+.-])[a-z][a-z0-9+.-]{{1,20}}://){_DONE}"
                r"[^/\s@:\"']{0,256}:[^/\s@\"']{1,512}(?=@)"
            ),
            rf"(?P<sas>(?<![A-Za-z])(?i:sig(?:=|%3d))){_DONE}[^&\s\"'<>\\;,]+",
            (
                r"(?P<header>(?<![A-Za-z])(?i:(?:proxy-)?authorization)[\\\"']{0,3}\s{0,3}[:=]\s{0,3}"
                r"[\\\"']{0,3}(?!(?:[A-Za-z]{2,20}\s{1,3})?\[redacted:[a-z ]{1,30}\])"
                r"(?:[A-Za-z]{2,20}\s{1,3})?)"
                r"[^\s\"',;\\\[]{4,}"
            ),
            (
                r"(?P<cookie>(?<![A-Za-z])(?i:(?:set-)?cookie)[\\\"']{0,3}\s{0,3}:"
                r"(?![\s\\\"']{0,6}\[redacted:[a-z ]{1,30}\])\s{0,3}[\\\"']{0,3})[^\r\n\"'\\]+"
            ),
            (
                r"(?P<bearer>(?<![A-Za-z])(?i:bearer|basic)\s{1,3})"
                rf"(?={_TOKEN68}{{24}}|(?=[A-Za-z0-9+/_.~-]{{0,40}}(?:[0-9=]|[a-z][A-Z])){_TOKEN68}{{8}})"
                rf"{_TOKEN68}{{8,}}"
            ),
            rf"(?P<password>(?i:password|pwd)\s?=\s?){_DONE}[^;\r\n\"'\[]{{1,128}}(?=;)",
            (
                rf"(?P<secret>(?i:{_SURE_NAMES})[\\\"']{{0,3}}\s{{0,3}}(?:[=:]|%3[dD])"
                rf"\s{{0,3}}[\\\"']{{0,3}}){_DONE}[^;&\s\"'<>,\\\[{{(]+"
            ),
            (
                rf"(?P<named_secret>(?i:{_ANY_NAMES})(?:=[\\\"']{{0,3}}|%3[dD]|[\\\"']{{1,3}}"
                rf"\s{{0,3}}:\s{{0,3}}[\\\"']{{1,3}})){_DONE}[^;&\s\"'<>,\\\[{{(]+"
            ),
            rf"(?P<parameter>[?&](?i:{_QUERY_NAMES})=){_DONE}[^&\s\"'<>\\]+",
            r"(?P<mail>(?<![\w.+'#-])[\w])[\w.+'#-]*(?=(?:@|%40)(?!v[0-9])[A-Za-z][\w-]*(?:\.[\w-]+)*)",
        )
    )
)

_NOT_IN_A_NUMBER = r"(?<![\w.+:/-])"
_END = r"(?![\w-]|\.[0-9])"
PHONES = re.compile(
    "|".join(
        (
            (
                r"(?P<keep>(?<![\w-])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-"
                r"[0-9a-fA-F]{12}(?![\w-]))"
            ),
            r"(?P<phone>)(?i:tel:)[+0-9(][0-9().\s-]{5,20}",
            rf"(?P<phone_international>){_NOT_IN_A_NUMBER}(?:\+|00)[1-9][0-9]{{0,2}}"
            r"(?:[ ().-]{0,2}[0-9]){7,12}" + _END,
            rf"(?P<phone_national>){_NOT_IN_A_NUMBER}\(?0(?:1[016789]|2|[3-6][1-5]|70|50[0-9]?)\)?"
            r"[- ]{1,2}[0-9]{3,4}[- ][0-9]{4}" + _END,
            rf"(?P<phone_mobile>){_NOT_IN_A_NUMBER}01[016789][0-9]{{7,8}}" + _END,
            rf"(?P<phone_us>){_NOT_IN_A_NUMBER}(?:\([2-9][0-9]{{2}}\) ?|[2-9][0-9]{{2}}-)"
            r"[0-9]{3}-[0-9]{4}" + _END,
        )
    )
)

#: Cheap words, one of which stands (in lower case) in every text that ``SHAPES`` can match.
TRIGGERS = (
    *("@", "%40", "eyj", "dapi", "dose", "dkea", "dsapi", "q~", "private key", "sig=", "sig%3d"),
    *("==", "://", "authorization", "cookie", "bearer", "basic", "password", "passwd", "pwd"),
    *("secret", "token", "key", "signature", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    *("github_pat_", "xox", "akia", "?code=", "&code=", "webhook", "hooks.", "logic.azure"),
    *("powerplatform", "pagerduty", "opsgenie", "azurewebsites"),
)
#: How every alternative of ``PHONES`` begins.
PHONE_HINT = re.compile(
    rf"{_NOT_IN_A_NUMBER}(?:\+[1-9]|00[1-9]|\(?0[1-7][0-9]{{0,2}}\)?[- ]|01[016789][0-9]{{7}}"
    r"|\([2-9][0-9]{2}\)|[2-9][0-9]{2}-[0-9]{3}-)|(?i:tel:)"
)

#: Looked for in the text as it is about to be written: kind, cheap triggers, pattern.
DENY: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (kind, triggers, re.compile(pattern))
    for kind, triggers, pattern in (
        ("token", ("eyj",), r"eyJ[A-Za-z0-9_-]{8}"),
        ("databricks token", ("dapi", "dose", "dkea"), r"(?:dapi|dose|dkea)[0-9a-f]{16}"),
        ("private key", ("private key",), r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"),
        ("shared access signature", ("sig=",), r"(?<![A-Za-z])sig=[A-Za-z0-9%+/]"),
        (
            "account key",
            ("accountkey", "sharedaccesskey"),
            r"(?i:accountkey|sharedaccesskey)=[A-Za-z0-9+/]",
        ),
        ("client secret", ("q~",), r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{24}"),
        (
            "authorization header",
            ("bearer", "authorization"),
            (
                r"(?<![A-Za-z])(?i:bearer)\s{1,3}[A-Za-z0-9._~+/=-]{24}"
                r"|(?<![A-Za-z])(?i:authorization)[\\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\\"']{0,3}"
                r"(?i:basic|bearer)\s{1,3}[A-Za-z0-9+/_-]{4}"
            ),
        ),
        (
            "webhook address",
            ("webhook.office.com/", "hooks.slack.com/", "logic.azure.com/"),
            r"(?<![\w-])(?:webhook\.office|hooks\.slack|logic\.azure)\.com/[A-Za-z0-9]",
        ),
        (
            "mail address",
            ("@", "%40"),
            (
                r"(?<!abfss://)(?<!abfs://)(?<![\w.+'#-])[\w][\w.+'#-]*(?:@|%40)"
                r"(?!v[0-9])[A-Za-z][\w-]*\.[A-Za-z]{2,}"
            ),
        ),
        (
            "service token",
            ("ghp_", "github_pat_"),
            r"ghp_[A-Za-z0-9]{20}|github_pat_[A-Za-z0-9_]{20}",
        ),
    )
)

#: Keys (lower case, without separators) whose values are never kept, booleans and null aside.
SECRET_KEYS = frozenset(
    (
        *("authorization", "proxyauthorization", "cookie", "setcookie", "xapikey", "apikey"),
        *("password", "passwd", "pwd", "secret", "secretvalue", "clientsecret", "bytesvalue"),
        *("token", "tokenvalue", "accesstoken", "refreshtoken", "idtoken", "bearertoken"),
        *("sastoken", "accountkey", "accesskey", "primarykey", "secondarykey", "sharedkey"),
        *("sharedaccesskey", "sharedaccesssignature", "connectionstring", "privatekey"),
        *("primaryconnectionstring", "secondaryconnectionstring", "subscriptionkey"),
        *("phonenumber", "phone", "mobile", "mobilephone", "telephonenumber"),
        *("xdatabricksazurespmanagementtoken",),
    )
)
#: Keys whose value is a web address of which only the host may be kept.
HOST_ONLY_KEYS = frozenset(("serviceuri", "webhookuri", "webhookurl", "callbackurl", "webhook"))


_SECRET_ENDINGS = (
    *("authorization", "password", "passwd", "clientsecret", "accesstoken", "refreshtoken"),
    *("apikey", "accountkey", "connectionstring", "privatekey", "sastoken"),
)


_BETWEEN_WORDS = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    """Whether a value under this key is never kept."""
    name = _normalised(key)
    return name in SECRET_KEYS or name.endswith(_SECRET_ENDINGS)


@lru_cache(maxsize=4096)
def is_host_only_key(key: str) -> bool:
    """Whether only the host of the address under this key is kept."""
    return _normalised(key) in HOST_ONLY_KEYS


def _normalised(key: str) -> str:
    """A key in lower case, letters and digits only."""
    return _BETWEEN_WORDS.sub("", key.lower())
