"""Reports as HL7 v2 messages, read back by the field's own parser."""

from uuid import UUID

import hl7
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

import examples
from casepath.intake.v1.order_pb2 import Code
from casepath.portal.v1.reading_pb2 import ReportSigned
from results.handlers import Parties, control_id, gene_line, pharmacogenomics, pharmacogenomics_withdrawn, signed_report
from results.messages import escaped, identification

PARTIES = Parties(("CASEPATH", "LAB"), ("HIS", "HOSP"))
CAUSE = UUID("11111111-1111-5111-8111-111111111111")


def parsed(message: bytes) -> hl7.Message:
    return hl7.parse(message.decode())


def report(number: int, text: str = "Adénocarcinome") -> ReportSigned:
    said = examples.report_signed()
    said.number, said.text = number, text
    said.ClearField("diagnoses")
    return said


def coded(number: int, *codes: str) -> ReportSigned:
    said = report(number)
    said.diagnoses.extend(Code(code=one, system="I10") for one in codes)
    return said


def test_a_signed_report_is_final_and_says_of_whom_for_what_order_and_by_whom() -> None:
    message = parsed(signed_report(PARTIES, examples.order(), [report(1)], CAUSE))
    assert [str(message["MSH"][0][field]) for field in (3, 4, 5, 6, 9, 10, 12, 18)] == [
        "CASEPATH",
        "LAB",
        "HIS",
        "HOSP",
        "ORU^R01^ORU_R01",
        control_id(CAUSE),
        "2.5.1",
        "UNICODE UTF-8",
    ]
    person = examples.order().patient
    assert str(message["PID"][0][3]) == f"{person.identifier}^^^&{person.assigning_authority}&ISO^PI"
    assert str(message["PID"][0][5][0][0]) == person.family_name
    assert str(message["OBR"][0][3]) == examples.ACCESSION
    assert str(message["OBR"][0][25]) == "F"
    (result,) = message.segments("OBX")
    assert (str(result[2]), str(result[5]), str(result[11])) == ("TX", "Adénocarcinome", "F")
    assert str(result[16]).startswith(report(1).signer.user_id)


def test_an_ins_goes_beside_the_hospitals_number_as_qualified() -> None:
    person = examples.patient()
    person.ins, person.ins_authority = "270019999999963", "1.2.250.1.213.1.4.8"
    fields = identification(person).split("|")
    assert fields[3].endswith("^PI~270019999999963^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS")
    assert fields[32] == "VALI"
    assert len(identification(examples.patient()).split("|")) == 9


def test_an_addendum_sends_the_whole_again_as_corrected() -> None:
    message = parsed(signed_report(PARTIES, examples.order(), [report(1), report(2, "Complément")], CAUSE))
    assert [(str(one[4]), str(one[5]), str(one[11])) for one in message.segments("OBX")] == [
        ("1", "Adénocarcinome", "C"),
        ("2", "Complément", "C"),
    ]
    assert str(message["OBR"][0][25]) == "C"


def test_a_withdrawal_deletes_each_part_without_its_words_and_says_why() -> None:
    signed = [report(1), report(2, "Complément"), examples.report_withdrawn()]
    message = parsed(signed_report(PARTIES, examples.order(), signed, CAUSE))
    assert [(str(one[4]), str(one[5]), str(one[11])) for one in message.segments("OBX")] == [
        ("1", "", "D"),
        ("2", "", "D"),
        ("3", "Signé sur le mauvais dossier.", "C"),
    ]
    assert str(message["OBR"][0][25]) == "C"
    anew = parsed(signed_report(PARTIES, examples.order(), [*signed, report(4, "Bénin")], CAUSE))
    assert [(str(one[4]), str(one[5]), str(one[11])) for one in anew.segments("OBX")] == [("4", "Bénin", "C")]


def test_diagnoses_are_sent_in_code_and_those_that_hold_no_more_are_deleted() -> None:
    def sent(*reports: ReportSigned) -> list[tuple[str, ...]]:
        message = parsed(signed_report(PARTIES, examples.order(), reports, CAUSE))
        coded = [one for one in message.segments("OBX") if str(one[2]) == "CWE"]
        return [tuple(str(one[field]) for field in (3, 4, 5, 11)) for one in coded]

    diagnosis, signed = "29308-4^Diagnosis^LN", [coded(1, "C50.9", "D05.1"), coded(2, "C50.4"), report(3)]
    assert sent(signed[0]) == [(diagnosis, "1", "C50.9^^I10", "F"), (diagnosis, "2", "D05.1^^I10", "F")]
    for so_far in (signed[:2], signed):
        assert sent(*so_far) == [(diagnosis, "1", "C50.4^^I10", "C"), (diagnosis, "2", "", "D")]
    withdrawn = [*signed, examples.report_withdrawn(4)]
    assert sent(*withdrawn) == [(diagnosis, "1", "", "D"), (diagnosis, "2", "", "D")]


def test_pharmacogenomics_is_preliminary_with_its_pages_and_a_gene_that_was_not_called_is_said_to_be_so() -> None:
    issued, at = examples.pharmacogenomics_reported(), Timestamp(seconds=1_800_000_000)
    untold = issued.genes.add(gene="CYP2D6", reason="needs copy number")
    assert gene_line(untold) == "CYP2D6: not called (needs copy number)"
    content = pharmacogenomics(PARTIES, examples.order(), issued, {"en": b"%PDF-1", "fr": b"%PDF-2"}, at, CAUSE)
    first, *pages = parsed(content).segments("OBX")
    assert "DPYD" in str(first[5])
    assert "CYP2D6: not called" in str(first[5])
    assert {str(one[11]) for one in (first, *pages)} == {"P"}
    assert [str(one[5]) for one in pages] == ["^application^pdf^Base64^JVBERi0x", "^application^pdf^Base64^JVBERi0y"]


def test_a_genomic_report_that_was_withdrawn_is_deleted_part_by_part_and_says_why() -> None:
    issued, said = examples.pharmacogenomics_reported(), examples.genomics_withdrawn()
    message = parsed(pharmacogenomics_withdrawn(PARTIES, examples.order(), issued, said, CAUSE))
    assert [(str(one[4]), str(one[5]), str(one[11])) for one in message.segments("OBX")] == [
        *((name, "", "D") for name in ("genes", "comment", "page-en", "page-fr")),
        ("withdrawal", "Prélèvement d'un autre patient.", "C"),
    ]
    assert str(message["OBR"][0][25]) == "C"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b^c&d~e\\f", "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"),
        ("one\r\ntwo\nthree", "one\\.br\\two\\.br\\three"),
        ("OBX|1|TX", "OBX\\F\\1\\F\\TX"),
    ],
)
def test_no_text_can_end_its_field_or_begin_a_segment(text: str, written: str) -> None:
    assert escaped(text) == written
    message = parsed(signed_report(PARTIES, examples.order(), [report(1, text)], CAUSE))
    assert len(list(message.segments("OBX"))) == 1
    assert len(message) == 5


def test_the_same_event_gives_the_same_bytes_and_control_id() -> None:
    first, again = (signed_report(PARTIES, examples.order(), [report(1)], CAUSE) for _ in range(2))
    assert first == again
    assert len(control_id(CAUSE)) == 20


def test_what_a_biologist_signed_is_sent_as_final_with_their_name_and_words() -> None:
    issued, signature = examples.pharmacogenomics_reported(), examples.genomics_signed()
    sent = pharmacogenomics(PARTIES, examples.order(), issued, {"en": b"%PDF"}, signature.signed_at, CAUSE, signature)
    message = parsed(sent)
    results = [segment for segment in message if str(segment[0]) == "OBX"]
    assert {str(one[11]) for one in results} == {"F"}
    assert any("Dose à adapter." in str(one[5]) for one in results)
    assert all(str(one[16]).startswith("lefebvre") for one in results)
