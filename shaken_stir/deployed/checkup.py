"""What a look at a deployed stack has found."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel


class Mark(StrEnum):
    """How a check came out; only a problem is in the way."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(BaseModel):
    """What a check found; `remedy` is a sentence that says what to do."""

    check: str
    mark: Mark
    says: str
    remedy: str | None = None


class Run(BaseModel):
    """An execution of the state machine; `status`, `error` and `cause` are those of Step Functions."""

    name: str
    status: str
    started_at: datetime
    error: str | None = None
    cause: str | None = None


class Checkup(BaseModel):
    """All that was found, and the last runs, the newest first."""

    stack: str
    findings: list[Finding]
    runs: list[Run]

    @property
    def healthy(self) -> bool:
        """Whether nothing is in the way."""
        return not any(finding.mark is Mark.PROBLEM for finding in self.findings)
