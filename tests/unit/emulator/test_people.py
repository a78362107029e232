"""Recipients answer as people do: by the button of their mail program, by pages and by texts, the same in every run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from perennial.emulator.forms import read_page
from perennial.emulator.options import Habits, Options
from perennial.emulator.serving import Emulator
from provider_client import Client, mail, person
from webhook_sink import Sink

PUBLIC = "https://shop.example"
SURVEY = """<html lang="es"><form method="get"><input name="score" type="radio" value="9"></form>
<form method="post" action="?lang=es"><input type="hidden" name="token" value="t1">
<input type="radio" name="score" value="1"><input type="radio" name="score" value="2">
<input type="radio" name="score" value="3"><input type="radio" name="score" value="4">
<input type="radio" name="score" value="5" checked><textarea name="comment"></textarea>
<button name="do" value="answer">Enviar</button></form></html>"""
FAREWELL = """<html lang="en"><form method="post" action="?lang=en">
<button name="do" value="unsubscribe">Stop</button></form></html>"""


@dataclass(kw_only=True)
class Shop(Sink):
    """The shop's web server: what people looked at, and what they posted."""

    looked_at: list[str] = field(default_factory=list)

    async def show(self, request: web.Request) -> web.Response:
        self.looked_at.append(request.path_qs)
        page = SURVEY if request.path.startswith("/s/") else FAREWELL
        return web.Response(text=page, content_type="text/html")


@asynccontextmanager
async def open_shop() -> AsyncIterator[Shop]:
    shop = Shop()
    app = web.Application()
    app.router.add_get("/{rest:.*}", shop.show)
    app.router.add_post("/{rest:.*}", shop.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield shop
    await runner.cleanup()


def play(act: Callable[[Client, Shop], Awaitable[Any]], **habits: float) -> Shop:
    """What people have done at the shop after `act(client, shop)`."""

    async def run() -> Shop:
        async with open_shop() as shop, aiohttp.ClientSession() as session:
            options = Options(
                forward={PUBLIC: shop.url},
                habits=Habits(**habits),
                inbound_url=f"{PUBLIC}/inbound",
            )
            async with Emulator(options) as emulator:
                await act(Client(emulator, session), shop)
                await emulator.settled()
            return shop

    return asyncio.run(run())


async def survey(client: Client, _: Shop) -> None:
    links = "".join(f'<a href="{PUBLIC}/s/token?score={n}">{n}</a>' for n in range(1, 6))
    await send(client, links)


async def send(client: Client, html: str, *keys: str) -> None:
    header = {"List-Unsubscribe": f"<mailto:a@shop.example>, <{PUBLIC}/u/token>"}
    people = [person(key, headers=header) for key in keys or ("k1",)]
    content = [{"type": "text/html", "value": f"<p>Hello</p>{html}"}]
    sent = await client.send_mail(mail(personalizations=people, content=content))
    assert sent.status == 202


def test_the_button_of_the_mail_program_posts_to_the_link_of_the_header() -> None:
    shop = play(lambda client, _: send(client, ""), one_click=1)

    (post,) = shop.posts
    assert (post.path, post.form) == ("/u/token", {"List-Unsubscribe": "One-Click"})
    assert shop.looked_at == []


def test_who_goes_to_the_page_sends_off_its_form() -> None:
    shop = play(lambda client, _: send(client, ""), unsubscribed=1)

    (post,) = shop.posts
    assert shop.looked_at == ["/u/token"]
    assert (post.path, post.query, post.form) == (
        "/u/token",
        {"lang": "en"},
        {"do": "unsubscribe"},
    )


def test_who_answers_follows_the_link_of_a_score_and_sends_off_the_form_with_it() -> None:
    shop = play(survey, answered=1)

    (post,), (link,) = shop.posts, shop.looked_at
    score = link.removeprefix("/s/token?score=")
    assert post.form == {"score": score, "token": "t1", "do": "answer"}
    assert score in {"3", "4", "5"}


def test_who_was_served_badly_says_why_in_the_language_of_the_page() -> None:
    shop = play(survey, answered=1, dissatisfied=1)

    (post,) = shop.posts
    assert post.form["score"] in {"1", "2"}
    assert post.form["comment"].startswith(("Llegó", "Dos"))


def test_who_leaves_does_not_answer() -> None:
    shop = play(survey, answered=1, one_click=1)

    assert [post.path for post in shop.posts] == ["/u/token"]


def test_an_email_without_a_question_is_not_answered() -> None:
    async def act(client: Client, _: Shop) -> None:
        await send(client, f'<a href="{PUBLIC}/s/token">a link</a>')

    assert play(act, answered=1).posts == []


def test_a_text_is_answered_by_its_link_or_by_stop() -> None:
    async def act(client: Client, _: Shop) -> None:
        words = f"Rate us: {PUBLIC}/s/token. Reply STOP to end"
        assert (await client.send_text(Body=words)).status == 201

    (answer,) = play(act, answered=1).posts
    (stop,) = play(act, answered=1, stopped=1).posts

    assert answer.path == "/s/token"
    assert (stop.path, stop.form["Body"]) == ("/inbound", "STOP")
    assert "X-Twilio-Signature" in stop.headers


def test_nobody_reaches_beyond_this_machine() -> None:
    async def act(client: Client, _: Shop) -> None:
        links = "".join(f'<a href="https://elsewhere.example/s?score={n}">{n}</a>' for n in (1, 5))
        await send(client, links)

    shop = play(act, answered=1)

    assert (shop.posts, shop.looked_at) == ([], [])


def test_the_same_seed_has_the_same_answers_in_any_order() -> None:
    keys = [f"k{n}" for n in range(40)]

    def answers(order: list[str]) -> set[tuple[str, str]]:
        async def act(client: Client, _: Shop) -> None:
            for key in order:
                link = f'<a href="{PUBLIC}/s/{key}?score=5">5</a>'
                await send(client, link, key)

        return {(post.path, post.form["score"]) for post in play(act, answered=0.4).posts}

    assert 5 < len(answers(keys)) < 35
    assert answers(keys) == answers(keys[::-1])


@pytest.mark.parametrize(
    "html", ["", "<form>", "<form method=post><input><button></form>", "\x00<"]
)
def test_a_page_that_is_none_has_nothing_to_send_off(html: str) -> None:
    page = read_page(html, PUBLIC)

    assert all(not form.choices and not form.buttons for form in page.forms)
