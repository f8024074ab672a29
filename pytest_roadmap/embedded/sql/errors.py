"""The errors a statement can end in, in the shapes of the service.

Source: https://docs.databricks.com/en/error-messages/index.html (conditions and SQLSTATEs,
documented). ``UNSUPPORTED_BY_EMBEDDED_ENGINE`` is ours: it says that this engine cannot judge the
statement, so nobody may read it as a refusal or as a result.
"""

from __future__ import annotations

UNSUPPORTED_STATE = "0AEMB"


class SqlError(Exception):
    """A statement failed; ``str()`` is the message the service would show.

    Attributes:
        error_code: the error condition, e.g. ``INSUFFICIENT_PERMISSIONS``.
        sql_state: five characters.
    """

    def __init__(self, error_code: str, message: str, sql_state: str) -> None:
        super().__init__(f"[{error_code}] {message} SQLSTATE: {sql_state}")
        self.error_code = error_code
        self.sql_state = sql_state


def unsupported(what: str) -> SqlError:
    """The embedded engine cannot classify or answer this; not a refusal by privilege."""
    return SqlError(
        "UNSUPPORTED_BY_EMBEDDED_ENGINE",
        f"{what} is unsupported by the embedded engine.",
        UNSUPPORTED_STATE,
    )


def syntax_error(near: str) -> SqlError:
    """The text is not SQL."""
    return SqlError("PARSE_SYNTAX_ERROR", f"Syntax error at or near '{near}'.", "42601")


def lacks_privilege(privilege: str, kind: str, name: str) -> SqlError:
    """The caller lacks one named privilege (documented wording)."""
    return SqlError(
        "INSUFFICIENT_PERMISSIONS",
        "Insufficient privileges:\n"
        f"User does not have {privilege.replace('_', ' ')} on {kind} '{name}'.",
        "42501",
    )


def not_owner(kind: str, name: str) -> SqlError:
    """The caller neither owns nor manages the object."""
    return SqlError(
        "INSUFFICIENT_PERMISSIONS",
        f"Insufficient privileges:\nUser is not an owner of {kind} '{name}'.",
        "42501",
    )


def table_not_found(name: str) -> SqlError:
    """No table or view of that name."""
    return SqlError(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {name} cannot be found. Verify the spelling and correctness of the "
        "schema and catalog.",
        "42P01",
    )


def schema_not_found(name: str) -> SqlError:
    """No schema of that name."""
    return SqlError("SCHEMA_NOT_FOUND", f"The schema {name} cannot be found.", "42704")


def catalog_not_found(name: str) -> SqlError:
    """No catalog of that name."""
    return SqlError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{name}' was not found.", "42704")


def object_not_found(kind: str, name: str) -> SqlError:
    """No such volume, function, location or credential."""
    return SqlError(
        f"{kind.upper().replace(' ', '_')}_NOT_FOUND", f"{kind} {name} cannot be found.", "42704"
    )


def already_exists(kind: str, name: str) -> SqlError:
    """The name is taken."""
    condition = {"SCHEMA": "SCHEMA_ALREADY_EXISTS", "FUNCTION": "ROUTINE_ALREADY_EXISTS"}.get(
        kind, "TABLE_OR_VIEW_ALREADY_EXISTS"
    )
    state = {"SCHEMA": "42P06", "FUNCTION": "42723"}.get(kind, "42P07")
    return SqlError(
        condition, f"Cannot create {kind.lower()} {name} because it already exists.", state
    )


def unresolved_column(name: str) -> SqlError:
    """A column of that name is not in scope."""
    return SqlError(
        "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
        f"A column, variable, or function parameter with name {name} cannot be resolved.",
        "42703",
    )


def unbound_parameter(name: str) -> SqlError:
    """A parameter marker without a value."""
    return SqlError(
        "UNBOUND_SQL_PARAMETER",
        f"Found the unbound parameter: {name}. Please, fix args and provide a mapping of the "
        "parameter.",
        "42P02",
    )
