import { loadSqlParser } from "../../architecture/sql/sql-parser";
import { quoteIdentifier, quoteQualified } from "../../common/identifier";
import { policySubquery } from "../../lint/rules/policy-subquery";
import { policyWithoutCheck } from "../../lint/rules/policy-without-check";
import type { Check } from "../check";
import { type Finding, judge } from "../finding";
import { type Policy, readTables } from "../live-catalog";
import { judgeSql, tableFacts } from "../rule-facts";
import { type Relation, type Target, tenantRelations } from "../target";

const declared = "tenant_isolation";

/** Judges the existing policies by the rules of `tenantry lint`. The check `isolation` tries if they hold. */
export const policies: Check = {
  name: "policies",
  claim: "every tenant table and partition has one policy, of the tenant, for what is read and what is written",
  async run(target) {
    await loadSqlParser();
    const tables = await readTables(target.admin, tenantRelations(target));
    return tables.map((table): Finding => {
      const wrong = [table, ...table.partitions].flatMap((relation) => {
        const said = wrongWith(target, relation, relation.policies);
        return relation === table ? said : said.map((each) => `${relation.name}: ${each}`);
      });
      const parts = table.partitions.length > 0 ? `, and on ${table.partitions.length} partitions` : "";
      return judge(`${table.schema}.${table.name}`, wrong, `one policy, of the tenant${parts}`);
    });
  },
};

/** Faults of a table's policies. */
function wrongWith(
  target: Pick<Target, "application" | "declarations">,
  relation: Relation,
  found: readonly Policy[],
): readonly string[] {
  if (found.length === 0) return ["it has no policy, so nobody sees a row"];
  const facts = tableFacts(target);
  return found.flatMap((policy) => {
    const said = (judgeSql(createPolicy(relation, policy), [policySubquery, policyWithoutCheck], facts) ?? []).map(
      ({ what, fix }) => `${what}: ${fix}`,
    );
    const name = `policy \`${policy.name}\``;
    const column = target.application.tenant.column;
    if (policy.name !== declared && policy.isPermissive) {
      said.push(
        `${name} widens \`${declared}\`, as PostgreSQL adds permissive policies up by OR: drop it, or make it RESTRICTIVE`,
      );
    } else if (policy.isPermissive) {
      if (policy.command !== "*") said.push(`${name} is for one command, not for all`);
      if (!mentions(policy.using, column)) said.push(`${name} does not ask for the tenant: USING (${policy.using})`);
      if (policy.check !== null && !mentions(policy.check, column)) {
        said.push(`${name} lets rows of any tenant be written: WITH CHECK (${policy.check})`);
      }
    }
    return [...new Set(said)];
  });
}

const mentions = (condition: string | null, column: string) =>
  condition !== null && (condition.includes(column) || condition.includes(quoteIdentifier(column)));

const commands: Readonly<Record<string, string>> = { "*": "ALL", r: "SELECT", a: "INSERT", w: "UPDATE", d: "DELETE" };

function createPolicy({ schema, name }: Relation, policy: Policy): string {
  const using = policy.using === null ? "" : ` USING (${policy.using})`;
  const check = policy.check === null ? "" : ` WITH CHECK (${policy.check})`;
  const kind = policy.isPermissive ? "" : " AS RESTRICTIVE";
  return `CREATE POLICY ${quoteIdentifier(policy.name)} ON ${quoteQualified(schema, name)}${kind} FOR ${commands[policy.command] ?? "ALL"}${using}${check}`;
}
