import base64
import http.client
import json
import select
import time

import requests

from shaken_stir.engine.engine import Engine


def test_a_form_arrives_as_payload_format_2(engine: Engine) -> None:
    url = f"{engine.public_url}/answer?b=1%202&b=3&a="
    response = requests.post(url, data={"x": "1 2", "y": ""}, headers={"X-Twilio-Signature": "Sig"}, timeout=5)
    event = response.json()

    assert response.status_code == 200
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "POST /answer", "/answer")
    assert event["rawQueryString"] == "b=1%202&b=3&a="
    assert event["queryStringParameters"] == {"b": "1 2,3", "a": ""}
    assert event["headers"]["x-twilio-signature"] == "Sig"
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"x=1+2&y="
    assert event["requestContext"]["domainName"] == engine.public_url.removeprefix("http://")
    assert event["requestContext"]["stage"] == "$default"
    assert event["requestContext"]["http"]["method"] == "POST"
    assert abs(event["requestContext"]["timeEpoch"] / 1000 - time.time()) < 60


def test_json_arrives_as_text(engine: Engine) -> None:
    event = requests.post(f"{engine.public_url}/answer", json={"x": 1}, timeout=5).json()

    assert (event["isBase64Encoded"], json.loads(event["body"])) == (False, {"x": 1})


def test_other_paths_and_methods_are_not_found(engine: Engine) -> None:
    for response in (
        requests.post(f"{engine.public_url}/other", timeout=5),
        requests.get(f"{engine.public_url}/answer", timeout=5),
    ):
        assert (response.status_code, response.json()) == (404, {"message": "Not Found"})


def test_nobody_is_answered_before_the_body_has_arrived(engine: Engine) -> None:
    connection = http.client.HTTPConnection(engine.public_url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/other")
    connection.putheader("Content-Length", "1")
    connection.endheaders()
    answered, _, _ = select.select([connection.sock], [], [], 0.3)
    connection.send(b"x")
    assert (answered, connection.getresponse().status) == ([], 404)
    connection.close()


def test_a_failing_function_is_an_internal_server_error(engine: Engine) -> None:
    response = requests.post(f"{engine.public_url}/answer", data={"fail": "boom"}, timeout=5)

    assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})


def test_a_callback_wakes_the_execution_that_waits(engine: Engine) -> None:
    arn = engine.start_execution({"question": "q1", "patience": 99999})
    url = f"{engine.public_url}/answer?question=q1"
    woken = requests.Response()
    deadline = time.monotonic() + 5
    while woken.headers.get("X-Woken") != "true" and time.monotonic() < deadline:
        woken = requests.post(url, data={"verdict": "approved"}, timeout=5)

    described = engine.wait(arn, timeout=5)

    assert woken.status_code == 204
    assert json.loads(described["output"])["answer"] == {"verdict": "approved"}
