import { join, relative } from "node:path";
import type { Role } from "../architecture/application";
import type { Catalog } from "../architecture/catalog/catalog";
import type { TableKind } from "../architecture/checks/check";
import type { Description } from "../architecture/description";
import type { ParsedStatement } from "../architecture/sql/sql-parser";
import type { Place } from "../common/problem";
import { root } from "../common/system/checkout";
import { projectRoot } from "../common/system/project";
import type { ConnectorFacts } from "./connector-facts";
import type { StackFacts } from "./stack-facts";
import type { DeclaredResource, StackOfResources } from "./stack-resources";
import type { Units } from "./typescript/function";

/** One thing that harms a running system: this file, its test, and `docs/rules/NAME.md`. */
export interface Rule {
  /** In kebab-case; the name of its file, of its test, of its page, and in `-- tenantry:allow NAME reason`. */
  readonly name: string;
  readonly severity: Severity;
  /** What happens without it, in one sentence: shown by tools that list rules. */
  readonly harm: string;
  /** Looks at the statements of one file as they run, those in its DO blocks too, or at a query in code. */
  check?(statements: readonly ParsedStatement[], context: FileContext): readonly Finding[];
  /** Whether `check` is about a file as a whole, so says nothing of a query in code. @default false */
  readonly aboutFiles?: boolean;
  /** Whether previews and applying refuse what `check` finds in a file, unless the stack opts in. @default false */
  readonly refuses?: true;
  /** Looks at a connector, in a file or as a stack declares it. */
  checkConnector?(connector: ConnectorFacts): readonly Finding[];
  /** Looks at a stack's file. */
  checkStack?(stack: StackFacts): readonly Finding[];
  /** Looks at one resource that a stack's program declares. */
  checkResource?(resource: DeclaredResource, stack: StackOfResources): readonly Finding[];
  /** Looks at all that a stack's program declares, together. */
  checkResources?(resources: readonly DeclaredResource[]): readonly Finding[];
  /** Looks at application code, all files together. */
  checkCode?(units: Units): readonly Finding[];
  /** Looks at architecture.yaml. */
  checkDescription?(description: Description, placeOf: (...path: string[]) => Place): readonly Finding[];
}

export type Severity = "error" | "warning";

/** What a rule found. Its name and severity are those of the rule. */
export interface Finding {
  /** Names the lock, or the harm. */
  readonly what: string;
  /** An imperative. */
  readonly fix: string;
  readonly at: Place;
}

/** What a rule may know around a file's statements. */
export interface FileContext {
  /** Whether the toolkit runs the file in one transaction. */
  readonly transaction: boolean;
  /** Whether the file is a numbered migration of an application, so run once, by its owner. */
  readonly migration: boolean;
  /**
   * What the file itself creates, by the character where: empty, and used by nobody yet from there on. Tables, views and
   * indexes by name, the others with their kind: `type mood`.
   */
  readonly created: ReadonlyMap<string, number>;
  readonly tables: TableFacts;
}

/** What is known of tables by their name, from architecture.yaml, or from their columns where there is none. */
export interface TableFacts {
  /** The application's schema: a name without one means it. */
  readonly schema: string;
  readonly tenantColumn: string;
  /** Whether the SQL has to run on Citus, with tables distributed by the tenant column. */
  readonly citus: boolean;
  /** What its roles may do, by their names in PostgreSQL. */
  readonly roles: ReadonlyMap<string, Pick<Role, "reads" | "writes">>;
  /** Tables and views as all the SQL files leave them behind. */
  readonly catalog: Catalog;
  /** The kind of a table or of a partition of one; undefined where nothing says so. */
  kindOf(name: string): TableKind | undefined;
  isTenantTable(name: string): boolean;
  /** Whether there is an architecture.yaml, and it doesn't name the table. */
  isUndescribed(name: string): boolean;
  /** The column that a partitioned table is partitioned by; undefined for every other. */
  partitionColumn(name: string): string | undefined;
}

/** The page of a rule, relative to the project: its own in a checkout, else the installed one. */
export function pageOf(rule: string): string {
  return relative(projectRoot, join(root, "docs", "rules", `${rule}.md`));
}
