import type { Relation } from "../target";
import type { Draw } from "./draw";
import type { LeakRelation } from "./surface";

/** Query in a tenant's name, and how to see in its answer that another tenant leaked. */
export interface LeakQuery {
  /** Name of the shape: `cursor`. */
  readonly shape: string;
  /** Relations that it reads or writes, for the report. */
  readonly relations: readonly string[];
  /** Without a tenant, no tenant's row may show. */
  readonly context: "tenant" | "none";
  /** Steps in order, in one session. After a failure the rest is skipped. */
  readonly steps: readonly Step[];
  /** The same question in a form that other tenants' rows can't influence. Both answers must be equal. */
  readonly twin?: readonly Step[];
  /** True if it asks only for other tenants' rows, so that the answer must be empty. */
  readonly empty?: true;
  /** True if it fails with a data exception only on another tenant's row. */
  readonly trap?: true;
  /** True if the answer repeats the question, so that a value of the question proves nothing. */
  readonly echoes?: true;
}

export interface Step {
  readonly sql: string;
  /** True for COPY … TO STDOUT, whose rows are received differently. */
  readonly copy?: true;
  /** True for a step of the other tenant, whose answer is ignored. */
  readonly unseen?: true;
}

/** Shape of queries, which makes one for a relation. */
export interface Shape {
  readonly name: string;
  /** Returns undefined if the relation does not suit the shape. */
  make(draw: Draw, relation: LeakRelation): QuerySteps | undefined;
}

export type QuerySteps = Omit<LeakQuery, "shape" | "relations" | "context"> & {
  /** Relations that it reads or writes. @default the given relation */
  readonly of?: readonly Relation[];
  /** Set if the query makes sense only with a tenant. @default any */
  readonly context?: "tenant";
};
