"""Who is behind an opening or a click."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.events.actors import actor_of
from perennial.model.words import Actor, EventWord

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
BOTH = (EventWord.OPENED, EventWord.CLICKED)


@pytest.mark.parametrize("word", BOTH)
@pytest.mark.parametrize("agent", [PHONE, BROWSER, PROXY, "YahooMailProxy; https://help.yahoo.com"])
def test_browsers_and_the_proxies_of_readers_stand_for_a_person(
    word: EventWord, agent: str
) -> None:
    assert actor_of(word, user_agent=agent, machine_open=False) is Actor.PERSON


@pytest.mark.parametrize("word", BOTH)
@pytest.mark.parametrize(
    "agent",
    [
        *("Mozilla/5.0", "BarracudaSentinel (EE)", "Mozilla/5.0 (compatible; bingbot/2.0)"),
        *(
            "python-requests/2.32",
            "Go-http-client/1.1",
            "curl/8.5",
            "Mozilla/5.0 HeadlessChrome/130",
        ),
        *(
            "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0) Safelinks",
            "Slackbot 1.0",
        ),
        *("facebookexternalhit/1.1", "Mimecast Link Scanner"),
    ],
)
def test_whatever_names_itself_a_scanner_or_a_script_is_a_machine(
    word: EventWord, agent: str
) -> None:
    assert actor_of(word, user_agent=agent) is Actor.MACHINE


def test_what_apples_privacy_protection_loads_is_a_machines() -> None:
    assert actor_of(EventWord.OPENED, user_agent=PHONE, machine_open=True) is Actor.MACHINE


@pytest.mark.parametrize("agent", [None, "", "something"])
def test_what_does_not_show_is_left_open(agent: str | None) -> None:
    assert actor_of(EventWord.OPENED, user_agent=agent) is None


@given(st.sampled_from(sorted(set(EventWord) - set(BOTH))), st.text(), st.booleans())
def test_nobody_is_behind_what_happens_to_an_email(
    word: EventWord,
    agent: str,
    machine: bool,  # noqa: FBT001
) -> None:
    assert actor_of(word, user_agent=agent, machine_open=machine) is None


@given(st.sampled_from(BOTH), st.text() | st.none())
def test_whatever_calls_itself_what_nothing_raises(word: EventWord, agent: str | None) -> None:
    actor_of(word, user_agent=agent)
