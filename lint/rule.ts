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
import type { Policies } from "./policies";
import type { StackFacts } from "./stack-facts";
import type { DeclaredResource, StackOfResources } from "./stack-resources";
import type { Functions } from "./typescript/function";

/** One harm to a running system: this file, its test, and `docs/rules/NAME.md`. */
export interface Rule {
  /** Name in kebab-case, also of the file, the test and the page, and in `-- tenantry:allow NAME reason`. */
  readonly name: string;
  readonly severity: Severity;
  /** The harm without the rule, in one sentence, for tools that list rules. */
  readonly harm: string;
  /**
   * Checks the statements of one file in the order in which they run, including those in its DO blocks, or a query in
   * code.
   */
  check?(statements: readonly ParsedStatement[], context: FileContext): readonly Finding[];
  /** True if `check` judges a file as a whole, and so no query in code. @default false */
  readonly aboutFiles?: boolean;
  /** True if previews and `up` refuse a file with findings of `check`, unless the stack opts in. @default false */
  readonly refuses?: true;
  /** Checks a connector, in a file or in a stack's program. */
  checkConnector?(connector: ConnectorFacts): readonly Finding[];
  /** Checks a stack file. */
  checkStack?(stack: StackFacts): readonly Finding[];
  /** Checks one resource that a stack's program declares. */
  checkResource?(resource: DeclaredResource, stack: StackOfResources): readonly Finding[];
  /** Checks all resources of a stack's program together. */
  checkResources?(resources: readonly DeclaredResource[]): readonly Finding[];
  /** Checks application code, all files together. */
  checkCode?(functions: Functions): readonly Finding[];
  /** Checks architecture.yaml. */
  checkDescription?(description: Description, placeOf: (...path: string[]) => Place): readonly Finding[];
}

export type Severity = "error" | "warning";

/** A problem that a rule reports. It has the rule's name and severity. */
export interface Finding {
  /** The message, which names the lock or the harm. */
  readonly what: string;
  /** The fix, as an imperative. */
  readonly fix: string;
  readonly at: Place;
}

/** Knowledge about a file that a rule needs beside its statements. */
export interface FileContext {
  /** True if the toolkit runs the file in one transaction. */
  readonly transaction: boolean;
  /** True if the file may begin and end transactions because its tool begins none. @default false */
  readonly mayBegin?: boolean;
  /** True if the file is a numbered migration of an application, which runs once as the tables' owner. */
  readonly migration: boolean;
  /**
   * Objects that the file itself creates, with the offset of the creation. After it they are empty and unused. Keys are
   * the name for tables, views and indexes, the kind and name for other objects: `type mood`.
   */
  readonly created: ReadonlyMap<string, number>;
  readonly tables: TableFacts;
}

/** Knowledge about tables by name, from architecture.yaml, or from their columns if there is none. */
export interface TableFacts {
  /** The application's schema. A name without a schema refers to it. */
  readonly schema: string;
  readonly tenantColumn: string;
  /** True if the SQL must run on Citus, with tables distributed by the tenant column. */
  readonly citus: boolean;
  /** Privileges of the application's roles, by the role's name in PostgreSQL. */
  readonly roles: ReadonlyMap<string, Pick<Role, "reads" | "writes">>;
  /** Tables and views after all SQL files. */
  readonly catalog: Catalog;
  /** Policies of row level security after all SQL files. */
  readonly policies: Policies;
  /** The kind of a table, or of a partition's table; undefined if it is unknown. */
  kindOf(name: string): TableKind | undefined;
  isTenantTable(name: string): boolean;
  /** True if there is an architecture.yaml that does not name the table. */
  isUndescribed(name: string): boolean;
  /** The column by which a table is partitioned; undefined if it is not partitioned. */
  partitionColumn(name: string): string | undefined;
}

/** Path of a rule's page, relative to the project: the page in a checkout, else the installed one. */
export function pageOf(rule: string): string {
  return relative(projectRoot, join(root, "docs", "rules", `${rule}.md`));
}
