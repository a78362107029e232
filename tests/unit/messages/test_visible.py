from __future__ import annotations

import pytest

from perennial.messages.visible import read_page


def test_words_and_links_are_read_as_they_are_seen() -> None:
    page = read_page(
        '<p>Good&nbsp;day,<br>Ann</p><a href="https://x.example/?a=1&amp;b=2">more <b>here</b></a>'
    )

    assert page.text == "Good day, Ann more here"
    assert page.links == {"https://x.example/?a=1&b=2": "more here"}


@pytest.mark.parametrize(
    "html",
    [
        '<div style="display: none">gone</div>',
        '<div style="color: red; visibility:hidden;"><p>gone</p></div>',
        '<div style="opacity:0">gone</div>',
        "<div hidden>gone</div>",
        "<style>gone</style>",
        "<head><title>gone</title></head>",
        "<!-- gone -->",
    ],
)
def test_what_is_hidden_is_not_read(html: str) -> None:
    assert read_page(f"<p>here</p>{html}<p>there</p>").text == "here there"


def test_half_transparent_words_are_seen() -> None:
    assert read_page('<p style="opacity: 0.5">here</p>').text == "here"


def test_a_hidden_link_is_no_link() -> None:
    assert (
        read_page('<div style="display:none"><a href="https://x.example">x</a></div>').links == {}
    )


def test_a_link_without_words_has_none() -> None:
    assert read_page('<a href="https://x.example"> </a>').links == {"https://x.example": ""}


def test_an_unclosed_element_does_not_hide_the_rest() -> None:
    assert read_page('<div><p style="display:none">gone</div><p>here').text == "here"
