from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from requests.auth import HTTPBasicAuth

from perennial.errors import KeyRefused, SourceError
from perennial.sources.http.client import ApiClient, Patience
from shop_api_server import Question, Reply, ShopServer, shop_server

SECRET = "cs_planted_canary"
FINE = Reply(data={"fine": True})

MakeClient = Callable[..., tuple[ApiClient, ShopServer, list[float]]]


@pytest.fixture
def make_client() -> Iterator[MakeClient]:
    """A client of a server that plays some faults and is fine afterwards; and the pauses it makes."""
    with ExitStack() as stack:

        def make(
            *faults: Reply,
            patience: Patience | None = None,
            play: Callable[[Question], Reply] = lambda _: FINE,
        ) -> tuple[ApiClient, ShopServer, list[float]]:
            server = stack.enter_context(shop_server(play))
            server.faults.extend(faults)
            waits: list[float] = []
            auth = HTTPBasicAuth("ck_planted", SECRET)
            client = ApiClient("The shop", server.url, auth, patience=patience, pause=waits.append)
            stack.callback(client.close)
            return client, server, waits

        yield make


def test_numbers_stay_the_digits_that_the_shop_sent(make_client: MakeClient) -> None:
    client, _, _ = make_client(Reply(text='{"a": 12.50, "b": 9007199254740993, "c": [1e2]}'))

    assert client.get("/x", {}).data == {"a": "12.50", "b": "9007199254740993", "c": ["1e2"]}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 522])
def test_a_server_that_stumbles_is_asked_again(make_client: MakeClient, status: int) -> None:
    client, server, waits = make_client(Reply(status=status, text="<html>"), Reply(status=status))

    assert client.get("/x", {}).data == {"fine": True}
    assert (len(server.asked), len(waits)) == (3, 2)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(Reply(data={"long": "x" * 1_000}, cut=100), id="cut off in the middle"),
        pytest.param(Reply(text='{"half": '), id="half an answer"),
        pytest.param(Reply(text="<html>down for maintenance</html>"), id="a page in place of JSON"),
    ],
)
def test_an_answer_that_is_broken_off_is_asked_for_again(
    make_client: MakeClient, broken: Reply
) -> None:
    client, server, _ = make_client(broken)

    assert client.get("/x", {}).data == {"fine": True}
    assert len(server.asked) == 2


def test_a_server_that_falls_silent_is_not_waited_for_longer_than_patience_lasts(
    make_client: MakeClient,
) -> None:
    client, server, _ = make_client(Reply(data={}, stall=2), patience=Patience(silence=0.3))

    assert client.get("/x", {}).data == {"fine": True}
    assert len(server.asked) == 2


def test_a_server_that_keeps_failing_is_given_up_after_some_tries(make_client: MakeClient) -> None:
    client, server, waits = make_client(play=lambda _: Reply(status=500))

    with pytest.raises(
        SourceError, match=r"^The shop /x: answered 500, 6 times in a row\. Nothing"
    ):
        client.get("/x", {})
    assert (len(server.asked), len(waits)) == (6, 5)
    assert waits[4] > waits[0]


def test_a_server_that_is_not_there_is_said_so() -> None:
    waits: list[float] = []
    client = ApiClient("The shop", "http://127.0.0.1:9", None, pause=waits.append)

    with pytest.raises(SourceError, match="could not be reached"):
        client.get("/x", {})
    assert len(waits) == 5


def test_a_limit_is_waited_for_as_long_as_the_api_says(make_client: MakeClient) -> None:
    client, _, waits = make_client(*[Reply(status=429, headers={"Retry-After": "7"})] * 9)

    assert client.get("/x", {}).data == {"fine": True}
    assert waits == [7.0] * 9


def test_a_limit_may_be_given_as_a_date(make_client: MakeClient) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=500), usegmt=True)
    client, _, waits = make_client(Reply(status=429, headers={"Retry-After": later}))

    client.get("/x", {})

    assert 300 < waits[0] <= 500


def test_a_limit_without_a_word_on_how_long_is_waited_for_longer_each_time(
    make_client: MakeClient,
) -> None:
    client, _, waits = make_client(
        *[Reply(status=429)] * 3, Reply(status=429, headers={"Retry-After": "soon"})
    )

    client.get("/x", {})

    assert [1 <= w <= 60 for w in waits] == [True] * 4
    assert waits[3] > waits[0]


def test_a_limit_beyond_all_patience_ends_the_night_at_once(make_client: MakeClient) -> None:
    client, server, waits = make_client(Reply(status=429, headers={"Retry-After": "86400"}))

    with pytest.raises(
        SourceError, match="limits how often it may be asked and wants 86400 s more"
    ):
        client.get("/x", {})
    assert (len(server.asked), waits) == (1, [])


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_is_not_tried_again(make_client: MakeClient, status: int) -> None:
    error = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, ana@people.example"}
    client, server, waits = make_client(Reply(status=status, data=error))

    with pytest.raises(KeyRefused, match=f"answered {status}: the key is refused") as refused:
        client.get("/x", {})
    assert (len(server.asked), waits) == (1, [])
    assert "PERENNIAL_SOURCE_API_SECRET" in str(refused.value)


def test_a_key_does_not_follow_a_redirect(make_client: MakeClient) -> None:
    there = Reply(status=301, headers={"Location": "https://elsewhere.example/x?key=1"})
    client, server, _ = make_client(there)

    with pytest.raises(SourceError, match=r"a redirect to elsewhere\.example\. Write the address"):
        client.get("/x", {})
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "advice"),
    [(404, "Check the address"), (402, "plan does not include"), (400, "Check `sources.api`")],
)
def test_other_refusals_say_what_to_look_at(
    make_client: MakeClient, status: int, advice: str
) -> None:
    client, server, _ = make_client(Reply(status=status, data={"code": "rest_no_route"}))

    with pytest.raises(SourceError, match=rf"answered {status} \(rest_no_route\)\. .*{advice}"):
        client.get("/x", {})
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Reply(status=400, data={"code": "bad ana@people.example", "message": "ana@people.example"}),
        Reply(status=400, text="ana@people.example"),
        Reply(status=401, data={"message": "ana@people.example"}),
        Reply(status=429, text="ana@people.example", headers={"Retry-After": "99999"}),
    ],
)
def test_errors_hold_neither_keys_nor_people(make_client: MakeClient, fault: Reply) -> None:
    """Case 47."""
    client, _, _ = make_client(fault)

    with pytest.raises(SourceError) as refused:
        client.get("/x", {"email": "ana@people.example"})
    assert refused.value.__cause__ is None
    said = str(refused.value)
    assert not [w for w in (SECRET, "ck_planted", "people.example") if w in said]
    assert SECRET not in repr(client)
