"""What people text back, and what is made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perennial.events.answer_words import HELP_WORDS, START_WORDS, STOP_WORDS
from perennial.events.understanding import Understood, Wish, understand

_LISTED = [
    (wish, locale, word)
    for wish, words in ((Wish.STOP, STOP_WORDS), (Wish.START, START_WORDS), (Wish.HELP, HELP_WORDS))
    for locale in words
    for word in words[locale]
]
_LOOK_ALIKES = {"A": "А", "C": "С", "E": "Е", "H": "Н", "O": "О", "P": "Р", "T": "Т", "X": "Х"}


def wish_of(text: str) -> Wish | None:
    understood = understand(text)
    return understood and understood.wish


@pytest.mark.parametrize(("wish", "locale", "word"), _LISTED)
def test_each_listed_word_is_understood_in_its_language(wish: Wish, locale: str, word: str) -> None:
    """Case 27."""
    assert understand(word) == Understood(wish=wish, locale=locale)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "STOP",
            "stop",
            "Stop.",
            " Stop! ",
            "«STOP»",
            "STOP\n",
            "stop 🙏",
            "🛑STOP🛑",
            "STOP✋🏽",
        ),
        *("s t o p", "S.T.O.P.", "S-T-O-P", "stopp", "STOOOOP", "Stop please", "pls STOP now"),
        *("STOP STOP STOP", "stop, stop", "STOP ALL", "opt out", "Opt-Out", "UN SUBSCRIBE"),
        *("ＳＴＯＰ", "🅂🅃🄾🄿", "𝐒𝐓𝐎𝐏", "st\u200bop", "\u202estop\u202c", "ST0P", "stóp"),
        *(
            "STОP",
            "ЅТОР",
            "CTOП",
            "СTOP",
            "СТОП",
            "Стоп.",
            "стоп 🛑",
            "с т о п",
            "СТОП!!!",
            "Отпишите",
        ),
        *(
            "ALTO",
            "Alto.",
            "¡BAJA!",
            "baja 🙅‍♀️",
            "Baja por favor",
            "darme de baja",
            "PARAR",
            "Cancelar",
        ),
        *("отписаться", "Отписка", "ОТМЕНА", "отмена, пожалуйста", "Отписать\u0301ся"),
    ],
)
def test_a_stop_word_is_one_however_it_is_dressed_up(text: str) -> None:
    """Case 27."""
    assert wish_of(text) is Wish.STOP


@pytest.mark.parametrize(
    ("text", "locale"),
    [
        ("Please stop texting me", "en"),
        ("I said STOP!!", "en"),
        ("don't text me anymore", "en"),
        ("DO NOT CONTACT ME", "en"),
        ("Do not ever send me this again, never text me", "en"),
        ("I don't want any more of these messages", "en"),
        ("i do not wish to receive these", "en"),
        ("no more texts", "en"),
        ("take me off your list", "en"),
        ("Remove my number from the list please", "en"),
        ("Leave me alone", "en"),
        ("Sorry, wrong number", "en"),
        ("I revoke my consent to be contacted", "en"),
        ("How do I unsubscribe?", "en"),
        ("I'd like to opt out of this", "en"),
        ("No me escriban más", "es"),
        ("no me escribas", "es"),
        ("por favor dejen de mandarme mensajes", "es"),
        ("No quiero recibir más publicidad", "es"),
        ("quiero darme de baja", "es"),
        ("ya basta", "es"),
        ("borren mi número", "es"),
        ("número equivocado", "es"),
        ("no me interesa", "es"),
        ("Не пишите мне", "ru"),
        ("не надо мне больше ничего присылать", "ru"),
        ("Больше не присылайте, пожалуйста", "ru"),
        ("прекратите рассылку", "ru"),
        ("хватит слать смс", "ru"),
        ("Отпишите меня от рассылки", "ru"),
        ("удалите мой номер из базы", "ru"),
        ("Вы ошиблись номером", "ru"),
        ("не интересует", "ru"),
        ("оставьте меня в покое", "ru"),
    ],
)
def test_a_clear_refusal_in_free_words_is_one(text: str, locale: str) -> None:
    """Case 27."""
    assert understand(text) == Understood(wish=Wish.STOP, locale=locale)


@pytest.mark.parametrize(
    "text",
    ["STOP START", "Start? No, stop.", "please don't stop", "HELP me to stop this", "стоп, старт"],
)
def test_in_doubt_the_refusal_wins(text: str) -> None:
    assert wish_of(text) is Wish.STOP


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        *(
            (said, Wish.START)
            for said in ("START", "Start.", "unstop 🙂", "ALTA", "Старт!", "ALTA por favor")
        ),
        *((said, Wish.HELP) for said in ("HELP", "help?", "AYUDA", "ПОМОЩЬ", "Помощь, пожалуйста")),
    ],
)
def test_a_start_or_help_word_is_taken_alone(text: str, wish: Wish) -> None:
    """Case 27."""
    assert wish_of(text) is wish


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "👍", "🛑", "…", "yes", "ok", "Thanks!", "Who is this?", "5", "10 out of 10"),
        *("I love your texts", "no problem", "When does my order start shipping?", "can you help me"),
        *("Cancel my order 123", "Where is the end of the road", "Remove one item from my order"),
        *("no llegó mi pedido", "La caja llegó baja de peso", "no me enviaron el pedido", "gracias por escribir"),
        *("cancela mi pedido", "no puedo entrar, me envían el enlace?", "¿a qué hora abren?"),
        *("Спасибо, всё хорошо", "Не подошёл размер", "не получила заказ", "мне не прислали заказ"),
        *("помогите выбрать подарок", "когда начать?", "алло, ничего не работает"),
    ],
)  # fmt: skip
def test_what_says_nothing_about_being_written_to_changes_nothing(text: str) -> None:
    assert understand(text) is None


@given(
    stop=st.sampled_from([word for words in STOP_WORDS.values() for word in words]),
    upper=st.booleans(),
    around=st.tuples(*[st.text(st.sampled_from(" .!?,;:-—…\n\t🛑🙏✋👎️‍\u200b\ufeff«»\"'"))] * 2),
)
def test_nothing_around_a_stop_word_hides_it(
    stop: str,
    upper: bool,  # noqa: FBT001
    around: tuple[str, str],
) -> None:
    """Case 27."""
    assert wish_of(around[0] + (stop.upper() if upper else stop) + around[1]) is Wish.STOP


@given(
    word=st.sampled_from(STOP_WORDS["en"]),
    swapped=st.sets(st.sampled_from(sorted(_LOOK_ALIKES))),
)
def test_letters_of_another_alphabet_that_look_alike_are_the_same(
    word: str, swapped: set[str]
) -> None:
    """Case 27: a keyboard that was changed in the middle of a word."""
    typed = "".join(_LOOK_ALIKES[c] if c in swapped else c for c in word.upper())
    assert wish_of(typed) is Wish.STOP


@given(st.text())
def test_whatever_is_texted_nothing_raises(text: str) -> None:
    understand(text)


def test_a_text_of_any_length_is_read_in_no_time() -> None:
    assert understand("не " * 100_000) is None
    assert understand("no quiero " * 100_000) is None
