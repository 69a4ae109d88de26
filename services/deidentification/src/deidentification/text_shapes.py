"""Shapes of what tells a person or a place in French text: numbers, days, addresses, establishments.

Each pattern takes time in proportion to the text: no two of its parts match the same characters in a row.
"""

import re

from deidentification.french_words import plain

# As what each is masked.
NAME, PLACE, SITE, NUMBER = "NOM", "LIEU", "ETABLISSEMENT", "NUMERO"
TELEPHONE, MAIL, BIRTH, DAY, YEAR, AGE = "TELEPHONE", "MEL", "NAISSANCE", "DATE", "ANNEE", "AGE"
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
SHORT_MONTHS = {"janv": 1, "fevr": 2, "fev": 2, "avr": 4, "juil": 7, "sept": 9, "oct": 10, "nov": 11, "dec": 12}
MONTH_NUMBERS = {**{plain(name): number for number, name in enumerate(MONTHS, start=1)}, **SHORT_MONTHS}
CENTURY_FROM = 40
# Older than this, an age tells too much.
OLDEST = 89

CAPITAL = r"[A-ZÀ-ÖØ-Þ]"
LETTER = r"[A-Za-zÀ-ÖØ-öø-ÿ]"
NAMED = rf"(?:[dl]['’])?{CAPITAL}[\w'’-]*"
SMALL = r"(?:de|du|des|la|le|les|en|sur|sous|et|à|aux?|universitaire|hospitalier|régional)"
# Words of a place's name, after the first: "de Bordeaux", "et du Pays Basque".
GOING_ON = rf"(?:[ \t]+(?:{SMALL}[ \t]+)*{NAMED})*"
SPELT_MONTHS = {*MONTHS, *(plain(one) for one in MONTHS), *SHORT_MONTHS, "févr", "fév", "déc"}
MONTH = f"(?:{'|'.join(sorted(SPELT_MONTHS, key=len, reverse=True))})"

STREET = (
    r"rue|avenue|av\.?|boulevard|bd\.?|place|chemin|all[ée]e|impasse|route|quai|cours|square|passage|r[ée]sidence|lotissement|"
    r"faubourg|sentier|voie|villa|rond-point|esplanade"
)

DAYS = (
    re.compile(r"(?<![\d/.-])(?P<y>(?:19|20)\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?<![\d/.-])(?P<d>\d{1,2})\s?[/.-]\s?(?P<m>\d{1,2})\s?[/.-]\s?(?P<y>(?:19|20)\d\d|\d\d)(?![\d/])"),
    re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})(?:er)?\s+(?P<m>{MONTH})\.?\s+(?P<y>(?:19|20)\d\d)(?!\d)", re.IGNORECASE),
    re.compile(rf"\b(?P<m>{MONTH})\.?\s+(?P<y>(?:19|20)\d\d)(?!\d)", re.IGNORECASE),
    re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})(?:er)?\s+(?P<m>{MONTH})\b", re.IGNORECASE),
    re.compile(r"(?<![\d/.-])(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)(?!\d)"),
)
SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (MAIL, re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    (MAIL, re.compile(r"(?:https?://|www\.)\S+")),
    # The national identifier, with its spaces.
    (
        NUMBER,
        re.compile(
            r"(?<!\d)[1278]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}(?:\s?\d{2})?(?!\d)",
            re.IGNORECASE,
        ),
    ),
    (TELEPHONE, re.compile(r"(?<!\d)(?:(?:\+|00)\s?\d{2}[\s.-]?(?:\(0\)[\s.-]?)?|0)[1-9](?:[\s.-]?\d{2}){4}(?!\d)")),
    (
        PLACE,
        re.compile(
            rf"(?<!\d)\d{{1,4}}[ \t]*(?:bis|ter|quater)?,?[ \t]+(?:{STREET})[ \t]+[^\n,;:.]{{1,60}}",
            re.IGNORECASE,
        ),
    ),
    (PLACE, re.compile(rf"\b(?i:{STREET})[ \t]+(?:{SMALL}[ \t]+)*{NAMED}{GOING_ON}")),
    (PLACE, re.compile(rf"(?<!\d)\d{{5}}[ \t]+{NAMED}{GOING_ON}(?i:[ \t]+cedex)?(?:[ \t]+\d{{1,2}}\b)?")),
    (
        SITE,
        re.compile(
            r"\b(?:CHU|CHRU|CHR|CH|GHT|GHU|CLCC|Centre[ \t]+[Hh]ospitalier|Centre|H[ôo]pita(?:l|ux)|Clinique|Polyclinique|"
            r"Institut|Laboratoire|Cabinet|EHPAD|Maison[ \t]+de[ \t]+retraite|Pharmacie)"
            rf"[ \t]+(?:{SMALL}[ \t]+)*{NAMED}{GOING_ON}",
        ),
    ),
    (
        NUMBER,
        re.compile(
            r"(?P<keep>\b(?:n°|no|nᵒ|num[ée]ro|dossier|IPP|NIP|IEP|INS|r[ée]f(?:[ée]rence)?|chambre|lit|patient|RPPS|ADELI|FINESS)"
            r"\.?\s*:?\s*)(?=[\w./-]*\d)[\w./-]*\w",
            re.IGNORECASE,
        ),
    ),
    # Of five digits or more, with what is written between them.
    (NUMBER, re.compile(r"(?<![\w.,])(?=(?:[\w./-]*?\d){5})\w[\w/-]*(?:\.[\w/-]+)*")),
)
YEARS = re.compile(r"(?<![\d.,/-])(?:19|20)\d\d(?![\d/-]|[.,]\d|\s*(?:mm|cm|ml|µm|mg|g\b|/mm|cellules|UI|copies|%))")
AGES = re.compile(r"(?<![\d.,])(\d{2,3})(?=\s*(?:ans|a\.)(?!\w))")
BORN = re.compile(r"\bn[ée]{1,2}(?:\(e\)|e)?\s*(?:le|en|:)?\s*$|\b(?:DDN|naissance)\s*:?\s*(?:le\s*)?$", re.IGNORECASE)
