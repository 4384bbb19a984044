"""Text in one line that looks like a secret: by its form, by the name before it, or by its randomness.

Every pattern is bounded or ends at the first character that does not fit, so a hostile line costs no more
than a long one.
"""

import re
from itertools import pairwise

from firebreak.core.paging.escapes import plainer

HIDDEN = "***"

# JSON in JSON in a URL in JSON; text that is escaped more often is not searched.
MOST_LAYERS = 6

_KEY_BEGINS = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

# Forms of tokens, as their makers document them.
_FORMS = (
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*",
    r"\b(?:xox[a-z]-[\w-]{4,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|AIza[\w-]{30,})",
    r"\bsk-[\w-]{16,}|\b[spr]k_(?:live|test)_\w{8,}|\bwhsec_[\w+/=]{8,}",
    r"\bya29\.[\w.-]{8,}|\bSG\.[\w-]{8,}\.[\w-]{8,}|\bhv[sbr]\.[\w-]{8,}|\bdo[opr]_v1_\w{16,}",
    r"\bnpm_\w{16,}|\bpypi-[\w-]{16,}|\bdckr_(?:pat|oat)_[\w-]{8,}",
    r"\bshp(?:at|ca|pa|ss)_\w{16,}|\bhf_[A-Za-z]{24,}|\brubygems_\w{16,}|\bdapi[0-9a-f]{32}|\bkey-[0-9a-f]{32}\b",
    r"\b(?:NRAK|PMAK|AGE-SECRET-KEY)-[\w-]{16,}|\bv1\.0-[0-9a-f]{24}-[0-9a-f]{64,}",
    rf"{_KEY_BEGINS}.*?(?:-----END [A-Z0-9 ]{{0,40}}KEY(?: BLOCK)?-----|$)",
    # The credentials in an address, up to the last "@" before its path.
    r"(?<=://)[^\s/\"]+(?=@)",
    r"(?<=://)[^\s/:@\"]{1,100}:(?!\d{1,5}/)[^\s\"]+(?=@)",
    # The same without "://": Go's DSN, host and port, Oracle's thin driver.
    r"(?<![\w.-])[\w.-]{1,64}:[^\s@/\"']{1,200}(?=@(?:tcp|unix)\(|@[\w.-]{1,200}:\d{2,5}\b)",
    r"(?<=:thin:)[^\s@\"]+(?=@)",
)

# A webhook's address is its own key.
_HOOKS = (
    r"(?i)(?<=://)[\w.-]{0,100}(?:hook|chat\.googleapis)[\w.-]{0,100}(?::\d{1,5})?/[^\s\"'<>]+",
    r"(?i)(?<=://)[\w.-]{1,200}(?::\d{1,5})?(?:/[\w.-]{1,64}){0,4}/(?:web)?hooks?[\w-]{0,20}/[^\s\"'<>]+",
    # So is that of a link that somebody was sent.
    r"(?i)(?<=/)(?:reset|magic|invit|verif|confirm|activat|unsubscribe)[\w-]{0,30}/[\w-]{16,}",
)

_WORDS = (
    r"authorization|password|passwd|passphrase|pwd|secret|token|cookie|signature|credentials?"
    r"|(?:api|access|private|account|shared|master|encryption|subscription|signing|app(?:lication)?)[_-]?key"
    r"|hmac|sess(?:ion)?_?id|pas[sc](?:code|wort)|pswd|kennwort|contrase[nñ]a|senha|mot de passe"
    r"|пароль|パスワード|密[码碼]|비밀번호"
)
# Words that mean a secret only where they stand alone or end a name.
_ENDINGS = (
    r"(?<![A-Za-z])(?:pass|auth|sig|pin|cvv|cvc|otp|pw)"
    r"|(?-i:(?<=[a-z])(?:Pass|Auth|Sig|Pin)|[A-Z_]PASS|_AUTH)"
)
_VALUE = (
    r"(?:\\+[\"'][^\\\"']*"
    r"|b?\"(?:[^\"\\]|\\.?)*"
    r"|b?'(?:[^'\\]|\\.?)*"
    # A list or an object, up to the first end of one.
    r"|[\[{(][^\]})]*"
    r"|(?:(?:bearer|basic|digest|negotiate|token) )?[^\s\"',;&)}<]+)"
)
_THEN = r"\\{0,3}[\"']? ?(?:[=:]{1,2}>?|->) ?(?:[|>]-? )?"
_SUBJECTS = r"password|passwd|passphrase|pwd|secret|token|api key"
# Words about a secret that are no secret themselves.
_SAID = (
    r"(?:wrong|invalid|incorrect|expired|missing|required|not|too|empty|null|none|nil|an?|the|already|being|set|unset"
    r"|blank|weak|bad|older?|new|used|reused|refused|rejected|denied|revoked|unknown|malformed|unauthorized"
    r"|unavailable|undefined|ok|fine|valid|correct|given|only|about|longer|shorter|for|from|in|of|to)\b"
)
_A_NAME = rf"[\w-]{{0,40}}(?:{_WORDS}|pass)[\w-]{{0,40}}"
_ITS_VALUE = rf"(?:[, ]{{1,3}}[\"']?(?:string)?value{_THEN}{_VALUE}|>[^<]+)"
_HOLDS_ONE = rf"[\"']?[\w.-]{{0,60}}(?:{_WORDS}|_pass)[\w.-]{{0,40}}[\"']?"
_NAMED = (
    r"(?i)\bdigest username=.*",
    # All cookies of a header.
    r"(?i)\b(?:set-)?cookie2?[\"']? ?[:=] ?[\"']?[^\s;,\"'\[{(]+(?:; ?[^\s;,\"']+)*",
    # A name that holds such a word (no exception's), then = or : and a value: quoted inside of a quoted
    # text, quoted, or bare.
    rf"(?i)(?:{_WORDS})[\w-]{{0,40}}(?<!exception)(?<!error){_THEN}{_VALUE}",
    rf"(?i)(?:{_ENDINGS})(?:\\{{0,3}}[\"'])?(?: ?=>? ?|: ?(?=[^\s]{{0,64}}[\d\"'@!#$%^&*])){_VALUE}",
    rf"(?i)\b(?:{_SUBJECTS}) (?:is|was|set to) [\"']?(?!{_SAID})[^\s\"',;]+",
    # Opaque, or at least not a word.
    r"(?i)\b(?:bearer|basic) (?=[\w.~+/=-]{0,200}[\d+/=_.~-])[\w.~+/=-]{6,}",
    rf"(?i)<(?:[\w-]{{1,40}}:)?{_A_NAME}(?: [^<>]{{0,200}})?>(?:<!\[CDATA\[)?[^<]+",
    # The name is itself a value: {"name": "DB_PASSWORD", "value": ...}, <entry key="db.password">...
    rf"(?i)\b(?:name|key|field|header|param|property){_THEN}{_HOLDS_ONE}{_ITS_VALUE}",
    # Options of a command (no placeholders), and words that quote what follows.
    rf"(?i)(?<![\w-])--?{_A_NAME} (?![-<[]|(?-i:[A-Z_]+\b)){_VALUE}",
    r"(?i)(?<![\w-])(?:-u|--user) [^\s:]{1,100}:[^\s]+",
    r"(?i)(?:password|passwd|passphrase|pwd|identified by)(?: |\()[\"'][^\"']+",
    r"(?i)\bidentified by [^\s\"';]+",
    rf"(?i)\bwith (?:{_SUBJECTS}) (?=[^\s]{{0,64}}[\d@!#$%^&*])[^\s\"',;]+",
)

# A line that ends where a value must follow on the next line.
_NAME_ALONE = re.compile(rf"(?i)(?:{_WORDS})[\w-]{{0,40}}\\{{0,3}}[\"']? ?[=:] ?[|>]?-?$")
_OPEN_KEY = re.compile(rf"{_KEY_BEGINS}(?!.*-----END )")
_OF_A_KEY = re.compile(r"[A-Za-z0-9+/=]{1,100}|-----END .*")

_PATTERNS = tuple(re.compile(pattern) for pattern in (*_FORMS, *_HOOKS, *_NAMED))

# ISO/IEC 7812: 13 to 19 digits that end in a check digit; times in milliseconds begin with 1, cards do not.
_CARD = re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-])")

_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_HEX = re.compile(r"[0-9a-f-]+|[0-9A-F-]+")
_PIECES = re.compile(r"[+/_-]")
_PATH = re.compile(r"[+/]")
# Random text changes between small, capital and digit at more than half of its places, names do at a quarter.
MIXED_LENGTH, MIXED_CHANGES = 20, 0.38
ONE_CASE_LENGTH, ONE_CASE_CHANGES = 32, 0.3
FEWEST_DIGITS = 2
# Base64 has one of its two odd characters in 32; more of them are a path or a name. So is a part with an id.
A_SEPARATOR_IN, ID_LENGTH = 16, 16


def masked_text(text: str) -> str:
    """The text with everything hidden that looks like a secret.

    Escapes stay, unless a secret can be seen only without them.
    """
    found = last = _masked(text)
    for _ in range(MOST_LAYERS):
        if (plain := plainer(last)) == last:
            break
        if (last := _masked(plain)) != plain:
            found = last
    return found


def goes_on(line: str, after: str) -> bool:
    """Whether the line after belongs to a secret that this one begins."""
    if _OPEN_KEY.search(line):
        return _OF_A_KEY.fullmatch(after) is not None
    return _NAME_ALONE.search(line) is not None


def _masked(text: str) -> str:
    for pattern in _PATTERNS:
        text = pattern.sub(HIDDEN, text)
    text = _CARD.sub(lambda found: HIDDEN if _is_card(found.group()) else found.group(), text)
    return _TOKEN.sub(lambda found: HIDDEN if _has_random(found.group()) else found.group(), text)


def _is_card(written: str) -> bool:
    digits = [int(char) for char in reversed(written) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _has_random(token: str) -> bool:
    """Whether the token, or a piece of it, is random; ids in hexadecimal are no secrets."""
    token = token.rstrip("=")
    parts = {token, *_PATH.split(token)}
    return any(_is_random(piece) for part in parts for piece in _pieces(part))


def _pieces(part: str) -> list[str]:
    """The parts between the separators, and all of them joined where the separators are few."""
    pieces = _PIECES.split(part)
    has_id = any(len(piece) >= ID_LENGTH and _HEX.fullmatch(piece) for piece in pieces)
    if (len(pieces) - 1) * A_SEPARATOR_IN <= len(part) and not has_id:
        pieces.append("".join(pieces))
    return pieces


def _is_random(piece: str) -> bool:
    if _HEX.fullmatch(piece) or sum(map(str.isdigit, piece)) < FEWEST_DIGITS:
        return False
    mixed = not (piece.islower() or piece.isupper())
    length, changes = (MIXED_LENGTH, MIXED_CHANGES) if mixed else (ONE_CASE_LENGTH, ONE_CASE_CHANGES)
    changed = sum(_kind(one) != _kind(other) for one, other in pairwise(piece))
    return len(piece) >= length and changed >= changes * (len(piece) - 1)


def _kind(char: str) -> tuple[bool, bool]:
    """Whether a letter or digit is a digit, a small letter, or neither."""
    return char.isdigit(), char.islower()
