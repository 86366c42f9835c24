import type { FileColumn } from "../export/export-column";
import type { WantedFile } from "./wanted-files";

/** A column of the table as it is today. */
export interface LiveColumn {
  readonly name: string;
  readonly type: string;
  /** SQL of its default; null if there is none, or it is generated. */
  readonly default: string | null;
}

/** A column of a table of restored rows. */
export interface RestoredColumn {
  readonly name: string;
  readonly type: string;
  readonly default: string | null;
}

/** A table to restore, and the files whose rows belong in it. */
export interface Shape {
  readonly columns: readonly RestoredColumn[];
  readonly files: readonly WantedFile[];
}

/**
 * Assigns the files to tables. Files whose columns the table still has, with the same types, belong in one table with today's
 * columns, where a column that was added later has its default. A column that was dropped or retyped since would lose its
 * values: such files get a table with their own columns. Without a file there is one empty table.
 */
export function shapesOf(live: readonly LiveColumn[], files: readonly WantedFile[]): readonly Shape[] {
  const isToday = ({ columns }: WantedFile) =>
    columns.every((column) => live.some(({ name, type }) => name === column.name && type === column.type));
  const today = files.filter(isToday);
  const others = new Map<string, WantedFile[]>();
  for (const file of files.filter((each) => !isToday(each))) {
    const key = JSON.stringify(file.columns.map(({ name, type }) => [name, type]));
    others.set(key, [...(others.get(key) ?? []), file]);
  }
  const isAdded = (name: string) => !today.every(({ columns }) => columns.some((column) => column.name === name));
  return [
    ...(today.length > 0 || others.size === 0
      ? [
          {
            columns: live.map((column) => (isAdded(column.name) ? column : { ...column, default: null })),
            files: today,
          },
        ]
      : []),
    ...[...others.values()].map((each) => ({ columns: (each[0]?.columns ?? []).map(ownColumn), files: each })),
  ];
}

function ownColumn({ name, type }: FileColumn): RestoredColumn {
  return { name, type, default: null };
}

/** Columns that every file of the shape has. Their values are compared. */
export function sharedColumns({ files }: Shape): readonly string[] {
  const [first, ...others] = files;
  return (first?.columns ?? [])
    .map(({ name }) => name)
    .filter((name) => others.every(({ columns }) => columns.some((column) => column.name === name)));
}
