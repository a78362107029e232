"""Marketing sees who is written to, who is not, and why; what they tell a campaign holds and is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from one_night import CAMPAIGNS, DAY, settings_at
from perennial.model.words import Control
from perennial.pipeline.waterfall import OUTSIDE, SEND, people_behind, previous_day, waterfall
from perennial.settings import Settings
from perennial.steps.services import services
from studio_visits import OPERATOR, VIEWER, Door


def test_the_waterfall_adds_up_from_everybody_to_who_is_written_to(sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        for name in CAMPAIGNS:
            fall = waterfall(perennial.engine, name, DAY)
            summary = perennial.account(name, DAY).plan

            assert fall.customers - sum(each.count for each in fall.falls) == fall.send
            assert fall.send == summary.send
            assert fall.audience == summary.audience
            assert fall.cost.quantize(summary.cost) == summary.cost
            assert sum(variant.messages for variant in fall.variants) == fall.send
            assert all(each.left >= 0 for each in fall.falls)


def test_behind_each_step_are_as_many_people_as_it_counts(sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        for name in CAMPAIGNS:
            fall = waterfall(perennial.engine, name, DAY)
            steps = [*((each.name, each.count) for each in fall.falls), (SEND, fall.send or 0)]
            for step, count in steps:
                people = people_behind(perennial.engine, name, DAY, step, limit=10_000)
                rest = people_behind(perennial.engine, name, DAY, step, limit=10_000, offset=3)

                assert len(people) == count, step
                assert rest == people[3:]


def test_a_campaign_and_a_preview_for_anybody_are_looked_at_in_turn(
    sent_settings: Settings,
) -> None:
    with services(sent_settings) as perennial:
        outside = people_behind(perennial.engine, "win_back", DAY, OUTSIDE, limit=1)[0].customer_id
        first = waterfall(perennial.engine, "win_back", DAY)
        preview = perennial.preview("win_back", outside, day=DAY)
        again = waterfall(perennial.engine, "win_back", DAY)

        assert preview.message
        assert again == first


def test_an_audience_that_is_not_planned_yet_is_shown_without_messages(own_day: Path) -> None:
    plan = own_day / "lake" / "decisions" / f"day={DAY}" / "win_back.parquet"
    plan.unlink()
    with services(settings_at(own_day)) as perennial:
        fall = waterfall(perennial.engine, "win_back", DAY)

        assert fall.send is None
        assert fall.audience == fall.customers - fall.count(OUTSIDE) > 0
        assert len(people_behind(perennial.engine, "win_back", DAY, SEND, limit=10_000)) == (
            fall.audience
        )


def test_a_day_is_held_against_the_last_planned_day_before_it(own_day: Path) -> None:
    decisions = own_day / "lake" / "decisions"
    (decisions / f"day={DAY}").rename(decisions / f"day={DAY - timedelta(days=3)}")
    with services(settings_at(own_day)) as perennial:
        assert previous_day(perennial.engine, "win_back", DAY) == DAY - timedelta(days=3)
        assert previous_day(perennial.engine, "win_back", DAY - timedelta(days=3)) is None


def test_the_page_shows_every_step_with_its_people(
    sent_door: Door, sent_settings: Settings
) -> None:
    page = sent_door.see(f"/campaigns/win_back?day={DAY}")
    links = re.findall(r'href="/studio(/campaigns/win_back/people\?[^"]+)">([\d,]+)<', page.html)
    with services(sent_settings) as perennial:
        fall = waterfall(perennial.engine, "win_back", DAY)

    shown = {link.split("step=")[1].split("&")[0]: int(n.replace(",", "")) for link, n in links}
    counts = {each.name: each.count for each in fall.falls if each.count} | {SEND: fall.send}
    assert shown == counts
    for link, count in links:
        people = sent_door.see(link.replace("&amp;", "&"))
        rows = people.html.count('<th scope="row">')

        assert people.status == 200
        assert rows == min(50, int(count.replace(",", "")))


def test_people_are_shown_by_id_without_name_or_address(
    sent_door: Door, sent_settings: Settings
) -> None:
    with services(sent_settings) as perennial:
        perennial.engine.open_day(DAY)
        known = perennial.engine.rows(
            "select email, first_name from customers where email is not null"
        )
    page = sent_door.see(f"/campaigns/win_back/people?step=send&day={DAY}").text

    assert known
    assert not [row for row in known if row["email"] in page]


def test_a_campaign_that_does_not_exist_is_said_with_the_nearest(sent_door: Door) -> None:
    page = sent_door.see("/campaigns/winback")

    assert page.status == 409
    assert "Did you mean 'win_back'?" in page.text


def test_a_day_without_verified_data_says_that_nothing_was_sent(sent_door: Door) -> None:
    page = sent_door.see("/campaigns/win_back?day=2020-01-01")

    assert page.status == 200
    assert "nothing is planned, and nothing is sent" in page.text


def test_addresses_that_make_no_sense_are_not_found(sent_door: Door) -> None:
    paths = (
        "/campaigns/win_back?day=tomorrow",
        "/campaigns/win_back/people?step=nonsense",
        "/campaigns/win_back/people?step=send&page=0",
        "/campaigns/win_back/people?step=send&page=x",
    )

    assert [sent_door.see(path).status for path in paths] == [404] * 4


def test_a_pause_holds_and_is_kept_with_who_and_why(own_door: Door, own_day: Path) -> None:
    told = own_door.as_(OPERATOR).send(
        "/campaigns/win_back/control", {"control": "pause", "reason": "the offer is wrong"}
    )
    page = own_door.see("/campaigns/win_back")
    with services(settings_at(own_day)) as perennial:
        commands = [c for c in perennial.ledger.controls() if c.campaign == "win_back"]

    assert told.status == 303
    assert "Run again" in page.text
    assert [(c.control, c.by, c.reason) for c in commands] == [
        (Control.PAUSE, "mark", "the offer is wrong")
    ]


def test_a_pause_needs_a_reason(own_door: Door, own_day: Path) -> None:
    told = own_door.send("/campaigns/win_back/control", {"control": "pause", "reason": " "})
    with services(settings_at(own_day)) as perennial:
        assert perennial.ledger.control_of("win_back") is Control.RUN

    assert told.status == 409


def test_who_may_only_look_finds_no_buttons(sent_door: Door) -> None:
    page = sent_door.as_(VIEWER).see(f"/campaigns/win_back?day={DAY}")

    assert page.status == 200
    assert "<button name=" not in page.html
