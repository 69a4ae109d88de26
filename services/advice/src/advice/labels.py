"""What cards say of their own, in English and French."""

from chassis.language import Language

LABELS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Genes and medicines",
        "description": "What a patient's genome says of the drugs that are prescribed, by CPIC's and the DPWG's guidelines.",
        "changes": "{drug}: {because}",
        "unanswered": "{drug}: no advice, {genes} not known",
        "unanswered_detail": "{guideline} needs {genes}, which was not called. It is not taken for normal.",
        "not_tested": "**Not tested in {gene}: {alleles}. With one of them this advice may be wrong.**",
        "incomplete": "{drug}: not every allele of {genes} was tested",
        "patient": "The genome asks for another dose, medicine or precaution for {count} drugs",
        "withheld": "No pharmacogenomic report could be issued, or it was withdrawn",
        "withheld_detail": "This says nothing of the patient's genome.",
        "page": "Treatment page",
        "preliminary": "Issued automatically, not signed by a biologist.",
        "for": "for {population}",
        "override_considered": "The genotype was considered",
        "override_no_choice": "There is no better choice for this patient",
        "override_wrong_patient": "The report is not of this patient",
    },
    "fr": {
        "title": "Gènes et médicaments",
        "description": "Ce que le génome du patient dit des médicaments prescrits, selon les recommandations du CPIC et du DPWG.",
        "changes": "{drug} : {because}",
        "unanswered": "{drug} : pas de conseil, {genes} non connu",
        "unanswered_detail": "{guideline} demande {genes}, non déterminé. Il n'est pas tenu pour normal.",
        "not_tested": "**Non testé dans {gene} : {alleles}. Avec l'un d'eux, ce conseil peut être faux.**",
        "incomplete": "{drug} : tous les allèles de {genes} n'ont pas été testés",
        "patient": "Le génome demande une autre dose, un autre médicament ou une précaution pour {count} médicaments",
        "withheld": "Aucun compte rendu de pharmacogénomique n'a pu être émis, ou il a été retiré",
        "withheld_detail": "Cela ne dit rien du génome du patient.",
        "page": "Page de traitement",
        "preliminary": "Émis automatiquement, non signé par un biologiste.",
        "for": "pour {population}",
        "override_considered": "Le génotype a été pris en compte",
        "override_no_choice": "Il n'y a pas de meilleur choix pour ce patient",
        "override_wrong_patient": "Le compte rendu n'est pas celui de ce patient",
    },
}
