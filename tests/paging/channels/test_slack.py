"""Slack: one message a thread of pages, renewed; its thread below; and nothing in it is markup."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firebreak.core.paging.page import Phase
from firebreak.core.paging.rules import ChannelKind
from firebreak.errors import Undelivered
from firebreak.paging.channels.slack_message import (
    HEADER_LENGTH,
    SECTION_LENGTH,
    SECTIONS,
    escaped,
    message_of,
    parted,
)
from firebreak.paging.ports import Channel
from tests.paging.channels.conftest import PAGE, SECRET, Bench
from tests.paging.channels.local_server import LocalServer, answer, hang

REF = "C0PAGES:1700000000.000100"
HOSTILE = (
    "<!channel> <!here|x> <@U0BOSS> <#C1> <https://evil.example|wiki> @here @channel & *b* _i_ `c` :fire:"
)


@pytest.fixture
def slack(bench: Bench) -> Channel:
    return bench.channel(ChannelKind.SLACK)


def calls(server: LocalServer) -> list[str]:
    return [arrived.path.rpartition("/")[2] for arrived in server.arrived]


def failing(word: str) -> Any:
    return answer(200, {"ok": False, "error": word})


def texts(message: Any) -> list[dict[str, Any]]:
    """Every text object of a message."""
    match message:
        case {"type": "plain_text" | "mrkdwn", "text": str()}:
            return [message]
        case dict():
            return [one for value in message.values() for one in texts(value)]
        case list():
            return [one for value in message for one in texts(value)]
        case _:
            return []


def test_the_first_page_is_posted_and_its_place_is_the_reference(bench: Bench, slack: Channel) -> None:
    assert slack.send(PAGE, "") == REF
    (posted,) = bench.server.arrived
    assert posted.path == "/api/chat.postMessage"
    assert posted.headers["authorization"] == f"Bearer {SECRET}"
    assert posted.json["channel"] == "C0PAGES"
    assert "thread_ts" not in posted.json
    posted_texts = [one["text"] for one in texts(posted.json["blocks"])]
    assert posted_texts[0] == PAGE.subject
    assert posted_texts[2] == PAGE.body
    assert posted_texts[3] == "<https://wiki.example.com/api|runbook>"


def test_a_later_page_updates_the_message_and_is_posted_in_its_thread(bench: Bench, slack: Channel) -> None:
    later = replace(
        PAGE, phase=Phase.UPDATE, subject="[Firebreak] ACTED: no action needed. ecs:prod/api: restarted"
    )
    assert slack.send(later, REF) == REF
    renewed, text = bench.server.arrived
    assert (renewed.path, text.path) == ("/api/chat.update", "/api/chat.postMessage")
    assert (renewed.json["channel"], renewed.json["ts"]) == ("C0PAGES", "1700000000.000100")
    assert (text.json["channel"], text.json["thread_ts"]) == ("C0PAGES", "1700000000.000100")
    assert renewed.json["blocks"] == text.json["blocks"]
    assert text.json["reply_broadcast"] is False


def test_a_page_that_asks_again_for_a_human_shows_in_the_channel_too(bench: Bench, slack: Channel) -> None:
    slack.send(PAGE, REF)
    assert bench.server.arrived[1].json["reply_broadcast"] is True


@pytest.mark.parametrize("word", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_message_that_cannot_be_updated_is_posted_again(bench: Bench, slack: Channel, word: str) -> None:
    bench.server.next.append(failing(word))
    assert slack.send(PAGE, "C0PAGES:1600000000.000001") == REF
    assert calls(bench.server) == ["chat.update", "chat.postMessage"]
    assert "thread_ts" not in bench.server.arrived[1].json


@pytest.mark.parametrize("ref", ["C0PAGES", "C0PAGES:", "C0PAGES:1.2:3", "c:1.2", "C0:1.2\n", "i-0123456789"])
def test_a_page_with_an_unknown_reference_is_posted_as_a_new_message(
    bench: Bench, slack: Channel, ref: str
) -> None:
    assert slack.send(PAGE, ref) == REF
    assert calls(bench.server) == ["chat.postMessage"]


def test_while_slack_is_down_nothing_is_posted_twice(bench: Bench, slack: Channel) -> None:
    """The message may be there; the next channel carries this page."""
    bench.server.usually = answer(503)
    with pytest.raises(Undelivered):
        slack.send(PAGE, REF)
    assert calls(bench.server) == ["chat.update", "chat.update"]


@pytest.mark.parametrize(
    ("word", "retryable", "requests"),
    [
        pytest.param("internal_error", True, 2, id="its own trouble"),
        pytest.param("ratelimited", True, 1, id="slow down"),
        pytest.param("invalid_auth", False, 1, id="token"),
        pytest.param("channel_not_found", False, 1, id="channel"),
        pytest.param("not_in_channel", False, 1, id="not invited"),
    ],
)
def test_slacks_own_word_is_the_code(
    bench: Bench, slack: Channel, word: str, retryable: bool, requests: int
) -> None:
    bench.server.usually = failing(word)
    with pytest.raises(Undelivered) as caught:
        slack.send(PAGE, "")
    assert (caught.value.code, caught.value.retryable) == (word, retryable)
    assert len(bench.server.arrived) == requests


@pytest.mark.parametrize(
    "body",
    ["", "<html>down for maintenance</html>", "[1]", "null", '"ok"', "{}", b"\xff\xfe", {"error": "A b <c>"}],
    ids=["empty", "html", "list", "null", "text", "object", "bytes", "odd word"],
)
def test_an_answer_that_is_none_of_slacks_is_no_delivery(bench: Bench, slack: Channel, body: object) -> None:
    bench.server.usually = answer(200, body)
    with pytest.raises(Undelivered) as caught:
        slack.send(PAGE, "")
    assert (caught.value.code, caught.value.retryable) == ("unreadable answer", True)


def test_a_post_that_does_not_say_where_it_lies_was_taken_all_the_same(bench: Bench, slack: Channel) -> None:
    bench.server.usually = answer(200, {"ok": True})
    assert slack.send(PAGE, "") == ""


# --- untrusted text


def is_inert(message: dict[str, Any], links: int = 0) -> bool:
    """Whether nothing in it begins a mention or a link except so many links of Firebreak."""
    said = texts(message["blocks"])
    plain = [one["text"] for one in said if one["type"] == "plain_text"]
    markup = [one["text"] for one in said if one["type"] == "mrkdwn"]
    assert all(one["emoji"] is False for one in said if one["type"] == "plain_text")
    assert all(one["verbatim"] is True for one in said if one["type"] == "mrkdwn")
    assert (message["parse"], message["link_names"]) == ("none", False)
    unescaped = [text for text in (message["text"], *plain) if "<" in text or ">" in text]
    return not unescaped and sum(text.count("<") for text in markup) == links


@pytest.mark.parametrize("ref", ["", REF], ids=["first", "later"])
def test_names_that_look_like_mentions_and_links_are_inert(bench: Bench, slack: Channel, ref: str) -> None:
    slack.send(replace(PAGE, subject=HOSTILE, body=HOSTILE, source=HOSTILE, links=()), ref)
    assert [is_inert(arrived.json) for arrived in bench.server.arrived] == [True] * (2 if ref else 1)
    assert "&lt;!channel&gt;" in bench.server.arrived[0].json["text"]


def test_nothing_that_a_page_names_is_fetched_by_slack(bench: Bench, slack: Channel) -> None:
    slack.send(PAGE, REF)
    slack.send(PAGE, "")
    posts = [arrived.json for arrived in bench.server.arrived if arrived.path.endswith("postMessage")]
    assert [(one["unfurl_links"], one["unfurl_media"]) for one in posts] == [(False, False)] * 2


def test_a_link_cannot_be_ended_early_by_its_address_or_its_word() -> None:
    links = (("a|b> <!channel", "https://x.example/?q=1&r=<@U1>|y z"),)
    text = texts(message_of(replace(PAGE, links=links))["blocks"])[-1]["text"]
    assert text == "<https://x.example/?q=1&amp;r=%3C@U1%3E%7Cy%20z|a b&gt; &lt;!channel>"


@pytest.mark.parametrize("links", [(), (("w" * 4000, "https://wiki.example.com"),)], ids=["none", "too long"])
def test_no_block_is_ever_empty(links: tuple[tuple[str, str], ...]) -> None:
    """Slack refuses a message for one empty text in it."""
    message = message_of(replace(PAGE, subject="", body="", source="", links=links))
    assert [block["type"] for block in message["blocks"]] == ["header", "context"]
    assert all(one["text"] for one in texts(message["blocks"]))


untrusted = st.text(st.characters(codec="utf-8"), max_size=400) | st.sampled_from(
    [HOSTILE, "&" * 4000, "<" * 40_000]
)


@given(subject=untrusted, body=untrusted, source=untrusted, word=untrusted)
def test_any_text_is_inert_and_within_slacks_limits(subject: str, body: str, source: str, word: str) -> None:
    links = ((word, "https://wiki.example.com"), ("graph", "https://wiki.example.com/2"))
    page = replace(PAGE, subject=subject, body=body, source=source, links=links)
    message = message_of(page)
    assert is_inert(message, 2 if len(escaped(word)) < 2900 else 1)
    for block in message["blocks"]:
        limit = HEADER_LENGTH if block["type"] == "header" else SECTION_LENGTH
        assert [len(one["text"]) for one in texts(block) if not 1 <= len(one["text"]) <= limit] == []
    assert len(message["blocks"]) <= SECTIONS + 3


@given(
    text=st.text(st.sampled_from("ab &<>\n"), max_size=60), length=st.integers(6, 20), most=st.integers(1, 4)
)
def test_parts_are_the_whole_text_or_show_their_cut(text: str, length: int, most: int) -> None:
    parts = parted(text, length, most)
    whole = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert len(parts) <= most
    assert all(0 < len(part) <= length for part in parts)
    # Parts of nothing but blanks are left out.
    said, all_of_it = ("".join(one.split()) for one in ("".join(parts), whole))
    if said.endswith("…"):
        assert all_of_it.startswith(said[:-1])
        assert said.count("&") == said.count(";"), "an entity was cut in two"
    else:
        assert said == all_of_it


# --- pictures


def test_a_picture_goes_into_the_thread(bench: Bench, slack: Channel) -> None:
    slack.show(REF, b"\x89PNG")
    asked, put, done = bench.server.arrived
    assert calls(bench.server) == ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]
    assert asked.form["length"] == "4"
    assert put.body == b"\x89PNG"
    assert (done.form["channel_id"], done.form["thread_ts"]) == ("C0PAGES", "1700000000.000100")


def test_the_upload_address_does_not_get_the_token(bench: Bench, slack: Channel) -> None:
    slack.show(REF, b"\x89PNG")
    assert "authorization" not in bench.server.arrived[1].headers


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        pytest.param([failing("missing_scope")], "missing_scope", id="not allowed"),
        pytest.param([answer(200, {"ok": True})], "unreadable answer", id="no address"),
        pytest.param([None, answer(500)], "500", id="upload refused"),
        pytest.param([None, answer(201)], "the SDK refused the request", id="upload odd"),
        pytest.param([None, None, answer(200, {"ok": True})], "unreadable answer", id="no file"),
    ],
)
def test_a_picture_that_is_not_taken_says_so_after_one_try(
    bench: Bench, slack: Channel, replies: list[Any], code: str
) -> None:
    usual = bench.server.usually
    bench.server.next.extend(reply or usual for reply in replies)
    with pytest.raises(Undelivered) as caught:
        slack.show(REF, b"\x89PNG")
    assert caught.value.code == code
    assert len(bench.server.arrived) == len(replies)


def test_all_of_a_picture_takes_no_longer_than_one_call(bench: Bench) -> None:
    bench.server.usually = hang
    with pytest.raises(Undelivered, match="timeout"):
        bench.channel(ChannelKind.SLACK, seconds=0.2).show(REF, b"\x89PNG")
    assert len(bench.server.arrived) <= 1


@pytest.mark.parametrize(
    "address", ["http://slack.example/api/", "ftp://127.0.0.1/", "https://me:pw@slack.com/api/"]
)
def test_an_address_that_others_could_read_on_is_refused(bench: Bench, address: str) -> None:
    bench.server.address = address.removesuffix("/api/")
    with pytest.raises(Undelivered, match="https"):
        bench.channel(ChannelKind.SLACK)
    assert bench.server.arrived == []
