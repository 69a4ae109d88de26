"""Reports of pathology in French with made persons, places and numbers in them, and where each of those stands.

The sentences are ours; names, addresses, telephones and numbers are Faker's (fr_FR). What is measured on them says how well rules
find what such sentences hold, and nothing of sentences that nobody thought of.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from faker import Faker

# What each field of a sentence is; those that are absent here tell nobody.
SORTS = {
    "family": "patient",
    "given": "patient",
    "born": "patient",
    "number": "patient",
    "accession": "patient",
    "ins": "patient",
    "doctor": "doctor",
    "doctor_family": "doctor",
    "doctor_upper": "doctor",
    "relative": "relative",
    "address": "place",
    "city": "place",
    "hospital": "place",
    "telephone": "contact",
    "mail": "contact",
    "other_number": "number",
    "day": "day",
    "day_words": "day",
}
SENTENCES = (
    "Compte rendu d'anatomie pathologique n° {accession}",
    "Patient : {family} {given}, né(e) le {born}",
    "NOM : {family_upper}  Prénom : {given}",
    "Mme {family} {given}, {age} ans, IPP {number}.",
    "INS : {ins}",
    "Adresse : {address}",
    "Médecin prescripteur : Dr {doctor}",
    "Prescripteur : Docteur {doctor_upper}, {hospital}",
    "Copie au Pr {doctor_family} ({hospital}).",
    "Adressé par le Dr {doctor_family}, {city}, tél. {telephone}.",
    "Contact : {mail}",
    "Prélèvement reçu le {day}, fixé au formol.",
    "Biopsies réalisées le {day_words} au bloc opératoire par le Dr {doctor_family}.",
    "Antécédent : mastectomie gauche le {day} ({hospital}, dossier {other_number}).",
    "Renseignements cliniques : nodule du sein gauche chez une patiente de {age} ans, suivie par Madame {doctor_family}.",
    "Sa sœur {relative} a présenté un cancer du sein.",
    "{given} {family} a été informée du résultat.",
    "Compte rendu transmis à {doctor} le {day}.",
    "Relecture demandée au Dr {doctor} de {city}.",
    "Bloc n° {other_number}, lame A1.",
    "Technicienne : {relative}",
    "Signé électroniquement par {doctor}",
    "Validé par : {doctor_upper}, le {day}",
    "Macroscopie : trois fragments blanchâtres mesurant de 4 à 12 mm, inclus en totalité dans un bloc.",
    "Microscopie : carcinome infiltrant de type non spécifique, grade II de Elston et Ellis, mesurant 14 mm.",
    "Absence d'embole vasculaire. Marges saines à 3 mm. Pas de composante in situ.",
    "Immunohistochimie : RE 90 %, RP 60 %, HER2 score 1+, Ki67 à 15 %.",
    "ADENOCARCINOME LIEBERKÜHNIEN BIEN DIFFERENCIE DU COLON",
    "CONCLUSION",
    "Conclusion : adénocarcinome prostatique, score de Gleason 7 (3+4), pT2 N0.",
    "Mélanome superficiel extensif, indice de Breslow 0,8 mm, niveau III de Clark.",
    "Coloration par le PAS et le Giemsa : absence d'Helicobacter pylori.",
    "Gastrite chronique modérée, sans atrophie ni métaplasie intestinale.",
    "Ganglion sentinelle : absence de métastase sur les coupes examinées après coloration HES.",
    "Tumeur : 2,5 x 1,8 cm. Indice mitotique : 3 mitoses pour 10 champs.",
    "Le stroma est fibreux et contient un infiltrat lymphocytaire modéré.",
)


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing in a report that tells somebody or somewhere."""

    field: str
    text: str
    begin: int

    @property
    def end(self) -> int:
        return self.begin + len(self.text)


@dataclass(frozen=True, slots=True)
class Report:
    text: str
    placed: tuple[Placed, ...]
    # Of the patient, as an order says it.
    family: str
    given: str
    born: date
    number: str
    accession: str
    ins: str


def reports(count: int, seed: int) -> Iterator[Report]:
    faker = Faker("fr_FR")
    faker.seed_instance(seed)
    dice = random.Random(seed)
    for _ in range(count):
        yield report(faker, dice)


def report(faker: Faker, dice: random.Random) -> Report:
    family, given = faker.last_name(), faker.first_name()
    born = faker.date_of_birth(minimum_age=20, maximum_age=85)
    number, accession = str(dice.randrange(10**7, 10**8)), f"{dice.randrange(20, 27)}H{dice.randrange(10**4, 10**5)}"
    ins = faker.ssn().replace(" ", "")
    chosen = [sentence for sentence in SENTENCES if dice.random() < 0.6]
    text, placed = "", []
    for sentence in chosen:
        fields = {
            "family": family,
            "family_upper": family.upper(),
            "given": given,
            "born": born.strftime("%d/%m/%Y"),
            "number": number,
            "accession": accession,
            "ins": ins,
            **others(faker, dice),
        }
        for part in sentence.split("{"):
            name, closing, rest = part.partition("}")
            if closing:
                if name in SORTS or name == "family_upper":
                    placed.append(Placed(name.replace("family_upper", "family"), fields[name], len(text)))
                text += fields[name] + rest
            else:
                text += part
        text += "\n"
    return Report(text, tuple(placed), family, given, born, number, accession, ins)


def others(faker: Faker, dice: random.Random) -> dict[str, str]:
    day = date(2026, 1, 1) - timedelta(days=dice.randrange(2000))
    months = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ]
    doctor = f"{faker.first_name()} {faker.last_name()}"
    city = faker.city()
    return {
        "age": str(dice.randrange(20, 86)),
        "doctor": doctor,
        "doctor_family": faker.last_name(),
        "doctor_upper": f"{faker.last_name().upper()} {faker.first_name()}",
        "relative": f"{faker.first_name()} {faker.last_name()}",
        "address": faker.address().replace("\n", ", "),
        "city": city,
        "hospital": dice.choice(
            (f"CHU de {city}", f"Hôpital {faker.last_name()}", f"Clinique {faker.last_name()}", f"CH de {city}")
        ),
        "telephone": faker.phone_number(),
        "mail": faker.email(),
        "other_number": dice.choice((str(dice.randrange(10**5, 10**7)), f"B{dice.randrange(10**4, 10**6)}")),
        "day": dice.choice((day.strftime("%d/%m/%Y"), day.strftime("%d.%m.%y"), day.isoformat())),
        "day_words": f"{day.day} {months[day.month - 1]} {day.year}",
    }
