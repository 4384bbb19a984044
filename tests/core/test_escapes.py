"""One layer of escapes is taken away, and nothing else changes."""

import pytest

from firebreak.core.paging.escapes import plainer


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        pytest.param("password%3Dhunter2", "password=hunter2", id="a URL"),
        pytest.param("password\\u003dhunter2", "password=hunter2", id="JSON"),
        pytest.param("password&#x3d;hunter2", "password=hunter2", id="XML"),
        pytest.param("password=&quot;a&#34;b&apos;c&#39;", "password=\"a\"b'c'", id="quotes by name"),
        pytest.param("&lt;password&gt;a&amp;b", "<password>a&b", id="signs by name"),
        pytest.param("&amp;quot;a&amp;amp;lt;", '"a<', id="several layers of one name"),
        pytest.param("password:%20hunter2", "password: hunter2", id="a blank before the value"),
        pytest.param("password=+'hunter2'", "password= 'hunter2'", id="a plus before a quote"),
        pytest.param("a+b%20c", "a+b%20c", id="a blank within a value"),
        pytest.param('{\\"password\\":\\"a\\"}', '{"password":"a"}', id="escaped quotes"),
        pytest.param("C:\\temp\\x", "C:\\temp\\x", id="no escape"),
    ],
)
def test_one_layer_of_escapes_is_taken_away(escaped: str, plain: str) -> None:
    assert plainer(escaped) == plain
