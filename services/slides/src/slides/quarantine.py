"""Why a scan is set aside, and what mends it, in English and in French."""

from casepath.slides.v1.slide_pb2 import (
    QUARANTINE_REASON_BAD_FRAMES,
    QUARANTINE_REASON_CONVERTER_FAILED,
    QUARANTINE_REASON_MIXED_FILES,
    QUARANTINE_REASON_NO_BARCODE,
    QUARANTINE_REASON_NO_MATCHING_ORDER,
    QUARANTINE_REASON_NO_MICRONS_PER_PIXEL,
    QUARANTINE_REASON_NOT_A_SLIDE,
    QUARANTINE_REASON_OTHER_CONTENT,
    QUARANTINE_REASON_OTHER_IDENTITY,
    QUARANTINE_REASON_TRUNCATED,
    QuarantineReason,
)
from chassis.errors import Rejected
from chassis.quarantine import Remedy

SIDECAR_EN = "put a sidecar <file>.json beside the file in its quarantine folder"
SIDECAR_FR = "placez un fichier annexe <fichier>.json à côté du fichier dans son dossier de quarantaine"

REMEDIES: dict[QuarantineReason, Remedy] = {
    QUARANTINE_REASON_NOT_A_SLIDE: Remedy(
        "This is not a slide that can be read. Remove it, or scan the slide again in a supported format.",
        "Ce n'est pas une lame lisible. Retirez le fichier, ou numérisez la lame dans un format pris en charge.",
    ),
    QUARANTINE_REASON_TRUNCATED: Remedy(
        "The file is cut short. Copy it to incoming again from the scanner.",
        "Le fichier est tronqué. Recopiez-le dans incoming depuis le scanner.",
    ),
    QUARANTINE_REASON_NO_MICRONS_PER_PIXEL: Remedy(
        "The file does not say how large a pixel is. Ask the scanner's operator and "
        f'{SIDECAR_EN} with {{"microns_per_pixel": N}}.',
        "Le fichier n'indique pas la taille d'un pixel. Demandez-la à l'opérateur du scanner et "
        f'{SIDECAR_FR} avec {{"microns_per_pixel": N}}.',
    ),
    QUARANTINE_REASON_NO_BARCODE: Remedy(
        f'Nothing says which slide this is. Read the glass and {SIDECAR_EN} with {{"accession": "...", "slide": "..."}}.',
        "Rien n'indique de quelle lame il s'agit. Lisez l'étiquette du verre et "
        f'{SIDECAR_FR} avec {{"accession": "...", "slide": "..."}}.',
    ),
    QUARANTINE_REASON_NO_MATCHING_ORDER: Remedy(
        "No order names this accession and slide. The scan joins its order when that arrives; "
        f"if the barcode was misread, {SIDECAR_EN}.",
        "Aucune demande ne mentionne ce numéro et cette lame. La lame rejoindra sa demande à son arrivée ; "
        f"si le code-barres a été mal lu, {SIDECAR_FR}.",
    ),
    QUARANTINE_REASON_BAD_FRAMES: Remedy(
        "The converted image does not have the frames that it must have. Scan the slide again, and report the file to casepath.",
        "L'image convertie n'a pas les tuiles attendues. Numérisez la lame à nouveau et signalez le fichier à casepath.",
    ),
    QUARANTINE_REASON_CONVERTER_FAILED: Remedy(
        "The converter ended without an answer. Scan the slide again, and report the file to casepath.",
        "Le convertisseur s'est arrêté sans réponse. Numérisez la lame à nouveau et signalez le fichier à casepath.",
    ),
    QUARANTINE_REASON_OTHER_IDENTITY: Remedy(
        "The DICOM file names another patient or accession than the order to which its name leads. Find out whose slide it is; "
        "then correct it at the scanner and send it again, or put a sidecar with the right accession and slide beside it.",
        "Le fichier DICOM désigne un autre patient ou un autre numéro que la demande à laquelle son nom conduit. Établissez à "
        "qui est la lame, puis corrigez-la au scanner et renvoyez-la, ou placez à côté un fichier annexe avec le bon numéro et "
        "la bonne lame.",
    ),
    QUARANTINE_REASON_MIXED_FILES: Remedy(
        "It cannot be told which of these files is the slide, or they are of more than one. "
        "Put each slide into a folder of its own.",
        "On ne peut dire lequel de ces fichiers est la lame, ou il y en a plusieurs. Placez chaque lame dans un dossier à elle.",
    ),
    QUARANTINE_REASON_OTHER_CONTENT: Remedy(
        "An image with this DICOM identifier is stored already, with other content. "
        "Find out at the scanner which one is right, and have it send that one under a new identifier.",
        "Une image portant cet identifiant DICOM est déjà conservée, avec un autre contenu. "
        "Établissez au scanner laquelle est la bonne, et faites-la envoyer sous un nouvel identifiant.",
    ),
}


class Quarantined(Rejected):
    """A scan cannot be taken as it is; `reason` says why. `detail` is for engineers and holds no patient data."""

    def __init__(self, reason: QuarantineReason, detail: str = "") -> None:
        name = QuarantineReason.Name(reason).removeprefix("QUARANTINE_REASON_")
        super().__init__(f"{name}: {REMEDIES[reason].en}" + (f" ({detail})" if detail else ""))
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["Quarantined"], tuple[QuarantineReason, str]]:
        # The converter raises it in another process.
        return Quarantined, (self.reason, self.detail)
