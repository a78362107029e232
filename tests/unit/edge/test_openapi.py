"""The web app answers as docs/reference/edge.openapi.yaml says, whatever it is sent."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks, openapi

from edge_server import edge_thread
from ledger_builder import a_message, claiming
from perennial.model.keys import link_token, signed_target
from perennial.steps.services import Perennial

DOCUMENT = Path(__file__).parents[3] / "docs/reference/edge.openapi.yaml"
SCHEMA = openapi.from_path(str(DOCUMENT))
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
PURPOSES = {
    "/u/": "unsubscribe",
    "/p/": "preferences",
    "/s/": "survey",
    "/o/": "confirm",
    "/c/": "click",
}
MESSAGES = [a_message(str(number)) for number in range(20)]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method} {o.path}")
def test_every_answer_is_one_that_the_document_names(
    perennial: Perennial, operation: object
) -> None:
    claiming(perennial.ledger, MESSAGES)
    purpose = PURPOSES.get(operation.path[:3], "")  # type: ignore[attr-defined]
    turns = cycle(MESSAGES)
    modes = st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    requests = modes.flatmap(
        lambda mode: operation.as_strategy(generation_mode=mode)  # type: ignore[attr-defined]
    )

    @given(case=requests, ours=st.booleans())
    @settings(
        max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    def ask(case: object, ours: bool) -> None:  # noqa: FBT001 - hypothesis names it
        if ours and purpose:
            token = link_token(purpose, next(turns).key, "en", perennial.secret)
            target = signed_target("https://juniperandrye.example/", perennial.secret)
            case.path_parameters = {"token": token, "target": target}  # type: ignore[attr-defined]
        case.call_and_validate(  # type: ignore[attr-defined]
            base_url=edge, checks=CHECKS, timeout=30, allow_redirects=False
        )

    with edge_thread(perennial) as edge:
        ask()


def test_the_document_names_every_page(perennial: Perennial) -> None:
    from perennial.edge.app import make_app

    served = {route.path for route in make_app(perennial).routes}  # type: ignore[attr-defined]
    unnamed = {path for path in served if not path.startswith("/hooks/")}

    assert unnamed - set(SCHEMA) == {"/metrics", "/favicon.ico", "/robots.txt"}
