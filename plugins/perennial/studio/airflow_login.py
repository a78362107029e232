"""Airflow's login for the Studio: the one place of it that speaks to Airflow's own code."""

from __future__ import annotations

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import get_user
from airflow.configuration import conf
from fastapi import HTTPException
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import SecretStr
from starlette.requests import Request

from perennial.studio.visitors import NotSignedIn, Right, Visitor

_BEARER = "bearer "


class AirflowLogin:
    """Whoever has signed in to Airflow, by its cookie or its token; rights are those that its auth manager gives."""

    async def visitor(self, request: Request) -> Visitor:
        """Who asks.

        Raises:
            NotSignedIn: nobody whom Airflow knows.
        """
        token = _bearer_token(request)
        given = HTTPAuthorizationCredentials(scheme="Bearer", credentials=token) if token else None
        try:
            user = await get_user(request, token, given)
        except HTTPException as refused:
            raise NotSignedIn(refused.detail) from None
        manager = get_auth_manager()
        rights = {
            Right.LOOK: manager.is_authorized_dag(method="GET", user=user),
            Right.OPERATE: manager.is_authorized_dag(
                method="POST", access_entity=DagAccessEntity.RUN, user=user
            ),
            Right.STEWARD: manager.is_authorized_pool(method="PUT", user=user),
        }
        return Visitor(
            name=user.get_name(),
            rights=frozenset(right for right, given in rights.items() if given),
            token=SecretStr(token or request.cookies.get(COOKIE_NAME_JWT_TOKEN) or ""),
        )


def _bearer_token(request: Request) -> str | None:
    header = request.headers.get("Authorization", "")
    return header[len(_BEARER) :] if header.lower().startswith(_BEARER) else None


def api_address() -> str:
    """Where Airflow's own API answers, as its configuration says."""
    address: str = conf.get("api", "base_url", fallback="http://127.0.0.1:8080")
    return address
