"""The sentences that tell a policy, in each language: a text, or one text for each plural form of its `n`."""

from __future__ import annotations

from collections.abc import Mapping

from perennial.model.words import Channel

Sentence = str | Mapping[str, str]

WEEKDAYS: dict[str, tuple[str, ...]] = {
    "en": ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábados", "domingos"),
    "ru": (
        *("понедельникам", "вторникам", "средам", "четвергам", "пятницам"),
        *("субботам", "воскресеньям"),
    ),
}

CHANNELS: dict[str, dict[Channel | None, str]] = {
    "en": {
        None: "messages",
        Channel.EMAIL: "emails",
        Channel.SMS: "text messages",
        Channel.WHATSAPP: "WhatsApp messages",
    },
    "es": {
        None: "los mensajes",
        Channel.EMAIL: "los correos electrónicos",
        Channel.SMS: "los mensajes de texto",
        Channel.WHATSAPP: "los mensajes de WhatsApp",
    },
    "ru": {
        None: "сообщения",
        Channel.EMAIL: "электронные письма",
        Channel.SMS: "СМС",
        Channel.WHATSAPP: "сообщения в WhatsApp",
    },
}

SENTENCES: dict[str, dict[str, Sentence]] = {
    "en": {
        "title": "Who may be written to",
        "who": "Who",
        "consent": (
            "Nobody is written to without consent for the channel and the topic, nor at an address on the"
            " suppression list."
        ),
        "double_opt_in": (
            "Whoever agrees to emails{place} from {start} on gets none until they confirm the address by a link, within"
            " {days}."
        ),
        "soft_opt_in": (
            "Offers by email also go without consent to customers who have ordered and have said neither yes nor no to"
            " any emails, for so long after the order: {places}."
        ),
        "soft_opt_in_place": "{country} ({days})",
        "soft_opt_in_until": "{days}, only before {start}",
        "holdout": "{share} of customers are left out of everything, to measure what all of it changes.",
        "sunset": {
            "one": (
                "Promotional messages end for whoever has not opened, clicked, ordered or agreed for {n} day."
            ),
            "other": (
                "Promotional messages end for whoever has not opened, clicked, ordered or agreed for {n} days."
            ),
        },
        "how_often": "How often",
        "none": "Nobody gets promotional messages.",
        "per_day": {
            "one": "In any 24 hours, a person gets at most {n} promotional message.",
            "other": "In any 24 hours, a person gets at most {n} promotional messages.",
        },
        "per_week": {
            "one": "In any 7 days, it is at most {n}, over all campaigns and channels.",
            "other": "In any 7 days, it is at most {n}, over all campaigns and channels.",
        },
        "discounts": {
            "one": "In any 30 days, at most {n} message with a discount reaches a person.",
            "other": "In any 30 days, at most {n} messages with a discount reach a person.",
        },
        "no_discounts": "Nobody gets messages with a discount.",
        "mix": "Of any {n} messages in a row to a person, {discounts}; what is older than {days} does not count.",
        "with_discount": {
            "one": "at most {n} has a discount",
            "other": "at most {n} have a discount",
        },
        "days": {"one": "{n} day", "other": "{n} days"},
        "brake": (
            "Promotional emails to a mailbox provider are slowed when {slow} of them are marked as spam, and stop at"
            " {stop}, counted over {days}."
        ),
        "warm_up": (
            "{domain} is a new sender: from {start} on, {first} emails leave from it on the first day and, after a rise"
            " over {days}, {last} on the last; the rest wait or fall away. Then any number leaves."
        ),
        "surveys": {
            "one": "At least {n} day passes between two surveys.",
            "other": "At least {n} days pass between two surveys.",
        },
        "when": "When",
        "hours": "Messages leave from {opens} to {closes} on the customer's own clock; what is too early or too late waits.",
        "places": "Where a customer may live in several places, all of them must allow it.",
        "rule": "{name}: {messages}{place} leave only from {opens} to {closes}{days}.",
        "closed": "{name}: {messages}{place} do not leave{days}.",
        "weekdays": "on {days}",
        "dates": "on {days}",
        "date": "{date}",
        "and": " and ",
        "nor": " or ",
        "since": "From {start} on.",
        "between": "From {start} to {end}.",
        "how_much": "How much",
        "together": "In a calendar month, all campaigns together spend at most {limit}.",
        "campaign": "The campaign {name} spends at most {limit} of it.",
        "segments": {"one": "{n} text message segment", "other": "{n} text message segments"},
        "limits": "{money} and {segments}",
        "beyond": "Beyond that nobody is written to; the most valuable customers go first.",
    },
    "es": {
        "title": "A quién se puede escribir",
        "who": "A quién",
        "consent": (
            "No se escribe a nadie sin su consentimiento para ese canal y ese tema, ni a una dirección que esté"
            " en la lista de exclusión."
        ),
        "double_opt_in": (
            "Quien acepta recibir correos{place} a partir del {start} no recibe ninguno hasta que confirma la"
            " dirección con un enlace, en un plazo de {days}."
        ),
        "soft_opt_in": (
            "Las ofertas por correo llegan también sin consentimiento a los clientes que han hecho un pedido y no han"
            " dicho ni sí ni no a ningún correo, durante este tiempo tras el pedido: {places}."
        ),
        "soft_opt_in_place": "{country} ({days})",
        "soft_opt_in_until": "{days}, solo antes del {start}",
        "holdout": "El {share} de los clientes no recibe nada, para medir el efecto de todo lo demás.",
        "sunset": {
            "one": (
                "Quien lleva {n} día sin abrir un mensaje, pulsar un enlace, comprar ni dar su consentimiento"
                " deja de recibir mensajes promocionales."
            ),
            "other": (
                "Quien lleva {n} días sin abrir un mensaje, pulsar un enlace, comprar ni dar su consentimiento"
                " deja de recibir mensajes promocionales."
            ),
        },
        "how_often": "Con qué frecuencia",
        "none": "Nadie recibe mensajes promocionales.",
        "per_day": {
            "one": "En 24 horas, una persona recibe como máximo {n} mensaje promocional.",
            "other": "En 24 horas, una persona recibe como máximo {n} mensajes promocionales.",
        },
        "per_week": {
            "one": "En 7 días, como máximo {n}, sumando todas las campañas y todos los canales.",
            "other": "En 7 días, como máximo {n}, sumando todas las campañas y todos los canales.",
        },
        "discounts": {
            "one": "En 30 días, una persona recibe como máximo {n} mensaje con descuento.",
            "other": "En 30 días, una persona recibe como máximo {n} mensajes con descuento.",
        },
        "no_discounts": "Nadie recibe mensajes con descuento.",
        "mix": (
            "De cada {n} mensajes seguidos a una persona, {discounts}; los de hace más de {days} no cuentan."
        ),
        "with_discount": {
            "one": "como máximo {n} lleva descuento",
            "other": "como máximo {n} llevan descuento",
        },
        "days": {"one": "{n} día", "other": "{n} días"},
        "brake": (
            "Los correos promocionales a un proveedor de correo se frenan cuando el {slow} se marca como spam y se"
            " detienen con el {stop}, contado sobre {days}."
        ),
        "warm_up": (
            "{domain} es un remitente nuevo: desde el {start} salen de él {first} correos el primer día y, tras una subida"
            " de {days}, {last} el último; los demás esperan o se descartan. Después sale cualquier cantidad."
        ),
        "surveys": {
            "one": "Entre dos encuestas pasa al menos {n} día.",
            "other": "Entre dos encuestas pasan al menos {n} días.",
        },
        "when": "Cuándo",
        "hours": (
            "Los mensajes salen de {opens} a {closes}, según la hora local del cliente; los que no llegan a tiempo"
            " esperan."
        ),
        "places": "Si un cliente puede vivir en varios lugares, el envío debe estar permitido en todos ellos.",
        "rule": "{name}: {messages}{place} solo salen de {opens} a {closes}{days}.",
        "closed": "{name}: {messages}{place} no salen{days}.",
        "weekdays": "los {days}",
        "dates": "{days}",
        "date": "el {date}",
        "and": " y ",
        "nor": " ni ",
        "since": "Desde el {start}.",
        "between": "Del {start} al {end}.",
        "how_much": "Cuánto",
        "together": "En un mes natural, todas las campañas juntas gastan como máximo {limit}.",
        "campaign": "De ello, la campaña {name} gasta como máximo {limit}.",
        "segments": {
            "one": "{n} segmento de SMS",
            "many": "{n} de segmentos de SMS",
            "other": "{n} segmentos de SMS",
        },
        "limits": "{money} y {segments}",
        "beyond": "Más allá de eso no se escribe a nadie; los clientes más valiosos van primero.",
    },
    "ru": {
        "title": "Кому можно писать",
        "who": "Кому",
        "consent": (
            "Никому не пишут без согласия на этот канал и эту тему; на адреса из стоп-листа тоже не пишут."
        ),
        "double_opt_in": (
            "Кто согласился на письма{place} с {start} или позже, не получает их, пока не подтвердит адрес по ссылке;"
            " срок — не больше {days}."
        ),
        "soft_opt_in": (
            "Предложения по почте без согласия получают и клиенты, которые сделали заказ и ни на какие письма не"
            " соглашались и ни от каких не отказывались; срок после заказа: {places}."
        ),
        "soft_opt_in_place": "{country} (не больше {days})",
        "soft_opt_in_until": "{days}, только до {start}",
        "holdout": "{share} клиентов не получают ничего: так измеряется общий эффект.",
        "sunset": {
            "one": (
                "Кто {n} день ничего не открывал, не переходил по ссылкам, не заказывал и не давал согласия,"
                " больше не получает рекламных сообщений."
            ),
            "few": (
                "Кто {n} дня ничего не открывал, не переходил по ссылкам, не заказывал и не давал согласия,"
                " больше не получает рекламных сообщений."
            ),
            "many": (
                "Кто {n} дней ничего не открывал, не переходил по ссылкам, не заказывал и не давал согласия,"
                " больше не получает рекламных сообщений."
            ),
        },
        "how_often": "Как часто",
        "none": "Рекламных сообщений не получает никто.",
        "per_day": {
            "one": "За любые 24 часа человек получает не больше {n} рекламного сообщения.",
            "other": "За любые 24 часа человек получает не больше {n} рекламных сообщений.",
        },
        "per_week": "За любые 7 дней — не больше {n}, по всем кампаниям и каналам вместе.",
        "discounts": {
            "one": "За любые 30 дней человек получает не больше {n} сообщения со скидкой.",
            "other": "За любые 30 дней человек получает не больше {n} сообщений со скидкой.",
        },
        "no_discounts": "Сообщений со скидкой не получает никто.",
        "mix": {
            "one": "Из любого {n} сообщения подряд {discounts}; то, чему больше {days}, не считается.",
            "other": "Из любых {n} сообщений подряд {discounts}; то, чему больше {days}, не считается.",
        },
        "with_discount": "скидку содержат не больше {n}",
        "days": {"one": "{n} дня", "other": "{n} дней"},
        "brake": (
            "Рекламные письма почтовой службе притормаживаются, когда спамом помечены {slow} из них, и прекращаются при"
            " {stop}; учитывается период: {days}."
        ),
        "warm_up": (
            "{domain} — новый отправитель: с {start} в первый день с него уходит писем: {first}, затем число растёт в"
            " течение {days}, и в последний день уходит {last}; остальные ждут или снимаются. После этого число не"
            " ограничено."
        ),
        "surveys": {
            "one": "Между двумя опросами проходит не меньше {n} дня.",
            "other": "Между двумя опросами проходит не меньше {n} дней.",
        },
        "when": "Когда",
        "hours": (
            "Сообщения уходят с {opens} до {closes} по местному времени клиента; то, что не попадает в эти часы,"
            " ждёт."
        ),
        "places": "Если клиент может жить в нескольких местах, отправка должна быть разрешена в каждом из них.",
        "rule": "{name}: {messages}{place} уходят{days} только с {opens} до {closes}.",
        "closed": "{name}: {messages}{place} не уходят{days}.",
        "weekdays": "по {days}",
        "dates": "{days}",
        "date": "{date}",
        "and": " и ",
        "nor": " и ",
        "since": "С {start}.",
        "between": "С {start} по {end}.",
        "how_much": "Сколько",
        "together": "За календарный месяц все кампании вместе расходуют не больше {limit}.",
        "campaign": "В том числе кампания {name} — не больше {limit}.",
        "segments": {"one": "{n} сегмента СМС", "other": "{n} сегментов СМС"},
        "limits": "{money} и {segments}",
        "beyond": "Сверх этого не пишут никому; первыми идут самые ценные клиенты.",
    },
}
