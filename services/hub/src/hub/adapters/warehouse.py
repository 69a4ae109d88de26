"""The region's tables on Apache Iceberg (pyiceberg), and questions to them by DuckDB over their files.

Facts are appended with the offsets that they came from in the same commit: what is gathered is there once. A snapshot of the OMOP
tables is made of the facts that hold; each has a name, a tag of that name on every table that there was then.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.transforms import IdentityTransform
from sqlalchemy.exc import SQLAlchemyError

from chassis.errors import NotFound, Unavailable
from hub.facts import SCHEMA, WITHDRAWAL, Row, table_of
from hub.handlers import LINKAGE, LINKAGE_EXACT
from hub.linking import Encoded, linked
from hub.omop import HOLDING, TABLES, UNMAPPED

NAMESPACE = "hub"
OFFSETS = "casepath.offsets"
VERSION = "casepath.snapshot"
UNMAPPED_TABLE = "unmapped"
# Who was in two hospitals is one person, under the id of one of them.
LINKS = pa.schema([("person_id", pa.int64()), ("linked_id", pa.int64())])
LINKED = """
    select unlinked.* replace (coalesce(linked_id, person_id) as person_id) from unlinked left join links using (person_id)
"""
ENCODED = """
    select person_id, project, hospital, max_by(extra, "offset") from unlinked
    where domain = 'person' and extra <> '' group by all
"""
# Subjects who are withdrawn whole, for these reasons, and of whom rows are still in facts.
WITHDRAWN = """
    select distinct subject from facts where domain = 'withdrawal' and case_id = '' and list_contains(?, value_text)
    and subject in (select subject from facts where domain <> 'withdrawal') and subject not in (select subject from holding)
"""
SUSPECTED = """
    create temp table facts as select * from everything where subject in (
        select subject from everything where domain = 'withdrawal' and case_id = '' and list_contains(?, value_text)
    )
"""
# Rows that a query gives to Iceberg at once.
BATCH = 200_000
MOMENT = "%Y%m%dT%H%M%S.%fZ"
ENDED = ("WITHDRAWAL_REASON_OBJECTED", "WITHDRAWAL_REASON_ERASED")


class Warehouse:
    """One process writes; any may read."""

    # The last is written last and forgotten first: a snapshot is whole where it has that.
    tables = (*TABLES, UNMAPPED_TABLE)

    def __init__(self, location: str, catalog: str) -> None:
        self.files: dict[int, frozenset[str]] = {}
        try:
            self.catalog = SqlCatalog(NAMESPACE, uri=catalog, warehouse=location)
            self.catalog.create_namespace_if_not_exists(NAMESPACE)
            self.facts = self.catalog.create_table_if_not_exists(f"{NAMESPACE}.facts", SCHEMA)
            if not self.facts.spec().fields:
                with self.facts.update_spec() as spec:
                    spec.add_field("project", IdentityTransform(), "project")
            widen(self.facts, SCHEMA)
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable(f"the catalog of tables cannot be reached: {type(error).__name__}") from None

    def offsets(self) -> dict[str, int]:
        """The next offset of each topic's partition that is not gathered yet."""
        self.facts.refresh()
        current = self.facts.current_snapshot()
        while current is not None:
            said = (current.summary.additional_properties if current.summary else {}).get(OFFSETS)
            if said is not None:
                return dict(json.loads(said))
            current = self.facts.snapshot_by_id(current.parent_snapshot_id) if current.parent_snapshot_id else None
        return {}

    def behind(self) -> bool:
        """Whether something is in no snapshot: what was gathered by who ended before, or a table that this version has."""
        self.facts.refresh()
        current, names = self.facts.current_snapshot(), self.snapshots()
        if current is None:
            return False
        return not names or current.timestamp_ms > moment_of(names[-1]) or any(self.table(name) is None for name in self.tables)

    def gather(self, rows: Sequence[Row], offsets: Mapping[str, int]) -> None:
        """Append rows, and remember up to where they are. Raise Unavailable where it cannot, or somebody else wrote."""
        properties = {OFFSETS: json.dumps({**self.offsets(), **offsets})}
        try:
            self.facts.append(table_of(list(rows)), snapshot_properties=properties)
        except CommitFailedException:
            raise Unavailable("another hub writes to these tables") from None
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable(f"facts cannot be written: {type(error).__name__}") from None

    def take_snapshot(self, name: str, mapped: pa.Table) -> dict[str, int]:
        """Make the OMOP tables of what holds now, under a name; give how many rows each has."""
        counts = {}
        with self.holding(mapped) as database:
            for table, query in {**TABLES, UNMAPPED_TABLE: UNMAPPED}.items():
                counts[table] = self.put(table, database.sql(query).to_arrow_reader(BATCH), name)
        return counts

    def put(self, name: str, content: pa.RecordBatchReader, version: str) -> int:
        """The content of a table from now on, in parts: it may be larger than memory. Give how many rows it has."""
        schema = pa.schema([pa.field(one.name, plain(one.type)) for one in content.schema])
        table = self.catalog.create_table_if_not_exists(f"{NAMESPACE}.{name}", schema)
        widen(table, schema)
        write = table.overwrite if any(table.scan().plan_files()) else table.append
        write(content.cast(schema), snapshot_properties={VERSION: version})
        table.refresh()
        current = table.current_snapshot()
        if current is None or current.summary is None:
            raise Unavailable(f"the table {name} has no snapshot after it was written")
        table.manage_snapshots().create_tag(current.snapshot_id, version).commit()
        return int(current.summary.additional_properties.get("total-records", "0"))

    @contextmanager
    def holding(self, mapped: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """A database with what holds now."""
        self.facts.refresh()
        with duckdb.connect() as database:
            self.view(database, "facts", self.facts, None)
            database.register("mapped", mapped)
            database.sql(HOLDING).create("unlinked")
            links = linked(encoded(database))
            ids = {"person_id": list(links), "linked_id": list(links.values())}
            database.register("links", pa.table(ids, schema=LINKS))
            database.sql(LINKED).create("holding")
            yield database

    @contextmanager
    def snapshot(self, name: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """A database with the tables of a snapshot, the newest where none is named; a table that it is older than is empty.

        Raise NotFound where there is none, Unavailable where it is forgotten while it is read.
        """
        version = name or self.newest()
        if version not in self.snapshots():
            raise NotFound(f"there is no snapshot {version}: casepath hub snapshots lists them")
        try:
            with duckdb.connect() as database:
                for table in self.tables:
                    found = self.table(table)
                    if found is None:
                        raise Unavailable("the tables of this version are made with the next snapshot")
                    if tagged := found.refs().get(version):
                        self.view(database, table, found, tagged.snapshot_id)
                    else:
                        database.register(table, found.schema().as_arrow().empty_table())
                if version not in self.snapshots():
                    raise Unavailable(f"snapshot {version} was forgotten while it was read: ask the newest one")
                yield database
        except duckdb.IOException:
            raise Unavailable(f"snapshot {version} was forgotten while it was read: ask the newest one") from None

    def view(self, database: duckdb.DuckDBPyConnection, name: str, table: Table, snapshot: int | None) -> None:
        files = [one.file.file_path for one in table.scan(snapshot_id=snapshot).plan_files()]
        empty = table.schema().as_arrow().empty_table()
        if not files:
            database.register(name, empty)
            return
        found = database.read_parquet([path_of(file) for file in files], hive_partitioning=False, union_by_name=True)
        if set(empty.column_names) - set(found.columns):
            # All of it was written by an earlier version.
            database.register(f"{name}_of_now", empty)
            found.create_view(f"{name}_of_before")
            found = database.sql(f"from {name}_of_before union all by name from {name}_of_now")
        found.create_view(name)

    def projects(self) -> list[str]:
        """Those that have a person in the newest snapshot; none where none was taken yet."""
        names = self.snapshots()
        if not names:
            return []
        with self.snapshot(names[-1]) as database:
            return [name for (name,) in database.execute("select distinct project from person order by project").fetchall()]

    def snapshots(self) -> list[str]:
        """Names of those that are whole, the oldest first."""
        last = self.table(self.tables[-1])
        return sorted(tags(last)) if last is not None else []

    def table(self, name: str) -> Table | None:
        """None where no snapshot made it yet."""
        try:
            return self.catalog.load_table(f"{NAMESPACE}.{name}")
        except NoSuchTableError:
            return None

    def newest(self) -> str:
        """Raise NotFound where no snapshot was taken yet."""
        names = self.snapshots()
        if not names:
            raise NotFound("no snapshot was taken yet")
        return names[-1]

    def expire(self, kept: int) -> list[str]:
        """Forget all snapshots but the newest `kept`, and those of before somebody was withdrawn. Give who that was.

        Of who objects or was erased no row stays, in facts or in any snapshot, and no file that had one.
        """
        gone = self.withdrawn()
        if gone:
            listed = ", ".join(f"'{subject}'" for subject in gone)
            self.facts.delete(f"subject in ({listed}) and domain != '{WITHDRAWAL}'")
        held = set(self.snapshots()[-1 if gone else -kept :])
        for name in (*reversed(self.tables), "facts"):
            table = self.table(name)
            if table is not None:
                self.forget(table, tags(table) - held)
        return gone

    def withdrawn(self) -> list[str]:
        """Subjects who are withdrawn whole, and of whom rows are still here."""
        self.facts.refresh()
        with duckdb.connect() as database:
            self.view(database, "everything", self.facts, None)
            # What holds of one subject depends on no other's facts.
            database.execute(SUSPECTED, [list(ENDED)])
            database.sql(HOLDING).create("holding")
            found = database.execute(WITHDRAWN, [list(ENDED)]).fetchall()
        return sorted(subject for (subject,) in found)

    def heard_of(self, subjects: Collection[str]) -> set[str]:
        """Those of whom anything was ever gathered here, their withdrawal too."""
        self.facts.refresh()
        with duckdb.connect() as database:
            self.view(database, "facts", self.facts, None)
            found = database.execute("select distinct subject from facts where list_contains(?, subject)", [list(subjects)])
            return {subject for (subject,) in found.fetchall()}

    def forget(self, table: Table, dropped: Iterable[str]) -> None:
        """Drop these tags of it, then every snapshot that no tag keeps but the current one, then files that none has."""
        for tag in dropped:
            table.manage_snapshots().remove_tag(tag).commit()
            table.refresh()
        current = table.current_snapshot()
        keep = {ref.snapshot_id for ref in table.refs().values()} | ({current.snapshot_id} if current else set())
        snapshots = table.snapshots()
        ended = [one for one in snapshots if one.snapshot_id not in keep]
        if not ended:
            return
        files = self.files_of(table, ended) - self.files_of(table, (one for one in snapshots if one.snapshot_id in keep))
        table.maintenance.expire_snapshots().by_ids([one.snapshot_id for one in ended]).commit()
        for file in files:
            table.io.delete(file)
        for one in ended:
            self.files.pop(one.snapshot_id, None)

    def files_of(self, table: Table, snapshots: Iterable[Snapshot]) -> set[str]:
        """All that snapshots of a table have. What one has never changes: it is read once."""
        found: set[str] = set()
        for one in snapshots:
            if one.snapshot_id not in self.files:
                planned = table.scan(snapshot_id=one.snapshot_id).plan_files()
                self.files[one.snapshot_id] = frozenset(each.file.file_path for each in planned)
            found |= self.files[one.snapshot_id]
        return found


def encoded(database: duckdb.DuckDBPyConnection) -> list[Encoded]:
    """Each patient with what tells who was in two hospitals, where their hospital says that."""
    found = database.execute(ENCODED).fetchall()
    made = []
    for person_id, project, hospital, extra in found:
        said = json.loads(extra)
        made.append(Encoded(person_id, project, hospital, bytes.fromhex(said[LINKAGE]), bytes.fromhex(said[LINKAGE_EXACT])))
    return made


def tags(table: Table) -> set[str]:
    return {ref for ref in table.refs() if ref != "main"}


def missing(schema: pa.Schema, table: Table) -> set[str]:
    return set(schema.names) - set(table.schema().column_names)


def widen(table: Table, schema: pa.Schema) -> None:
    """Give a table that an earlier version wrote the columns that it lacks."""
    if missing(schema, table):
        with table.update_schema() as update:
            update.union_by_name(schema)


def path_of(file: str) -> str:
    return file.removeprefix("file://")


def plain(kind: pa.DataType) -> pa.DataType:
    """Types that Iceberg has: of strings the one that pyiceberg writes, of numbers none without a sign."""
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string(kind) or str(kind).startswith("json") else kind


def version_name() -> str:
    """Of a snapshot: its moment, so that names are in order."""
    return datetime.now(UTC).strftime(MOMENT)


def moment_of(version: str) -> float:
    """In milliseconds since 1970."""
    return datetime.strptime(version, MOMENT).replace(tzinfo=UTC).timestamp() * 1000
