"""`sam package` makes of the built stack the one file that examples/README.md deploys."""

import os
import re
from pathlib import Path

import pytest

from firebreak_devtools.local import sam
from firebreak_devtools.local.paths import REGION, Home
from firebreak_devtools.local.up import LocalAws
from tests.contracts.template import functions, read
from tests.docs.documents import ROOT

pytestmark = pytest.mark.local

BUCKET, PREFIX = "packaged-releases", "firebreak/0.1.0-test"
# By address CloudFormation takes so many bytes.
MOST_BYTES = 1_000_000


def test_the_packaged_template_names_its_code_under_the_version_and_fits(
    local_aws: LocalAws, tmp_path: Path
) -> None:
    home = Home(Path(os.environ.get("FIREBREAK_LOCAL_HOME", ".local")))
    s3 = local_aws.running.session().client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    packaged = tmp_path / "packaged.yaml"
    places = ["--template-file", str(home.build / "template.yaml"), "--output-template-file", str(packaged)]
    sam.run(
        sam.sam_command(ROOT),
        ["package", "--s3-bucket", BUCKET, "--s3-prefix", PREFIX, *places],
        repository=ROOT,
        home=home,
        progress=lambda _: None,
        extra=local_aws.running.environment,
    )
    resources = read(packaged)["Resources"]
    code = {name: resources[name]["Properties"]["CodeUri"] for name in functions()}
    code["SharedLayer"] = resources["SharedLayer"]["Properties"]["ContentUri"]
    assert [one for one in code.values() if not re.fullmatch(rf"s3://{BUCKET}/{PREFIX}/[0-9a-f]+", one)] == []
    uploaded = {one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET, Prefix=PREFIX)["Contents"]}
    assert {one.removeprefix(f"s3://{BUCKET}/") for one in code.values()} == uploaded
    assert packaged.stat().st_size < MOST_BYTES
