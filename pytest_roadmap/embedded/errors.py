"""The errors of the embedded services, in the words of the real ones."""

from __future__ import annotations

from http import HTTPStatus


class ServiceError(Exception):
    """A refusal or error that a Databricks REST API answers with.

    Args:
        status: HTTP status.
        error_code: the service's own code, ``PERMISSION_DENIED`` for example.
        message: the sentence a user reads.
    """

    def __init__(self, status: int, error_code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.message = message


class PermissionDeniedError(ServiceError):
    """403 ``PERMISSION_DENIED``."""

    def __init__(self, message: str) -> None:
        super().__init__(403, "PERMISSION_DENIED", message)


class InvalidParameterError(ServiceError):
    """400 ``INVALID_PARAMETER_VALUE``."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "INVALID_PARAMETER_VALUE", message)


class StorageError(ServiceError):
    """What Azure storage answers when an external location is used, handed on by the service."""

    def __init__(self, status: int, storage_code: str, message: str) -> None:
        refused = status == HTTPStatus.FORBIDDEN
        super().__init__(status, "PERMISSION_DENIED" if refused else "NOT_FOUND", message)
        self.storage_code = storage_code


class ArmError(Exception):
    """An error in the shape of Azure Resource Manager (``error.code``, ``error.message``)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
