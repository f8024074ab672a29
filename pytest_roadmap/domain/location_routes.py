"""The two ways to reach an external location: a path in SQL, or files of a volume on it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_roadmap.domain.external_location import Answer, LocationBinding
from pytest_roadmap.domain.identifiers import storage_path
from pytest_roadmap.domain.outcome import AccessRefusedError, AssetMissingError
from pytest_roadmap.domain.ports import AzurePort, StatementResult, WorkspacePort


@dataclass(frozen=True, slots=True)
class Prober:
    """Who probes and with what: both identities, storage, the warehouse and a fresh token."""

    subject: WorkspacePort
    observer: WorkspacePort
    azure: AzurePort
    warehouse_id: str
    token: str


def _answer(result: StatementResult) -> Answer:
    cause = " ".join(w for w in (result.error_code, result.sql_state, result.error_message) if w)
    return Answer(result.state == "SUCCEEDED", result.refused, cause or result.state)


@dataclass(frozen=True, slots=True)
class PathRoute:
    """Through SQL on the path: exercises READ FILES and WRITE FILES."""

    prober: Prober
    binding: LocationBinding

    @property
    def url(self) -> str:
        """Where the probe directory lies."""
        return f"{self.binding.url}/{self.binding.probe_prefix}/{self.prober.token}"

    def _ask(self, statement: str) -> StatementResult:
        try:
            return self.prober.subject.execute(statement, warehouse_id=self.prober.warehouse_id)
        except AccessRefusedError as refusal:
            return StatementResult(
                "", "FAILED", error_code=f"HTTP_{refusal.status}", error_message=str(refusal)
            )

    def write(self) -> Answer:
        """Write the token as the subject."""
        token = self.prober.token
        statement = f"INSERT OVERWRITE DIRECTORY {_text(self.url)} USING CSV SELECT '{token}' AS v"
        return _answer(self._ask(statement))

    def listing(self) -> tuple[Answer, int]:
        """List what was written; a location that takes no write is listed at its root."""
        result = self._ask(f"LIST {_text(self.url if self.binding.writable else self.binding.url)}")
        return _answer(result), len(result.rows)

    def read(self) -> tuple[str, ...]:
        """What the subject reads back, one entry a row or file."""
        statement = (
            f"SELECT * FROM read_files({_text(self.url)}, format => 'csv', schema => 'v STRING')"  # noqa: S608 - bound url
        )
        return tuple(str(row[0]) for row in self._ask(statement).rows if row)

    def remove(self) -> str:
        """Delete as the observer, then look again as the subject; what is left, or nothing."""
        place = storage_path(self.url)
        if place is None:
            return self.url
        try:
            self.prober.azure.delete_storage_directory(place.account, place.container, place.path)
        except AssetMissingError:
            return ""
        except AccessRefusedError as refusal:
            return f"{self.url}: {refusal}"
        return self.url if self._ask(f"LIST {_text(self.url)}").rows else ""

    def place(self) -> str:
        """The storage URL that the probe really goes to, as far as the service tells."""
        return self.url


@dataclass(frozen=True, slots=True)
class VolumeRoute:
    """Through the Files API on an external volume: exercises READ VOLUME and WRITE VOLUME."""

    prober: Prober
    binding: LocationBinding

    @property
    def path(self) -> str:
        """Where the probe file lies in the volume."""
        volume = self.binding.volume.replace(".", "/")
        return f"/Volumes/{volume}/{self.binding.probe_prefix}/{self.prober.token}"

    def write(self) -> Answer:
        """Write the token as the subject."""
        try:
            self.prober.subject.upload(self.path, self.prober.token.encode())
        except AccessRefusedError as refusal:
            return Answer(done=False, refused=True, cause=str(refusal))
        except AssetMissingError as missing:
            return Answer(done=False, cause=str(missing))
        return Answer(done=True)

    def listing(self) -> tuple[Answer, int]:
        """List the folder as the subject; how often the probe file is in it."""
        folder = self.path.rpartition("/")[0]
        if not self.binding.writable:
            folder = folder.rpartition("/")[0]
        try:
            entries = self.prober.subject.list_directory(folder)
        except AccessRefusedError as refusal:
            return Answer(done=False, refused=True, cause=str(refusal)), 0
        except AssetMissingError as missing:
            return Answer(done=False, cause=str(missing)), 0
        mine = [entry for entry in entries if entry.path.endswith(self.prober.token)]
        return Answer(done=True), len(mine)

    def read(self) -> tuple[str, ...]:
        """What the subject reads back, one entry a row or file."""
        try:
            return (self.prober.subject.download(self.path).decode("utf-8", "replace"),)
        except (AccessRefusedError, AssetMissingError):
            return ()

    def remove(self) -> str:
        """Delete as the subject, then look again; what is left, or nothing."""
        try:
            self.prober.subject.delete_file(self.path)
            self.prober.observer.download(self.path)
        except AssetMissingError:
            return ""
        except AccessRefusedError as refusal:
            return f"{self.path}: {refusal}"
        return self.path

    def place(self) -> str:
        """The storage URL that the probe really goes to, as far as the service tells."""
        try:
            answer = self.prober.observer.securable("volume", self.binding.volume)
        except AssetMissingError:
            return ""
        return str(answer.get("storage_location") or "")


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
