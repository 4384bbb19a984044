"""The way to the answer of each question, and one run of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

from firebreak.errors import AwsError, Denied
from firebreak_cli.doctor.examination import Examination
from firebreak_cli.doctor.on_aws import alarm_answers, stack_answers
from firebreak_cli.doctor.on_aws.model import Answered, NotAsked, Outcome, Question, Reply, Standing
from firebreak_cli.doctor.on_aws.registry import QUESTIONS
from firebreak_cli.exit_codes import Ending, ending_of

ASKS: Mapping[str, Callable[[Examination], Reply]] = MappingProxyType(
    {
        "heartbeat-mail": alarm_answers.heartbeat_mail,
        "dropped-dead-letters": alarm_answers.dropped_dead_letters,
        "own-topic": alarm_answers.own_topic,
        "counts-in-time": alarm_answers.counts_in_time,
        "saved-queries": alarm_answers.saved_queries,
        "trace-ids": alarm_answers.trace_ids,
        "tags-of-series": alarm_answers.tags_of_series,
        "log-alarms": alarm_answers.log_alarms,
        "series-of-alarms": alarm_answers.series_of_alarms,
        "shortened-names": stack_answers.shortened_names,
        "role-paths": stack_answers.role_paths,
        "page-destination": stack_answers.page_destination,
        "trial-calls": stack_answers.trial_calls,
        "confirmed-callers": stack_answers.confirmed_callers,
        "rules-under-key": stack_answers.rules_under_key,
        "schedules-under-key": stack_answers.schedules_under_key,
        "held-policies": stack_answers.held_policies,
        "architecture": stack_answers.architecture,
        "parameters-reach-aliases": stack_answers.parameters_reach_aliases,
        "service-names": stack_answers.service_names,
    }
)


def ask_all(seen: Examination, names: Sequence[str]) -> Iterator[Outcome]:
    """Each of these questions in turn: one that cannot be asked keeps no other from being asked."""
    for name in names:
        yield _asked(QUESTIONS[name], seen)


def _asked(question: Question, seen: Examination) -> Outcome:
    ask = ASKS.get(question.name)
    if ask is None:
        return Outcome(question=question, standing=Standing.NOT_ASKED, detail=_why_not(question))
    return outcome_of(question, lambda: ask(seen))


def _why_not(question: Question) -> str:
    if question.trial:
        return f"it takes a change, which {_try(question)} makes and takes back"
    return f"by hand (docs/first-deploy.md): {question.by_hand}"


def _try(question: Question) -> str:
    return f"`firebreak doctor --on-aws --try {question.name}`"


def outcome_of(question: Question, ask: Callable[[], Reply]) -> Outcome:
    """The outcome of asking; a failed look names the rights that it may lack."""
    try:
        reply = ask()
    except AwsError as error:
        return _unseen(question, ending_of(error), error)
    except Ending as ending:
        return _unseen(question, ending)
    match reply:
        case Answered(name, detail):
            answer = question.answer(name)
            return Outcome(question=question, standing=Standing.ANSWERED, answer=answer, detail=detail)
        case NotAsked(why, trial):
            detail = f"{why}; {_try(question)} finds out" if trial else why
            return Outcome(question=question, standing=Standing.NOT_ASKED, detail=detail)
        case never:
            assert_never(never)


def _unseen(question: Question, ending: Ending, error: AwsError | None = None) -> Outcome:
    return Outcome(
        question=question,
        standing=Standing.COULD_NOT_LOOK,
        detail="; ".join(ending.lines),
        rights=_lacking(question, error) if isinstance(error, Denied) else (),
    )


def _lacking(question: Question, error: Denied) -> tuple[str, ...]:
    """The right of the call that was refused; all that the question needs where it is none of them."""
    named = tuple(one for one in question.reads if one.partition(":")[2] == error.operation)
    return named or question.reads
