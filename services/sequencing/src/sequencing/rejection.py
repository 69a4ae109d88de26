"""Why reads are set aside, and what mends it, in English and in French."""

from casepath.sequencing.v1.sequencing_pb2 import (
    REJECTION_REASON_BASE_CALLS_ONLY,
    REJECTION_REASON_DAMAGED_ALIGNMENTS,
    REJECTION_REASON_DAMAGED_VARIANTS,
    REJECTION_REASON_EMPTY,
    REJECTION_REASON_MALFORMED_RECORD,
    REJECTION_REASON_MISMATCHED_NAMES,
    REJECTION_REASON_NO_MATCHING_ORDER,
    REJECTION_REASON_NOT_ONE_SAMPLE,
    REJECTION_REASON_ORDER_CALLED_OFF,
    REJECTION_REASON_OTHER_BUILD,
    REJECTION_REASON_OUTSIDE_CALLS,
    REJECTION_REASON_QUALITY_LENGTH,
    REJECTION_REASON_SAMPLE_SHEET,
    REJECTION_REASON_TOO_LONG,
    REJECTION_REASON_TRUNCATED_GZIP,
    REJECTION_REASON_UNEQUAL_PAIRS,
    REJECTION_REASON_UNSORTED_VARIANTS,
    REJECTION_REASON_WRONG_REFERENCE,
    RejectionReason,
)
from chassis.errors import Rejected
from chassis.quarantine import Remedy

AGAIN_EN = "Write the run's files again and drop all of them."
AGAIN_FR = "Régénérez les fichiers du run et déposez-les tous."

REMEDIES: dict[RejectionReason, Remedy] = {
    REJECTION_REASON_TRUNCATED_GZIP: Remedy(
        "The gzip stream ends early or is damaged. Copy both files to incoming again.",
        "Le flux gzip est tronqué ou endommagé. Recopiez les deux fichiers dans incoming.",
    ),
    REJECTION_REASON_UNEQUAL_PAIRS: Remedy(
        f"One file holds more reads than the other. {AGAIN_EN}", f"Un fichier contient plus de lectures que l'autre. {AGAIN_FR}"
    ),
    REJECTION_REASON_QUALITY_LENGTH: Remedy(
        f"A quality string is not as long as its sequence. {AGAIN_EN}",
        f"Une chaîne de qualité n'a pas la longueur de sa séquence. {AGAIN_FR}",
    ),
    REJECTION_REASON_MALFORMED_RECORD: Remedy(
        f"A record is not four FASTQ lines. {AGAIN_EN}", f"Un enregistrement n'a pas quatre lignes FASTQ. {AGAIN_FR}"
    ),
    REJECTION_REASON_MISMATCHED_NAMES: Remedy(
        f"The two reads of a pair do not carry the same name. {AGAIN_EN}",
        f"Les deux lectures d'une paire ne portent pas le même nom. {AGAIN_FR}",
    ),
    REJECTION_REASON_EMPTY: Remedy(
        f"The files hold no read, or no variant. {AGAIN_EN}",
        f"Les fichiers ne contiennent aucune lecture, ou aucun variant. {AGAIN_FR}",
    ),
    REJECTION_REASON_TOO_LONG: Remedy(
        "A read is longer than 600 bases. Only short reads are called; long reads need another pipeline.",
        "Une lecture dépasse 600 bases. Seules les lectures courtes sont traitées ; les longues relèvent d'un autre pipeline.",
    ),
    REJECTION_REASON_DAMAGED_ALIGNMENTS: Remedy(
        "The BAM or CRAM file is damaged or truncated, or is neither. Copy it to incoming again.",
        "Le fichier BAM ou CRAM est endommagé ou tronqué, ou n'en est pas un. Recopiez-le dans incoming.",
    ),
    REJECTION_REASON_WRONG_REFERENCE: Remedy(
        "The CRAM file was written against another reference than the declared one. Write it as BAM and drop that.",
        "Le fichier CRAM a été écrit avec une autre référence que celle déclarée. Convertissez-le en BAM et déposez celui-ci.",
    ),
    REJECTION_REASON_BASE_CALLS_ONLY: Remedy(
        "The run folder holds base calls (BCL) and no FASTQ. Convert it with Illumina's BCL Convert, then drop it again.",
        "Le dossier de run ne contient que des BCL, sans FASTQ. Convertissez-le avec BCL Convert (Illumina), puis redéposez-le.",
    ),
    REJECTION_REASON_SAMPLE_SHEET: Remedy(
        "The sample sheet has no [Data] or [BCLConvert_Data] section with a Sample_ID column. Correct it and put it back.",
        "La feuille d'échantillons n'a pas de section [Data] ou [BCLConvert_Data] avec une colonne Sample_ID. Corrigez-la et "
        "remettez-la dans son dossier.",
    ),
    REJECTION_REASON_DAMAGED_VARIANTS: Remedy(
        "The file is not a whole VCF: it has no header, is truncated, or a record is not one. Copy it to incoming again.",
        "Le fichier n'est pas un VCF complet : en-tête absent, fichier tronqué ou enregistrement invalide. Recopiez-le dans "
        "incoming.",
    ),
    REJECTION_REASON_NOT_ONE_SAMPLE: Remedy(
        "A VCF holds exactly one sample. Split it (bcftools +split), and drop each sample's file under its own name.",
        "Un VCF contient exactement un échantillon. Séparez-le (bcftools +split) et déposez chaque fichier sous son propre nom.",
    ),
    REJECTION_REASON_UNSORTED_VARIANTS: Remedy(
        "The variants are not sorted. Sort the file (bcftools sort) and drop it again.",
        "Les variants ne sont pas triés. Triez le fichier (bcftools sort) et redéposez-le.",
    ),
    REJECTION_REASON_OTHER_BUILD: Remedy(
        "The variants are not on GRCh38: a contig's length or a base differs. Call against GRCh38, or lift them over.",
        "Les variants ne sont pas sur GRCh38 : une longueur de contig ou une base diffère. Refaites l'appel sur GRCh38, ou "
        "convertissez-les.",
    ),
    REJECTION_REASON_OUTSIDE_CALLS: Remedy(
        "A line of the outside calls is not gene, diplotype, phenotype, activity score, separated by tabs. Correct it, and drop "
        "both files.",
        "Une ligne des appels externes n'est pas : gène, diplotype, phénotype, score d'activité, séparés par des tabulations. "
        "Corrigez-la et redéposez les deux fichiers.",
    ),
    REJECTION_REASON_ORDER_CALLED_OFF: Remedy(
        "What was ordered of this specimen was called off: it is not analysed. If it is wanted after all, have it ordered again: "
        "the files join their order then. Otherwise remove them.",
        "L'examen demandé sur ce prélèvement a été annulé : il n'est pas analysé. S'il est finalement voulu, faites-le prescrire "
        "de nouveau : les fichiers rejoindront leur demande. Sinon, supprimez-les.",
    ),
    REJECTION_REASON_NO_MATCHING_ORDER: Remedy(
        "No order names this accession and specimen. The reads join their order when that arrives; if the file names "
        "are wrong, rename both to <accession>_<specimen>_R1.fastq.gz and _R2, and move them back to incoming.",
        "Aucune demande ne mentionne ce numéro et ce prélèvement. Les lectures rejoindront leur demande à son arrivée ; si les "
        "noms sont erronés, renommez-les <numéro>_<prélèvement>_R1.fastq.gz et _R2, et remettez-les dans incoming.",
    ),
}


class ReadsUnfit(Rejected):
    """Reads cannot be taken as they are. `file` is 1 or 2, `record` and `line` count from one; zero where it does not apply."""

    def __init__(self, reason: RejectionReason, file: int = 0, record: int = 0, line: int = 0) -> None:
        where = f" (file {file}, record {record}, line {line})" if record else f" (file {file})" if file else ""
        super().__init__(f"{RejectionReason.Name(reason).removeprefix('REJECTION_REASON_')}: {REMEDIES[reason].en}{where}")
        self.reason = reason
        self.file = file
        self.record = record
        self.line = line

    def __reduce__(self) -> tuple[type["ReadsUnfit"], tuple[RejectionReason, int, int, int]]:
        # Reads are checked in another process.
        return ReadsUnfit, (self.reason, self.file, self.record, self.line)
