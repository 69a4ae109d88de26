"""What is generated is what generating gives, and the contracts keep their rules."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from google.protobuf.json_format import MessageToJson

import examples
from casepath.topics import TOPICS
from chassis.kafka_rights import OPERATOR
from chassis.provision import wanted_topics
from node_programs import run_on_node

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


def test_the_asyncapi_document_is_what_generating_gives_and_what_asyncapis_own_parser_takes(fresh: Path) -> None:
    text = (REPOSITORY / "protos/asyncapi.yaml").read_text()
    assert text == (fresh / "protos/asyncapi.yaml").read_text()
    assert json.loads(run_on_node("asyncapi.mjs", text)) == {"wrong": [], "channels": len(TOPICS)}


def test_what_breaks_asyncapi_is_found() -> None:
    text = (REPOSITORY / "protos/asyncapi.yaml").read_text().replace("action: send", "action: shout", 1)
    assert json.loads(run_on_node("asyncapi.mjs", text))["wrong"]


@pytest.mark.parametrize("topic", ["intake.order.placed.v1", "slides.slide.ingested.v1", "portal.report.signed.v1"])
def test_the_asyncapi_document_says_of_a_message_what_protobufs_json_is(topic: str) -> None:
    document = yaml.safe_load((REPOSITORY / "protos/asyncapi.yaml").read_text())
    message = {
        "intake.order.placed.v1": examples.order(),
        "slides.slide.ingested.v1": examples.ingested(),
        "portal.report.signed.v1": examples.report_signed(),
    }[topic]
    schema = {"$ref": f"#/components/schemas/{message.DESCRIPTOR.full_name}", "components": document["components"]}
    validator = jsonschema.Draft7Validator(schema)
    said = json.loads(MessageToJson(message))
    assert not list(validator.iter_errors(said))
    said["caseId"] = 7
    assert [error.json_path for error in validator.iter_errors(said)] == ["$.caseId"]


def test_topics_are_those_that_the_one_file_declares() -> None:
    declared = yaml.safe_load((REPOSITORY / "protos/topics.yaml").read_text())["topics"]
    assert [topic.name for topic in TOPICS] == [topic["name"] for topic in declared]


def test_every_topic_has_an_owner_and_work_items_stay_within_their_service() -> None:
    for topic in TOPICS:
        owner = topic.name.split(".")[0]
        # What many publish belongs to the one who takes it in, and so does what an operator publishes by hand.
        by_hand = topic.publishers == (OPERATOR,) and owner in topic.consumers
        assert by_hand or (owner,) in (topic.publishers, topic.consumers)
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
