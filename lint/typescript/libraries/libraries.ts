import { type Library, librarySchema } from "../library";
import { brokers } from "./brokers";
import { databases } from "./database-libraries";
import { schedulers } from "./schedulers";

/** The libraries that lint knows, with those of tenantry-lint.yaml. */
export class Libraries {
  private readonly all: readonly Library[];
  private readonly known = new Map<string, readonly Library[]>();
  /** Names under which any of them takes SQL: a client's origin is not always to be seen. */
  readonly sqlMethods: ReadonlySet<string>;
  readonly sqlTags: ReadonlySet<string>;
  /** Names that may be part of a query which a library builds. */
  readonly buildingNames: ReadonlySet<string>;
  /** Names of what runs its callback in a transaction. */
  readonly transactionNames: ReadonlySet<string>;
  /** Names that may do something to the outside. */
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
    this.actingNames = new Set(
      this.all.flatMap((each) => [...writingNames(each), ...each.sends, ...each.receives, "send"]),
    );
  }

  /** Those that a package's exports belong to. */
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

  /** Whether one of a package's libraries lists a name. */
  has(module: string, name: string, listed: (library: Library) => readonly string[]): boolean {
    return this.of(module).some((library) => listed(library).includes(name));
  }
}

/** All by which a library writes rows. */
export function writingNames({ writes, chain, models }: Library): string[] {
  return [...writes, ...(chain ? writesOf(chain) : []), ...Object.keys(models?.writes ?? {})];
}

function writesOf({ insert, update, delete: deletes }: NonNullable<Library["chain"]>): string[] {
  return [...insert, ...update, ...deletes];
}

function isMeant(pattern: string, module: string): boolean {
  return pattern.endsWith("*") ? module.startsWith(pattern.slice(0, -1)) : pattern === module;
}
