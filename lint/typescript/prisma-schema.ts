import { posix } from "node:path";
import type { Source } from "../../common/source";

/** A model of a Prisma schema, with the names that its table has in the database. */
interface PrismaModel {
  /** The table, by `@@map` or the model's own name; with its schema if the model has `@@schema`. */
  readonly table: string;
  /** The columns by the model's fields; a relation by one column has that column. */
  readonly columns: ReadonlyMap<string, string>;
  /** The fields that are relations by one column. */
  readonly relations: ReadonlySet<string>;
}

/** Prisma's schemas among the linted files. */
export class PrismaSchemas {
  private readonly schemas: readonly { readonly folder: string; readonly models: ReadonlyMap<string, PrismaModel> }[];

  constructor(sources: readonly Source[]) {
    this.schemas = sources.map(({ path, text }) => ({ folder: posix.dirname(path), models: modelsIn(text) }));
  }

  /** The model that a property of Prisma's client stands for, by the schema nearest to the code. */
  modelOf(property: string, path: string): PrismaModel | undefined {
    const found = this.schemas.flatMap(({ folder, models }) => {
      const model = models.get(property);
      return model ? [{ model, shared: sharedFolders(folder, path) }] : [];
    });
    return found.toSorted((a, b) => b.shared - a.shared)[0]?.model;
  }
}

function sharedFolders(a: string, b: string): number {
  const [first, second] = [a.split("/"), b.split("/")];
  const differs = first.findIndex((each, index) => each !== second[index]);
  return differs === -1 ? first.length : differs;
}

function modelsIn(text: string): Map<string, PrismaModel> {
  const bare = text.replaceAll(/("(?:[^"\\\n]|\\.)*")|\/\/.*/g, "$1");
  const blocks = bare.matchAll(/^[ \t]*(?:model|view)[ \t]+(\w+)[ \t]*\{([^}]*)\}/gm);
  return new Map(
    [...blocks].map(([, name = "", body = ""]) => {
      const table = attribute(body, "@@map") ?? name;
      const schema = attribute(body, "@@schema");
      const property = name.charAt(0).toLowerCase() + name.slice(1);
      return [property, { table: schema === undefined ? table : `${schema}.${table}`, ...fieldsIn(body) }];
    }),
  );
}

function fieldsIn(body: string): Pick<PrismaModel, "columns" | "relations"> {
  const fields = [...body.matchAll(/^[ \t]*(\w+)[ \t]+\w+.*$/gm)].map(([line, name = ""]) => ({ line, name }));
  const columns = new Map(fields.map(({ line, name }) => [name, attribute(line, "@map") ?? name]));
  const relations = new Set<string>();
  for (const { line, name } of fields) {
    const [, by] = /@relation\([^)]*\bfields:\s*\[\s*(\w+)\s*\]/.exec(line) ?? [];
    const column = by === undefined ? undefined : columns.get(by);
    if (column === undefined) continue;
    columns.set(name, column);
    relations.add(name);
  }
  return { columns, relations };
}

/** The name in `@map("name")` or `@map(name: "name")`. */
function attribute(text: string, name: string): string | undefined {
  return new RegExp(`(?<![@\\w])${name}\\(\\s*(?:name:\\s*)?"([^"]+)"`).exec(text)?.[1];
}
