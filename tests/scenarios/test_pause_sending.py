"""Pausing mail through the deployed function, of one configuration set; of the account nothing moves."""

from typing import Any

import pytest

from firebreak.core.incident.states import IncidentState
from firebreak_devtools.local.calls import calls
from tests.scenarios.bench import Bench

pytestmark = pytest.mark.local

ACTION = {"firebreak:action": "pause-sending"}


class Mail:
    """The configuration sets of one bench and their alarms."""

    def __init__(self, bench: Bench) -> None:
        make: Any = bench.session.client
        self._ses = make("sesv2")
        self._bench = bench

    def set_with_alarm(self, name: str, *, opted_in: bool = True, target: str = "") -> tuple[str, str]:
        """A configuration set that sends, and the alarm on its bounces: both by name."""
        name = f"{self._bench.workload.cluster}-{name}"
        tags = [{"Key": "firebreak:enabled", "Value": "true"}] if opted_in else []
        self._ses.create_configuration_set(ConfigurationSetName=name, Tags=tags)
        alarm_tags = ACTION | ({"firebreak:target": target} if target else {})
        self._bench.session.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{name}-bounces",
            Namespace="AWS/SES",
            MetricName="Reputation.BounceRate",
            Dimensions=[{"Name": "ses:configuration-set", "Value": name}],
            Statistic="Maximum",
            Period=3600,
            EvaluationPeriods=1,
            Threshold=0.05,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            ActionConfiguration={"AlarmTagsPropagation": {"Enabled": True}},
            Tags=[{"Key": key, "Value": value} for key, value in alarm_tags.items()],
        )
        return name, f"{name}-bounces"

    def sends(self, name: str) -> bool:
        """Whether the set's mail goes out."""
        answer = self._ses.get_configuration_set(ConfigurationSetName=name)
        return bool(answer["SendingOptions"]["SendingEnabled"])

    def pauses(self, name: str) -> list[dict[str, Any]]:
        """The calls that reached AWS for a set, by the emulator's record."""
        found = calls(self._bench.session, "PutConfigurationSetSendingOptions")
        return [call.parameters for call in found if name in str(call.parameters)]


@pytest.fixture
def mail(bench: Bench) -> Mail:
    return Mail(bench)


def test_bounces_pause_their_configuration_set_once_and_a_human_hears_what_that_stops(
    bench: Bench, mail: Mail
) -> None:
    name, alarm = mail.set_with_alarm("newsletter")
    other, _ = mail.set_with_alarm("receipts")
    bench.turn(alarm, "ALARM")
    page = bench.expect_page("ACTED", f"ses:{name}")
    assert (mail.sends(name), mail.sends(other)) == (False, True)
    assert "password resets" in page.body
    assert f"--configuration-set-name {name} --sending-enabled" in page.body
    given = bench.expect_state(page.incident_id, IncidentState.PAGED)
    assert given.action == "pause-sending"
    assert mail.sends(name) is False, "nothing of Firebreak lets mail through again"


def test_a_recovery_does_not_end_the_pause(bench: Bench, mail: Mail) -> None:
    name, alarm = mail.set_with_alarm("digest")
    bench.turn(alarm, "ALARM")
    page = bench.expect_page("ACTED", f"ses:{name}")
    bench.turn(alarm, "OK")
    bench.expect_state(page.incident_id, IncidentState.CLOSED)
    assert mail.sends(name) is False


def test_a_set_that_did_not_opt_in_goes_on_sending(bench: Bench, mail: Mail) -> None:
    name, alarm = mail.set_with_alarm("untagged", opted_in=False)
    bench.turn(alarm, "ALARM")
    bench.expect_decision(alarm, "not_opted_in")
    assert mail.sends(name) is True


def test_the_whole_account_is_never_paused_unless_the_policy_names_it(bench: Bench, mail: Mail) -> None:
    name, alarm = mail.set_with_alarm("everything", target="ses:account")
    bench.turn(alarm, "ALARM")
    decision = bench.expect_decision(alarm, "not_opted_in")
    assert "ses:account" in str(decision)
    assert calls(bench.session, "PutAccountSendingAttributes") == []
    assert mail.sends(name) is True
