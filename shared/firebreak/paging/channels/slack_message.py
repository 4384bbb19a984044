"""A page as a Slack message: nothing in it is markup except Firebreak's own links.

Alarm names and descriptions are untrusted. They stand in `plain_text` objects, where `*` and `_` mean
nothing, and the three characters that begin mentions and links are escaped everywhere
(docs.slack.dev/messaging/formatting-message-text). `parse` is always set: without it, chat.update
would look for names in the text where chat.postMessage does not.
"""

from typing import Any
from urllib.parse import quote

from firebreak.core.paging.page import Page

# docs.slack.dev/reference/block-kit/blocks: the text of a header, of a section, of a context's element.
HEADER_LENGTH = 150
SECTION_LENGTH = 3000
# A message takes 50 blocks; a page of more than five sections is not read on a phone.
SECTIONS = 5
CUT = "…"

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """The text without the three characters that are markup in Slack."""
    return "".join(_ESCAPED.get(char, char) for char in text)


def parted(text: str, length: int, most: int) -> list[str]:
    """The text escaped, in at most `most` parts of at most `length` characters; a cut is marked."""
    parts, left = [""], length
    for char in text:
        piece = _ESCAPED.get(char, char)
        if len(piece) > left:
            if len(parts) == most:
                return [*parts[:-1], _shortened(parts[-1], length)]
            parts.append("")
            left = length
        parts[-1] += piece
        left -= len(piece)
    return [part for part in parts if part.strip()]


def _shortened(part: str, length: int) -> str:
    """The part with a mark of the cut at its end, and no entity cut in two."""
    cut = part[: length - len(CUT)]
    last = cut.rfind("&")
    return (cut[:last] if ";" not in cut[last:] and last >= 0 else cut) + CUT


def message_of(page: Page) -> dict[str, Any]:
    """The arguments of chat.postMessage and chat.update that are the message itself."""
    return {
        "text": escaped(page.subject),  # shown in a notification
        "blocks": _blocks(page),
        "parse": "none",
        "link_names": False,
    }


def _blocks(page: Page) -> list[dict[str, Any]]:
    title = parted(page.subject, HEADER_LENGTH, 1) or ["Firebreak"]
    about = f"{page.severity} · {page.phase} · {page.source} · {page.at:%Y-%m-%d %H:%M} UTC"
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(title[0])},
        {"type": "context", "elements": [_plain(part) for part in parted(about, SECTION_LENGTH, 1)]},
        *({"type": "section", "text": _plain(part)} for part in parted(page.body, SECTION_LENGTH, SECTIONS)),
    ]
    if links := _links(page):
        link = {"type": "mrkdwn", "text": links, "verbatim": True}
        blocks.append({"type": "context", "elements": [link]})
    return blocks


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _links(page: Page) -> str:
    """The only markup: each address is Firebreak's, and percent-encoded so that nothing ends it early.

    A link that does not fit is left out; a block without text would be refused with the page.
    """
    links = [f"<{escaped(_address(href))}|{escaped(word).replace('|', ' ')}>" for word, href in page.links]
    fitting: list[str] = []
    for link in links:
        if len(" · ".join([*fitting, link])) <= SECTION_LENGTH:
            fitting.append(link)
    return " · ".join(fitting)


def _address(href: str) -> str:
    return quote(href, safe="!#$%&'()*+,-./:;=?@[]_~")
