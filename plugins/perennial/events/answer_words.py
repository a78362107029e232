"""What people text back, as data: the words and turns of phrase that mean something, by language.

A phrase is written as people write it. `a|b` is either, `stem*` any ending, and … up to four words of anything.
Case, accents, punctuation, look-alike letters and doubled letters make no difference (understanding.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Phrases = Mapping[str, Sequence[str]]

STOP_WORDS: Phrases = {
    "en": (
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"),
        *("unsub", "remove", "spam", "not interested", "no thanks", "no thank you", "no more"),
    ),
    "es": (
        *("alto", "baja", "parar", "cancelar", "para", "pare", "paren", "detener", "detente"),
        *("terminar", "fin", "basta", "salir", "anular", "desuscribir", "desuscribirme"),
        *("no gracias", "no mas", "ya no"),
    ),
    "ru": (
        # The one in Latin letters is typed where the keyboard was not changed in time.
        *("стоп", "ctop", "отписаться", "отписка", "отмена", "отменить", "хватит", "конец"),
        *("прекратить", "прекратите", "удалить", "удалите", "спам", "нет спасибо", "не надо"),
    ),
}
"""A message of nothing else refuses."""

_EN_SENDING = "text|texting|txt|message|messaging|contact|write|email|call|send|bother|spam"
_EN_SENT = "text|texts|message|messages|msg|msgs|sms|offers|ads|spam"
_ES_SEND = (
    "escriban|escribas|escriba|escribir|manden|mandes|mande|mandar|envien|envies|envie|enviar|contacten|contactes"
    "|contacte|contactar|molesten|molestes|moleste|molestar|texteen|textees|llamen|llames|llame"
)
_ES_SENT = "mensaje|mensajes|texto|textos|sms|publicidad|promociones|ofertas"
_RU_SEND = (
    "пиши|пишите|присылай|присылайте|посылай|посылайте|шли|шлите|отправляй|отправляйте|высылай|высылайте|беспокой"
    "|беспокойте|звони|звоните|тревожь|тревожьте|спамь|спамьте"
)
_RU_SENDING = "писать|присылать|посылать|слать|отправлять|высылать|беспокоить|звонить|спамить"
_RU_SENT = "рассыл*|подписк*|смс|sms|сообщени*|реклам*|спам*"

REFUSALS: Phrases = {
    "en": (
        "stop|stopall",
        "unsub|unsubscribe|unsubscribed|unsubscribing",
        "opt|opting … out",
        "optout",
        f"dont|not|never {_EN_SENDING}",
        f"dont|not want|wish|need … {_EN_SENT}",
        "dont|not want|wish to|you … hear|receive|text|texting|contact|contacted|texted",
        f"no more {_EN_SENT}",
        f"quit|cease {_EN_SENDING}",
        f"cancel|end … subscription|alerts|{_EN_SENT}",
        "remove|delete|erase|take me|us",
        "remove|delete|erase|take … number|list|database",
        "lose|forget my number",
        "leave me|us alone",
        "wrong number|person",
        "i revoke",
        "revoke … consent|permission",
        "go away",
    ),
    "es": (
        "stop",
        "desuscrib*|desinscrib*",
        "dar|darme|darnos|dame|denme|deme|dese|quiero|solicito|pido … baja",
        "de baja",
        f"no me|nos {_ES_SEND}",
        f"no {_ES_SEND}",
        f"no mas {_ES_SENT}",
        f"no quiero|deseo … recibir|saber|{_ES_SENT}",
        "no me interesa*",
        "no estoy interesad*",
        "dejen|deje|deja|dejad|paren|pare|para|parad de … escrib*|mand*|envi*|molest*|llam*|texte*",
        "dejen|dejenme|dejame|deje|dejeme … en paz",
        "basta de|ya",
        "ya basta",
        "borren|borre|borra|eliminen|elimine|elimina|quiten|quite|quita|saquen|saque|saca … numero|lista|telefono|datos",
        "elimineme|eliminenme|borreme|borrenme|quiteme|quitenme|saqueme|saquenme",
        f"cancelar|cancelen|cancele|cancela … suscripcion|alertas|{_ES_SENT}",
        "numero equivocado",
        "equivoc* de numero",
        "revoco|retiro … consentimiento|permiso",
    ),
    "ru": (
        "стоп",
        "отпис*|отпиш*",
        f"не … {_RU_SEND}",
        f"не надо|нужно|стоит|хочу|смейте … {_RU_SENDING}|{_RU_SENT}",
        f"не хочу|желаю … получать|{_RU_SENT}",
        "больше не надо|нужно",
        "не интерес*",
        f"прекрат*|перестан*|хватит|довольно … {_RU_SENDING}|{_RU_SENT}",
        "удалите|удали|уберите|убери|исключите|вычеркните … меня|номер|рассылк*|списк*|базы",
        f"отмените|отмени|отменить|отключите|отключи|отключить … {_RU_SENT}",
        f"без|нет {_RU_SENT}",
        "отстаньте|отстань|отвяжитесь",
        "оставьте … покое",
        "не тот номер",
        "ошиблись|ошибл* … номер*",
        "номер* ошиб*",
        "отзываю … согласие|разрешение",
    ),
}
"""Wherever one of these stands in a message, the message refuses."""

START_WORDS: Phrases = {
    "en": ("start", "unstop", "resume", "subscribe", "optin"),
    "es": ("alta", "reanudar", "comenzar", "suscribir", "suscribirme", "dar de alta"),
    "ru": ("старт", "подписаться", "подписка", "возобновить", "начать"),
}
"""A message of nothing else lets texts come again. `yes`, which Twilio takes for it, answers too many questions."""

HELP_WORDS: Phrases = {
    "en": ("help", "info"),
    "es": ("ayuda", "informacion", "ayudame"),
    "ru": ("помощь", "помогите", "справка", "инфо"),
}
"""A message of nothing else asks who writes."""

POLITE_WORDS: Phrases = {
    "en": ("please", "pls", "plz", "thanks", "thank", "you", "thx", "now", "ok", "hi", "hello"),
    "es": ("por", "favor", "gracias", "ya", "ahora", "hola"),
    "ru": ("пожалуйста", "пжл", "плиз", "спасибо", "сейчас", "ок", "здравствуйте", "привет"),
}
"""These change nothing beside a word that means something."""
