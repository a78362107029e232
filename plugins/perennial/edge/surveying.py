"""/s/…: one question. What the link says is only a suggestion; a vote is what somebody sends off from the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from perennial.edge.forms import first
from perennial.edge.link_pages import LinkPages, Opened
from perennial.ledger.answering import COMMENT_FOR, LONGEST_COMMENT
from perennial.ledger.values import Answer, KnownMessage
from perennial.model.surveys import PURPOSES, SCORES, is_low
from perennial.model.words import SurveyScale
from perennial.steps.answering import PREFERENCES

_SCALES = {purpose: scale for scale, purpose in PURPOSES.items()}


def survey_routes(links: LinkPages) -> list[Route]:
    """The page behind a survey's links. The link's signature says which scale it is."""
    page = _Surveying(links)
    path, purposes = "/s/{token}", tuple(_SCALES)
    return [
        Route(path, links.handling(purposes, page.show), methods=["GET"]),
        Route(path, links.handling(purposes, page.take), methods=["POST"]),
    ]


class _Surveying:
    def __init__(self, links: LinkPages) -> None:
        self._links = links
        self._perennial = links.perennial

    async def show(self, request: Request, opened: Opened) -> Response:
        answer = await self._links.work(self._perennial.answer_of, opened.key)
        if answer is not None:
            return self._answered(opened, answer, repeated=True)
        score = _score(request.query_params.get("score"), _SCALES[opened.purpose])
        return self._question(opened, score)

    async def take(self, request: Request, opened: Opened) -> Response:
        form = await self._links.form(request, opened)
        if isinstance(form, Response):
            return form
        if refused := self._links.refused(request, opened):
            return refused
        message = await self._links.work(self._perennial.message, opened.key)
        if message is None:
            return self._links.pages.trouble("message", opened.locale, status=404)
        before = await self._links.work(self._perennial.answer_of, opened.key)
        score = _score(first(form, "score"), _SCALES[opened.purpose])
        comment = (first(form, "comment") or "").replace("\r\n", "\n")
        if before is None and score is None:
            return self._question(opened, None, comment=comment, fault=True)
        return await self._keep(opened, message, before, score, comment)

    async def _keep(
        self,
        opened: Opened,
        message: KnownMessage,
        before: Answer | None,
        score: int | None,
        comment: str,
    ) -> Response:
        stands = await self._links.work(
            self._perennial.answer,
            message,
            scale=before.scale if before else _SCALES[opened.purpose],
            score=before.score if before else score or 0,
            comment=comment,
        )
        changed = score is not None and score != stands.score
        return self._answered(opened, stands, repeated=before is not None and changed)

    def _question(
        self, opened: Opened, chosen: int | None, *, comment: str = "", fault: bool = False
    ) -> Response:
        scale = _SCALES[opened.purpose]
        return self._links.pages.page(
            "survey",
            opened.locale,
            status=422 if fault else 200,
            scale=scale,
            scores=SCORES[scale],
            chosen=chosen,
            comment=comment[:LONGEST_COMMENT],
            fault=fault,
        )

    def _answered(self, opened: Opened, answer: Answer, *, repeated: bool) -> Response:
        return self._links.pages.page(
            "answered",
            opened.locale,
            scale=answer.scale,
            score=answer.score,
            comment=answer.comment or "",
            low=is_low(answer.scale, answer.score),
            repeated=repeated,
            open=datetime.now(UTC) < answer.at + COMMENT_FOR - timedelta(minutes=5),
            preferences=self._links.path_to("p", PREFERENCES, opened),
        )


def _score(text: str | None, scale: SurveyScale) -> int | None:
    """A score that is on the scale."""
    known = {str(score): score for score in SCORES[scale]}
    return known.get(text or "")
