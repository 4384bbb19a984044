"""The checks of `firebreak doctor`: the one list that the command, its help and docs/doctor.md are made of.

The hundreds are the areas. A code is never used for another check: one that is retired goes to RETIRED.
"""

from collections.abc import Mapping
from types import MappingProxyType

from firebreak_cli.doctor.model import Check, Level, Own, When

STACK, ALARMS, PAGES, POLICY, ACCOUNT = (
    "The stack",
    "Alarms and their targets",
    "Pages",
    "The policy",
    "The account and this machine",
)
BEFORE = "Before a deployment"

RETIRED: frozenset[str] = frozenset()

_CHECKS = (
    Check(
        code="FB101",
        area=STACK,
        level=Level.STACK,
        should="The stack is deployed completely.",
        why="In a failed state some functions, rules or rights are of the release before, or missing.",
        mend="aws cloudformation describe-stack-events --stack-name {stack} --region {region}",
    ),
    Check(
        code="FB102",
        area=STACK,
        level=Level.STACK,
        should="Every rule that all alarms need is there and enabled.",
        why="Without one of them no ladder is climbed, no recovery is seen or nobody is paged, silently.",
        mend="aws events enable-rule --name {subject} --event-bus-name {place} --region {region}",
    ),
    Check(
        code="FB103",
        area=STACK,
        level=Level.WARNING,
        should="The rules by tag and by symptom of every action are enabled.",
        why="An alarm whose rule is disabled starts nothing. FB202 lists the alarms that this is about.",
        mend="aws events enable-rule --name {subject} --region {region}",
    ),
    Check(
        code="FB104",
        area=STACK,
        level=Level.STACK,
        should="No function is stopped by a reserved concurrency of 0.",
        why="A function that was stopped in an emergency and forgotten takes no event.",
        mend=(
            "aws lambda put-function-concurrency --function-name {subject}"
            " --reserved-concurrent-executions {copies} --region {region}"
        ),
    ),
    Check(
        code="FB105",
        area=STACK,
        level=Level.STACK,
        should="The last heartbeat is not older than three of its intervals.",
        why="The heartbeat takes the way of every alarm. Where it does not arrive, no alarm may arrive.",
        mend=Own("incidents", "--reason", "heartbeat"),
    ),
    Check(
        code="FB106",
        area=STACK,
        level=Level.WARNING,
        should="The dead-letter queue is empty.",
        why="Each message is an event without an answer, and what failed once fails again on the bad day.",
        mend="aws sqs receive-message --queue-url {queue} --region {region}",
    ),
    Check(
        code="FB107",
        area=STACK,
        level=Level.STACK,
        should="No kill switch is held.",
        why="A paused scope refuses acts, however red it is. A pause that nobody remembers is an outage.",
        mend=Own("switches"),
    ),
    Check(
        code="FB108",
        area=STACK,
        level=Level.STACK,
        should="There is no storm of alarms.",
        why="In a storm nothing is acted on until it is over or somebody ends it.",
        mend=Own("storm"),
    ),
    Check(
        code="FB109",
        area=STACK,
        level=Level.STACK,
        should="The stack's own alarms are there, none is red, and each can reach its topic.",
        why="They report a Firebreak that does not work, without any code of Firebreak in their way.",
        mend="aws cloudwatch describe-alarms --alarm-names {subject} --region {region}",
    ),
    Check(
        code="FB110",
        area=STACK,
        level=Level.STACK,
        should="Every schedule of the stack is there and enabled.",
        why="They wake Verify, Page and the heartbeat: what a lost wake-up leaves behind stays there.",
        mend="aws scheduler get-schedule --name {subject} --group-name {place} --region {region}",
    ),
    Check(
        code="FB111",
        area=STACK,
        level=Level.WARNING,
        should="CloudFormation found no drift when it last looked, which is not long ago.",
        why="A change by hand is in no template: a deployment may leave it, or take it away.",
        mend="aws cloudformation detect-stack-drift --stack-name {stack} --region {region}",
    ),
    Check(
        code="FB112",
        area=STACK,
        level=Level.STACK,
        should="The role of every function and schedule allows all that it does.",
        why="What IAM refuses fails on the bad day, and not before.",
        mend="aws iam list-role-policies --role-name {subject}",
    ),
    Check(
        code="FB113",
        area=STACK,
        level=Level.WARNING,
        should="DynamoDB refuses to delete the ledger.",
        why="It is off for the first deployment, which it would keep from being rolled back, and stays off.",
        mend="sam deploy with LedgerDeletionProtection=true",
    ),
    Check(
        code="FB201",
        area=ALARMS,
        level=Level.STACK,
        should="At least one alarm leads to an action.",
        why="Without one Firebreak does nothing on any day, and looks healthy.",
        mend="aws cloudwatch tag-resource --resource-arn ALARM_ARN --tags Key=firebreak:action,Value=ACTION",
    ),
    Check(
        code="FB202",
        area=ALARMS,
        level=Level.ALARM,
        should="Every alarm that is tagged for Firebreak, or has a known symptom, reaches its action.",
        why="A misspelt tag, a disabled rule or tags that do not ride make an alarm start nothing.",
        mend=Own("explain", "--alarm", "{subject}"),
    ),
    Check(
        code="FB203",
        area=ALARMS,
        level=Level.WARNING,
        should="No alarm leads to two actions.",
        why="Which of them gets the target first is chance.",
        mend="aws cloudwatch tag-resource --resource-arn ALARM_ARN --tags Key=firebreak:action,Value=ACTION",
    ),
    Check(
        code="FB204",
        area=ALARMS,
        level=Level.WARNING,
        should="The tags of every alarm that is tagged for Firebreak ride in its events.",
        why="They are looked up then, by one more function and one more call that can fail.",
        mend=(
            "aws cloudwatch put-metric-alarm ... --action-configuration AlarmTagsPropagation={Enabled=true}"
            " (it replaces the whole alarm: adopt --apply gives all of its settings)"
        ),
    ),
    Check(
        code="FB205",
        area=ALARMS,
        level=Level.ALARM,
        should="Every alarm that leads to an action names one target of that action, which exists.",
        why="Firebreak never guesses: without exactly one target it refuses and pages.",
        mend="aws cloudwatch tag-resource --resource-arn ALARM_ARN --tags Key=firebreak:target,Value=TARGET",
    ),
    Check(
        code="FB206",
        area=ALARMS,
        level=Level.ALARM,
        should="The target of every such alarm has opted in, and lets that alarm act.",
        why="A resource without firebreak:enabled=true is never changed, and IAM refuses the change as well.",
        mend=(
            "aws resourcegroupstaggingapi tag-resources --resource-arn-list TARGET_ARN"
            " --tags firebreak:enabled=true --region {region}"
        ),
    ),
    Check(
        code="FB207",
        area=ALARMS,
        level=Level.ALARM,
        should="Nothing lasting in the alarm or its target keeps the action from being done.",
        why="It would be refused each time, until somebody changes the alarm or the target.",
        mend=Own("explain", "--alarm", "{subject}"),
    ),
    Check(
        code="FB208",
        area=ALARMS,
        level=Level.ALARM,
        should="The policy lets the action change the target, or asks a human.",
        why="Where the policy says observe, Firebreak only writes down what it would have done.",
        mend='set autonomy = "auto" or "approve" in an override for {target}, and deploy the policy',
    ),
    Check(
        code="FB209",
        area=ALARMS,
        level=Level.WARNING,
        should="Every such alarm has data.",
        why="An alarm in INSUFFICIENT_DATA does not turn red when its target fails.",
        mend="aws cloudwatch describe-alarms --alarm-names {subject} --region {region}",
    ),
    Check(
        code="FB210",
        area=ALARMS,
        level=Level.ALARM,
        should="No kill switch stops the action or the target of such an alarm.",
        why="It is refused for as long as somebody holds the switch, which may be a month.",
        mend=Own("switches"),
    ),
    Check(
        code="FB211",
        area=ALARMS,
        level=Level.ALARM,
        should="The role of every such alarm's action allows all that the action does.",
        why="It would be decided and claimed, and then IAM would refuse it.",
        mend=Own("doctor", "--only", "FB112"),
    ),
    Check(
        code="FB212",
        area=ALARMS,
        level=Level.WARNING,
        should="Where another stack of Firebreak is in the region, each target names the one that may act.",
        why="The rules of both deliver the alarm to both, and neither knows what the other did.",
        mend=(
            "aws resourcegroupstaggingapi tag-resources --resource-arn-list TARGET_ARN"
            " --tags firebreak:stack={stack} --region {region}"
        ),
    ),
    Check(
        code="FB301",
        area=PAGES,
        level=Level.PAGES,
        should="Every topic that pages go to has confirmed subscriptions, and no other ones.",
        why="SNS takes a page for a topic without subscribers and reports success: nobody hears of it.",
        mend="aws sns list-subscriptions-by-topic --topic-arn {subject} --region {region}",
    ),
    Check(
        code="FB302",
        area=PAGES,
        level=Level.PAGES,
        should="The secret of every channel of the policy exists where Page may read it.",
        why="Without it the channel fails, and the page goes the policy's other way, at last to the topic.",
        mend="store the channel's key, the value alone, as {secret}",
    ),
    Check(
        code="FB303",
        area=PAGES,
        level=Level.PAGES,
        should="The role of Page may read the secret of every channel of the policy.",
        why="The channel fails at its first page, which then goes the policy's other way.",
        mend="let the role of Page read {secret}, and use its key: by PageKeyArns, or by the key's policy",
    ),
    Check(
        code="FB401",
        area=POLICY,
        level=Level.BASIS,
        should="The stack decides by the policy that this machine has.",
        why="The findings on targets and autonomy are about this copy, and the stack has another.",
        mend="sam build && sam deploy, or run it in the clone that was deployed",
    ),
    Check(
        code="FB402",
        area=POLICY,
        level=Level.WARNING,
        should="No setting of the policy is probably a mistake.",
        why="It loads, and does something else than its author thinks.",
        mend="change the settings that the findings name, and deploy the policy",
    ),
    Check(
        code="FB403",
        area=POLICY,
        level=Level.STACK,
        should="Every Change Calendar of the policy exists, and the actions may read it.",
        why="An act is refused where a calendar for it cannot be read, and a human is paged instead.",
        mend="sam deploy with ChangeCalendarArns=ARN,ARN of every calendar that the policy names",
    ),
    Check(
        code="FB404",
        area=POLICY,
        level=Level.STACK,
        should="The newest policy in AppConfig is in force, and its compiled form says what its text says.",
        why="The functions decide by an earlier policy, or do nothing, or do what its text does not show.",
        mend=Own("policy", "push", "FILE"),
    ),
    Check(
        code="FB501",
        area=ACCOUNT,
        level=Level.WARNING,
        should="Lambda keeps enough concurrency for every function of the stack.",
        why="Where nothing is reserved, a burst of other functions in the account throttles Firebreak too.",
        mend=(
            "aws service-quotas request-service-quota-increase --service-code lambda"
            " --quota-code L-B99A9384 --desired-value {wanted} --region {region}"
        ),
    ),
    Check(
        code="FB502",
        area=ACCOUNT,
        level=Level.WARNING,
        should="The clock of this machine is that of AWS.",
        why="The ages that commands print, and the times that you compare with logs, are wrong by as much.",
        mend="timedatectl set-ntp true",
    ),
    Check(
        code="FB901",
        area=BEFORE,
        when=When.BEFORE,
        level=Level.STACK,
        should="CloudFormation takes a deployment of a stack of this name.",
        why="A stack that failed is in the way until that state is left, one that is busy until it is done.",
        mend="aws cloudformation describe-stacks --stack-name {stack} --region {region}",
    ),
    Check(
        code="FB902",
        area=BEFORE,
        when=When.BEFORE,
        level=Level.STACK,
        should="The Lambda quota has room for what the stack reserves.",
        why="AWS keeps 100 executions unreserved and refuses a deployment that would leave fewer.",
        mend="sam deploy with ReservedConcurrency=-1, or ask for a quota of {wanted}",
    ),
    Check(
        code="FB903",
        area=BEFORE,
        when=When.BEFORE,
        level=Level.STACK,
        should="No log group of an earlier stack of this name is left.",
        why="CloudFormation does not take over a log group that exists, and the deployment is rolled back.",
        mend=(
            "aws logs delete-log-group --log-group-name {subject} --region {region}"
            " (it destroys the logs of the earlier stack: export what you need before)"
        ),
    ),
    Check(
        code="FB904",
        area=BEFORE,
        when=When.BEFORE,
        level=Level.WARNING,
        should="No ledger of an earlier stack of this name is left.",
        why="A new stack begins with an empty ledger: the limits and pauses of the old one are forgotten.",
        mend="sam deploy with LedgerTableName={subject}, to go on with it",
    ),
    Check(
        code="FB905",
        area=BEFORE,
        when=When.BEFORE,
        level=Level.STACK,
        should="The settings of the deployment name an address or a topic for pages.",
        why="Without one nobody hears of anything, and the rule SomebodyHears refuses the deployment.",
        mend="write PageEmail=ADDRESS or PageTopicArn=ARN into parameter_overrides of samconfig.toml",
    ),
)

CHECKS: Mapping[str, Check] = MappingProxyType({check.code: check for check in _CHECKS})
