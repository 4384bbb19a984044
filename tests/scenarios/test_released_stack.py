"""The stack of a release, unpacked without a clone, packaged by the documented command and deployed."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from firebreak_devtools.local import sam
from firebreak_devtools.local.architecture import own_architecture
from firebreak_devtools.local.emulator import Running
from firebreak_devtools.local.paths import REGION, Home
from firebreak_devtools.local.sam import sam_command
from firebreak_devtools.release.stack_archive import archive_name, build_stack, write_stack
from tests.contracts.template import functions, read
from tests.devtools.released import small_clone
from tests.docs.documents import ROOT, document
from tests.scenarios.own_stack import started

pytestmark = pytest.mark.local

BUCKET, VERSION, COMMIT, STACK = "released", "0.1.0", "0" * 40, "released"
# By address CloudFormation takes so many bytes; examples/README.md says how many these are.
MOST_BYTES, SAID_BYTES = 1_000_000, 250_000
CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
PAGE = document("examples/README.md")


@dataclass(frozen=True, slots=True)
class Released:
    """A release that was unpacked and packaged on a local AWS of its own."""

    running: Running
    home: Home
    folder: Path

    @property
    def packaged(self) -> Path:
        return self.folder / "packaged.yaml"

    def sam(self, *words: str) -> None:
        """SAM CLI in the folder of the release, where nothing of the repository is."""
        sam.run(
            sam_command(ROOT),
            list(words),
            repository=self.folder,
            home=self.home,
            progress=lambda _: None,
            extra=self.running.environment,
        )


def documented() -> list[str]:
    """The words of the command that packages the release, as examples/README.md has it for SAM CLI."""
    (line,) = [one for one in PAGE.code if one.startswith("sam package --template-file template.yaml")]
    return line.replace("BUCKET", BUCKET).replace("VERSION", VERSION).split()[1:]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    folder = tmp_path_factory.mktemp("released")
    copy, archive = small_clone(folder / "clone"), folder / archive_name(VERSION)
    built = build_stack(copy, sam_command(ROOT), folder / "built")
    write_stack((copy / "template.yaml").read_text(encoding="utf-8"), built, VERSION, COMMIT, archive)
    with ZipFile(archive) as whole:
        whole.extractall(folder / "empty")
    home = Home(folder / "home")
    with started(home) as running:
        s3 = running.session().client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        found = Released(running, home, folder / "empty" / f"firebreak-{VERSION}")
        found.sam(*documented())
        yield found


def test_it_holds_the_template_and_six_archives_and_names_its_release(released: Released) -> None:
    assert sorted(path.name for path in released.folder.glob("*.zip")) == [
        "action.zip",
        "cli.zip",
        "page.zip",
        "route.zip",
        "shared.zip",
        "verify.zip",
    ]
    template = read(released.folder / "template.yaml")
    assert template["Metadata"]["Release"] == {"Version": VERSION, "Commit": COMMIT}
    assert template["Outputs"]["Version"]["Value"] == VERSION


def test_the_packaged_template_refers_to_what_was_uploaded_and_to_nothing_else(released: Released) -> None:
    resources = read(released.packaged)["Resources"]
    code = {one["Properties"][CODE[one["Type"]]] for one in resources.values() if one["Type"] in CODE}
    pages = released.running.session().client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    uploaded = {f"s3://{BUCKET}/{one['Key']}": one["Size"] for one in pages}
    assert code == uploaded.keys()
    assert all(one.startswith(f"s3://{BUCKET}/firebreak/{VERSION}/") for one in code)
    # "six archives, of which the layer has 35 MB, and a template of under 250 KB"
    assert "six archives, of which the layer has 35 MB, and a template of under 250 KB" in " ".join(
        PAGE.text.split()
    )
    *rest, layer = sorted(uploaded.values())
    assert len(rest) + 1 == len(functions_and_layer()) == 6
    assert round(layer / 1e6) == 35
    assert released.packaged.stat().st_size < SAID_BYTES < MOST_BYTES


def functions_and_layer() -> set[str]:
    """The folders of code that the template names."""
    return {one["CodeUri"] for one in functions().values()} | {"shared/"}


def test_cfn_lint_has_nothing_against_the_packaged_template(released: Released) -> None:
    lint = sam_command(ROOT).with_name("cfn-lint")
    done = subprocess.run([str(lint), str(released.packaged)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_deploys_and_a_function_of_it_decides(released: Released) -> None:
    given = {"SubscribeByHand": "true", "Dashboard": "DISABLED", "Architecture": own_architecture()}
    released.sam(
        *("deploy", "--template-file", str(released.packaged), "--stack-name", STACK),
        *("--s3-bucket", BUCKET, "--s3-prefix", "deployed", "--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-progressbar", "--parameter-overrides"),
        *(f"{name}={value}" for name, value in given.items()),
    )
    session = released.running.session()
    stack = session.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    event = (ROOT / "events/ecs_memory_alarm.json").read_bytes()
    reply = session.client("lambda").invoke(FunctionName=f"{STACK}-restart-service:live", Payload=event)
    answered = json.loads(reply["Payload"].read())
    assert not reply.get("FunctionError"), answered
    # It read its policy and its ledger. The sample's alarm is not there, so its tags cannot be read.
    assert (answered["outcome"], answered["reason"]) == ("refuse", "target_unreadable")
