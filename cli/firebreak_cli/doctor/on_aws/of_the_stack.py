"""Questions about the deployment: names, roles, rights that AWS checks, versions, keys."""

# long because: each question is one declaration, with the text of every answer

from firebreak_cli.doctor.on_aws.model import Answer, Question, Trial

LIST_RESOURCES = "cloudformation:ListStackResources"
GET_FUNCTION = "lambda:GetFunctionConfiguration"

QUESTIONS = (
    Question(
        name="shortened-names",
        title="How does CloudFormation shorten the names?",
        reads=(LIST_RESOURCES,),
        answers=(
            Answer(
                name="whole",
                found="each begins with the whole name of the stack",
                means="it is short enough; no name was shortened",
            ),
            Answer(
                name="shortened",
                found="some have a part of it, 25 characters or another number",
                means="shortened, as expected; [nothing relies on it](operations.md#names)",
            ),
        ),
    ),
    Question(
        name="role-paths",
        title="Are the roles found by their path?",
        reads=("iam:ListRoles", LIST_RESOURCES),
        answers=(
            Answer(
                name="as-declared",
                found="18 (17 without a heartbeat, one more with gradual deployments)",
                means="as the template has it; Report and people with `ViewerPolicy` may look at them",
            ),
            Answer(
                name="more",
                found="more",
                means="a stack of the same name in another region has its roles there too",
            ),
            Answer(
                name="fewer",
                found="fewer",
                means="the others have another path; FB112 cannot look at them each morning, and says so",
                then="`firebreak doctor --only FB112`",
                expected=False,
            ),
        ),
    ),
    Question(
        name="rolled-back-ledger",
        title="Does a rollback take the ledger away?",
        by_hand="a stack that was rolled back has no outputs to find it by",
        answers=(
            Answer(name="nothing", found="nothing found", means="as documented"),
            Answer(
                name="ledger",
                found="FB904 names a ledger",
                means="it is empty",
                then=(
                    "`aws dynamodb delete-table --table-name NAME`, after switching a protection off if"
                    " there is one"
                ),
                expected=False,
            ),
            Answer(
                name="log-group",
                found="FB903 names a log group",
                means="a function made it again although IAM denies it",
                then="delete it with the command that is printed, and report it",
                expected=False,
            ),
            Answer(
                name="rollback-failed",
                found="FB901 `ROLLBACK_FAILED`",
                means="the deployment set `LedgerDeletionProtection=true`",
                then="delete the stack, which keeps the ledger, and then the ledger",
                expected=False,
            ),
        ),
    ),
    Question(
        name="reserve-zero",
        title="Can a new account reserve 0?",
        trial=Trial(
            calls=(
                "lambda:PutFunctionConcurrency on Report, with 0",
                "lambda:DeleteFunctionConcurrency on Report (PutFunctionConcurrency where it had a number)",
            ),
            taken_back="at once, within seconds",
            felt="nobody: no alarm needs Report, which runs at 07:10 UTC",
        ),
        answers=(
            Answer(name="taken", found="both succeed", means="`ReservedConcurrency=0` stops the actions"),
            Answer(
                name="refused",
                found="the first is refused (`InvalidParameterValueException`)",
                means="it cannot be deployed until the quota is larger",
                then="stop with `firebreak pause`, or the rules' parameters",
                expected=False,
            ),
        ),
    ),
    Question(
        name="page-destination",
        title="Does the failure destination of Page get your topic?",
        reads=("lambda:GetFunctionEventInvokeConfig", LIST_RESOURCES),
        answers=(
            Answer(
                name="topic",
                found="the topic of pages",
                means="an event that Page fails at reaches it as it is",
            ),
            Answer(
                name="empty",
                found="an empty destination, or another",
                means="the event reaches only the dead letters, whose alarm notifies the topic",
                then="report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="trial-calls",
        title="Does Application Auto Scaling take a registration by the role of scale-service?",
        reads=(
            "iam:GetRole",
            "iam:SimulatePrincipalPolicy",
            "dynamodb:Query",
            "dynamodb:BatchGetItem",
            LIST_RESOURCES,
        ),
        answers=(
            Answer(name="acted", found="it acted", means="every trial was allowed"),
            Answer(
                name="validation",
                found="`ValidationException`, with a list of missing rights",
                means="the trials are others than AWS documents. Nothing was changed",
                then=(
                    "until the template has them, give `ScaleService` those rights by a policy of your"
                    " own, or set"
                    " `ScaleServiceByTag` and `ScaleServiceBySymptom` to `DISABLED`; report it"
                ),
                expected=False,
            ),
            Answer(
                name="denied",
                found="the simulation denies `PutMetricAlarm` or `DeleteAlarms`",
                means="a permissions boundary or a policy of the organization is in the way",
                then="`firebreak doctor --only FB112`",
                expected=False,
            ),
        ),
    ),
    Question(
        name="confirmed-callers",
        title="Does STS confirm who signed a request?",
        reads=("dynamodb:Query", "dynamodb:BatchGetItem"),
        answers=(
            Answer(
                name="confirmed",
                found="an approval or an act by hand has a caller that AWS confirmed",
                means="a signature of one request is taken, as for the log-ins of Vault and of EKS",
            ),
            Answer(
                name="denied",
                found="`SignatureDoesNotMatch`",
                means="no approval and no act by hand counts; nothing else depends on it",
                then="compare the clock of the machine that signed with the true time, else report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="shifted-aliases",
        title="Does CodeDeploy shift the aliases?",
        by_hand="it takes a deployment with another `DeploymentPreference`, and a look while it goes on",
        answers=(
            Answer(
                name="shifted",
                found="a part in `RoutingConfig`, then `Succeeded` by `CloudFormation`",
                means="it works",
            ),
            Answer(
                name="role",
                found="`IAM_ROLE_PERMISSIONS` or `IAM_ROLE_MISSING`",
                means=(
                    "CodeDeploy makes another call, or the trust or a boundary is in the way: nothing was"
                    " shifted and the stack went back"
                ),
                then="deploy with `AllAtOnce`, and report the message",
                expected=False,
            ),
            Answer(
                name="alarm",
                found="`ALARM_ACTIVE`",
                means="a new version failed, as it should end; or the alarm was red from the one before",
                then="wait for two minutes, and look at the errors of the new version",
                expected=False,
            ),
            Answer(
                name="no-metric",
                found="no metric with `ExecutedVersion` although a part was shifted and Page ran",
                means="errors are not seen, so nothing is taken back",
                then="deploy with `AllAtOnce`, and report it",
                expected=False,
            ),
            Answer(
                name="slow-rollback",
                found="a deployment by `CloudFormationRollback` that lasts as long",
                means="the rollback is gradual too",
                then=(
                    "where the stack ends in `UPDATE_ROLLBACK_FAILED` because an alarm was red:"
                    " `aws cloudformation continue-update-rollback --stack-name STACK` when it is OK"
                ),
                expected=False,
            ),
        ),
    ),
    Question(
        name="ends-deployments",
        title="Does ECS check the service as well when a deployment is ended?",
        by_hand="it takes a role of yours that is cut down to half of the right",
        answers=(
            Answer(
                name="service",
                found="`AccessDeniedException` that names the service",
                means="both are checked: IAM keeps services out that did not opt in",
            ),
            Answer(
                name="deployment-alone",
                found="another error, such as that the deployment has finished",
                means=(
                    "the deployment alone is checked, and it shows no tag: for this call only Firebreak's"
                    " own look at"
                    " the service's tags keeps others out"
                ),
                then=(
                    "report it; a permissions boundary can limit `ecs:StopServiceDeployment` and"
                    " `ecs:ContinueServiceDeployment` to `service-deployment/CLUSTER/*`"
                ),
                expected=False,
            ),
            Answer(
                name="role",
                found="`AccessDeniedException` that names the deployment",
                means="TEST_ROLE itself lacks the right",
                then="give it to TEST_ROLE and ask again",
                expected=False,
            ),
        ),
    ),
    Question(
        name="rules-under-key",
        title="May a viewer list the rules of a bus under a key of your own?",
        reads=("events:ListRules", LIST_RESOURCES),
        answers=(
            Answer(name="listed", found="it answers", means="nothing to do"),
            Answer(
                name="refused",
                found=(
                    "the rules of the default bus are listed, and those of the stack's bus refused"
                    " (`kms:Decrypt`)"
                ),
                means=(
                    'the doctor reports the checks of rules as "could not look"; Report, which'
                    " has the right"
                    " without that condition, still looks each morning"
                ),
                then="add `kms:Decrypt` without the condition for those who run `doctor`",
                expected=False,
            ),
        ),
    ),
    Question(
        name="answers-under-key",
        title="Does a command that answers need rights on the key of the bus?",
        by_hand="it sends a page: `firebreak doctor --page-test` asks before",
        answers=(
            Answer(name="sent", found="the page arrives", means="nothing to do"),
            Answer(
                name="refused",
                found="refused, naming `kms:GenerateDataKey`",
                means="answers are refused with an error and nothing changes. The functions have the right",
                then="add `kms:GenerateDataKey` on the key to those who answer",
                expected=False,
            ),
        ),
    ),
    Question(
        name="policy-under-key",
        title="Is a policy under a key of your own pushed and read?",
        by_hand="it pushes a policy",
        answers=(
            Answer(
                name="read",
                found="it is pushed, and FB404 is good",
                means="the rights on the key suffice",
            ),
            Answer(
                name="refused",
                found="AWS refused `CreateHostedConfigurationVersion` or `StartDeployment`",
                means="who pushes lacks a right on the key; CloudTrail names the call on the key",
                then="give that right, and report it",
                expected=False,
            ),
            Answer(
                name="unread",
                found="a page says that AppConfig could not be read (`AccessDeniedException`)",
                means="the functions lack a right on the key",
                then="report it: until then they keep the policy that they have, or do nothing",
                expected=False,
            ),
        ),
    ),
    Question(
        name="schedules-under-key",
        title="Does a schedule under a key of your own reach its function?",
        reads=("dynamodb:Query", "dynamodb:BatchGetItem", "cloudwatch:DescribeAlarms", LIST_RESOURCES),
        answers=(
            Answer(name="arrive", found="FB105 and FB109 are good", means="sweeps and heartbeats arrive"),
            Answer(
                name="do-not-arrive",
                found="the last heartbeat is too old, or an alarm of the stack is red",
                means="`SweepsMissing` and `HeartbeatMissing` page it without this command",
                then="look at the dead letters, whose attributes name the error",
                expected=False,
            ),
        ),
    ),
    Question(
        name="held-policies",
        title="Does CloudFormation delete a policy that somebody holds?",
        reads=("iam:ListEntitiesForPolicy", LIST_RESOURCES),
        answers=(
            Answer(name="free", found="empty lists", means="the stack can be deleted"),
            Answer(
                name="held",
                found="roles, users or groups",
                means=(
                    "deleting the stack would stop with `DELETE_FAILED`; the ledger and everything else"
                    " stay until then"
                ),
                then="before you delete the stack, detach the policy from each",
            ),
        ),
    ),
    Question(
        name="architecture",
        title="Does your region have Lambda on arm64?",
        reads=(GET_FUNCTION, LIST_RESOURCES),
        answers=(
            Answer(
                name="as-deployed",
                found="the alias runs on the architecture of the parameter",
                means="the region has it",
            ),
            Answer(
                name="another",
                found="the alias runs on the other one",
                means="the deployment did not reach the alias",
                then=(
                    "see the [next"
                    " question](#does-a-deployment-with-another-parameter-alone-reach-the-aliases)"
                ),
                expected=False,
            ),
        ),
    ),
    Question(
        name="parameters-reach-aliases",
        title="Does a deployment with another parameter alone reach the aliases?",
        reads=(GET_FUNCTION, LIST_RESOURCES),
        answers=(
            Answer(
                name="reached",
                found="the description of the alias's version names the parameters that the stack has",
                means="CloudFormation replaced the version because its description changed",
            ),
            Answer(
                name="stayed",
                found="it names others",
                means="the functions run as before, by the old policy and architecture",
                then="change any line of the policy or of the code and deploy again; report it",
                expected=False,
            ),
            Answer(
                name="version-exists",
                found='the deployment failed with "A version for this Lambda function exists"',
                means="nothing was changed at all",
                then="report it",
                expected=False,
            ),
        ),
    ),
    Question(
        name="service-names",
        title="Are the names of AWS's services the same in your partition?",
        reads=("dynamodb:Query", "dynamodb:BatchGetItem", LIST_RESOURCES),
        answers=(
            Answer(
                name="known",
                found="a heartbeat came all the way",
                means=(
                    "Scheduler, CloudWatch and EventBridge are called as the template has it; `ecs-tasks`"
                    " and `ssm` are"
                    " first needed by an act"
                ),
            ),
            Answer(
                name="no-heartbeat",
                found="no heartbeat came within two hours of the deployment",
                means=(
                    "a service may call itself otherwise: it is refused (scheduler), or its events do not"
                    " arrive (events,"
                    " cloudwatch). Nothing is done that should not be"
                ),
                then="`firebreak doctor`",
                expected=False,
            ),
            Answer(
                name="invalid-principal",
                found='the deployment failed with "Invalid principal in policy"',
                means="a principal does not exist in this partition",
                then="report it",
                expected=False,
            ),
            Answer(
                name="act-denied",
                found="an act fails with `AccessDenied` and is paged",
                means=(
                    "the role of a task or of a runbook may not be handed to `ecs-tasks` or `ssm` under"
                    " that name"
                ),
                then="report it",
                expected=False,
            ),
        ),
    ),
)
