"""Questions about Terraform, the CDK and organizations: stacks that the command does not ask about."""

from firebreak_cli.doctor.on_aws.model import Answer, Question

_ELSEWHERE = "it is about another tool's stack, which this command does not know"

QUESTIONS = (
    Question(
        name="nested-change-set",
        title="Does a change set do for a nested stack with SAM's transform?",
        by_hand=_ELSEWHERE,
        answers=(
            Answer(
                name="created",
                found="it is created",
                means="the change set shows what will change, and `--method direct` may be left out",
            ),
            Answer(
                name="refused",
                found="it fails with a word on transforms or capabilities",
                means="as the reference of CreateChangeSet says",
                then="leave `--method direct`",
            ),
        ),
    ),
    Question(
        name="central-bus",
        title="Does the central bus know a forwarding role by its path?",
        by_hand="it takes a look in the central account",
        answers=(
            Answer(name="known", found="0, and the event is in the central log group", means="it does"),
            Answer(
                name="denied",
                found="1, whose attribute `ERROR_CODE` says that access was denied",
                means="EventBridge's own delivery does not carry `aws:PrincipalArn`",
                then="take `ArnLike` out of the policy of the central bus, and report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="service-managed-stackset",
        title="Does a service-managed StackSet take the processed template?",
        by_hand=_ELSEWHERE,
        answers=(
            Answer(name="taken", found="`SUCCEEDED`", means="it may be used for all"),
            Answer(
                name="failed",
                found="`FAILED`",
                means="the reason names what it does not take",
                then="deploy by a pipeline in each account instead, and report it",
                expected=False,
            ),
        ),
    ),
)
