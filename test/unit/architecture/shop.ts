import type { Application } from "../../../architecture/application";
import { parseApplication } from "../../../architecture/application-parser";
import { loadSqlParser } from "../../../architecture/sql/sql-parser";
import { type Problem, Problems } from "../../../common/problem";

/** A small application with nothing wrong, to which a test adds what it is about. */

export interface ShopArgs {
  /** The application's name. @default "shop" */
  readonly name?: string;
  /** The lines of the tenant root under `tables`. @default its being a tenant table */
  readonly root?: readonly string[];
  /** More lines under `tables`. */
  readonly tables?: readonly string[];
  /** Lines at the top level of the description. */
  readonly yaml?: readonly string[];
  /** Whether the shared table has a file of its own, before the tenants'. @default false */
  readonly split?: boolean;
  /** SQL files by name, behind `001_tenants.sql`. */
  readonly sql?: Readonly<Record<string, string>>;
}

export async function parseShop(args: ShopArgs): Promise<Application> {
  const { name = "shop", root = ["tenants: { tenant: true }"], tables = [], yaml = [], sql = {}, split = false } = args;
  await loadSqlParser();
  const folder = `sql/${name}`;
  const text = [
    "tenant: { table: tenants }",
    "tables:",
    "  countries: { reference: true }",
    ...[...root, ...tables].map((line) => `  ${line}`),
    ...yaml,
    "",
  ].join("\n");
  const [countries, tenants] = [
    "CREATE TABLE countries (code text PRIMARY KEY);\n",
    "CREATE TABLE tenants (tenant_id uuid PRIMARY KEY);\n",
  ];
  const first = split
    ? { "000_countries.sql": countries, "001_tenants.sql": tenants }
    : { "001_tenants.sql": countries + tenants };
  const files = { ...first, ...sql };
  return parseApplication(
    name,
    { path: `${folder}/architecture.yaml`, text },
    Object.entries(files).map(([file, content]) => ({ path: `${folder}/${file}`, text: content })),
  );
}

/** What is wrong with the shop; none if nothing is. */
export async function problemsOf(args: ShopArgs): Promise<readonly Problem[]> {
  try {
    await parseShop(args);
    return [];
  } catch (error) {
    if (error instanceof Problems) return error.problems;
    throw error;
  }
}

/** Problems as `FILE:LINE:COLUMN WHAT`. */
export async function placesOf(args: ShopArgs): Promise<string[]> {
  return (await problemsOf(args)).map(({ what, at }) => {
    const place = [at?.file.split("/").at(-1), at?.line, at?.column].filter((part) => part !== undefined).join(":");
    return `${place} ${what}`;
  });
}
