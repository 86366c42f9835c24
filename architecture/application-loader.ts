import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Problem, Problems, refuseIfAny } from "../common/problem";
import type { Source } from "../common/source";
import { readSourceFile } from "../common/source-file";
import { stackOf } from "../common/stack-name";
import { listNames, suggest } from "../common/suggestion";
import { root } from "../common/system/checkout";
import { parseYaml } from "../common/yaml-file";
import type { Application } from "./application";
import { parseApplication } from "./application-parser";
import { parseBase } from "./data-plane/base-sql";
import { type Defaults, standardDefaults } from "./defaults";
import { type Description, descriptionSchema } from "./description";
import { isSql, type SqlFile } from "./sql/sql-file";
import { loadSqlParser } from "./sql/sql-parser";

/** Only this file of architecture/ looks for files; `source-file.ts` reads them. */

/**
 * Reads an application's description without its SQL, which is enough for a plan.
 *
 * @throws Problems with everything that is wrong with it
 */
export function loadDescription(folder: string): Description {
  const described = parseYaml(readSource(descriptionFile(folder)), {
    schema: descriptionSchema,
    noun: "The description",
  });
  if (Array.isArray(described)) throw new Problems(described);
  return described.value;
}

/** The inputs of a data plane. */
export interface LoadedApplication {
  readonly application: Application;
  /** The toolkit's own SQL with its variables filled in for this application. */
  readonly base: readonly SqlFile[];
  /** The toolkit's own SQL for one of the scoped applications. */
  baseOf(application: Application): readonly SqlFile[];
}

/** Returns problems with the effects of an application's files, given the stacks of its project. */
export type Refuse = (
  application: string,
  yaml: Source,
  sql: readonly Source[],
  stacks: readonly Source[],
) => readonly Problem[];

/**
 * Loads the application of a folder such as `sql/ecommerce`, and the toolkit's SQL for it, from `base` beside the
 * folder or from another folder. `defaults` are used where the description leaves values out.
 *
 * @param refuse returns problems with the effects of the files, if they are about to be applied @default none
 * @throws Problems with everything that is wrong with the description and the SQL
 */
export async function loadApplication(
  folder: string,
  defaults: Defaults = standardDefaults,
  baseFolder = toolkitBase,
  refuse?: Refuse,
): Promise<LoadedApplication> {
  const [application, base] = [resolve(folder), resolve(baseFolder)];
  const yaml = descriptionFile(application);
  await loadSqlParser();
  const name = basename(application);
  const files = [name, readSource(yaml), readSql(application)] as const;
  const refused = refuse?.(...files, readStacks(application)) ?? [];
  const changes = readChanges(application);
  const parsed = parseWith(refused, () => parseApplication(...files, defaults, changes));
  const sources = readSql(base);
  const baseOf = (application: Application) => parseBase(application, sources);
  return { application: parsed, base: baseOf(parsed), baseOf };
}

/**
 * Returns the result of `parse`, or throws all problems. If both report a problem at one place, that of `parse` is
 * kept.
 */
function parseWith(refused: readonly Problem[], parse: () => Application): Application {
  let problems: readonly Problem[] = [];
  try {
    const application = parse();
    if (refused.length === 0) return application;
  } catch (error) {
    if (!(error instanceof Problems)) throw error;
    problems = error.problems;
  }
  const place = ({ at }: Problem) => JSON.stringify([at?.file, at?.line, at?.column]);
  const places = new Set(problems.map(place));
  throw new Problems([...problems, ...refused.filter((problem) => !places.has(place(problem)))]);
}

/** Path of the description. @throws Problems if the file does not exist */
function descriptionFile(folder: string): string {
  const yaml = join(resolve(folder), descriptionName);
  if (!existsSync(yaml)) throw new Problems([missing(resolve(folder))]);
  return yaml;
}

const changesFolder = "changes";
const descriptionName = "architecture.yaml";
export const toolkitBase = join(root, "sql", "base");

function readSql(folder: string): Source[] {
  if (!existsSync(folder)) return [];
  const problems: Problem[] = [];
  const names = readdirSync(folder).filter(isSql).toSorted();
  const sources = names.flatMap((name) => {
    try {
      return [readSource(join(folder, name))];
    } catch (error) {
      if (!(error instanceof Problems)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  refuseIfAny(problems);
  return sources;
}

/** The schema changes of an application: the YAML files in its folder `changes`. */
function readChanges(application: string): Source[] {
  const folder = join(application, changesFolder);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/i.test(name));
  return names.toSorted().map((name) => {
    const path = ["sql", basename(application), changesFolder, name].join("/");
    return readSourceFile(join(folder, name), path);
  });
}

/** The stacks of the project that an application's folder belongs to. */
export function readStacks(application: string): Source[] {
  const project = join(application, "..", "..");
  return [project, join(project, "stacks")].flatMap((folder) => {
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => stackOf(name) !== undefined);
    return names.toSorted().map((name) => readSourceFile(join(folder, name), relative(project, join(folder, name))));
  });
}

/**
 * Reads a file under a path that is the same in every checkout, because messages and places show it:
 * `sql/ecommerce/FILE`.
 */
function readSource(path: string): Source {
  const folder = dirname(path);
  return readSourceFile(path, [basename(dirname(folder)), basename(folder), basename(path)].join("/"));
}

function missing(folder: string) {
  const parent = dirname(folder);
  const others = existsSync(parent)
    ? readdirSync(parent).filter((name) => existsSync(join(parent, name, descriptionName)))
    : [];
  const meant = suggest(basename(folder), others);
  return {
    what: `There is no application \`${basename(folder)}\`: its folder has no ${descriptionName}`,
    got: folder,
    expected: listNames(others),
    fix: meant ? `Write \`${meant}\`, if that is what you mean` : `Create ${join(folder, descriptionName)}`,
  };
}
