"""What a treatment page says of its own, in English and French."""

from chassis.language import Language

LABELS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Genes and medicines",
        "sample": "Sample",
        "born": "born",
        "accession": "Accession",
        "amended": "This report takes the place of an earlier one, and says otherwise of:",
        "for_professionals": (
            "For a physician or pharmacist. It quotes published guidelines; it knows neither illness, nor other medicines, nor "
            "kidneys, nor liver."
        ),
        "changes": "Another dose, medicine or precaution",
        "no_changes": "No guideline asks for a change, of those that could be answered.",
        "same": "Nothing asks for a change",
        "none": "None.",
        "unanswered": "Not answered: a gene is not told",
        "genes": "Genes",
        "gene": "Gene",
        "diplotype": "Alleles",
        "phenotype": "Phenotype",
        "not_tested": "Not tested",
        "outside": "from another method",
        "phase_unknown": "phase not known",
        "or": "or",
        "not_called": "not called",
        "positions": "{n} of {of} positions",
        "not_tested_in": "Not tested in {gene}: {alleles}. With one of them this advice may be wrong.",
        "never_reference": "A position that was not genotyped is not taken for the reference.",
        "versions": "Definitions and guidance:",
    },
    "fr": {
        "title": "Gènes et médicaments",
        "sample": "Prélèvement",
        "born": "naissance",
        "accession": "Demande",
        "amended": "Ce compte rendu remplace un précédent, et dit autre chose de :",
        "for_professionals": (
            "Pour un médecin ou un pharmacien. Cette page cite des recommandations publiées ; elle ne connaît ni la maladie, ni "
            "les autres médicaments, ni les reins, ni le foie."
        ),
        "changes": "Autre dose, autre médicament ou précaution",
        "no_changes": "Aucune recommandation ne demande de changement, parmi celles auxquelles on peut répondre.",
        "same": "Rien ne demande de changement",
        "none": "Aucun.",
        "unanswered": "Sans réponse : un gène n'est pas connu",
        "genes": "Gènes",
        "gene": "Gène",
        "diplotype": "Allèles",
        "phenotype": "Phénotype",
        "not_tested": "Non testé",
        "outside": "par une autre méthode",
        "phase_unknown": "phase inconnue",
        "or": "ou",
        "not_called": "non déterminé",
        "positions": "{n} positions sur {of}",
        "not_tested_in": "Non testé dans {gene} : {alleles}. Avec l'un d'eux, ce conseil peut être faux.",
        "never_reference": "Une position non génotypée n'est pas prise pour la référence.",
        "versions": "Définitions et recommandations :",
    },
}
PHRASES: dict[str, dict[str, str]] = {
    "en": {"general": "", "child >40kg_adult": "adults, and children over 40 kg", "pediatrics": "children"},
    "fr": {
        "general": "",
        "adults": "adultes",
        "pediatrics": "enfants",
        "child >40kg_adult": "adultes, et enfants de plus de 40 kg",
        "Strong": "forte",
        "Moderate": "modérée",
        "Optional": "facultative",
        "No Recommendation": "sans recommandation",
        "Normal Metabolizer": "métaboliseur normal",
        "Intermediate Metabolizer": "métaboliseur intermédiaire",
        "Likely Intermediate Metabolizer": "métaboliseur probablement intermédiaire",
        "Possible Intermediate Metabolizer": "métaboliseur peut-être intermédiaire",
        "Poor Metabolizer": "métaboliseur lent",
        "Likely Poor Metabolizer": "métaboliseur probablement lent",
        "Rapid Metabolizer": "métaboliseur rapide",
        "Ultrarapid Metabolizer": "métaboliseur ultrarapide",
        "Normal Function": "fonction normale",
        "Increased Function": "fonction augmentée",
        "Decreased Function": "fonction diminuée",
        "Possible Decreased Function": "fonction peut-être diminuée",
        "Poor Function": "fonction faible",
        "Indeterminate": "indéterminé",
    },
}


def phrase(text: str, language: Language) -> str:
    """In the reader's language where it is known, else as published."""
    return PHRASES[language].get(text, text)
