import { type Library, librarySchema } from "../library";
import { brokers } from "./brokers";
import { databases } from "./database-libraries";
import { schedulers } from "./schedulers";

/** The libraries that lint knows, and those of tenantry-lint.yaml. */
export class Libraries {
  private readonly all: readonly Library[];
  private readonly known = new Map<string, readonly Library[]>();
  /** Method names by which any library takes SQL, because a client's library is not always known. */
  readonly sqlMethods: ReadonlySet<string>;
  readonly sqlTags: ReadonlySet<string>;
  /** Method names that may belong to a query built by a library. */
  readonly buildingNames: ReadonlySet<string>;
  /** Names of methods that run their callback in a transaction. */
  readonly transactionNames: ReadonlySet<string>;
  /** Method names that may create a table. */
  readonly creatingNames: ReadonlySet<string>;
  /** Method names that may have an effect outside the program. */
  readonly actingNames: ReadonlySet<string>;

  constructor(own: readonly Library[] = []) {
    this.all = [...own, ...[...databases, ...brokers, ...schedulers].map((each) => librarySchema.parse(each))];
    this.sqlMethods = new Set(this.all.flatMap(({ sql }) => sql.methods));
    this.sqlTags = new Set(this.all.flatMap(({ sql }) => sql.tags));
    this.buildingNames = new Set(
      this.all.flatMap(({ chain, models }) => [
        ...(chain ? [...chain.from, ...writesOf(chain), ...chain.where, ...chain.orWhere, ...chain.join] : []),
        ...(models ? [...Object.keys(models.reads), ...Object.keys(models.writes)] : []),
      ]),
    );
    this.transactionNames = new Set(this.all.flatMap(({ transactions }) => transactions));
    this.creatingNames = new Set(this.all.flatMap(({ creates }) => creates));
    this.actingNames = new Set(
      this.all.flatMap((each) => [...writingNames(each), ...each.sends, ...each.receives, "send"]),
    );
  }

  /** The libraries that export from a package. */
  of(module: string): readonly Library[] {
    const known = this.known.get(module);
    if (known) return known;
    const found = this.all.filter(({ packages }) => packages.some((each) => isMeant(each, module)));
    this.known.set(module, found);
    return found;
  }

  /** The package whose generated code exports a name. */
  generating(name: string): string | undefined {
    return this.all.find(({ generated }) => generated.includes(name))?.packages[0];
  }

  /** True if a library of the package lists a name. */
  has(module: string, name: string, listed: (library: Library) => readonly string[]): boolean {
    return this.of(module).some((library) => listed(library).includes(name));
  }
}

/** All method names by which a library writes rows. */
export function writingNames({ writes, chain, models }: Library): string[] {
  return [...writes, ...(chain ? writesOf(chain) : []), ...Object.keys(models?.writes ?? {})];
}

function writesOf({ insert, update, delete: deletes }: NonNullable<Library["chain"]>): string[] {
  return [...insert, ...update, ...deletes];
}

function isMeant(pattern: string, module: string): boolean {
  return pattern.endsWith("*") ? module.startsWith(pattern.slice(0, -1)) : pattern === module;
}
