"""From a request's method and path to what answers it."""

from collections.abc import Callable
from functools import cache

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from simulator.errors import METHOD_NOT_ALLOWED, ApiError, not_found
from simulator.messages import Request, Response

type Handler = Callable[..., Response]
type Routes = dict[tuple[str, str], Handler]
"""What answers which method and path; a path's `<name>` is handed to the handler by this name."""


class Router:
    """Finds the handler of a request."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._paths = _compiled(tuple(routes)).bind("")

    def match(self, request: Request) -> tuple[Handler, dict[str, str]]:
        """Give the handler of a request, and the SIDs in its path by name.

        Raises:
            ApiError: There is no such path (404), or not with this method (405).
        """
        try:
            route, sids = self._paths.match(request.path, request.method)
        except NotFound:
            raise not_found(request.path) from None
        except MethodNotAllowed:
            message = f"Method {request.method} is not allowed for {request.path}"
            raise ApiError(405, METHOD_NOT_ALLOWED, message) from None
        return self._routes[route], dict(sids)


@cache
def _compiled(routes: tuple[tuple[str, str], ...]) -> Map:
    # Once for all simulators of a process: it takes longer than all else that starts one.
    return Map([Rule(path, methods=[method], endpoint=(method, path)) for method, path in routes], merge_slashes=False)
