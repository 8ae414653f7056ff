"""The helper that reads pages finds what it looks for."""

import pytest

from html_pages import dangling, far_links, number, parsed, repeated_ids, table_with


@pytest.mark.parametrize("html", ["<p><b></p></b>", "<p>", "</p>", '<p a="1" a="2">'])
def test_bad_nesting_is_found(html):
    with pytest.raises(AssertionError):
        parsed(html)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="http://x.org"></a>',
        '<script src="a.js"></script>',
        '<img src="//x.org/a.png">',
        "<style>@import 'a.css'</style>",
        "<style>p { background: url(a.png) }</style>",
        '<p style="background: url(https://x.org)"></p>',
    ],
)
def test_links_to_elsewhere_are_found(html):
    assert far_links(parsed(html))


def test_links_within_the_page_and_data_are_not_far():
    assert not far_links(
        parsed('<a href="#x"></a><img src="data:,"><p style="clip: url(#x)"></p>')
    )


def test_ids_that_come_twice_or_not_at_all_are_found():
    page = parsed('<p id="a"></p><p id="a"></p><a href="#b"></a>')
    assert repeated_ids(page) == ["a"] and dangling(page) == {"b"}


def test_tables_and_numbers_are_read():
    page = parsed(
        "<table><caption>Sizes</caption><tr><th>a</th></tr>"
        "<tr><td>−1,200.5</td></tr></table>"
    )
    assert [[number(cell) for cell in row] for row in table_with(page, "Siz")[1:]] == [
        [-1200.5]
    ]
