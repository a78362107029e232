"""Many people in one request read, to the last byte, what each would read alone."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from framed_emails import FRAME, birthday, framed, link_of
from perennial.delivery.sendgrid.batch import MOST_SUBSTITUTION_BYTES
from perennial.delivery.sendgrid.mail_requests import MailRequest, requests_needed, requests_of
from perennial.delivery.sendgrid.payload import MailOptions
from perennial.model.message import EmailFrame, EmailMessage

PLAIN = MailOptions()
Order = Callable[[Iterable[tuple[str, str]]], Iterable[tuple[str, str]]]


def together(
    messages: Sequence[EmailMessage], *, most: int = 200, options: MailOptions = PLAIN
) -> list[MailRequest]:
    requests, unwritable = requests_of(messages, options, most=most)
    assert unwritable == []
    return requests


def sizes(requests: Iterable[MailRequest]) -> list[int]:
    return sorted(len(request.messages) for request in requests)


def read(requests: Iterable[MailRequest], order: Order = list) -> dict[str, tuple[str, ...]]:
    """What everybody gets to read, when SendGrid replaces every token in every text, in some order, twice."""
    found: dict[str, tuple[str, ...]] = {}
    for request in requests:
        body = json.loads(request.body)
        words = [body["subject"], *(block["value"] for block in body["content"])]
        for person in body["personalizations"]:
            values = list(order(person.get("substitutions", {}).items()))
            texts = list(words)
            for token, value in values * 2:
                texts = [text.replace(token, value) for text in texts]
            key = person["custom_args"]["perennial_key"]
            assert key not in found
            found[key] = (person["to"][0]["email"], *person["headers"].values(), *texts)
    return found


def backwards(values: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return reversed(list(values))


def shuffled(values: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    mixed = list(values)
    random.Random(len(mixed)).shuffle(mixed)  # noqa: S311 - any order will do
    return mixed


def assert_alike(messages: Sequence[EmailMessage], requests: Sequence[MailRequest]) -> None:
    alone = read(together(messages, most=1))
    assert set(alone) == {message.key for message in messages}
    for order in (list, backwards, shuffled):
        assert read(requests, order) == alone


PIECES = st.sampled_from(
    [
        *(
            "",
            " ",
            "a",
            "7",
            "00",
            "~",
            "~0",
            "~00",
            "~1",
            "~a",
            "~a0",
            "`",
            "``0",
            "-name-",
            "%n%",
        ),
        *(
            "{{",
            "}}",
            "<",
            ">",
            '"',
            "'",
            "&amp;",
            "\\",
            "é",
            "Анна",
            "👨‍👩‍👧",
            "\u2028",
            "\n",
            "\x07",
        ),
        *(
            'href="',
            '<a href="',
            '<a class="x" ',
            ' clicktracking="off"',
            " clicktracking=off",
            "</a>",
        ),
    ]
)
TEXTS = st.lists(PIECES, max_size=4).map("".join)
LINES = TEXTS.map(lambda text: text.replace("\n", " "))


@st.composite
def frames(draw: st.DrawFn) -> EmailFrame:
    def literals(texts: st.SearchStrategy[str]) -> tuple[str, ...]:
        return tuple(draw(st.lists(texts, min_size=1, max_size=5)))

    html = list(literals(TEXTS))
    for gap in draw(st.sets(st.integers(0, 4))):
        if gap + 1 < len(html):
            html[gap] += draw(st.sampled_from(['<a href="', '<a title="~" href="', 'href="']))
            html[gap + 1] = '"' + draw(st.sampled_from(["", ">"])) + html[gap + 1]
    return EmailFrame(subject=literals(LINES), html=tuple(html), text=literals(TEXTS))


@st.composite
def audiences(draw: st.DrawFn) -> list[EmailMessage]:
    """A few people; most gaps hold the same kind of thing for everybody, as gaps do."""
    frame = draw(frames())
    kinds = [draw(st.sampled_from(["own", "own", "link", "one of two", "any"])) for _ in range(12)]
    two = draw(st.tuples(TEXTS, TEXTS))

    def value(number: int, kind: str) -> str:
        link = link_of(number)
        values = {"own": TEXTS, "link": st.just(link), "one of two": st.sampled_from(two)}
        other = st.sampled_from([link, f'<a href="{link}">', f"{link}x", ""])
        return draw(values.get(kind, other))

    people = []
    for number in range(draw(st.integers(2, 5))):
        places = iter(kinds)
        subject = [draw(LINES) for _ in frame.subject[1:]]
        html, text = (
            [value(number, next(places)) for _ in literals[1:]]
            for literals in (frame.html, frame.text)
        )
        people.append(framed(number, frame, (subject, html, text)))
    return people


@given(audiences())
@settings(max_examples=400, deadline=None)
def test_nobody_reads_anything_else_than_alone(messages: list[EmailMessage]) -> None:
    """Case 36: whatever stands in the gaps, also what looks like a token or a tag."""
    assert_alike(messages, together(messages))


def test_an_ordinary_audience_is_one_request() -> None:
    messages = [birthday(number) for number in range(50)]
    requests = together(messages)
    assert sizes(requests) == [50]
    assert_alike(messages, requests)


def test_what_is_the_same_for_all_is_said_once_and_equal_gaps_share_a_token() -> None:
    (request,) = together([birthday(number, gift="a candle") for number in range(20)])
    people = json.loads(request.body)["personalizations"]
    assert request.body.count(b"a candle") == 2, "in the text and in the HTML that all share"
    assert [len(person["substitutions"]) for person in people] == [2] * 20, "name and link"


def test_no_token_is_the_beginning_of_another() -> None:
    gaps = 120
    frame = EmailFrame(subject=("Hello",), html=("<p>",) * (gaps + 1), text=("Hello",))
    messages = [framed(n, frame, ([], [f"{n}-{gap}" for gap in range(gaps)], [])) for n in range(3)]
    (request,) = together(messages)
    tokens = list(json.loads(request.body)["personalizations"][0]["substitutions"])
    assert len(tokens) == gaps
    assert not [a for a in tokens for b in tokens if a != b and b.startswith(a)]
    assert_alike(messages, [request])


@pytest.mark.parametrize("name", ["~00", "`~00`", "~", "-name-", "{{name}}", "%25", ""])
def test_a_name_that_looks_like_a_token_is_a_name(name: str) -> None:
    """Case 36."""
    messages = [birthday(0, name=name), birthday(1), birthday(2, name="~a0~b1")]
    requests = together(messages)
    assert sizes(requests) == [3]
    assert_alike(messages, requests)


@pytest.mark.parametrize("place", [0, 1, 2], ids=["subject", "html", "text"])
def test_a_token_in_any_one_place_is_no_token(place: int) -> None:
    frame = EmailFrame(subject=("Hello ", ""), html=("<p>", "</p>"), text=("Hello ", ""))
    messages = []
    for number in range(3):
        words = [[f"Person {number}"], [f"p{number}"], [f"t{number}"]]
        words[place] = [f"{number} ~0 ~1 ~2"]
        messages.append(framed(number, frame, (words[0], words[1], words[2])))
    requests = together(messages)
    assert sizes(requests) == [3]
    assert_alike(messages, requests)


def test_a_literal_and_a_value_side_by_side_make_no_token() -> None:
    frame = EmailFrame(subject=("Hi `", "~", ""), html=("~", "~"), text=("~", ""))
    words = [(["", "a0"], ["a0"], ["a1"]), (["~", "0"], ["~0"], [""]), (["b", "`1"], ["c"], ["d"])]
    messages = [framed(number, frame, each) for number, each in enumerate(words)]
    assert_alike(messages, together(messages))


def test_the_link_to_unsubscribe_is_marked_in_the_frame() -> None:
    messages = [birthday(number) for number in range(5)]
    (request,) = together(messages)
    for key, (*_, html) in read([request]).items():
        assert f'clicktracking=off href="{link_of(int(key, 16))}"' in html
    assert request.body.count(b"clicktracking") == 1


def test_only_who_shares_frame_campaign_and_sender_shares_a_request() -> None:
    other = EmailFrame(subject=FRAME.subject, html=FRAME.html, text=FRAME.text)
    words = (["Anna"], ["Anna", "a gift", link_of(9)], ["Anna", "a gift", link_of(9)])
    messages = [
        *(birthday(number) for number in range(4)),
        birthday(4, campaign="win_back"),
        birthday(5, from_name="Juniper"),
        birthday(6, reply_to=None),
        birthday(7, parts=None),
        framed(9, other, words),
    ]
    requests = together(messages)
    assert sizes(requests) == [1, 1, 1, 1, 1, 4]
    assert_alike(messages, requests)


def test_an_address_is_in_a_request_once() -> None:
    addresses = ["anna@x.example", "ANNA@x.example", "ben@x.example", "anna@X.example"]
    messages = [birthday(n, to=address) for n, address in enumerate(addresses)]
    requests = together(messages)
    assert sizes(requests) == [1, 1, 2]
    assert_alike(messages, requests)


def test_who_has_more_to_substitute_than_sendgrid_takes_goes_alone() -> None:
    messages = [birthday(number) for number in range(6)]
    messages[2] = birthday(2, name="я" * (MOST_SUBSTITUTION_BYTES // 2))
    requests = together(messages)
    assert sizes(requests) == [1, 5]
    assert_alike(messages, requests)


@pytest.mark.parametrize(("more", "shared"), [(0, [2]), (1, [1, 1])])
def test_the_limit_of_substitutions_counts_tokens_and_bytes(more: int, shared: list[int]) -> None:
    frame = EmailFrame(subject=("Hello",), html=("<p>", "</p>"), text=("Hello",))
    fits = MOST_SUBSTITUTION_BYTES - len("~0")
    long = '"' * 10 + "é" * ((fits - 10) // 2) + "x" * more
    messages = [framed(1, frame, ([], [long], [])), framed(2, frame, ([], ["short"], []))]
    assert sizes(together(messages)) == shared


def test_a_request_holds_as_many_as_it_may() -> None:
    messages = [birthday(number) for number in range(45)]
    assert sizes(together(messages, most=20)) == [5, 20, 20]
    assert requests_needed(messages, most=20) == 3
    assert requests_needed(messages, most=1) == 45
    assert requests_needed([*messages, birthday(46, parts=None)], most=200) == 2


def test_a_request_that_would_be_too_long_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perennial.delivery.sendgrid.mail_requests._MOST_BYTES", 4_000)
    messages = [birthday(number, gift="g" * (100 + number)) for number in range(16)]
    requests = together(messages)
    assert len(requests) > 1
    assert all(len(request.body) <= 4_000 for request in requests)
    assert_alike(messages, requests)


def test_what_cannot_be_written_down_costs_the_others_nothing() -> None:
    messages = [birthday(number) for number in range(9)]
    messages[1] = birthday(1, name="half \ud83c")
    messages[4] = birthday(4, to="анна@customers.example")
    messages[6] = birthday(6, headers={"To": "somebody@else.example"})
    requests, unwritable = requests_of(messages, PLAIN, most=200)
    assert [int(message.key, 16) for message in sorted(unwritable, key=lambda m: m.key)] == [
        1,
        4,
        6,
    ]
    assert sizes(requests) == [6]


def test_a_sender_that_cannot_be_written_down_is_nobodys() -> None:
    messages = [birthday(number, from_address="привет@пример.example") for number in range(3)]
    requests, unwritable = requests_of(messages, PLAIN, most=200)
    assert (requests, len(unwritable)) == ([], 3)


def test_a_subject_with_a_line_break_goes_where_sendgrid_can_see_it() -> None:
    """Case 39."""
    messages = [birthday(number) for number in range(4)]
    messages[3] = birthday(3, name="Anna\r\nBcc: all@x.example")
    assert sizes(together(messages)) == [1, 3]


def test_an_anchor_with_another_gap_beside_the_link_goes_alone() -> None:
    html = ('<a title="', '" href="', '">no more</a>')
    frame = EmailFrame(subject=("Hello",), html=html, text=("Hello",))
    messages = [framed(n, frame, ([], [f"t{n}>", link_of(n)], [])) for n in range(3)]
    requests = together(messages)
    assert sizes(requests) == [1, 1, 1]
    assert_alike(messages, requests)


@pytest.mark.parametrize("most", [1, 200])
def test_sandbox_group_and_category_hold_for_one_and_for_many(most: int) -> None:
    messages = [birthday(number) for number in range(3)]
    requests = together(messages, most=most, options=MailOptions(sandbox=True, asm_group=12))
    for request in requests:
        body: dict[str, Any] = json.loads(request.body)
        assert body["mail_settings"] == {"sandbox_mode": {"enable": True}}
        assert body["asm"] == {"group_id": 12}
        assert body["categories"] == ["birthday"]
        assert b"bypass" not in request.body


def test_an_own_word_for_each_is_all_that_a_personalization_holds() -> None:
    (request,) = together([replace(birthday(n), headers={}) for n in range(2)])
    people = json.loads(request.body)["personalizations"]
    assert {frozenset(person) for person in people} == {
        frozenset({"to", "headers", "custom_args", "substitutions"})
    }
