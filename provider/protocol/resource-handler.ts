import type { ZodType } from "zod";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import type { Problem } from "../../common/problem";
import type { LiveReader } from "../postgres/live-queries";
import type { Reader } from "../postgres/sql-statements";
import type { Context } from "./resource-context";

/** One change of one property, as `pulumi preview --diff` shows it. */
export interface Difference {
  /** The property's path: `retention`, `roles.app`. */
  readonly path: string;
  /** `replace`: cannot be changed in place. `update`: can. */
  readonly how: "update" | "replace";
}

/**
 * A kind of resource. All but `create`, `update`, `delete` and `read` is pure; those four act, only there, and can be
 * run again after a kill at any moment: they look at what is there and do the rest.
 *
 * `Inputs` is what a program declares. `State` is what is stored of it and what `read` finds; where reality has
 * drifted, `read` returns what it found in the shape of the inputs, so that the next diff shows it.
 */
export interface ResourceHandler<Inputs extends object, State extends Inputs = Inputs> {
  /** The noun in `tenantry:index:NOUN`. */
  readonly noun: string;
  /** Parses what the program gives; its messages reach the user with the property's path. */
  readonly inputs: ZodType<Inputs>;
  /** Whatever more is wrong with the inputs, or refused: an applied file edited, a rewrite without its opt-in. */
  check?(old: State | undefined, next: Inputs, allow: ReadonlySet<string>): readonly Problem[];
  /**
   * The state as the database has it now, where it answers at once; undefined where nothing can be said. Differences are
   * taken from it, so that what somebody changed by hand shows, and is set right, without a refresh.
   */
  readLive?(live: LiveReader, old: State): Promise<State | undefined>;
  /** @param endpoint how the provider logs in; undefined before the servers run, and for all but differences in that */
  diff(old: State, next: Inputs, endpoint?: PostgresEndpoint): readonly Difference[];
  /** What applying would run, for the preview: SQL, or REST calls, one a line. `old` undefined: create. `next` undefined: delete. */
  preview(old: State | undefined, next: Inputs | undefined): readonly string[];
  /** As `preview`, from what the database says now. Asked in a preview only where the database answers at once. */
  previewLive?(read: Reader, old: State | undefined, next: Inputs | undefined): Promise<readonly string[]>;
  /** Makes it, or adopts and completes what is there. */
  create(context: Context, next: Inputs): Promise<CreateResult<State>>;
  update(context: Context, id: string, old: State, next: Inputs): Promise<State>;
  delete(context: Context, id: string, old: State): Promise<void>;
  /** What is there; undefined if nothing is. `id` alone is known on import. */
  read(context: Context, id: string, old: State | undefined): Promise<State | undefined>;
}

export interface CreateResult<State> {
  /** What `pulumi import` takes: the name by which the server knows it, such as `ecommerce.orders`. */
  readonly id: string;
  readonly state: State;
}
