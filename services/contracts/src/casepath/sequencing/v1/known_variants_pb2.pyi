from buf.validate import validate_pb2 as _validate_pb2
from casepath.objects.v1 import object_ref_pb2 as _object_ref_pb2
from casepath.sequencing.v1 import pharmacogenomics_pb2 as _pharmacogenomics_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Respect(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESPECT_UNSPECIFIED: _ClassVar[Respect]
    RESPECT_GERMLINE: _ClassVar[Respect]
    RESPECT_ONCOGENICITY: _ClassVar[Respect]
    RESPECT_CLINICAL_IMPACT: _ClassVar[Respect]
RESPECT_UNSPECIFIED: Respect
RESPECT_GERMLINE: Respect
RESPECT_ONCOGENICITY: Respect
RESPECT_CLINICAL_IMPACT: Respect

class Snapshot(_message.Message):
    __slots__ = ("source", "release", "reference", "sha256", "genes", "records")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    GENES_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    source: str
    release: str
    reference: str
    sha256: str
    genes: _containers.RepeatedScalarFieldContainer[str]
    records: int
    def __init__(self, source: _Optional[str] = ..., release: _Optional[str] = ..., reference: _Optional[str] = ..., sha256: _Optional[str] = ..., genes: _Optional[_Iterable[str]] = ..., records: _Optional[int] = ...) -> None: ...

class Statement(_message.Message):
    __slots__ = ("source", "release", "accession", "url", "genes", "variant_name", "respect", "significance", "review", "conditions", "therapies", "direction", "variant_origin")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ACCESSION_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    GENES_FIELD_NUMBER: _ClassVar[int]
    VARIANT_NAME_FIELD_NUMBER: _ClassVar[int]
    RESPECT_FIELD_NUMBER: _ClassVar[int]
    SIGNIFICANCE_FIELD_NUMBER: _ClassVar[int]
    REVIEW_FIELD_NUMBER: _ClassVar[int]
    CONDITIONS_FIELD_NUMBER: _ClassVar[int]
    THERAPIES_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    VARIANT_ORIGIN_FIELD_NUMBER: _ClassVar[int]
    source: str
    release: str
    accession: str
    url: str
    genes: _containers.RepeatedScalarFieldContainer[str]
    variant_name: str
    respect: Respect
    significance: str
    review: str
    conditions: _containers.RepeatedScalarFieldContainer[str]
    therapies: _containers.RepeatedScalarFieldContainer[str]
    direction: str
    variant_origin: str
    def __init__(self, source: _Optional[str] = ..., release: _Optional[str] = ..., accession: _Optional[str] = ..., url: _Optional[str] = ..., genes: _Optional[_Iterable[str]] = ..., variant_name: _Optional[str] = ..., respect: _Optional[_Union[Respect, str]] = ..., significance: _Optional[str] = ..., review: _Optional[str] = ..., conditions: _Optional[_Iterable[str]] = ..., therapies: _Optional[_Iterable[str]] = ..., direction: _Optional[str] = ..., variant_origin: _Optional[str] = ...) -> None: ...

class KnownVariant(_message.Message):
    __slots__ = ("contig", "position", "reference_bases", "alternate_bases", "genotype", "statements")
    CONTIG_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_BASES_FIELD_NUMBER: _ClassVar[int]
    ALTERNATE_BASES_FIELD_NUMBER: _ClassVar[int]
    GENOTYPE_FIELD_NUMBER: _ClassVar[int]
    STATEMENTS_FIELD_NUMBER: _ClassVar[int]
    contig: str
    position: int
    reference_bases: str
    alternate_bases: str
    genotype: str
    statements: _containers.RepeatedCompositeFieldContainer[Statement]
    def __init__(self, contig: _Optional[str] = ..., position: _Optional[int] = ..., reference_bases: _Optional[str] = ..., alternate_bases: _Optional[str] = ..., genotype: _Optional[str] = ..., statements: _Optional[_Iterable[_Union[Statement, _Mapping]]] = ...) -> None: ...

class KnownVariants(_message.Message):
    __slots__ = ("variants",)
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    variants: _containers.RepeatedCompositeFieldContainer[KnownVariant]
    def __init__(self, variants: _Optional[_Iterable[_Union[KnownVariant, _Mapping]]] = ...) -> None: ...

class VariantsAnnotated(_message.Message):
    __slots__ = ("case_id", "patient_id", "sample_id", "annotation_id", "variants_sha256", "snapshots", "looked_up", "known", "notable", "variants", "pages", "withheld", "amends", "changed")
    CASE_ID_FIELD_NUMBER: _ClassVar[int]
    PATIENT_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    ANNOTATION_ID_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_SHA256_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOTS_FIELD_NUMBER: _ClassVar[int]
    LOOKED_UP_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    NOTABLE_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    AMENDS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    case_id: str
    patient_id: str
    sample_id: str
    annotation_id: str
    variants_sha256: str
    snapshots: _containers.RepeatedCompositeFieldContainer[Snapshot]
    looked_up: int
    known: int
    notable: int
    variants: _object_ref_pb2.ObjectRef
    pages: _containers.RepeatedCompositeFieldContainer[_pharmacogenomics_pb2.TreatmentPage]
    withheld: _pharmacogenomics_pb2.WithholdingReason
    amends: str
    changed: int
    def __init__(self, case_id: _Optional[str] = ..., patient_id: _Optional[str] = ..., sample_id: _Optional[str] = ..., annotation_id: _Optional[str] = ..., variants_sha256: _Optional[str] = ..., snapshots: _Optional[_Iterable[_Union[Snapshot, _Mapping]]] = ..., looked_up: _Optional[int] = ..., known: _Optional[int] = ..., notable: _Optional[int] = ..., variants: _Optional[_Union[_object_ref_pb2.ObjectRef, _Mapping]] = ..., pages: _Optional[_Iterable[_Union[_pharmacogenomics_pb2.TreatmentPage, _Mapping]]] = ..., withheld: _Optional[_Union[_pharmacogenomics_pb2.WithholdingReason, str]] = ..., amends: _Optional[str] = ..., changed: _Optional[int] = ...) -> None: ...
