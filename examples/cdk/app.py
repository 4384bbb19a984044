"""Firebreak from a packaged template, and one alarm that it answers, as an app of the AWS CDK (README.md)."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

TEMPLATE = (
    "https://${ReleaseBucket}.s3.${AWS::Region}.${AWS::URLSuffix}/firebreak/${ReleaseVersion}/template.yaml"
)
TAGS = {"firebreak:action": "restart-service", "firebreak:severity": "error", "respond-within": "30m"}


class Alarms(cdk.Stack):
    """Firebreak as a nested stack, and the alarms of a service beneath it.

    The name of a nested stack begins with that of this one, the functions' names with both: keep it short.
    """

    def __init__(self, app: cdk.App, name: str) -> None:
        super().__init__(app, name, description="Firebreak, and an alarm that it answers")
        self._parameter("ReleaseBucket", "The bucket that holds the packaged template, in this region")
        self._parameter("ReleaseVersion", "The version that was packaged")
        email = self._parameter("PageEmail", "An address that gets every page, after it confirmed")
        firebreak = cdk.CfnStack(
            self, "Firebreak", template_url=cdk.Fn.sub(TEMPLATE), parameters={"PageEmail": email}
        )
        self._memory_alarm()
        self._passed_on(firebreak, "LedgerTable", "The ledger, for FIREBREAK_LEDGER_TABLE")
        self._passed_on(firebreak, "BusName", "The name of Firebreak's stack, for FIREBREAK_STACK")

    def _passed_on(self, firebreak: cdk.CfnStack, name: str, description: str) -> None:
        value = firebreak.get_att(f"Outputs.{name}").to_string()
        cdk.CfnOutput(self, name, value=value, description=description)

    def _parameter(self, name: str, description: str) -> str:
        return cdk.CfnParameter(self, name, description=description).value_as_string

    def _memory_alarm(self) -> None:
        """Make the alarm by the construct of level 1: those of level 2 know no propagation of tags."""
        cluster = self._parameter("Cluster", "The ECS cluster of the service")
        service = self._parameter("Service", "The ECS service, tagged firebreak:enabled=true")
        alarm = cloudwatch.CfnAlarm
        propagation = alarm.AlarmTagsPropagationProperty(enabled=True)
        alarm(
            self,
            "Memory",
            alarm_name=f"{service}-memory",
            alarm_description="Error, within 30m. Memory over 85% for three minutes.",
            namespace="AWS/ECS",
            metric_name="MemoryUtilization",
            dimensions=[
                alarm.DimensionProperty(name="ClusterName", value=cluster),
                alarm.DimensionProperty(name="ServiceName", value=service),
            ],
            statistic="Average",
            period=60,
            evaluation_periods=3,
            comparison_operator="GreaterThanThreshold",
            threshold=85,
            treat_missing_data="missing",
            action_configuration=alarm.ActionConfigurationProperty(alarm_tags_propagation=propagation),
            tags=[cdk.CfnTag(key=key, value=value) for key, value in TAGS.items()],
        )


app = cdk.App(analytics_reporting=False)
Alarms(app, "alarms")
app.synth()
