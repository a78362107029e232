"""What a person who texts STOP, START or HELP is answered, in the language of the word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from xml.sax.saxutils import escape

from perennial.events.understanding import Understood, Wish
from perennial.model.shop import Shop
from perennial.model.words import Channel

MEDIA_TYPE = "text/xml"
SILENCE = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

_CHANNELS: Mapping[str, Mapping[Channel, str]] = MappingProxyType(
    {
        "en": {Channel.SMS: "texts", Channel.WHATSAPP: "WhatsApp messages"},
        "es": {Channel.SMS: "SMS", Channel.WHATSAPP: "mensajes de WhatsApp"},
        "ru": {Channel.SMS: "SMS", Channel.WHATSAPP: "сообщений в WhatsApp"},
    }
)
# Each says whose it is, and in English and Spanish stays within one text for a name and a contact of 25 signs each.
_REPLIES: Mapping[str, Mapping[Wish, str]] = MappingProxyType(
    {
        "en": {
            Wish.STOP: "{shop}: you will get no more {texts} from us. Reply START if you change your mind.",
            Wish.START: "{shop}: you can get {texts} from us again. Reply STOP to end them, HELP for help.",
            Wish.HELP: "{shop}: news about your orders, points and offers. Contact: {contact}. Reply STOP to get no more.",
        },
        "es": {
            Wish.STOP: "{shop}: ya no le enviaremos {texts}. Si cambia de idea, responda ALTA.",
            Wish.START: "{shop}: de nuevo le enviaremos {texts}. Responda BAJA para dejarlos, AYUDA para ayuda.",
            Wish.HELP: "{shop}: sus pedidos, puntos y ofertas. Contacto: {contact}. Responda BAJA para no recibir más.",
        },
        "ru": {
            Wish.STOP: "{shop}: больше никаких {texts} от нас. Передумаете – ответьте СТАРТ.",
            Wish.START: "{shop}: вы снова можете получать от нас новости. Ответьте СТОП, чтобы отписаться.",
            Wish.HELP: "{shop}: о заказах, баллах и скидках. Связь: {contact}. Ответьте СТОП, чтобы отписаться.",
        },
    }
)


def reply_to(understood: Understood | None, channel: Channel, shop: Shop) -> str:
    """The answer in Twilio's markup, which says nothing where nothing was asked."""
    if understood is None:
        return SILENCE
    locale = understood.locale if understood.locale in shop.locales else shop.default_locale
    replies = _REPLIES.get(locale, _REPLIES["en"])
    text = replies[understood.wish].format(
        shop=shop.sms_name,
        contact=shop.reply_to or shop.website.removeprefix("https://").rstrip("/"),
        texts=_CHANNELS.get(locale, _CHANNELS["en"])[channel],
    )
    return SILENCE.replace("<Response/>", f"<Response><Message>{escape(text)}</Message></Response>")
