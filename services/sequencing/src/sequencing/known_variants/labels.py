"""What a page of known variants says of its own, in English and French."""

from casepath.sequencing.v1.known_variants_pb2 import RESPECT_CLINICAL_IMPACT, RESPECT_GERMLINE, RESPECT_ONCOGENICITY

LABELS: dict[str, dict[str, str]] = {
    "en": {
        "title": "What is known of these variants",
        "sample": "Sample",
        "born": "born",
        "accession": "Accession",
        "for_professionals": (
            "For a biologist or physician. It quotes knowledge bases word by word, in English; nobody here has judged what they "
            "say."
        ),
        "looked_up": "{n} variants looked up, {known} known, {notable} shown below.",
        "silence": "What is not here is not thereby harmless: it may be unknown, not covered, or in a gene that was not loaded.",
        "none": "The snapshots say nothing of note of these variants.",
        "others": "Of {n} more the sources say benign, likely benign, or nothing; they are in the file.",
        "more": "{n} more are in the file.",
        "variant": "Variant",
        "genotype": "Genotype",
        "said": "What is said",
        "het": "one copy of two",
        "hom": "both copies",
        "hemi": "its one copy",
        "unclear": "not wholly called",
        "germline": "inherited",
        "oncogenicity": "oncogenicity",
        "clinical_impact": "in tumours",
        "conditions": "for",
        "therapies": "therapy",
        "review": "review",
        "level": "level of evidence",
        "against": "This evidence does not support it.",
        "sources": "Sources:",
        "genes": "genes loaded: {genes}",
    },
    "fr": {
        "title": "Ce que l'on sait de ces variants",
        "sample": "Prélèvement",
        "born": "naissance",
        "accession": "Demande",
        "for_professionals": (
            "Pour un biologiste ou un médecin. Cette page cite des bases de connaissances mot pour mot, en anglais ; personne "
            "ici n'a jugé ce qu'elles disent."
        ),
        "looked_up": "{n} variants recherchés, {known} connus, {notable} présentés ci-dessous.",
        "silence": (
            "Ce qui n'est pas ici n'est pas pour autant sans danger : inconnu, non couvert, ou dans un gène qui n'a pas été "
            "chargé."
        ),
        "none": "Les bases chargées ne disent rien de notable de ces variants.",
        "others": "De {n} autres, les sources disent bénin, probablement bénin, ou rien ; ils sont dans le fichier.",
        "more": "{n} autres sont dans le fichier.",
        "variant": "Variant",
        "genotype": "Génotype",
        "said": "Ce qui en est dit",
        "het": "une copie sur deux",
        "hom": "les deux copies",
        "hemi": "son unique copie",
        "unclear": "pas entièrement déterminé",
        "germline": "héréditaire",
        "oncogenicity": "oncogénicité",
        "clinical_impact": "dans les tumeurs",
        "conditions": "pour",
        "therapies": "traitement",
        "review": "relecture",
        "level": "niveau de preuve",
        "against": "Cette preuve ne le soutient pas.",
        "sources": "Sources :",
        "genes": "gènes chargés : {genes}",
    },
}
RESPECTS = {
    RESPECT_GERMLINE: "germline",
    RESPECT_ONCOGENICITY: "oncogenicity",
    RESPECT_CLINICAL_IMPACT: "clinical_impact",
}
