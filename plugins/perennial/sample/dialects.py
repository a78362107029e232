"""How shops elsewhere would export the sample shop: their words, their code page, their commas and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Dialect(StrEnum):
    """Whose export it looks like."""

    SPANISH = "spanish"
    RUSSIAN = "russian"


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """A dialect: the files with their columns, by the sample shop's own names, and words in place of its words."""

    encoding: str
    date: str
    delimiter: str
    tables: Mapping[str, tuple[str, Mapping[str, str]]]
    words: Mapping[str, Mapping[str, str]]


_SPANISH = Spelling(
    encoding="cp1252",
    date="%d/%m/%Y",
    delimiter=";",
    tables={
        "customers": (
            "clientes.csv",
            {
                "customer_id": "cliente",
                "first_name": "nombre",
                "last_name": "apellidos",
                "email": "correo",
                "phone": "móvil",
                "birth_date": "fecha de nacimiento",
                "language": "idioma",
                "timezone": "zona horaria",
                "country": "país",
                "region": "provincia",
                "postal_code": "código postal",
                "signed_up_at": "alta",
                "updated_at": "modificado",
            },
        ),
        "products": (
            "articulos.csv",
            {
                "product_id": "referencia",
                "name": "denominación",
                "category": "familia",
                "department": "sección",
                "price_cents": "precio",
                "url": "enlace",
                "updated_at": "modificado",
            },
        ),
        "orders": (
            "pedidos.csv",
            {
                "order_id": "nº pedido",
                "customer_id": "cliente",
                "ordered_at": "fecha",
                "status": "estado",
                "delivered_at": "fecha de entrega",
                "return_state": "devolución",
                "discount_cents": "descuento",
                "total_cents": "importe",
                "updated_at": "modificado",
            },
        ),
        "order_lines": (
            "lineas_pedido.csv",
            {
                "order_id": "nº pedido",
                "line_no": "línea",
                "product_id": "referencia",
                "quantity": "cantidad",
                "amount_cents": "importe",
                "updated_at": "modificado",
            },
        ),
        "points_entries": (
            "puntos.csv",
            {
                "entry_id": "movimiento",
                "customer_id": "cliente",
                "kind": "tipo",
                "points": "puntos",
                "happened_at": "fecha",
                "expires_on": "caducidad",
                "order_id": "nº pedido",
                "updated_at": "modificado",
            },
        ),
        "consents": (
            "consentimientos.csv",
            {
                "consent_id": "número",
                "customer_id": "cliente",
                "channel": "canal",
                "topic": "finalidad",
                "state": "estado",
                "happened_at": "fecha",
                "source": "origen",
                "updated_at": "modificado",
            },
        ),
    },
    words={
        "status": {
            "placed": "pendiente",
            "shipped": "enviado",
            "delivered": "entregado",
            "cancelled": "anulado",
            "refunded": "devuelto",
        },
        "return_state": {"open": "abierta", "closed": "cerrada"},
        "kind": {
            "earned": "ganados",
            "redeemed": "canjeados",
            "expired": "caducados",
            "adjusted": "ajuste",
        },
        "channel": {"email": "correo", "sms": "mensaje"},
        "topic": {"offers": "publicidad", "loyalty": "puntos", "feedback": "encuestas"},
        "state": {"granted": "concedido", "withdrawn": "retirado"},
    },
)
_RUSSIAN = Spelling(
    encoding="cp1251",
    date="%d.%m.%Y",
    delimiter=";",
    tables={
        "customers": (
            "klienty.csv",
            {
                "customer_id": "Код клиента",
                "first_name": "Имя",
                "last_name": "Фамилия",
                "email": "Эл. почта",
                "phone": "Телефон",
                "birth_date": "Дата рождения",
                "language": "Язык",
                "country": "Страна",
                "region": "Регион",
                "signed_up_at": "Дата регистрации",
                "updated_at": "Изменён",
            },
        ),
        "orders": (
            "zakazy.csv",
            {
                "order_id": "Номер заказа",
                "customer_id": "Клиент",
                "ordered_at": "Дата",
                "status": "Статус",
                "currency": "Валюта",
                "discount_cents": "Скидка",
                "total_cents": "Сумма",
                "updated_at": "Изменён",
            },
        ),
    },
    words={
        "status": {
            "placed": "Новый",
            "shipped": "Отправлен",
            "delivered": "Доставлен",
            "cancelled": "Отменён",
            "refunded": "Возврат",
        },
    },
)
SPELLINGS: Mapping[Dialect, Spelling] = {Dialect.SPANISH: _SPANISH, Dialect.RUSSIAN: _RUSSIAN}
