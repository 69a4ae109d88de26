"""The one error tree. The type says what is to be done; nothing reads the message to decide.

CasepathError
├── Misconfigured      the process cannot start: say what is missing, and exit
├── Retriable          the same input can succeed later: keep it, and try again
│   ├── Unavailable    a dependency is down, busy or too slow
│   └── Overloaded     too much waits already: ask again later, or elsewhere
└── Rejected           this input can never succeed as it is: dead letter or quarantine, and the next one proceeds
    ├── Malformed      it does not decode, or breaks a rule of its contract
    ├── NotFound       it names something that does not exist
    │   └── Erased     it was a patient's, and the key that it was encrypted with is destroyed
    └── TooLate        its deadline passed before it was worked on
"""

from pydantic import ValidationError


class CasepathError(Exception):
    """Anything that casepath raises on purpose. Messages never hold patient data."""


class Misconfigured(CasepathError):
    """A setting is missing or wrong."""


class Retriable(CasepathError):
    """The same input can succeed later."""


class Unavailable(Retriable):
    """A dependency is down, busy or too slow."""


class Overloaded(Retriable):
    """Too much waits already."""


class Rejected(CasepathError):
    """This input can never succeed as it is."""


class Malformed(Rejected):
    """The input does not decode, or breaks a rule of its contract."""


class NotFound(Rejected):
    """The input names something that does not exist."""


class Erased(NotFound):
    """It was a patient's, and the key that it was encrypted with is destroyed."""


class TooLate(Rejected):
    """The deadline passed before it was worked on."""


def wrong_fields(error: ValidationError) -> str:
    """What is wrong with something that was declared, field by field: "sex: input should be 'female' or 'male'"."""
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg'].lower()}" for one in error.errors())


def defect_and_place(error: BaseException) -> str:
    """A defect's type and place, "KeyError at slides.ingestion:74"; never its message, which may quote a patient's data."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{where.tb_frame.f_globals.get('__name__')}:{where.tb_lineno}" if where else "an unknown place"
    return f"{type(error).__name__} at {place}"
