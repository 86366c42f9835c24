import type { Problem } from "../../common/problem";
import { type Checked, kindOf } from "./check";

/**
 * Reports views that could show a tenant's rows to another one, because a view reads with its owner's rights by
 * default.
 */
export function checkViews({ catalog, description }: Checked): Problem[] {
  const readsTenants = (name: string, seen: ReadonlySet<string>): boolean => {
    if (seen.has(name)) return false;
    const view = catalog.views.get(name);
    if (!view) return kindOf(description, name) === "tenant";
    return [...view.reads].some((each) => readsTenants(each, new Set([...seen, name])));
  };
  return [...catalog.views.values()].flatMap((view): Problem[] => {
    if (!readsTenants(view.name, new Set())) return [];
    if (view.materialized) {
      return [
        {
          what: `The materialized view \`${view.name}\` copies every tenant's rows past row level security`,
          fix: "Use a view WITH (security_invoker = true), or a tenant table that is kept up to date",
          at: view.at,
        },
      ];
    }
    if (view.securityInvoker) return [];
    return [
      {
        what: `The view \`${view.name}\` shows every tenant's rows: it reads with its owner's rights`,
        expected: `CREATE VIEW ${view.name} WITH (security_invoker = true) AS …`,
        fix: "Add WITH (security_invoker = true)",
        at: view.at,
      },
    ];
  });
}
