"""SDK errors become Firebreak's errors by class, code and status, and never by message."""

import inspect
from itertools import chain

import botocore.session
import pytest
from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker

from firebreak.aws.translate import look, send, translate, translated
from firebreak.core.readings import ABSENT, Unknown
from firebreak.errors import (
    AwsError,
    Conflict,
    Denied,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
)

# The operations the product calls, by service.
OPERATIONS = {
    "ecs": ["DescribeServices", "DescribeTaskDefinition", "UpdateService"],
    "application-autoscaling": ["DescribeScalableTargets", "RegisterScalableTarget"],
    "cloudwatch": ["DescribeAlarms", "DescribeAlarmContributors", "ListTagsForResource"],
    "dynamodb": ["BatchGetItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"],
    "lambda": [
        "GetFunctionConfiguration",
        "ListAliases",
        "ListProvisionedConcurrencyConfigs",
        "ListTags",
        "ListVersionsByFunction",
        "PublishVersion",
        "UpdateAlias",
        "UpdateFunctionConfiguration",
    ],
    "scheduler": ["CreateSchedule", "DeleteSchedule"],
    "events": ["PutEvents"],
    "sns": ["Publish"],
    "ssm": [
        "DescribeAutomationExecutions",
        "GetDocument",
        "ListTagsForResource",
        "StartAutomationExecution",
    ],
}


def client_error(code: str, status: int = 400, message: str = "") -> sdk.ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return sdk.ClientError(answer, "Operation")  # type: ignore[arg-type] # the rest is not read


def modelled_errors() -> dict[str, int]:
    """Every error the models list for Firebreak's operations: code and status (400 where unsaid)."""
    models = botocore.session.get_session()
    found: dict[str, int] = {}
    for service, operations in OPERATIONS.items():
        model = models.get_service_model(service)
        for shape in chain.from_iterable(model.operation_model(name).error_shapes for name in operations):
            error = shape.metadata.get("error", {})
            found[error.get("code", shape.name)] = error.get("httpStatusCode", 400)
    return found


# The error class that each of them means for a mutation. A new one in botocore fails the test below: decide.
MODELLED = {
    "AccessDeniedException": Denied,
    "AuthorizationError": Denied,
    "AutomationDefinitionNotFoundException": NotFound,
    "AutomationDefinitionVersionNotFoundException": NotFound,
    "AutomationExecutionLimitExceededException": Rejected,
    "ClientException": Rejected,
    "ClusterNotFoundException": NotFound,
    "CodeSigningConfigNotFoundException": NotFound,
    "CodeStorageExceededException": Rejected,
    "CodeVerificationFailedException": Rejected,
    "ConcurrentUpdateException": Conflict,
    "ConditionalCheckFailedException": Conflict,
    "ConflictException": Conflict,
    "EndpointDisabled": Rejected,
    "FunctionVersionsPerCapacityProviderLimitExceededException": Rejected,
    "IdempotentParameterMismatch": Rejected,
    "IdempotentParameterMismatchException": Rejected,
    "InternalError": OutcomeUnknown,
    "InternalException": OutcomeUnknown,
    "InternalServerError": OutcomeUnknown,
    "InternalServerException": OutcomeUnknown,
    "InternalServiceError": OutcomeUnknown,
    "InternalServiceException": OutcomeUnknown,
    "InvalidAutomationExecutionParametersException": Rejected,
    "InvalidCodeSignatureException": Rejected,
    "InvalidDocument": NotFound,
    "InvalidDocumentVersion": NotFound,
    "InvalidFilterKey": Rejected,
    "InvalidFilterValue": Rejected,
    "InvalidNextToken": Rejected,
    "InvalidNextTokenException": Rejected,
    "InvalidParameter": Rejected,
    "InvalidParameterException": Rejected,
    "InvalidParameterValue": Rejected,
    "InvalidParameterValueException": Rejected,
    "InvalidResourceId": NotFound,
    "InvalidResourceType": Rejected,
    "InvalidSecurity": Denied,
    "InvalidTarget": Rejected,
    "ItemCollectionSizeLimitExceededException": Rejected,
    "KMSAccessDenied": Denied,
    "KMSDisabled": Rejected,
    "KMSInvalidState": Rejected,
    "KMSNotFound": NotFound,
    "KMSOptInRequired": Denied,
    "KMSThrottling": Throttled,
    "LimitExceededException": Rejected,
    "NamespaceNotFoundException": NotFound,
    "NotFound": NotFound,
    "ParameterValueInvalid": Rejected,
    "PlatformApplicationDisabled": Rejected,
    "PlatformTaskDefinitionIncompatibilityException": Rejected,
    "PlatformUnknownException": Rejected,
    "PreconditionFailedException": Conflict,
    "ProvisionedThroughputExceededException": Throttled,
    "ReplicatedWriteConflictException": Conflict,
    "RequestLimitExceeded": Throttled,
    "ResourceConflictException": Conflict,
    "ResourceNotFoundException": NotFound,
    "ServerException": OutcomeUnknown,
    "ServiceException": OutcomeUnknown,
    "ServiceNotActiveException": Conflict,
    "ServiceNotFoundException": NotFound,
    "ServiceQuotaExceededException": Rejected,
    "ThrottlingException": Throttled,
    "TooManyRequestsException": Throttled,
    "TransactionCanceledException": Conflict,
    "TransactionConflictException": Conflict,
    "TransactionInProgressException": OutcomeUnknown,
    "UnsupportedFeatureException": Rejected,
    "ValidationException": Rejected,
}


def test_every_modelled_error_of_our_operations_has_the_meaning_we_decided() -> None:
    found = {
        code: type(translate(client_error(code, status), "Operation", mutates=True))
        for code, status in modelled_errors().items()
    }
    assert {code: MODELLED.get(code) for code in found} == found


def test_the_table_of_modelled_errors_lists_none_that_our_operations_cannot_raise() -> None:
    assert set(MODELLED) - set(modelled_errors()) == set()


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        pytest.param("AccessDenied", 403, Denied, id="the older spelling"),
        pytest.param("UnauthorizedOperation", 403, Denied, id="EC2's spelling"),
        pytest.param("ExpiredTokenException", 400, Denied, id="credentials ran out"),
        pytest.param("UnrecognizedClientException", 400, Denied, id="credentials unknown"),
        pytest.param("InvalidSignatureException", 400, Denied, id="signed wrongly"),
        pytest.param("Unheard", 401, Denied, id="401"),
        pytest.param("Unheard", 403, Denied, id="403"),
        pytest.param("Throttling", 400, Throttled, id="throttled with 400"),
        pytest.param("ThrottlingException", 503, Throttled, id="throttled with 503"),
        pytest.param("TooManyRequestsException", 429, Throttled, id="too many requests"),
        pytest.param("RequestLimitExceeded", 503, Throttled, id="request limit"),
        pytest.param("Unheard", 429, Throttled, id="429"),
        pytest.param("ResourceNotFound", 400, NotFound, id="not found, an emulator's spelling"),
        pytest.param("ResourceInUseException", 400, Conflict, id="in use"),
        pytest.param("Unheard", 409, Conflict, id="409"),
        pytest.param("Unheard", 400, Rejected, id="400"),
        pytest.param("400", 400, Rejected, id="an answer without a code"),
        pytest.param("UnknownOperationException", 404, Rejected, id="404 is not by itself absence"),
        pytest.param("PermanentRedirect", 301, Rejected, id="redirected"),
        pytest.param("RequestTimeoutException", 400, OutcomeUnknown, id="timed out on their side"),
        pytest.param("Unheard", 408, OutcomeUnknown, id="408"),
        pytest.param("Unheard", 500, OutcomeUnknown, id="500"),
        pytest.param("ServiceUnavailable", 503, OutcomeUnknown, id="503"),
        pytest.param("Unheard", 0, OutcomeUnknown, id="no status at all"),
    ],
)
def test_a_mutations_client_error_is_classified_by_code_and_then_by_status(
    code: str, status: int, expected: type[AwsError]
) -> None:
    error = translate(client_error(code, status), "UpdateService", mutates=True)
    assert (expected, "UpdateService", code) == (type(error), error.operation, error.code)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_read_that_failed_on_their_side_may_be_asked_again(status: int) -> None:
    error = translate(client_error("Unheard", status), "DescribeServices", mutates=False)
    assert (Unavailable, True) == (type(error), error.retryable)


def test_the_message_decides_nothing_and_is_not_repeated() -> None:
    message = "AccessDenied: ThrottlingException for arn:aws:iam::111122223333:role/x, password=hunter2"
    error = translate(client_error("ClientException", 400, message), "UpdateService", mutates=True)
    assert (Rejected, "UpdateService: ClientException") == (type(error), str(error))


def test_a_client_error_without_any_detail_leaves_a_mutation_in_doubt() -> None:
    error = translate(sdk.ClientError({}, "Operation"), "UpdateService", mutates=True)
    assert (OutcomeUnknown, "NoCode") == (type(error), error.code)


def test_whatever_botocore_itself_calls_throttling_is_never_called_a_success_or_a_refusal() -> None:
    meanings = {
        code: type(translate(client_error(code), "Operation", mutates=True))
        for code in getattr(ThrottledRetryableChecker, "_THROTTLED_ERROR_CODES")  # noqa: B009 - the stubs hide it
    }
    odd = {code: meaning for code, meaning in meanings.items() if meaning is not Throttled}
    assert odd == {
        "LimitExceededException": Rejected,  # a quota of the account: a retry does not help
        "PriorRequestNotComplete": OutcomeUnknown,
        "TransactionInProgressException": OutcomeUnknown,
    }


SDK_CLASSES = sorted(
    (kind for _, kind in inspect.getmembers(sdk, inspect.isclass) if issubclass(kind, sdk.BotoCoreError)),
    key=lambda kind: kind.__name__,
)

# Nothing has left this machine when botocore raises one of these (or a subclass).
NOTHING_SENT = (
    sdk.BaseEndpointResolverError,
    sdk.ConnectTimeoutError,
    sdk.CredentialRetrievalError,
    sdk.EndpointConnectionError,
    sdk.EndpointProviderError,
    sdk.LoginError,
    sdk.MetadataRetrievalError,
    sdk.NoAuthTokenError,
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.SSOError,
    sdk.TokenRetrievalError,
)
OUR_MISTAKE = (sdk.MissingParametersError, sdk.ParamValidationError, sdk.ValidationError)


def raised(kind: type[Exception]) -> sdk.BotoCoreError:
    """One of that class, without the arguments its message would need."""
    return kind.__new__(kind)  # type: ignore[return-value] # every class listed is a BotoCoreError


@pytest.mark.parametrize("kind", SDK_CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_class_of_the_sdk_is_a_refusal_only_where_nothing_was_sent(
    kind: type[sdk.BotoCoreError],
) -> None:
    expected: tuple[type[AwsError], type[AwsError]] = (Unavailable, OutcomeUnknown)
    if issubclass(kind, OUR_MISTAKE):
        expected = (Rejected, Rejected)
    elif issubclass(kind, NOTHING_SENT):
        expected = (Unavailable, Unavailable)
    as_read = translate(raised(kind), "Operation", mutates=False)
    as_mutation = translate(raised(kind), "Operation", mutates=True)
    assert (*expected, kind.__name__) == (type(as_read), type(as_mutation), as_mutation.code)


def test_an_answer_the_sdk_cannot_parse_leaves_a_mutation_in_doubt() -> None:
    error = translate(ResponseParserError("<html>"), "UpdateService", mutates=True)
    assert (OutcomeUnknown, "UpdateService: ResponseParserError") == (type(error), str(error))


def test_the_context_manager_raises_the_translation_and_keeps_the_cause() -> None:
    original = client_error("ConflictException", 409)
    with pytest.raises(Conflict) as caught, translated("CreateSchedule", mutates=True):
        raise original
    assert original is caught.value.__cause__


def test_errors_that_are_not_the_sdks_pass_through_untouched() -> None:
    with pytest.raises(ZeroDivisionError), translated("UpdateService", mutates=True):
        raise ZeroDivisionError


def raises(error: Exception) -> object:
    raise error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(client_error("ClusterNotFoundException"), ABSENT, id="not there"),
        pytest.param(
            client_error("AccessDeniedException"), Unknown("Look: AccessDeniedException"), id="denied"
        ),
        pytest.param(
            client_error("ThrottlingException"), Unknown("Look: ThrottlingException"), id="throttled"
        ),
        pytest.param(KeyError("hunter2"), Unknown("Look: unexpected answer"), id="an answer with a hole"),
        pytest.param(ValueError("hunter2"), Unknown("Look: unexpected answer"), id="a value nobody knows"),
    ],
)
def test_looking_never_raises_and_distinguishes_absent_from_unknown(
    error: Exception, expected: object
) -> None:
    assert expected == look("Look", lambda: raises(error))


@pytest.mark.parametrize("error", [KeyError("service"), ValueError("x")], ids=["a hole", "a strange value"])
def test_a_change_whose_answer_makes_no_sense_is_in_doubt(error: Exception) -> None:
    with pytest.raises(OutcomeUnknown, match=r"^UpdateService: UnexpectedAnswer$"):
        send("UpdateService", lambda: raises(error))
