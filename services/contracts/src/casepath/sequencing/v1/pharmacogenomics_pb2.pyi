from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WithholdingReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WITHHOLDING_REASON_UNSPECIFIED: _ClassVar[WithholdingReason]
    WITHHOLDING_REASON_OTHER_REFERENCE: _ClassVar[WithholdingReason]
    WITHHOLDING_REASON_NOTHING_COVERED: _ClassVar[WithholdingReason]
    WITHHOLDING_REASON_QUALITY: _ClassVar[WithholdingReason]
    WITHHOLDING_REASON_UNREADABLE: _ClassVar[WithholdingReason]
WITHHOLDING_REASON_UNSPECIFIED: WithholdingReason
WITHHOLDING_REASON_OTHER_REFERENCE: WithholdingReason
WITHHOLDING_REASON_NOTHING_COVERED: WithholdingReason
WITHHOLDING_REASON_QUALITY: WithholdingReason
WITHHOLDING_REASON_UNREADABLE: WithholdingReason

class VariantsReceived(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "run_id", "variants", "records", "outside_calls")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_CALLS_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    run_id: str
    variants: _object_ref_pb2.ObjectRef
    records: int
    outside_calls: _object_ref_pb2.ObjectRef
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., run_id: _Optional[str] = ..., variants: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., records: _Optional[int] = ..., outside_calls: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class VariantSource(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "variants", "variants_index", "outside_calls")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_INDEX_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_CALLS_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    variants: _object_ref_pb2.ObjectRef
    variants_index: _object_ref_pb2.ObjectRef
    outside_calls: _object_ref_pb2.ObjectRef
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., variants: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., variants_index: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., outside_calls: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class GeneCall(_message.Message):
    __slots__ = ("gene", "diplotypes", "components", "phenotypes", "outside", "positions", "not_genotyped", "not_excluded", "ambiguous", "reason", "definition_version")
    GENE_FIELD_NUMBER: _ClassVar[int]
    DIPLOTYPES_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    PHENOTYPES_FIELD_NUMBER: _ClassVar[int]
    OUTSIDE_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    NOT_GENOTYPED_FIELD_NUMBER: _ClassVar[int]
    NOT_EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    AMBIGUOUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_VERSION_FIELD_NUMBER: _ClassVar[int]
    gene: str
    diplotypes: _containers.RepeatedScalarFieldContainer[str]
    components: _containers.RepeatedScalarFieldContainer[str]
    phenotypes: _containers.RepeatedCompositeFieldContainer[Phenotype]
    outside: bool
    positions: int
    not_genotyped: int
    not_excluded: _containers.RepeatedScalarFieldContainer[str]
    ambiguous: bool
    reason: str
    definition_version: str
    def __init__(self, gene: _Optional[str] = ..., diplotypes: _Optional[_Iterable[str]] = ..., components: _Optional[_Iterable[str]] = ..., phenotypes: _Optional[_Iterable[_Union[Phenotype, _Mapping]]] = ..., outside: _Optional[bool] = ..., positions: _Optional[int] = ..., not_genotyped: _Optional[int] = ..., not_excluded: _Optional[_Iterable[str]] = ..., ambiguous: _Optional[bool] = ..., reason: _Optional[str] = ..., definition_version: _Optional[str] = ...) -> None: ...

class Phenotype(_message.Message):
    __slots__ = ("result", "activity_score", "result_fr")
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_SCORE_FIELD_NUMBER: _ClassVar[int]
    RESULT_FR_FIELD_NUMBER: _ClassVar[int]
    result: str
    activity_score: str
    result_fr: str
    def __init__(self, result: _Optional[str] = ..., activity_score: _Optional[str] = ..., result_fr: _Optional[str] = ...) -> None: ...

class Drug(_message.Message):
    __slots__ = ("name", "name_fr", "rxnorm", "atc")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FR_FIELD_NUMBER: _ClassVar[int]
    RXNORM_FIELD_NUMBER: _ClassVar[int]
    ATC_FIELD_NUMBER: _ClassVar[int]
    name: str
    name_fr: str
    rxnorm: str
    atc: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., name_fr: _Optional[str] = ..., rxnorm: _Optional[str] = ..., atc: _Optional[_Iterable[str]] = ...) -> None: ...

class Advice(_message.Message):
    __slots__ = ("drugs", "source", "strength", "population", "text", "implications", "grounds", "changes", "guideline", "version", "url", "strength_fr", "population_fr")
    DRUGS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    IMPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    GROUNDS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    GUIDELINE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FR_FIELD_NUMBER: _ClassVar[int]
    POPULATION_FR_FIELD_NUMBER: _ClassVar[int]
    drugs: _containers.RepeatedCompositeFieldContainer[Drug]
    source: str
    strength: str
    population: str
    text: str
    implications: _containers.RepeatedScalarFieldContainer[str]
    grounds: _containers.RepeatedCompositeFieldContainer[Ground]
    changes: bool
    guideline: str
    version: str
    url: str
    strength_fr: str
    population_fr: str
    def __init__(self, drugs: _Optional[_Iterable[_Union[Drug, _Mapping]]] = ..., source: _Optional[str] = ..., strength: _Optional[str] = ..., population: _Optional[str] = ..., text: _Optional[str] = ..., implications: _Optional[_Iterable[str]] = ..., grounds: _Optional[_Iterable[_Union[Ground, _Mapping]]] = ..., changes: _Optional[bool] = ..., guideline: _Optional[str] = ..., version: _Optional[str] = ..., url: _Optional[str] = ..., strength_fr: _Optional[str] = ..., population_fr: _Optional[str] = ...) -> None: ...

class Ground(_message.Message):
    __slots__ = ("gene", "phenotype", "not_excluded", "phenotype_fr")
    GENE_FIELD_NUMBER: _ClassVar[int]
    PHENOTYPE_FIELD_NUMBER: _ClassVar[int]
    NOT_EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    PHENOTYPE_FR_FIELD_NUMBER: _ClassVar[int]
    gene: str
    phenotype: str
    not_excluded: _containers.RepeatedScalarFieldContainer[str]
    phenotype_fr: str
    def __init__(self, gene: _Optional[str] = ..., phenotype: _Optional[str] = ..., not_excluded: _Optional[_Iterable[str]] = ..., phenotype_fr: _Optional[str] = ...) -> None: ...

class Unanswered(_message.Message):
    __slots__ = ("drugs", "source", "guideline", "genes")
    DRUGS_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    GUIDELINE_FIELD_NUMBER: _ClassVar[int]
    GENES_FIELD_NUMBER: _ClassVar[int]
    drugs: _containers.RepeatedCompositeFieldContainer[Drug]
    source: str
    guideline: str
    genes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, drugs: _Optional[_Iterable[_Union[Drug, _Mapping]]] = ..., source: _Optional[str] = ..., guideline: _Optional[str] = ..., genes: _Optional[_Iterable[str]] = ...) -> None: ...

class PharmacogenomicReport(_message.Message):
    __slots__ = ("genes", "advice", "unanswered")
    GENES_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    UNANSWERED_FIELD_NUMBER: _ClassVar[int]
    genes: _containers.RepeatedCompositeFieldContainer[GeneCall]
    advice: _containers.RepeatedCompositeFieldContainer[Advice]
    unanswered: _containers.RepeatedCompositeFieldContainer[Unanswered]
    def __init__(self, genes: _Optional[_Iterable[_Union[GeneCall, _Mapping]]] = ..., advice: _Optional[_Iterable[_Union[Advice, _Mapping]]] = ..., unanswered: _Optional[_Iterable[_Union[Unanswered, _Mapping]]] = ...) -> None: ...

class PharmacogenomicsReported(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "report_id", "report", "pages", "genes", "changed_drugs", "tables_sha256", "definitions", "amends", "amended_drugs", "variants_sha256")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    GENES_FIELD_NUMBER: _ClassVar[int]
    CHANGED_DRUGS_FIELD_NUMBER: _ClassVar[int]
    TABLES_SHA256_FIELD_NUMBER: _ClassVar[int]
    DEFINITIONS_FIELD_NUMBER: _ClassVar[int]
    AMENDS_FIELD_NUMBER: _ClassVar[int]
    AMENDED_DRUGS_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    report_id: str
    report: _object_ref_pb2.ObjectRef
    pages: _containers.RepeatedCompositeFieldContainer[TreatmentPage]
    genes: _containers.RepeatedCompositeFieldContainer[GeneCall]
    changed_drugs: _containers.RepeatedCompositeFieldContainer[Drug]
    tables_sha256: str
    definitions: str
    amends: str
    amended_drugs: _containers.RepeatedCompositeFieldContainer[Drug]
    variants_sha256: str
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., report_id: _Optional[str] = ..., report: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., pages: _Optional[_Iterable[_Union[TreatmentPage, _Mapping]]] = ..., genes: _Optional[_Iterable[_Union[GeneCall, _Mapping]]] = ..., changed_drugs: _Optional[_Iterable[_Union[Drug, _Mapping]]] = ..., tables_sha256: _Optional[str] = ..., definitions: _Optional[str] = ..., amends: _Optional[str] = ..., amended_drugs: _Optional[_Iterable[_Union[Drug, _Mapping]]] = ..., variants_sha256: _Optional[str] = ...) -> None: ...

class TreatmentPage(_message.Message):
    __slots__ = ("language", "html", "pdf")
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    HTML_FIELD_NUMBER: _ClassVar[int]
    PDF_FIELD_NUMBER: _ClassVar[int]
    language: str
    html: _object_ref_pb2.ObjectRef
    pdf: _object_ref_pb2.ObjectRef
    def __init__(self, language: _Optional[str] = ..., html: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., pdf: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ...) -> None: ...

class PharmacogenomicsWithheld(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "reason", "variants_sha256")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    reason: WithholdingReason
    variants_sha256: str
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., reason: _Optional[_Union[WithholdingReason, str]] = ..., variants_sha256: _Optional[str] = ...) -> None: ...
