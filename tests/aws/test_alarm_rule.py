"""Which children a composite alarm's rule waits for."""

import pytest

from firebreak.core.alarm_rule import children

ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:api-memory"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("", (), id="no rule"),
        pytest.param("TRUE", (), id="a constant"),
        pytest.param("ALARM(cpu) AND ALARM(disk)", ("cpu", "disk"), id="bare names"),
        pytest.param(f'ALARM("{ARN}")', (ARN,), id="a quoted ARN"),
        pytest.param(f"ALARM({ARN})", (ARN,), id="a bare ARN"),
        pytest.param(
            'ALARM( "api (blue), high" )', ("api (blue), high",), id="spaces and parentheses quoted"
        ),
        pytest.param(r'ALARM("say \"hi\"")', ('say "hi"',), id="escaped quotes"),
        pytest.param("(ALARM(cpu) OR ALARM(disk)) AND OK(net)", ("cpu", "disk"), id="OK is no symptom"),
        pytest.param("INSUFFICIENT_DATA(net) OR ALARM(cpu)", ("cpu",), id="missing data is no symptom"),
        pytest.param("ALARM(cpu) AND NOT ALARM(deploying)", ("cpu", "deploying"), id="NOT is listed too"),
        pytest.param('OK("fake ALARM(x)") OR ALARM(cpu)', ("cpu",), id="a name that looks like a rule"),
        pytest.param("ALARM(cpu) OR (ALARM(cpu) AND ALARM(mem))", ("cpu", "mem"), id="each once"),
        pytest.param(
            'AT_LEAST(2, ALARM, (cpu, "mem, high", disk))', ("cpu", "mem, high", "disk"), id="a quorum"
        ),
        pytest.param("AT_LEAST(60%, NOT OK, (cpu, mem))", ("cpu", "mem"), id="a quorum of not OK"),
        pytest.param("AT_LEAST(2, OK, (cpu, mem)) AND ALARM(disk)", ("disk",), id="a quorum of OK"),
    ],
)
def test_the_children_that_are_wanted_in_alarm(rule: str, expected: tuple[str, ...]) -> None:
    assert expected == children(rule)
