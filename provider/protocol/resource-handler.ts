import type { ZodType } from "zod";
import type { PostgresEndpoint } from "../../architecture/endpoints";
import type { Problem } from "../../common/problem";
import type { LiveReader } from "../postgres/live-queries";
import type { Reader } from "../postgres/sql-statements";
import type { Context } from "./resource-context";

/** One change of one property, as `pulumi preview --diff` shows it. */
export interface Difference {
  /** Path of the property: `retention`, `roles.app`. */
  readonly path: string;
  /** `replace`: the property cannot change in place. `update`: it can. */
  readonly how: "update" | "replace";
}

/**
 * Handler of one type of resource. Only `create`, `update`, `delete` and `read` act on servers, and each can run
 * again after a kill at any moment: it looks at what exists and does the rest. All other methods are pure or only
 * read.
 *
 * `Inputs` is what a program declares. `State` is what Pulumi stores and what `read` finds. Where the server has
 * drifted, `read` returns the found values in the shape of the inputs, so that the next diff shows them.
 */
export interface ResourceHandler<Inputs extends object, State extends object = Inputs> {
  /** The noun in `tenantry:index:NOUN`. */
  readonly noun: string;
  /** Parses the inputs, and writes them again. Its messages reach the user with the property's path. */
  readonly inputs: ZodType<Inputs>;
  /** Finds further problems: an applied file that was edited, a rewrite without its opt-in. */
  check?(old: State | undefined, next: Inputs, allow: ReadonlySet<string>): readonly Problem[];
  /**
   * Reads the current state from the database. Returns undefined if the database can't say. The diff uses this state,
   * so a change made by hand shows, and is corrected, without a refresh.
   */
  readLive?(live: LiveReader, old: State): Promise<State | undefined>;
  /**
   * @param endpoint the provider's login; undefined before the servers run. Only a change of the login itself depends
   * on it.
   */
  diff(old: State, next: Inputs, endpoint?: PostgresEndpoint): readonly Difference[];
  /**
   * Lists the SQL or REST calls that applying would run, one a line. `old` undefined: create. `next` undefined:
   * delete.
   */
  preview(old: State | undefined, next: Inputs | undefined): readonly string[];
  /**
   * Like `preview`, but from the current database. Called only in a preview, and only if the database answers at
   * once.
   */
  previewLive?(read: Reader, old: State | undefined, next: Inputs | undefined): Promise<readonly string[]>;
  /** Creates the resource, or adopts an existing one and completes it. */
  create(context: Context, next: Inputs): Promise<CreateResult<State>>;
  update(context: Context, id: string, old: State, next: Inputs): Promise<State>;
  delete(context: Context, id: string, old: State): Promise<void>;
  /** Reads the resource; undefined if it does not exist. On import only `id` is known. */
  read(context: Context, id: string, old: State | undefined): Promise<State | undefined>;
}

interface CreateResult<State> {
  /** Id for `pulumi import`: the server's own name of the resource, such as `ecommerce.orders`. */
  readonly id: string;
  readonly state: State;
}
