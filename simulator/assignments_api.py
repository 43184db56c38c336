"""trusthub.twilio.com: what is assigned to a bundle, and its evaluations."""

from collections.abc import Callable, Sequence
from typing import Any

from simulator import rules, views
from simulator.errors import BAD_PARAMETER, bad_request
from simulator.messages import Request, Response
from simulator.paging import list_of_v1, page_of
from simulator.records import (
    Bundle,
    BundleKind,
    EndpointAssignment,
    EntityAssignment,
    Evaluation,
    Record,
    Register,
)
from simulator.sids import new_sid
from simulator.state import State


class AssignmentsApi:
    """Answers requests below one Customer Profile or one Trust Product."""

    def __init__(self, kind: BundleKind, state: State) -> None:
        self._kind = kind
        self._state = state

    def list_endpoints(self, request: Request, bundle_sid: str) -> Response:
        """The assigned phone numbers, all or those that are named."""
        bundle = self._bundle(request, bundle_sid)
        one, several = request.query.get("ChannelEndpointSid"), request.query.get("ChannelEndpointSids")
        found = bundle.endpoints.in_order()
        if one is not None:
            found = bundle.endpoints.of_numbers([one])
        elif several is not None:
            found = bundle.endpoints.of_numbers(several.split(","))
        view = self._view(views.endpoint, bundle, request)
        return self._list(found, view, request)

    def create_endpoint(self, request: Request, bundle_sid: str) -> Response:
        """Assigns a phone number, whether or not it is assigned already."""
        bundle = self._bundle(request, bundle_sid)
        endpoint_type = request.required("ChannelEndpointType")
        number_sid = request.required_sid("ChannelEndpointSid")
        rules.require_number_accepted(self._state, bundle, endpoint_type, number_sid)
        assignment = EndpointAssignment(sid=new_sid("RA"), endpoint_type=endpoint_type, number_sid=number_sid)
        bundle.endpoints.add(assignment)
        self._state.lag.hold_back(assignment)
        return Response(201, self._view(views.endpoint, bundle, request)(assignment))

    def fetch_endpoint(self, request: Request, bundle_sid: str, sid: str) -> Response:
        """One assignment of a phone number."""
        bundle = self._bundle(request, bundle_sid)
        assignment = _record(bundle.endpoints, sid, request)
        return Response(200, self._view(views.endpoint, bundle, request)(assignment))

    def delete_endpoint(self, request: Request, bundle_sid: str, sid: str) -> Response:
        """Take a phone number off."""
        bundle = self._bundle(request, bundle_sid)
        assignment = _record(bundle.endpoints, sid, request)
        rules.require_endpoint_removable(self._state, bundle, assignment.number_sid)
        bundle.endpoints.remove(sid)
        return Response(204)

    def list_entities(self, request: Request, bundle_sid: str) -> Response:
        """The objects that support the bundle."""
        bundle = self._bundle(request, bundle_sid)
        object_type = request.query.get("ObjectType")
        found = [entity for entity in bundle.entities if object_type in (None, entity.object_type)]
        view = self._view(views.entity, bundle, request)
        return self._list(found, view, request)

    def create_entity(self, request: Request, bundle_sid: str) -> Response:
        """Connects a Business Profile or another object to the bundle."""
        bundle = self._bundle(request, bundle_sid)
        object_sid = request.required_sid("ObjectSid")
        rules.require_editable(bundle)
        object_type = rules.object_type_of(self._state, object_sid)
        entity = EntityAssignment(sid=new_sid("BV"), object_sid=object_sid, object_type=object_type)
        bundle.entities.add(entity)
        self._state.lag.hold_back(entity)
        return Response(201, self._view(views.entity, bundle, request)(entity))

    def fetch_entity(self, request: Request, bundle_sid: str, sid: str) -> Response:
        """One connected object."""
        bundle = self._bundle(request, bundle_sid)
        return Response(200, self._view(views.entity, bundle, request)(_record(bundle.entities, sid, request)))

    def delete_entity(self, request: Request, bundle_sid: str, sid: str) -> Response:
        """Disconnects an object."""
        bundle = self._bundle(request, bundle_sid)
        _record(bundle.entities, sid, request)
        rules.require_editable(bundle)
        bundle.entities.remove(sid)
        return Response(204)

    def list_evaluations(self, request: Request, bundle_sid: str) -> Response:
        """The evaluations that were asked for."""
        bundle = self._bundle(request, bundle_sid)
        view = self._view(views.evaluation, bundle, request)
        return self._list(bundle.evaluations.in_order(), view, request)

    def create_evaluation(self, request: Request, bundle_sid: str) -> Response:
        """Evaluates the bundle as it is now."""
        bundle = self._bundle(request, bundle_sid)
        policy_sid = request.required_sid("PolicySid")
        if policy_sid != bundle.policy_sid:
            raise bad_request(BAD_PARAMETER, f"Invalid PolicySid: {bundle.sid} is of policy {bundle.policy_sid}")
        results = rules.evaluate(self._state, bundle)
        status = "compliant" if rules.is_compliant(results) else "noncompliant"
        evaluation = Evaluation(sid=new_sid("EL"), policy_sid=policy_sid, status=status, results=results)
        bundle.evaluations.add(evaluation)
        self._state.lag.hold_back(evaluation)
        return Response(201, self._view(views.evaluation, bundle, request)(evaluation))

    def fetch_evaluation(self, request: Request, bundle_sid: str, sid: str) -> Response:
        """One evaluation."""
        bundle = self._bundle(request, bundle_sid)
        return Response(200, self._view(views.evaluation, bundle, request)(_record(bundle.evaluations, sid, request)))

    def _bundle(self, request: Request, bundle_sid: str) -> Bundle:
        bundle = self._state.bundles(self._kind).get(bundle_sid)
        if bundle is None:
            raise request.not_found()
        return bundle

    def _list[R: Record](self, records: Sequence[R], view: Callable[[R], dict[str, Any]], request: Request) -> Response:
        page = page_of(self._state.lag.listed(records), request)
        return Response(200, list_of_v1(page, request.base_url, view))

    def _view[R: Record](
        self, view: Callable[[R, Bundle, str, str], dict[str, Any]], bundle: Bundle, request: Request
    ) -> Callable[[R], dict[str, Any]]:
        return lambda record: view(record, bundle, self._state.account_sid, request.base_url)


def _record[R: Record](register: Register[R], sid: str, request: Request) -> R:
    record = register.get(sid)
    if record is None:
        raise request.not_found()
    return record
