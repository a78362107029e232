"""Results stand beside those of who was held out, and leave as a table that runs nothing."""

from __future__ import annotations

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from time import sleep

from cachetools import TTLCache

from one_night import CAMPAIGNS, DAY
from perennial.errors import LakeError
from perennial.report.response_figures import response_figures
from perennial.settings import Settings
from perennial.steps.services import services
from perennial.studio.keeping import Kept
from studio_visits import Door

SPAN = f"since={DAY}&until={DAY}"


def test_every_campaign_has_its_results(sent_door: Door) -> None:
    page = sent_door.see(f"/results?{SPAN}")

    assert page.status == 200
    for name in CAMPAIGNS:
        assert f"/studio/results/{name}?" in page.html
        assert sent_door.see(f"/results/{name}?{SPAN}").status == 200


def test_the_groups_are_those_of_the_ledger(sent_door: Door, sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        plan = perennial.account("win_back", DAY).plan
        results = perennial.results("win_back", DAY, DAY)
    table = sent_door.see(f"/results/win_back/table.csv?{SPAN}").html
    rows = {row["group"]: row for row in csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))}

    assert table.startswith("\ufeff")
    assert results.planned == plan.send
    assert int(rows["held_out"]["people"]) == plan.hold_out == results.held_out.people
    assert int(rows["treated"]["people"]) == results.treated.people == plan.send


def test_the_status_of_a_day_counts_as_its_results_do(sent_settings: Settings) -> None:
    with services(sent_settings) as perennial:
        (found,) = [r for r in perennial.returns(days=1, orders=True) if r.campaign == "win_back"]
        results = perennial.results("win_back", DAY, DAY)

    assert (found.day, found.orders) == (DAY, results.treated.orders)
    assert found.figures == response_figures(results.responses)


def test_a_span_that_makes_no_sense_is_not_found(sent_door: Door) -> None:
    spans = (f"since={DAY}&until=2020-01-01", "since=2010-01-01&until=2026-01-01", "since=x")

    assert [sent_door.see(f"/results/win_back?{span}").status for span in spans] == [404] * 3
    assert sent_door.see("/results/nonsense").status == 409


def test_what_was_counted_is_told_for_a_while_and_then_counted_anew() -> None:
    now, counts = 0.0, iter(range(9))
    kept = Kept[int](TTLCache(2, 60, lambda: now))

    def ask(question: str) -> int:
        return kept.answer(question, lambda: next(counts))

    assert [ask("a"), ask("b"), ask("a"), ask("b")] == [0, 1, 0, 1]
    now = 61.0
    assert [ask("a"), ask("c"), ask("b")] == [2, 3, 4], "old, new, and old"
    assert ask("a") == 5, "only the last two are kept"


def test_of_those_who_ask_the_same_at_once_one_counts_and_the_others_wait() -> None:
    kept, counts, asked = Kept[int](TTLCache(2, 60)), count(), Barrier(3)

    def count_slowly() -> int:
        sleep(0.2)  # the others ask meanwhile; whoever comes later is told the same
        return next(counts)

    def ask(_: int) -> int:
        asked.wait()
        return kept.answer("a", count_slowly)

    with ThreadPoolExecutor(3) as people:
        assert list(people.map(ask, range(3))) == [0, 0, 0]


def test_who_waits_for_a_count_that_fails_counts_anew() -> None:
    kept, asked = Kept[int](TTLCache(2, 60)), Barrier(2)
    first = iter((True, False))

    def count_or_fail() -> int:
        sleep(0.1)
        if next(first):
            msg = "the lake is away"
            raise LakeError(msg)
        return 1

    def ask(_: int) -> int | str:
        asked.wait()
        try:
            return kept.answer("a", count_or_fail)
        except LakeError as error:
            return str(error)

    with ThreadPoolExecutor(2) as people:
        assert set(people.map(ask, range(2))) == {"the lake is away", 1}


def test_the_page_says_when_it_was_counted(sent_door: Door) -> None:
    pages = {sent_door.see(f"/results/win_back?{SPAN}").text for _ in range(2)}

    assert len(pages) == 1
    assert re.search(r"Counted at \d\d:\d\d:\d\d", pages.pop())
