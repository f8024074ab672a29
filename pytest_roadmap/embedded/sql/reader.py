"""A cursor over the tokens of a statement, for the commands sqlglot does not read itself."""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from pytest_roadmap.embedded.sql.errors import SqlError, syntax_error, unsupported

MAX_LENGTH = 1_000_000
_DIALECT = Databricks()
_COMMAND_TOKENS = 2
_SAFE_ESCAPES = frozenset("\\'\"nt")


def tokenize(statement: str) -> list[Token]:
    """The tokens of exactly one statement.

    Raises:
        SqlError: empty, more than one statement, not SQL, or text whose meaning is doubtful.
    """
    if len(statement) > MAX_LENGTH:
        raise unsupported("A statement of this length")
    if "\0" in statement:
        raise syntax_error("\\0")
    try:
        tokens = list(_DIALECT.tokenize(statement))
    except TokenError as error:
        raise syntax_error("end of input") from error
    while tokens and tokens[-1].token_type == TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        raise syntax_error("end of input")
    if tokens[0].token_type == TokenType.SHOW and len(tokens) == _COMMAND_TOKENS:
        # sqlglot keeps the rest of a SHOW as one raw text
        tokens = [tokens[0], *_DIALECT.tokenize(tokens[1].text)]
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise SqlError("PARSE_SYNTAX_ERROR", "Only one statement is allowed at a time.", "42601")
    _check_strings(statement, tokens)
    return _with_versions(tokens)


def _with_versions(tokens: list[Token]) -> list[Token]:
    """``table@v3`` as ``table VERSION AS OF 3`` (documented short form; not known to sqlglot)."""
    found: list[Token] = []
    for token in tokens:
        mark = re.fullmatch(r"v(\d+)", token.text, re.IGNORECASE)
        named = len(found) > 1 and found[-2].token_type in (TokenType.VAR, TokenType.IDENTIFIER)
        if mark and named and found[-1].token_type == TokenType.PARAMETER:
            found[-1:] = [
                Token(TokenType.VAR, "VERSION"),
                Token(TokenType.ALIAS, "AS"),
                Token(TokenType.VAR, "OF"),
                Token(TokenType.NUMBER, mark[1]),
            ]
        else:
            found.append(token)
    return found


def _check_strings(statement: str, tokens: list[Token]) -> None:
    for position, token in enumerate(tokens):
        if token.token_type != TokenType.STRING:
            continue
        if position and tokens[position - 1].token_type == TokenType.STRING:
            raise unsupported("Adjacent string literals or a doubled quote (escape it by \\')")
        raw = statement[token.start : token.end + 1]
        pairs = iter(raw)
        for char in pairs:
            if char == "\\" and next(pairs, "") not in _SAFE_ESCAPES:
                raise unsupported("This escape in a string literal")


class Reader:
    """Reads keywords, names and literals from left to right."""

    def __init__(self, statement: str, tokens: list[Token] | None = None) -> None:
        self._statement = statement
        self._tokens = tokenize(statement) if tokens is None else tokens
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether every token was read."""
        return self._at >= len(self._tokens)

    def peek(self, ahead: int = 0) -> str:
        """The upper-cased text of a coming unquoted token, or ``''``."""
        position = self._at + ahead
        if position >= len(self._tokens):
            return ""
        token = self._tokens[position]
        quoted = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
        return "" if quoted else token.text.upper()

    def accept(self, *words: str) -> bool:
        """Read these words if they come next, all or none."""
        for offset, word in enumerate(words):
            if self.peek(offset) != word:
                return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Read these words.

        Raises:
            SqlError: something else comes next.
        """
        if not self.accept(*words):
            raise self.error()

    def error(self) -> SqlError:
        """The syntax error at the coming token."""
        here = "end of input" if self.done else self._tokens[self._at].text
        return syntax_error(here[:60])

    def end(self) -> None:
        """Nothing may follow."""
        if not self.done:
            raise self.error()

    def identifier(self) -> str:
        """One identifier, quoted or not."""
        if self.done:
            raise self.error()
        token = self._tokens[self._at]
        plain = token.text.replace("_", "a").isalnum() and token.text.isascii()
        if token.token_type == TokenType.STRING or (
            token.token_type != TokenType.IDENTIFIER and not plain
        ):
            raise self.error()
        self._at += 1
        return token.text

    def name(self) -> tuple[str, ...]:
        """A dotted name."""
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return tuple(parts)

    def string(self) -> str:
        """One string literal."""
        if self.done or self._tokens[self._at].token_type != TokenType.STRING:
            raise self.error()
        self._at += 1
        return self._tokens[self._at - 1].text

    def at_string(self) -> bool:
        """Whether a string literal comes next."""
        return not self.done and self._tokens[self._at].token_type == TokenType.STRING

    def number(self) -> int:
        """One whole number."""
        if self.done or not self._tokens[self._at].text.isdigit():
            raise self.error()
        self._at += 1
        return int(self._tokens[self._at - 1].text)

    def type_text(self) -> str:
        """A type with its parameters, as text."""
        text = self.identifier()
        if self.accept("("):
            inner = [str(self.number())]
            while self.accept(","):
                inner.append(str(self.number()))
            self.expect(")")
            text += f"({','.join(inner)})"
        return text

    def copy(self) -> Reader:
        """A reader at the same place that moves on its own."""
        other = Reader(self._statement, self._tokens)
        other._at = self._at
        return other

    def text_after(self, word: str) -> str:
        """What follows the next occurrence of the word, as written; ``''`` when there is none."""
        while not self.done and not self.accept(word):
            self._at += 1
        return "" if self.done else self.rest_text()

    def skip_word(self) -> None:
        """Move past one token."""
        self._at += 1

    def rest_text(self) -> str:
        """Everything that is left, as written."""
        if self.done:
            raise self.error()
        start, self._at = self._tokens[self._at].start, len(self._tokens)
        return self._statement[start : self._tokens[-1].end + 1]

    def expression(self) -> exp.Expr:
        """Everything that is left, as one expression.

        Raises:
            SqlError: it is not an expression.
        """
        tree = parse_tokens(tokenize(f"SELECT {self.rest_text()}"), "")
        if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or tree.args.get("from_"):
            raise self.error()
        found = tree.expressions[0]
        return found.pop() if isinstance(found, exp.Expr) else tree

    def rest(self) -> exp.Expr:
        """Everything that is left, as sqlglot reads it.

        Raises:
            SqlError: sqlglot cannot read it.
        """
        tokens, self._at = self._tokens[self._at :], len(self._tokens)
        return parse_tokens(tokens, self._statement)


def parse_tokens(tokens: list[Token], statement: str) -> exp.Expr:
    """Let sqlglot read one statement.

    Raises:
        SqlError: it is not SQL, or too deeply nested.
    """
    try:
        trees = _DIALECT.parser().parse(tokens, statement)
    except ParseError as error:
        near = error.errors[0].get("highlight") if error.errors else ""
        raise syntax_error(str(near or "end of input")[:60]) from error
    except RecursionError as error:
        raise unsupported("A statement nested this deeply") from error
    if len(trees) != 1 or trees[0] is None:
        raise syntax_error("end of input")
    return trees[0]
