"""HTML as a reader of text would see it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.parsing.html import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Un</p><p>Deux</p>", "Un\n\nDeux"),
        ("<div>Un</div><div><br></div><div>Deux</div>", "Un\n\nDeux"),
        ('<p class="MsoNormal">Un</p><p class="MsoNormal">Deux</p>', "Un\nDeux"),
        ("Un<br>Deux<br/>Trois</br>Quatre", "Un\nDeux\nTrois\nQuatre"),
        ("a <b>gras</b>, <i>ita</i>lique", "a gras, italique"),
        (
            "<ul><li>un</li><li>deux<ol><li>a</li><li>b</li></ol></li></ul>fin",
            "- un\n- deux\n  1. a\n  2. b\n\nfin",
        ),
        (
            "<table><tr><th>Nom</th><th>Places</th></tr><tr><td>Oslo</td><td>12</td></tr></table>",
            "Nom | Places\nOslo | 12",
        ),
        ('<a href="https://x.test/a">ici</a>', "ici <https://x.test/a>"),
        ('<a href="https://x.test/">x.test</a>', "x.test"),
        ('<a href="mailto:a@b.test">a@b.test</a>', "a@b.test"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<head><title>t</title><style>p{}</style></head><script>x()</script>vu", "vu"),
        ('<div style="display:none">caché</div><span hidden>aussi</span>vu', "vu"),
        ("&lt;b&gt;&nbsp;&amp;&eacute;", "<b> &é"),
        ("<!--[if mso]>x<![endif]-->vu", "vu"),
        ('<img src="x.gif" alt="logo Acme"><img alt="😀">', "😀"),
        ("<p>non fermé<div>suite", "non fermé\nsuite"),
        ("</div></p></td>seul", "seul"),
        ("", ""),
    ],
)
def test_it_reads_as_it_looks(html: str, text: str) -> None:
    assert html_to_text(html).text.strip() == text


@pytest.mark.parametrize(
    ("html", "kind", "lines"),
    [
        ("Oui<blockquote type=cite>Non</blockquote>", "quote", ["Non"]),
        (
            'Oui<div class="yahoo_quoted">Le 3, X a écrit :<br>Non</div>',
            "quote",
            ["Le 3, X a écrit :", "Non"],
        ),
        (
            'Oui<div class="gmail_attr">Le 3, X a écrit :</div><blockquote>Non</blockquote>',
            "attribution",
            ["Le 3, X a écrit :"],
        ),
        ('Oui<div class="gmail_signature">Léa</div>', "signature", ["Léa"]),
        ("a<blockquote>b<blockquote>c</blockquote>d</blockquote>e", "quote", ["b", "c", "d"]),
    ],
)
def test_it_knows_the_containers_of_the_clients(html: str, kind: str, lines: list[str]) -> None:
    page = html_to_text(html)
    (mark,) = [mark for mark in page.marks if mark.kind == kind]

    assert [line for line in page.text.split("\n")[mark.first : mark.end] if line] == lines


def test_an_indent_is_no_quote() -> None:
    page = html_to_text('<blockquote style="margin:0 0 0 40px;border:none;padding:0px">retrait</blockquote>')

    assert page.marks == ()


def test_pictures_that_the_text_shows_are_named() -> None:
    assert html_to_text('<img src="cid:a@b"><img src="CID:c">').images == {"a@b", "c"}


TAGS = st.sampled_from(
    [
        "<div>",
        "</div>",
        "<p>",
        "<br>",
        "<blockquote>",
        "</blockquote>",
        "<table><tr><td>",
        "</td>",
        "<li>",
        "<pre>",
        "</pre>",
        "<a",
        "href=x>",
        "</a>",
        "<!--",
        "<",
        "&",
        ">",
        '"',
        "'",
    ]
)


@given(st.lists(TAGS | st.text(max_size=8), max_size=60).map("".join))
@example("<blockquote>href=x><div><br>")
def test_no_markup_makes_it_raise_or_lie_about_its_lines(html: str) -> None:
    page = html_to_text(html)

    count = page.text.count("\n") + 1
    assert all(0 <= mark.first < mark.end <= count for mark in page.marks)
