"""What the simulator answers when it refuses: Twilio's ``{code, message, more_info, status}``."""

from typing import Any

BAD_PARAMETER = 20001
BAD_CREDENTIALS = 20003
METHOD_NOT_ALLOWED = 20004
PAGE_SIZE_TOO_LARGE = 20007
NOT_FOUND = 20404
CONFLICT = 20409
INTERNAL = 20500
BAD_STATUS = 22203
STATUS_WITH_PROPERTIES = 22204
INVALID_OBJECT = 22205
INVALID_OBJECT_TYPE = 22206


class ApiError(Exception):
    """A refusal, as an HTTP status with Twilio's error code and message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def bad_request(code: int, message: str) -> ApiError:
    """HTTP 400."""
    return ApiError(400, code, message)


def not_found(path: str) -> ApiError:
    """HTTP 404, naming the resource as Twilio does: by its path."""
    return ApiError(404, NOT_FOUND, f"The requested resource {path} was not found")
