"""Questions about alarms, their events, and what the functions write."""

from firebreak_cli.doctor.on_aws.model import Answer, Question, Trial

HISTORY, ALARMS = "cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"
LIST_RESOURCES = "cloudformation:ListStackResources"
PAGE_TEST = "`firebreak doctor --page-test topic`"

QUESTIONS = (
    Question(
        name="heartbeat-mail",
        title="Does the mail of the first heartbeat come?",
        reads=(HISTORY, LIST_RESOURCES),
        answers=(
            Answer(
                name="notified",
                found="from INSUFFICIENT_DATA to OK, and CloudWatch notified the topic",
                means="the way from an alarm to the ledger and the one from an alarm to the topic work",
                then=(
                    "look whether the mail came. Without one the address was not confirmed by then:"
                    " `firebreak doctor --only FB301`, then `firebreak doctor --page-test topic`"
                ),
            ),
            Answer(
                name="not-notified",
                found="from INSUFFICIENT_DATA to OK, and no notification succeeded",
                means="the way from an alarm to the ledger works, and CloudWatch did not reach the topic",
                then=PAGE_TEST,
                expected=False,
            ),
            Answer(
                name="red",
                found="to ALARM",
                means="no heartbeat was recorded",
                then="`firebreak doctor`",
                expected=False,
            ),
            Answer(
                name="nothing",
                found="nothing within two hours",
                means="the alarm waits for longer than it should",
                then=PAGE_TEST,
                expected=False,
            ),
        ),
    ),
    Question(
        name="dropped-dead-letters",
        title="Does EventBridge leave dead letters in the queue?",
        reads=("cloudwatch:ListMetrics", LIST_RESOURCES),
        answers=(
            Answer(name="none", found="no metric of a rule of the stack", means="nothing was dropped"),
            Answer(
                name="dropped",
                found="one of a rule of the stack",
                means="the policy does not let that rule in",
                then="compare its ARN with the queue's policy, and report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="own-topic",
        title="Does CloudWatch reach a topic of your own?",
        reads=(HISTORY, LIST_RESOURCES),
        trial=Trial(
            calls=(
                "cloudwatch:SetAlarmState of StuckLeases to ALARM",
                "cloudwatch:SetAlarmState of StuckLeases to the state before",
            ),
            taken_back="after at most a minute; CloudWatch itself looks at the alarm again within five",
            felt=(
                "everybody who hears of the topic: one message for ALARM and one for OK, with the reason"
                " 'a test'"
            ),
        ),
        answers=(
            Answer(
                name="reached",
                found="CloudWatch notified the topic of an alarm of the stack",
                means="CloudWatch may publish to the topic",
                then="whether a mail or a page came, its readers know",
            ),
            Answer(
                name="failed",
                found="the notification failed",
                means="the topic's policy, or the key that encrypts it, does not let CloudWatch in",
                then="`aws cloudwatch describe-alarm-history` names the error of the action",
                expected=False,
            ),
        ),
    ),
    Question(
        name="wall-clock-window",
        title="Does a wall clock window look further back than its periods?",
        trial=Trial(
            calls=(
                "cloudwatch:PutMetricAlarm of STACK-window-trial, which notifies nobody",
                "cloudwatch:PutMetricData of one value, in a namespace of its own",
                "cloudwatch:DeleteAlarms of STACK-window-trial",
            ),
            taken_back=(
                "the alarm is deleted when it turned red, or after 40 minutes; CloudWatch forgets the metric"
            ),
            felt="nobody",
        ),
        answers=(
            Answer(
                name="documented",
                found="red 15 to 21 minutes after the value was put",
                means="as documented, and [the stated times](operations.md#watchdog) hold",
            ),
            Answer(
                name="longer",
                found="later, or not within 40 minutes",
                means=(
                    "the window looks further back. With two periods more, `SweepsMissing` 31 min,"
                    " `PageSweepsMissing`"
                    " 31 min and `DoctorMissing` 30 h. Nothing else changes: no other alarm depends on it"
                ),
                then="report it",
                expected=False,
            ),
            Answer(
                name="refused",
                found="the first call is refused",
                means="the region has no such windows, and the stack would not deploy",
                then="remove `wall_clock=true` in `template/template.yaml.j2`, and report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="counts-in-time",
        title="When can a count be seen that a function wrote?",
        reads=("cloudwatch:GetMetricData", LIST_RESOURCES),
        answers=(
            Answer(
                name="in-time",
                found="the newest count is at most eight minutes old",
                means=(
                    "nothing contradicts the stated times: a sweep comes every five minutes, and is"
                    " counted by the minute"
                ),
            ),
            Answer(
                name="late",
                found="it is 9 to 14 minutes old",
                means=(
                    "counts are seen later than within two minutes, and the times grow by as much. Up to"
                    " eight minutes turn"
                    " nothing red as long as no sweep fails"
                ),
                then="ask again; if it stays so, report it",
                expected=False,
            ),
            Answer(
                name="too-late",
                found="it is older, or there is none",
                means=(
                    "no sweep came to its end, or it may not count; `DeadLettersAlarm` is red without a point"
                ),
                then="the log of Verify says `watchdog.not_measured` and why",
                expected=False,
            ),
        ),
    ),
    Question(
        name="stopped-function",
        title="What does Lambda call a function that was stopped?",
        by_hand="it pages CRASHED and leaves a dead letter, which somebody has to delete",
        answers=(
            Answer(
                name="known",
                found='the page says "its function is stopped"',
                means="a stop of all functions is [one page](operations.md#stopping-and-starting)",
            ),
            Answer(
                name="another-name",
                found='it says "its function failed", with another name',
                means=(
                    "a stop is one page for each function, and one for each incident in a quarter of an"
                    " hour; all else holds"
                ),
                then="report the name",
                expected=False,
            ),
        ),
    ),
    Question(
        name="saved-queries",
        title="Do the saved queries find log lines?",
        reads=(
            "logs:DescribeQueryDefinitions",
            "logs:StartQuery",
            "logs:GetQueryResults",
            "dynamodb:Query",
            "dynamodb:BatchGetItem",
            LIST_RESOURCES,
        ),
        answers=(
            Answer(
                name="found",
                found="rows with a reason",
                means=(
                    "the fields have the names that the queries use, and the dashboard's tables work as well"
                ),
            ),
            Answer(
                name="none",
                found="none, although the ledger has a refusal of the last day",
                means="Logs Insights calls the fields otherwise",
                then=(
                    "open one line in the console, look how its discovered fields are written, and report it"
                ),
                expected=False,
            ),
            Answer(
                name="missing",
                found="there is no query of that name",
                means="CloudFormation did not make it under the name that the template gives it",
                then="report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="trace-ids",
        title="Has a trace the incident's id?",
        reads=("xray:GetTraceSummaries", "dynamodb:Query", "dynamodb:BatchGetItem"),
        answers=(
            Answer(name="found", found="ids", means="yes"),
            Answer(
                name="none",
                found="none, although something was decided in the last six hours",
                means=(
                    "X-Ray samples, so one decision says little; the logs have the same id, and nothing"
                    " else depends on traces"
                ),
                then="ask again after the next decision; still none: report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="tags-of-series",
        title="Do the events of series carry their alarm's tags?",
        reads=("logs:FilterLogEvents", ALARMS, "dynamodb:Query", "dynamodb:BatchGetItem"),
        answers=(
            Answer(
                name="passed-on",
                found="Route passed on an alarm of many series",
                means=(
                    "they carry none, and Route read the live tags instead. With `RouteUntagged=DISABLED`"
                    " a series without"
                    " tags reaches nobody"
                ),
                then="leave `RouteUntagged` enabled",
            ),
            Answer(
                name="direct",
                found="Route passed none on, and a function decided about one",
                means="they carry them",
            ),
        ),
    ),
    Question(
        name="log-alarms",
        title="Does this region know log alarms?",
        reads=(ALARMS,),
        answers=(
            Answer(name="known", found="an answer", means="it knows them, or does not mind"),
            Answer(
                name="refused",
                found="a validation error",
                means=(
                    "it does not know them. Each function asks once more without `LogAlarm`, and"
                    " remembers it until its next"
                    " cold start; `firebreak` does so for a run"
                ),
            ),
        ),
    ),
    Question(
        name="series-of-alarms",
        title="May the functions list the series of an alarm?",
        reads=("cloudwatch:DescribeAlarmContributors", ALARMS),
        answers=(
            Answer(name="listed", found="an answer", means="IAM knows the action by this name"),
            Answer(
                name="denied",
                found="denied, to holders of `ViewerPolicy` or with `alarm_unreadable` on a page",
                means=(
                    "IAM knows the action by another name. Firebreak then changes nothing for series and"
                    " pages a human; an act"
                    " that was made before is `unknown`, never recovered. All other alarms are not concerned"
                ),
                then="report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="fargate-sizes",
        title="Does Fargate take the sizes of 32 vCPU?",
        by_hand="only the registration of a task definition shows it; AdjustTaskMemory makes one in need",
        answers=(
            Answer(name="taken", found="the task definition is registered", means="as the user guide says"),
            Answer(
                name="refused",
                found="it is refused, and the page says FAILED with AWS's code",
                means="nothing was changed",
                then="report the size",
                expected=False,
            ),
        ),
    ),
    Question(
        name="gov-slack",
        title="Does GovSlack take a page?",
        by_hand="it sends a page: `firebreak doctor --page-test` asks before",
        answers=(
            Answer(name="taken", found="an answer of Slack, and a message in the channel", means="yes"),
            Answer(
                name="refused",
                found="anything else",
                means="pages go to the channel that `otherwise` names, in the end to the topic",
                then="report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="console-links",
        title="Where is the console?",
        by_hand="open the links of the first page",
        answers=(
            Answer(name="right", found="they lead to the alarm and the target", means="nothing to do"),
            Answer(
                name="nowhere",
                found="one leads nowhere",
                means="a nuisance and nothing else: the page names the alarm, the target and the command",
                then="report it",
                expected=False,
            ),
        ),
    ),
)
