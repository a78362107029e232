"""What the pages of the Studio share: who asks is known, what they may do is checked, and what goes wrong is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from perennial.errors import PerennialError
from perennial.steps.services import Perennial
from perennial.studio.airflow_api import Airflow
from perennial.studio.office import Office
from perennial.studio.pages import Pages
from perennial.studio.protecting import HEADERS, LARGEST_FORM, comes_from_us
from perennial.studio.visitors import Login, NotSignedIn, Right, Visitor

Answer = TypeVar("Answer")
Page = Callable[[Request, Visitor], Awaitable[Response]]
Action = Callable[[Request, Visitor, FormData], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Room:
    """Makes routes of pages and actions, and hands them what they need."""

    office: Office
    pages: Pages
    airflow: Airflow
    login: Login
    secret: str

    def page(self, path: str, show: Page, *, right: Right = Right.LOOK) -> Route:
        """A page that changes nothing."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, right, lambda visitor: show(request, visitor))

        return Route(path, answer, methods=["GET"])

    def action(self, path: str, act: Action, *, right: Right) -> Route:
        """What a form does; it is noted in the audit log by the step that does it, with the visitor's name."""

        async def answer(request: Request) -> Response:
            async def proven(visitor: Visitor) -> Response:
                form = await _form(request)
                if not comes_from_us(request, form, visitor, self.secret):
                    raise HTTPException(
                        403, "This form is not one of ours, or too old. Load the page again."
                    )
                return await act(request, visitor, form)

            return await self._answer(request, right, proven)

        return Route(path, answer, methods=["POST"])

    async def ask(self, question: Callable[[Perennial], Answer]) -> Answer:
        """What the installation says."""
        return await self.office.ask(question)

    def later(self, question: Callable[[Perennial], None]) -> None:
        """Has the installation do something that nobody waits for."""
        self.office.later(question)

    def back(self, request: Request, path: str, *, said: str) -> Response:
        """To a page of the Studio after something was done, which says what."""
        root = request.scope.get("root_path", "")
        joint = "&" if "?" in path else "?"
        return RedirectResponse(f"{root}{path}{joint}{urlencode({'said': said})}", status_code=303)

    async def _answer(
        self, request: Request, right: Right, then: Callable[[Visitor], Awaitable[Response]]
    ) -> Response:
        try:
            visitor = await self.login.visitor(request)
        except NotSignedIn:
            return _sealed(PlainTextResponse("Sign in to Airflow first.", status_code=401))
        if not visitor.may(right):
            return _sealed(self._trouble(request, visitor, 403, _WITHOUT[right]))
        try:
            response = await then(visitor)
        except HTTPException as refused:
            response = self._trouble(request, visitor, refused.status_code, refused.detail)
        except PerennialError as error:
            response = self._trouble(request, visitor, 409, str(error))
        return _sealed(response)

    def _trouble(self, request: Request, visitor: Visitor, status: int, why: str) -> Response:
        return self.pages.page("trouble", request, visitor, status=status, why=why)


_WITHOUT = {
    Right.LOOK: "Your Airflow account may not see DAGs, so it may not see the Studio.",
    Right.OPERATE: "Your Airflow account may look, but not test, trigger, edit or approve.",
    Right.STEWARD: "This needs a steward: an Airflow account that may change pools.",
}


async def _form(request: Request) -> FormData:
    length = request.headers.get("Content-Length", "")
    if not length.isdigit() or int(length) > LARGEST_FORM:
        raise HTTPException(413, "The form is too large.")
    return await request.form(max_files=0, max_fields=2_000)


def _sealed(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
