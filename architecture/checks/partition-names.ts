import { durationMs } from "../../common/duration";
import { maxIdentifierBytes } from "../../common/identifier";
import type { Problem } from "../../common/problem";
import type { CatalogTable } from "../catalog/catalog";
import { type Checked, ownEntry } from "./check";

/** The versions of pg_partman differ in the date at the end of a name, and in how they cut the name before it. */
const versions = [4, 5] as const;
type Version = (typeof versions)[number];

/** A table that pg_partman partitions, and the date at the end of its partitions' names. */
interface Partitioned {
  readonly table: CatalogTable;
  readonly date: Readonly<Record<Version, string>>;
}

/**
 * pg_partman names a partition after its table and a date, and cuts long names. It silently skips a name that is taken,
 * so the rows of that time would have no partition.
 */
export function checkPartitionNames({ catalog, description }: Checked): Problem[] {
  const partitioned = [...catalog.tables.values()].flatMap((table): Partitioned[] => {
    const every = ownEntry(description, table.name)?.partition?.every;
    return every ? [{ table, date: datesOf(durationMs(every)) }] : [];
  });
  const names = [...catalog.tables.keys(), ...catalog.views.keys()];
  return partitioned.flatMap((each, index) => {
    const tooLong = checkLength(each);
    if (tooLong) return [tooLong];
    return [...checkTwins(each, partitioned.slice(0, index)), ...checkTaken(each, names)];
  });
}

function datesOf(everyMs: number): Partitioned["date"] {
  const days = everyMs / 86_400_000;
  const old = days >= 365 ? "2026" : days >= 30 ? "2026_01" : days >= 1 ? "2026_01_31" : "2026_01_31_2359";
  return { 4: old, 5: days >= 1 ? "20260131" : "20260131_235959" };
}

/** Version 4 counts characters where PostgreSQL counts bytes, so PostgreSQL would cut off the date. */
function checkLength({ table: { name, at }, date }: Partitioned): Problem | undefined {
  const partition = partitionName(name, date[4], 4);
  const bytes = Buffer.byteLength(partition);
  if (bytes <= maxIdentifierBytes) return undefined;
  return {
    what: `The name of \`${name}\` leaves no room for the date of a partition`,
    got: `${partition} (${bytes} bytes)`,
    expected: `at most ${maxIdentifierBytes} bytes; a letter beyond ASCII takes two or more`,
    fix: `Shorten the table's name by ${bytes - maxIdentifierBytes} bytes`,
    at,
  };
}

function checkTwins({ table, date }: Partitioned, others: readonly Partitioned[]): Problem[] {
  const twin = others.find((other) =>
    versions.some((v) => partitionName(table.name, date[v], v) === partitionName(other.table.name, other.date[v], v)),
  );
  if (!twin) return [];
  const [shared = ""] = partitionName(table.name, date[4], 4).split("_p20");
  return [
    {
      what: `The partitions of \`${table.name}\` and \`${twin.table.name}\` would have the same names: pg_partman cuts them`,
      got: `${partitionName(table.name, date[4], 4)} for both`,
      expected: `names that differ in their first ${[...shared].length} characters`,
      fix: "Shorten one of the two names, or let them differ earlier",
      at: table.at,
    },
  ];
}

function checkTaken({ table, date }: Partitioned, names: readonly string[]): Problem[] {
  const partitions = versions.map((version) => withAnyDate(partitionName(table.name, date[version], version)));
  return names
    .filter((name) => name !== table.name && partitions.includes(withAnyDate(name)))
    .map((name) => ({
      what: `\`${name}\` has the name of a partition of \`${table.name}\`, which could not be made then`,
      got: name,
      fix: "Rename one of the two",
      at: table.at,
    }));
}

const withAnyDate = (name: string) => name.replaceAll(/\d/g, "0");

function partitionName(table: string, date: string, version: Version): string {
  const end = `_p${date}`;
  const most = maxIdentifierBytes - end.length;
  return `${version === 4 ? [...table].slice(0, most).join("") : cutToBytes(table, most)}${end}`;
}

/** Cuts as PostgreSQL does: never within a character. */
function cutToBytes(text: string, most: number): string {
  let cut = "";
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > most) break;
    cut += character;
  }
  return cut;
}
