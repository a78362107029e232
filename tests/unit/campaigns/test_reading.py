from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from perennial.campaigns.catching_up import CatchUpRule
from perennial.campaigns.choices import OfferKind, StopWhen
from perennial.campaigns.definition import Campaign, Offer, Step, coupon_prefix
from perennial.campaigns.reading import load_campaigns, read_campaign
from perennial.campaigns.spellings import Duration, spelt
from perennial.errors import CampaignError
from perennial.model.words import Channel, Pressure, Topic
from perennial.settings import PROJECT

Write = Callable[..., Path]

SHORTEST = """\
title: Happy birthday
audience: {occasion: birthday}
channels: [email]
"""


def test_the_shortest_campaign_gets_its_defaults(write: Write) -> None:
    path = write(SHORTEST, name="birthday.yaml", complete=False)

    campaign = read_campaign(path)

    assert campaign.model_dump() == {
        "name": "birthday",
        "path": path,
        "title": "Happy birthday",
        "topic": Topic.OFFERS,
        "goal": None,
        "description": "",
        "schedule": "0 6 * * *",
        "audience": {"occasion": "birthday", "where": None, "open_for": 7},
        "steps": ({"after_days": 0, "template": "birthday", "offer": None},),
        "stop_when": None,
        "channels": (Channel.EMAIL,),
        "send_at": time(10),
        "expires_after": timedelta(hours=12),
        "priority": 50,
        "cool_down": None,
        "holdout": Decimal("0.1"),
        "approval": {"above": None, "two_above": None, "drift": Decimal(0), "changes": False},
        "catch_up": {"rule": CatchUpRule.LATEST_ONLY, "younger_than": None},
        "paused": False,
        "owner": "marketing",
        "tags": (),
    }


def test_every_field_is_read(write: Write) -> None:
    path = write(
        "goal: an order\ndescription: Why\nschedule: '30 5 * * mon-fri'\n"
        "steps:\n"
        "  - {after_days: 0, template: hello}\n"
        "  - {after_days: 14, template: gift, offer: {kind: amount, value: 5.50, valid_days: 7}}\n"
        "stop_when: ordered\nsend_at: 10:30\nexpires_after: 90m\npriority: 40\ncool_down: 30d\n"
        "holdout: 2.5%\napproval: {above: 5000}\npaused: true\nowner: Ann\ntags: [a, b]\n"
    )

    campaign = read_campaign(path)

    assert campaign.goal == "an order"
    assert campaign.audience.where == "orders >= 2"
    assert campaign.steps == (
        Step(after_days=0, template="hello"),
        Step(
            after_days=14,
            template="gift",
            offer=Offer(kind=OfferKind.AMOUNT, value=Decimal("5.5"), valid_days=7, prefix="WINBAC"),
        ),
    )
    assert campaign.stop_when is StopWhen.ORDERED
    assert (campaign.send_at, campaign.expires_after) == (time(10, 30), timedelta(minutes=90))
    assert (campaign.cool_down, campaign.holdout) == (timedelta(days=30), Decimal("0.025"))
    assert (campaign.approval.above, campaign.paused) == (5000, True)
    assert (campaign.owner, campaign.tags) == ("Ann", ("a", "b"))


def test_a_time_may_be_written_with_or_without_quotes(write: Write) -> None:
    bare, quoted = (read_campaign(write(f"send_at: {at}\n")) for at in ("9:05", '"09:05"'))

    assert bare.send_at == quoted.send_at == time(9, 5)


def test_a_campaign_of_one_step_may_be_written_without_steps(write: Write) -> None:
    path = write("template: hello\noffer: {kind: points, value: 100, valid_days: 9}\n")

    (step,) = read_campaign(path).steps

    assert (step.after_days, step.template) == (0, "hello")
    assert step.offer is not None
    assert step.offer.value == 100


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(write: Write) -> None:
    text = "\ufeff" + SHORTEST.replace("\n", "\r\n")

    assert read_campaign(write(text, name="birthday.yaml", complete=False)).name == "birthday"


def test_a_value_cannot_be_changed(write: Write) -> None:
    campaign = read_campaign(write(""))

    with pytest.raises(ValueError, match="frozen"):
        campaign.priority = 99  # type: ignore[misc]


@pytest.mark.parametrize(
    ("topic", "pressure"),
    [
        (Topic.OFFERS, Pressure.PROMOTIONAL),
        (Topic.LOYALTY, Pressure.PROMOTIONAL),
        (Topic.FEEDBACK, Pressure.SURVEY),
    ],
)
def test_the_topic_says_which_cap_a_campaign_counts_to(
    topic: Topic, pressure: Pressure, write: Write
) -> None:
    text = SHORTEST + f"topic: {topic}\n"

    assert read_campaign(write(text, complete=False)).pressure is pressure


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("win_back", "WINBAC"), ("q4_sale", "QSALE"), ("x1", "COUPON"), ("ab", "AB")],
)
def test_coupon_codes_begin_with_the_letters_of_the_campaign(name: str, prefix: str) -> None:
    assert coupon_prefix(name) == prefix


def test_campaigns_are_loaded_by_name_and_other_files_left_alone(write: Write) -> None:
    for name in ("win_back.yaml", "birthday.yaml"):
        folder = write("", name=name).parent
    for name in ("campaign.schema.json", "README.md", ".win_back.yaml.swp", ".#birthday.yaml"):
        (folder / name).write_text("no campaign: [", encoding="utf-8")

    assert [campaign.name for campaign in load_campaigns(folder)] == ["birthday", "win_back"]


def test_the_mistakes_of_all_files_are_named_together(write: Write) -> None:
    write("priority: 101\n", name="one.yaml")
    write("title: [\n", name="two.yaml", complete=False)
    folder = write("", name="three.yaml").parent

    with pytest.raises(CampaignError) as refused:
        load_campaigns(folder)

    assert [fault.path for fault in refused.value.faults] == [
        Path("campaigns/one.yaml"),
        Path("campaigns/two.yaml"),
    ]


def test_a_folder_that_is_not_there_is_no_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match=r"no-such: there is no such folder of campaigns\."):
        load_campaigns(tmp_path / "no-such")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Win-Back.yaml", "Rename it to win_back.yaml."),
        ("win back.yaml", "Rename it to win_back.yaml."),
        ("2nd_order.yaml", "Rename it to nd_order.yaml."),
        ("день.yaml", "beginning with a letter."),
        ("win_back.yml", "the file's name must end in .yaml. Rename it to win_back.yaml."),
    ],
)
def test_a_file_whose_name_cannot_name_a_campaign_is_refused(
    name: str, said: str, write: Write
) -> None:
    with pytest.raises(CampaignError) as refused:
        load_campaigns(write("", name=name).parent)

    assert str(refused.value).endswith(said)


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="the file cannot be read: No such file or directory"):
        read_campaign(tmp_path / "campaigns" / "gone.yaml")


@given(st.text(max_size=200))
def test_any_text_is_a_campaign_or_a_list_of_mistakes(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("campaigns") / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    with pytest.raises(CampaignError) as refused:
        read_campaign(path)

    assert refused.value.faults


@given(st.integers(min_value=1, max_value=99_999).map(lambda n: timedelta(minutes=n)))
def test_a_length_of_time_is_read_as_it_is_spelt(length: timedelta) -> None:
    assert TypeAdapter(Duration).validate_python(spelt(length)) == length


def test_the_shipped_campaigns_are_right() -> None:
    campaigns = {campaign.name: campaign for campaign in load_campaigns(PROJECT / "campaigns")}

    assert set(campaigns) == {"birthday", "feedback_survey", "points_reminder", "win_back"}
    assert _ladder(campaigns["win_back"]) == [
        (0, "win_back_hello", None),
        (14, "win_back_offer_10", 10),
        (30, "win_back_offer_15", 15),
    ]
    assert _ladder(campaigns["birthday"]) == [(0, "birthday", 15)]
    assert max(campaigns.values(), key=lambda c: c.priority).name == "birthday"
    assert campaigns["feedback_survey"].pressure is Pressure.SURVEY


def _ladder(campaign: Campaign) -> list[tuple[int, str, int | None]]:
    return [
        (step.after_days, step.template, step.offer and int(step.offer.value))
        for step in campaign.steps
    ]


def test_a_dag_file_may_leave_the_condition_to_the_night(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    path.write_text(
        "title: Hello\naudience: {occasion: birthday, where: ordrs > 1}\nchannels: [email]\n",
        encoding="utf-8",
    )

    assert read_campaign(path, conditions=False).audience.where == "ordrs > 1"
    with pytest.raises(CampaignError, match="Did you mean 'orders'"):
        read_campaign(path)
