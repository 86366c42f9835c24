import type { Relation } from "../target";
import type { Draw } from "./draw";
import type { LeakRelation } from "./surface";

/** Something asked of the database in a tenant's name, and what in its answer would tell of another tenant. */
export interface LeakQuery {
  /** The kind of query: `cursor`. */
  readonly shape: string;
  /** What it reads or writes by name, for the report. */
  readonly relations: readonly string[];
  /** Without one, no row of any tenant may show. */
  readonly context: "tenant" | "none";
  /** In order, in one session. Where one fails the others are left out. */
  readonly steps: readonly Step[];
  /** The same question, put so that other tenants' rows can't change its answer: the answer must be the same. */
  readonly twin?: readonly Step[];
  /** Whether it asks for other tenants' rows alone, so that there must be none. */
  readonly empty?: true;
  /** Whether it fails, by a data exception, on a row of another tenant alone. */
  readonly trap?: true;
  /** Whether the answer repeats what was asked, so that a value out of the question proves nothing. */
  readonly echoes?: true;
}

export interface Step {
  readonly sql: string;
  /** For COPY … TO STDOUT, whose rows come another way. */
  readonly copy?: true;
  /** For a step that belongs to the other tenant: its answer is not looked at. */
  readonly unseen?: true;
}

/** A kind of query: how one is made of a relation. */
export interface Shape {
  readonly name: string;
  /** Undefined where the relation does not lend itself to it. */
  make(draw: Draw, relation: LeakRelation): QuerySteps | undefined;
}

export type QuerySteps = Omit<LeakQuery, "shape" | "relations" | "context"> & {
  /** What it reads or writes. @default the relation it is made of */
  readonly of?: readonly Relation[];
  /** For what means nothing without a tenant. @default any */
  readonly context?: "tenant";
};
