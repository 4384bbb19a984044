"""The one session of a process that talks to local AWS: it makes each client once, and none for AWS."""

from concurrent.futures import ThreadPoolExecutor

from botocore.config import Config

from firebreak_devtools.local.emulator import Running

HERE = Running(pid=1, port=4599, bind="127.0.0.1", mark="m")


def test_a_client_is_made_once_for_all_callers() -> None:
    with ThreadPoolExecutor(8) as pool:
        clients = list(pool.map(lambda _: HERE.session().client("sqs"), range(32)))
    assert {id(one) for one in clients} == {id(clients[0])}
    assert clients[0].meta.endpoint_url == HERE.endpoint


def test_a_client_with_options_is_made_for_its_caller() -> None:
    session = HERE.session()
    elsewhere = session.client("sqs", endpoint_url="http://127.0.0.1:4700", config=Config(read_timeout=77))
    assert elsewhere.meta.endpoint_url == "http://127.0.0.1:4700"
    assert session.client("sqs").meta.endpoint_url == HERE.endpoint


def test_another_emulator_has_a_session_of_its_own() -> None:
    there = Running(pid=2, port=4600, bind="127.0.0.1", mark="n")
    assert there.session().client("sqs").meta.endpoint_url == "http://127.0.0.1:4600"
    assert there.session() is not HERE.session()
