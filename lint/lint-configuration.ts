import picomatch from "picomatch";
import { z } from "zod";
import { type Place, type Problem, Problems } from "../common/problem";
import type { Source } from "../common/source";
import { listNames, suggest } from "../common/suggestion";
import { parseYaml } from "../common/yaml-file";
import { allRules } from "./linted";
import { rules } from "./list";
import { databaseNamed, databaseNames } from "./other-databases";
import type { Rule } from "./rule";
import { type Library, librarySchema } from "./typescript/library";

/** File name of the configuration. Lint looks for it in the working folder and in the folders above. */
export const lintConfigurationName = "tenantry-lint.yaml";

/** `tenantry-lint.yaml`, parsed. Paths are relative to its folder. */
export interface LintConfiguration {
  /** Enabled rules with the file's severities. @default all, with their own */
  readonly rules: readonly Rule[];
  /** True for an excluded path. @default no path */
  isExcluded(path: string): boolean;
  /** Application whose tables the code at a path uses; undefined: the project's only one. */
  applicationOf(path: string): string | undefined;
  /** Database that the file says a path's SQL is for. */
  databaseOf(path: string): string | undefined;
  /** Tables that stacks may opt in to drop. @default none */
  readonly drops: readonly string[];
  /** Descriptions of libraries that lint does not know. @default none */
  readonly libraries: readonly Library[];
}

export const noLintConfiguration: LintConfiguration = {
  rules,
  isExcluded: () => false,
  applicationOf: () => undefined,
  databaseOf: () => undefined,
  drops: [],
  libraries: [],
};

const patterns = "a list of paths such as `[test/**]`";
const schema = z.strictObject({
  rules: z.record(z.string(), z.enum(["off", "warning", "error"], "off, warning or error")).default({}),
  exclude: z.array(z.string(patterns), patterns).default([]),
  applications: z.record(z.string(), z.array(z.string(patterns), patterns)).default({}),
  databases: z.record(z.string(), z.array(z.string(patterns), patterns)).default({}),
  drops: z.array(z.string(), "a list of tables such as `[ecommerce.carts]`").default([]),
  libraries: z
    .array(librarySchema, "a list of libraries such as `[{ packages: [my-bus], sends: [publish] }]`")
    .default([]),
});

/** @throws Problems with everything that is wrong in the file, including unknown rules */
export function parseLintConfiguration(source: Source): LintConfiguration {
  const parsed = parseYaml(source, { schema, noun: "The lint configuration" });
  if (Array.isArray(parsed)) throw new Problems(parsed);
  const { value, placeOf } = parsed;
  const unknown = Object.keys(value.rules).flatMap((name): Problem[] => {
    if (rules.some((rule) => rule.name === name)) return [];
    const names = rules.map((rule) => rule.name);
    const meant = suggest(name, names);
    const isFixed = allRules.some((rule) => rule.name === name);
    return [
      {
        what: isFixed ? `Rule \`${name}\` is always on, as an error` : `There is no rule \`${name}\``,
        fix: meant
          ? `Write \`${meant}\`, if that is what you mean`
          : "Write a name of docs/rules/README.md, or remove it",
        at: placeOf("rules", name),
      },
    ];
  });
  const strange = Object.keys(value.databases).flatMap((name): Problem[] =>
    databaseNamed(name) === undefined
      ? [
          {
            what: `Lint knows no database \`${name}\``,
            expected: listNames(databaseNames),
            fix: "Write one of these, or exclude the files",
            at: placeOf("databases", name),
          },
        ]
      : [],
  );
  const problems = [
    ...unknown,
    ...strange,
    ...value.libraries.flatMap((each, index) => libraryProblems(each, index, placeOf)),
  ];
  if (problems.length > 0) throw new Problems(problems);
  const applications = Object.entries(value.applications).map(([name, globs]) => ({ name, matches: picomatch(globs) }));
  const databases = Object.entries(value.databases).map(([name, globs]) => ({
    name: databaseNamed(name),
    matches: picomatch(globs),
  }));
  return {
    rules: rules.flatMap((rule) => {
      const severity = value.rules[rule.name] ?? rule.severity;
      return severity === "off" ? [] : [{ ...rule, severity }];
    }),
    isExcluded: value.exclude.length > 0 ? picomatch(value.exclude) : () => false,
    applicationOf: (path) => applications.find(({ matches }) => matches(path))?.name,
    databaseOf: (path) => databases.find(({ matches }) => matches(path))?.name,
    drops: value.drops,
    libraries: value.libraries,
  };
}

function libraryProblems(
  { packages, ...words }: Library,
  index: number,
  placeOf: (...path: string[]) => Place,
): Problem[] {
  const at = placeOf("libraries", String(index));
  const problems = packages.flatMap((name, position): Problem[] =>
    /^[./]/.test(name)
      ? [
          {
            what: "Lint follows the code's own files by itself: a library is a package",
            got: name,
            fix: "Write the package's name, or remove it",
            at: placeOf("libraries", String(index), "packages", String(position)),
          },
        ]
      : [],
  );
  const says = (value: unknown): boolean =>
    Array.isArray(value) ? value.length > 0 : typeof value === "object" && Object.values(value ?? {}).some(says);
  if (Object.values(words).some(says)) return problems;
  const what = `Library \`${packages.join(", ")}\` has no key that says what it does`;
  return [...problems, { what, fix: "Write what its methods do: `writes`, `sends`, `receives` …", at }];
}
