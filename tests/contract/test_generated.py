"""What is generated is what generating gives, and the contracts keep their rules."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from casepath.topics import TOPICS
from chassis.provision import wanted_topics

REPOSITORY = Path(__file__).parents[2]
BUF = Path(sys.executable).with_name("buf")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    subprocess.run([sys.executable, REPOSITORY / "protos/generate.py", "--into", folder], check=True)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_committed_code_is_what_generating_gives(fresh: Path) -> None:
    source = "services/contracts/src"
    assert contents(REPOSITORY / source) == contents(fresh / source)


def test_the_table_of_topics_is_what_generating_gives(fresh: Path) -> None:
    assert (REPOSITORY / "protos/README.md").read_text() == (fresh / "protos/README.md").read_text()


def test_topics_are_those_that_the_one_file_declares() -> None:
    declared = yaml.safe_load((REPOSITORY / "protos/topics.yaml").read_text())["topics"]
    assert [topic.name for topic in TOPICS] == [topic["name"] for topic in declared]


def test_every_topic_has_an_owner_and_work_items_stay_within_their_service() -> None:
    for topic in TOPICS:
        owner = topic.name.split(".")[0]
        # What many publish belongs to the one who takes it in.
        assert (owner,) in (topic.publishers, topic.consumers)
        if ".requested." in topic.name:
            assert topic.consumers == topic.publishers


def test_audit_consumes_whatever_says_that_something_of_a_case_or_patient_was_written() -> None:
    written = {topic.name for topic in TOPICS if topic.key in ("case id", "patient id")}
    assert written | {"audit.access.recorded.v1", "audit.block.sealed.v1"} == {
        topic.name for topic in TOPICS if "audit" in topic.consumers
    }


def test_topics_that_cases_joins_have_the_same_number_of_partitions() -> None:
    assert len({topic.partitions for topic in TOPICS if "cases" in topic.consumers}) == 1


def test_every_consumed_topic_has_somewhere_for_its_dead_letters() -> None:
    names = {topic.topic for topic in wanted_topics(1)}
    assert {topic.dead_letters for topic in TOPICS if topic.consumers} <= names


@pytest.mark.parametrize(
    "arguments",
    [("lint",), ("format", "--exit-code", "--diff"), ("breaking", "--against", "protos/release.binpb")],
    ids=lambda arguments: arguments[0],
)
def test_the_contracts_keep_bufs_rules(arguments: tuple[str, ...]) -> None:
    command, *options = arguments
    result = subprocess.run([BUF, command, "protos", *options], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_change_that_breaks_consumers_is_found(tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", REPOSITORY / "protos", tmp_path / "protos"], check=True)
    order = tmp_path / "protos/casepath/intake/v1/order.proto"
    order.write_text(order.read_text().replace("string accession = 3", "string accession = 30"))
    result = subprocess.run(
        [BUF, "breaking", "protos", "--against", "protos/release.binpb"], cwd=tmp_path, capture_output=True, check=False
    )
    assert result.returncode != 0
