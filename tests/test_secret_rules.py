"""Log lines on a page: no secret that its format gives away, and every ordinary line as it was.

Secrets are put together here, so that no scanner of this repository finds one.
"""

# ruff: noqa: E501  # a line of a log is as long as it is

import html
import json
import random
import string
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as some

from firebreak.core.paging.log_lines import LINE_LENGTH, harmless_lines
from firebreak.paging.secret_detectors import mask_known

CHANCE = random.Random(4711)  # noqa: S311  # the same in every run
BASE62 = string.ascii_letters + string.digits
BASE64 = BASE62 + "+/"
URL64 = BASE62 + "-_"
LOWER36 = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"


def drawn(alphabet: str, length: int) -> str:
    return "".join(CHANCE.choice(alphabet) for _ in range(length))


def card() -> str:
    """Sixteen digits with a right check digit."""
    digits = [4, *(CHANCE.randrange(10) for _ in range(14))]
    total = sum(sum(divmod(2 * one, 10)) if n % 2 == 0 else one for n, one in enumerate(digits))
    return "".join(map(str, [*digits, -total % 10]))


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def zero_width(text: str) -> str:
    return "\u200b".join(text)


WORD = "hunter" + "2"
NUMBER = card()
PEM = " ".join(["-----BEGIN", "RSA PRIVATE", "KEY-----"])
PEM_END = " ".join(["-----END", "RSA PRIVATE", "KEY-----"])

# A name, the line, and what of it must not be seen. `{}` is the secret.
SECRETS: dict[str, tuple[str, str]] = {
    "PEM on one line": (f"{PEM} {{}} {PEM_END} could not be parsed", drawn(BASE64, 64)),
    "PEM that was cut": (f"key {PEM} {{}}", drawn(BASE64, 64)),
    "PEM, a line of it": ("{}", drawn(BASE64, 64)),
    "PEM, EC": (f"{PEM.replace('RSA ', 'EC ')} {{}}", drawn(BASE64, 64)),
    "AWS key id": ("ERROR {} refused", "AKIA" + drawn(string.ascii_uppercase, 16)),
    "AWS secret key": ("used {} for that", drawn(BASE64, 40)),
    "AWS secret key by name": ('aws_secret_access_key = "{}"', drawn(BASE64, 40)),
    "AWS session token": ("AWS_SESSION_TOKEN={}", drawn(BASE64, 200)),
    "presigned URL": (
        "GET https://b.s3.amazonaws.com/k?X-Amz-Date=20261129T000000Z&X-Amz-Signature={} 403",
        drawn(HEX, 64),
    ),
    "presigned URL's token": ("GET https://b/k?X-Amz-Security-Token={}&x=1 403", drawn(URL64, 100)),
    "presigned URL's credential": (
        "GET https://b/k?X-Amz-Credential={}/20261129/x",
        "ASIA" + drawn("ABCDEF7", 16),
    ),
    "presigned URL of Google": ("https://storage.googleapis.com/b/o?X-Goog-Signature={}", drawn(HEX, 128)),
    "CloudFront": ("https://d1.cloudfront.net/a?Expires=1&Signature={}&Key-Pair-Id=K1", drawn(BASE62, 80)),
    "SAS": ("https://acc.blob.core.windows.net/c?sv=2024-01-01&sig={}%3D&se=2026", drawn(BASE62, 43)),
    "Azure account key": ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}==", drawn(BASE64, 86)),
    "Slack webhook": (
        "posting to https://hooks.slack.com/services/{}",
        "T0AAAAAAA/B0AAAAAAA/" + drawn(BASE62, 24),
    ),
    "Discord webhook": ("posting to https://discord.com/api/webhooks/{}", "123456789/" + drawn(URL64, 68)),
    "Teams webhook": ("posting to https://acme.webhook.office.com/webhookb2/{}", drawn(HEX, 32)),
    "Zapier webhook": ("posting to https://hooks.zapier.com/hooks/catch/{}", "123/" + drawn(LOWER36, 7)),
    "Google Chat webhook": ("https://chat.googleapis.com/v1/spaces/{}", "A/messages?key=" + drawn(URL64, 39)),
    "Slack token": ("token {} revoked", "xo" + "xb-12-34-" + drawn(BASE62, 24)),
    "opaque Bearer": ("sent Bearer {} and got 401", drawn(LOWER36, 24)),
    "short opaque Bearer": ("sent bearer {} and got 401", drawn(LOWER36, 8) + "7"),
    "Authorization": ("Authorization: Bearer {}", drawn(BASE62, 24)),
    "Authorization, one word": ("authorization: {}", drawn(BASE62, 24)),
    "Basic": ("sent Basic {}", drawn(BASE64, 20) + "="),
    "first cookie": ("Cookie: sid={}; theme=dark", WORD),
    "second cookie": ("Cookie: theme=dark; sid={} refused", WORD),
    "third cookie, JSON": ('{{"cookie": "a=1; b=2; sid={}", "code": 3}}', WORD),
    "Set-Cookie": ("Set-Cookie: sid={}; Path=/; HttpOnly", WORD),
    "Google OAuth": ("refreshed {}", "ya29" + ".a0" + drawn(URL64, 60)),
    "Google key": ("using {}", "AIza" + drawn(URL64, 35)),
    "SendGrid": ("using {}", "SG" + "." + drawn(URL64, 22) + "." + drawn(URL64, 43)),
    "npm": ("using {}", "npm" + "_" + drawn(BASE62, 36)),
    "PyPI": ("using {}", "pypi" + "-AgEIcHlwaS5vcmc" + drawn(URL64, 70)),
    "Docker": ("using {}", "dckr" + "_pat_" + drawn(URL64, 27)),
    "DigitalOcean": ("using {}", "dop" + "_v1_" + drawn(HEX, 64)),
    "Vault": ("using {}", "hvs" + "." + drawn(URL64, 90)),
    "GitHub": ("using {}", "ghp" + "_" + drawn(BASE62, 36)),
    "GitHub, fine": ("using {}", "github" + "_pat_" + drawn(BASE62, 80)),
    "GitLab": ("using {}", "glpat" + "-" + drawn(URL64, 20)),
    "Stripe": ("using {}", "sk" + "_live_" + drawn(BASE62, 24)),
    "Stripe, long": ("using {}", "rk" + "_live_" + drawn(BASE62, 99)),
    "Stripe's webhook": ("using {}", "whsec" + "_" + drawn(BASE62, 32)),
    "OpenAI": ("using {}", "sk" + "-proj-" + drawn(URL64, 48)),
    "Twilio": ("using {}", "SK" + drawn(HEX, 32)),
    "Telegram": ("using {}", "123456789:" + drawn(URL64, 35)),
    "JWT": ("using {}", "eyJ" + drawn(URL64, 30) + "." + drawn(URL64, 60) + "." + drawn(URL64, 43)),
    "DB_PASS": ("DB_PASS={}", WORD),
    "DBPASS": ("DBPASS={}", WORD),
    "dbPass": ("dbPass={}", WORD),
    "REDIS_AUTH": ("REDIS_AUTH={}", WORD),
    "pass:": ("user: app, pass: {}", WORD),
    "credentials": ("credentials=user:{}", WORD),
    "password is": ("the password is {}", WORD),
    "password was": ('the password was "{}"', WORD),
    "password set to": ("password set to {}", WORD),
    "secret is": ("client secret is {}", WORD),
    "quoted": ('password = "two {}"', WORD),
    "in an address": ("postgres://app:{}@db/orders", WORD),
    "XML": ("<password>{}</password>", WORD),
    "XML with a prefix": ('<wsse:Password Type="text">{}</wsse:Password>', WORD),
    "XML, other": ("<clientSecret>{}</clientSecret>", WORD),
    "YAML": ("api_key: {}", WORD),
    "property": ("spring.datasource.password={}", WORD),
    "JSON in JSON": (r'"{{\"password\": \"{}\"}}"', WORD),
    "card": ("charging {} failed", NUMBER),
    "card with blanks": ("charging {} failed", " ".join(NUMBER[n : n + 4] for n in range(0, 16, 4))),
    "card with dashes": ("charging {} failed", "-".join(NUMBER[n : n + 4] for n in range(0, 16, 4))),
    "a list": ('{{"password":["{}"]}}', WORD),
    "an object": ('{{"password":{{"value":"{}"}}}}', WORD),
    "in braces": ("Server=db;Uid=app;Pwd={{a;b{}}};", WORD),
    "environment of a task": ('{{"name":"DB_PASSWORD","value":"{}"}}', WORD),
    "environment, Python": ("{{'name': 'DB_PASSWORD', 'value': '{}'}}", WORD),
    "tag": ("Key=db-password, Value={}", WORD),
    "property in XML": ('<property name="password" value="{}"/>', WORD),
    "entry in XML": ('<entry key="db.password">{}</entry>', WORD),
    "CDATA": ("<password><![CDATA[{}]]></password>", WORD),
    "cookies, a list": ('cookies: [("sid","{}")]', WORD),
    "cookies, an object": ('{{"cookies":{{"sid":"{}"}}}}', WORD),
    "Set-Cookie, a list": ('"set-cookie": ["a=1; Path=/", "sid={}"]', WORD),
    "session of Java": ("JSESSIONID={}", drawn(HEX.upper(), 32)),
    "session of PHP": ("PHPSESSID={}", drawn(HEX, 26)),
    "Digest": ('Authorization: Digest username="a", nonce="n", response="{}"', drawn(HEX, 32)),
    "option": ("run --password {} --verbose", WORD),
    "option, a longer name": ("run --db-api-key {}", WORD),
    "curl": ("curl -u admin:{} https://api.example.com", WORD),
    "SQL": ("ALTER USER app WITH PASSWORD '{}'", WORD),
    "SQL, Oracle": ("CREATE USER app IDENTIFIED BY {}", WORD),
    "a call": ('setPassword("{}")', WORD),
    "with": ("bound as cn=admin with password {}", WORD),
    "arrow": ("password -> {}", WORD),
    "slash in a password": ("postgres://app:one/{}@db/orders", WORD),
    "Go's data source": ("app:{}@tcp(db:3306)/orders", WORD),
    "host and port": ("connect app:{}@db.example.com:5432", WORD),
    "Oracle": ("jdbc:oracle:thin:app/{}@db:1521:orders", WORD),
    "German": ("Passwort: {}", WORD),
    "Spanish": ("contraseña={}", WORD),
    "Russian": ("пароль: {}", WORD),
    "Japanese": ("パスワード: {}", WORD),
    "Chinese": ("密码:{}", WORD),
    "passcode": ("passcode: {}", WORD),
    "pw": ("db_pw={}", WORD),
    "subscription key": ("Ocp-Apim-Subscription-Key: {}", drawn(HEX, 32)),
    "link to reset": ("https://app.example.com/reset-password/{}", drawn(HEX, 40)),
    "link that is random": ("https://app.example.com/r/{}", "lpDAQ5k3TvxnTx_k63BiiGQYVP3jy0S_Sp5QbCM0ryJ"),
    "Shopify": ("using {}", "shpat" + "_" + drawn(HEX, 32)),
    "Hugging Face": ("using {}", "hf" + "_" + drawn(string.ascii_letters, 34)),
    "New Relic": ("using {}", "NRAK" + "-" + drawn(string.ascii_uppercase, 27)),
    "RubyGems": ("using {}", "rubygems" + "_" + drawn(HEX, 48)),
    "Mailgun": ("using {}", "key" + "-" + drawn(HEX, 32)),
    "random": ("callback got {}", drawn(BASE62, 32)),
    "random, small": ("callback got {}", drawn(LOWER36, 40)),
    "random, base64": ("callback got {}=", drawn(BASE64, 43)),
}

ORDINARY = [
    "java.lang.NullPointerException: Cannot invoke String.length() because \"<local1>\" is null",
    "at com.example.orders.OrderServiceImpl$$EnhancerBySpringCGLIB$$8f2a1c3e.placeOrder(OrderServiceImpl.java:142)",
    "at org.springframework.web.servlet.FrameworkServlet.doPost(FrameworkServlet.java:909) ~[spring-web-6.1.2.jar]",
    'Traceback (most recent call last): File "/opt/python/lib/python3.13/site-packages/psycopg/__init__.py", line 3',
    "KeyError: 'customer_id'",
    "TypeError: Cannot read properties of undefined (reading 'password') at /app/dist/handlers/createUser.js:17:22",
    "panic: runtime error: invalid memory address or nil pointer dereference [signal SIGSEGV code=0x1 addr=0x0]",
    "goroutine 1 [running]: main.(*Server).ServeHTTP(0xc000122000, {0x7f1c2d3e4f50, 0xc00010a000})",
    "RequestId: 6f747ffd-8d3a-4e63-a0ee-ac44fd0f3e8c Error: Runtime exited with error: exit status 137",
    "2026-11-29T00:44:30.123Z 6f747ffd-8d3a-4e63-a0ee-ac44fd0f3e8c Task timed out after 30.03 seconds",
    "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793 SegmentId: 53995c3f42cd8ad8 Sampled: true",
    "arn:aws:ecs:eu-west-1:111122223333:task/prod/0f1e2d3c4b5a69788796a5b4c3d2e1f0 stopped: OutOfMemoryError",
    "arn:aws:iam::111122223333:role/prod-api-TaskExecutionRole-1XN4EKQ8T2ABC is not authorized",
    "pull 111122223333.dkr.ecr.eu-west-1.amazonaws.com/api@sha256:" + "0123456789abcdef" * 4 + " failed",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 deployed",
    "GET /orders/550e8400-e29b-41d4-a716-446655440000?page=2&sort=asc 500 12ms",
    "POST https://api.example.com/v1/customers/42/invoices HTTP/1.1 502 0 \"-\" \"curl/8.5.0\"",
    'ERROR: duplicate key value violates unique constraint "orders_pkey" Detail: Key (id)=(1234567890) already exists.',
    "FATAL: password authentication failed for user \"app\"",
    "ORA-01017: invalid username/password; logon denied",
    "the password is wrong",
    "the token is expired",
    "token is invalid: unexpected end of JSON input",
    "Basic authentication failed for user app",
    "bearer token missing",
    "InvalidTokenException: bad header",
    "AuthenticationError: auth: failed for user app after 3 tries",
    "tests: pass: yes, fail: no",
    "compass=north bypass=true",
    "epoch 1700000000000 offset 4294967296 size 1073741824",
    "order 20261129004430 of customer 100200300 failed",
    "[ERROR] OOMKilled container api-7d9c8b6f5d-x2x4q in namespace production",
    "io.netty.channel.unix.Errors$NativeIoException: readAddress(..) failed: Connection reset by peer",
    "SQLSTATE[HY000] [2002] Connection refused at /var/www/html/vendor/laravel/framework/src/Illuminate/Database.php",
    "Error: ENOENT: no such file or directory, open '/app/node_modules/.pnpm/@aws-sdk+client-s3@3.567.0/dist/x.js'",
    "s3://my-bucket/exports/2026/11/29/part-00000-of-00128.snappy.parquet: Access Denied",
    "Error 0x80070005 in GetUserProfileByIdentifierAsyncV2 at line 88",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV is not a known order",
    "[error] 29#29: *1 upstream timed out (110: Connection timed out) while reading, client: 10.0.1.17, port: 8080",
    "customer 4-8-15-16-23-42 rang 0800 1234567",
    "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
    "npm ERR! 404 http://registry.example.com:4873/@aws-sdk/client not found",
    "mail to ana@example.com: 550 rejected",
    "GET /search?q=a%20b%26c%3Dd&lang=en 500",
    '{"message":"{\\"level\\":\\"error\\",\\"code\\":3}"}',
    '{"name":"LOG_LEVEL","value":"debug"}',
    "&lt;html&gt; was not expected",
    "login with password failed",
    "usage: tool --token-file PATH",
    "rate(5 minutes) -> 0.3 for key orders",
    "user ana: session expired",
]  # fmt: skip


def masked(line: str) -> str:
    return "".join(harmless_lines([line], mask_known))


@pytest.mark.parametrize(("line", "secret"), SECRETS.values(), ids=SECRETS)
def test_a_secret_is_masked(line: str, secret: str) -> None:
    found = masked(line.format(secret))
    assert secret not in found
    assert secret[-6:] not in found


@pytest.mark.parametrize(("line", "secret"), SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("disguised", [full_width, zero_width])
def test_a_secret_in_another_spelling_is_masked(disguised: object, line: str, secret: str) -> None:
    assert callable(disguised)
    found = masked(disguised(line.format(secret)))
    assert secret not in found
    assert secret[-6:] not in found


def as_json(text: str) -> str:
    return json.dumps({"message": text})


ESCAPES = [as_json, quote, quote_plus, html.escape, lambda text: quote(quote(text))]
ESCAPABLE = {
    "JSON": '{"password": "hunter2", "code": 3}',
    "form": "user=app&password=hunter2&code=3",
    "XML": "<password>hunter2</password>",
    "property": "password=hunter2",
    "header": 'headers: {"Authorization":"Basic hunter2hunter2"}',
    "environment": '{"name":"DB_PASSWORD","value":"hunter2"}',
}


@pytest.mark.parametrize("line", ESCAPABLE.values(), ids=ESCAPABLE)
@given(chain=some.lists(some.sampled_from(ESCAPES), max_size=3))
def test_a_secret_is_masked_however_its_line_was_escaped(
    line: str, chain: list[Callable[[str], str]]
) -> None:
    for escape in chain:
        line = escape(line)
    assert "hunter2" not in masked(line)


def test_a_private_key_over_many_lines_is_hidden_to_its_end() -> None:
    body = [
        drawn(BASE64, 64),
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz",
        drawn(BASE64, 18),
    ]
    found = harmless_lines([f"error: {PEM}", *body, PEM_END, "error: refused"], mask_known)
    assert found == ("error: ***", "error: refused")


def test_a_private_key_without_an_end_hides_no_line_that_is_none_of_its() -> None:
    lines = [f"error: {PEM}", drawn(BASE64, 64), "error: refused", "error: again"]
    assert harmless_lines(lines, mask_known) == ("error: ***", "error: refused", "error: again")


@pytest.mark.parametrize("name", ["password:", "db_password: |", '{"secret":', "TOKEN="])
def test_a_value_on_the_line_after_its_name_is_hidden(name: str) -> None:
    found = harmless_lines([name, f"  {WORD}", "error: refused"], mask_known)
    assert WORD not in "".join(found)
    assert found[-1] == "error: refused"


@pytest.mark.parametrize("between", ["\x00", "\x08", "\u034f", "\ufe0f", "\u3164", "\u00ad"])
def test_nothing_invisible_within_a_name_hides_it(between: str) -> None:
    assert WORD not in masked(f"pass{between}word={WORD}")


@pytest.mark.parametrize("line", ORDINARY)
def test_an_ordinary_line_stays_as_it_was(line: str) -> None:
    assert masked(line) == line[:LINE_LENGTH]


BITS = [
    "//",
    "/:_authToken=",
    "://",
    "@",
    ":",
    "key",
    '"',
    "'",
    "<pass",
    ">",
    "eyJ",
    "-",
    ".",
    "4",
    "A1b",
    "is",
    "cookie:",
    ";",
    "=",
    "hooks/",
    "ibm",
    "sl",
    "aws",
    "xoxb-",
    "password",
]
BITS += [" ", "-----BEGIN RSA PRIVATE KEY-----", "\u200b", "\ufdfa"]


@given(start=some.lists(some.sampled_from(BITS)), again=some.lists(some.sampled_from(BITS), min_size=1))
def test_no_line_takes_long_however_it_is_made(start: list[str], again: list[str]) -> None:
    mask_known("")  # the import is no part of it
    line = ("".join(start) + "".join(again) * 100_000)[:250_000]
    began = time.process_time()
    masked(line)
    assert time.process_time() - began < 1


@given(some.text(max_size=400))
def test_masking_twice_changes_nothing_that_was_ordinary(text: str) -> None:
    once = masked(text)
    assert len(once) <= LINE_LENGTH
    assert masked(once).count("***") <= once.count("***") + 1


def test_no_function_imports_the_rules_before_a_line_is_shown() -> None:
    code = "import firebreak.handlers, sys; sys.exit('detect_secrets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
