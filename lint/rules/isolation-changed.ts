import type {
  AlterEventTrigStmt,
  AlterOwnerStmt,
  AlterPolicyStmt,
  AlterTableStmt,
  CreatePolicyStmt,
  Node,
  RangeVar,
  RenameStmt,
  RuleStmt,
  UpdateStmt,
} from "libpg-query";
import { strings } from "../../architecture/catalog/table-definition";
import { outbox } from "../../architecture/data-plane/outbox-table";
import { anyName } from "../../architecture/sql/built-text";
import { nameParts } from "../../architecture/sql/running-statements";
import { walk } from "../../architecture/sql/tree";
import { forEachMigrating } from "../ddl";
import { citusDropsWord } from "../policies";
import type { FileContext, Rule } from "../rule";
import { holdsTenants, shownName } from "../tenant-relations";

type Harm = { readonly what: string; readonly fix: string };

const keeps = "Remove the statement: the toolkit keeps the policies, owners and guards of tenant tables";

export const isolationChanged: Rule = {
  name: "isolation-changed",
  severity: "error",
  harm: "An additional policy, a rule, another owner or a removed guard shows a tenant the rows of others.",
  refuses: true,
  aboutFiles: true,
  check: (statements, context) =>
    forEachMigrating(statements, context, ({ node }, at) => {
      const harms: Harm[] = [];
      walk(node, (kind, each) => harms.push(...harmsOf(kind, each as never, context)));
      return harms.map((harm) => ({ ...harm, at }));
    }),
};

function harmsOf(kind: string, node: never, context: FileContext): readonly Harm[] {
  const harm = harms[kind]?.(node, context);
  const toolkits = touchesToolkit(kind, node);
  return [...(harm ? [harm] : []), ...(toolkits ? [toolkits] : [])];
}

const isOwnPolicy = (name: string | undefined) => name === "tenant_isolation" || name === anyName;

const harms: Readonly<Record<string, (node: never, context: FileContext) => Harm | undefined>> = {
  CreatePolicyStmt({ policy_name, table, permissive }: CreatePolicyStmt, context) {
    const { citus } = context.tables;
    if ((!permissive && !citus) || !holdsTenants(context, table)) return undefined;
    if (policy_name === "tenant_isolation" && context.created.has(table?.relname ?? "")) return undefined;
    const name = `Policy \`${policy_name}\` on ${shownName(table?.relname)}`;
    return {
      what: `${name} lets rows through beside \`tenant_isolation\`: ${permissive ? "" : `${citusDropsWord}, and `}PostgreSQL combines policies by OR`,
      fix: citus
        ? "Remove the policy, and narrow access by a CHECK, a view or privileges"
        : "Write AS RESTRICTIVE, which narrows access, or remove the policy",
    };
  },
  AlterPolicyStmt({ policy_name, table }: AlterPolicyStmt, context) {
    if (!isOwnPolicy(policy_name) || !holdsTenants(context, table)) return undefined;
    return { what: `Policy \`tenant_isolation\` on ${shownName(table?.relname)} is the toolkit's`, fix: keeps };
  },
  RenameStmt({ renameType, subname, relation }: RenameStmt, context) {
    if (renameType !== "OBJECT_POLICY" || !isOwnPolicy(subname) || !holdsTenants(context, relation)) return undefined;
    return { what: `Policy \`tenant_isolation\` on ${shownName(relation?.relname)} must keep its name`, fix: keeps };
  },
  RuleStmt({ relation, rulename }: RuleStmt, context) {
    if (!holdsTenants(context, relation)) return undefined;
    return {
      what: `Rule \`${rulename}\` rewrites statements on ${shownName(relation?.relname)} past what the application asked, and Citus refuses it`,
      fix: "Use a trigger, or the application's code",
    };
  },
  AlterTableStmt({ relation, cmds }: AlterTableStmt) {
    const changes = (cmds ?? []).some(
      (each) => "AlterTableCmd" in each && each.AlterTableCmd.subtype === "AT_ChangeOwner",
    );
    return changes ? otherOwner(shownName(relation?.relname)) : undefined;
  },
  AlterOwnerStmt: ({ object }: AlterOwnerStmt) =>
    otherOwner(`\`${object ? nameParts(object).join(".") : "an object"}\``),
  ReassignOwnedStmt: () => otherOwner("everything of a role"),
  DropOwnedStmt: () => ({
    what: "DROP OWNED drops all that a role owns, and what it was granted",
    fix: "Name the objects to drop",
  }),
  UpdateStmt({ relation, targetList }: UpdateStmt, context) {
    const { tenantColumn } = context.tables;
    const sets = (targetList ?? []).some((each) => "ResTarget" in each && each.ResTarget.name === tenantColumn);
    if (!sets || !holdsTenants(context, relation)) return undefined;
    return {
      what: `UPDATE of \`${tenantColumn}\` gives rows of ${shownName(relation?.relname)} to another tenant, and Citus refuses it`,
      fix: "Leave the column, or INSERT the rows for the other tenant",
    };
  },
  CreateEventTrigStmt: () => ({
    what: "An event trigger runs with every command's rights, and the toolkit's own must come first",
    fix: "Remove it",
  }),
  AlterEventTrigStmt: ({ trigname }: AlterEventTrigStmt) => guard(trigname),
};

function otherOwner(what: string): Harm {
  return { what: `Another owner of ${what} bypasses row level security, and may drop it`, fix: keeps };
}

function guard(name: string | undefined): Harm {
  return { what: `Event trigger \`${name}\` guards new partitions: without it they are not isolated`, fix: keeps };
}

/** The harm of a statement that drops, replaces or writes one of the toolkit's own objects. */
function touchesToolkit(kind: string, node: object): Harm | undefined {
  const own = (name: string): Harm => ({
    what: `\`${name}\` is the toolkit's own: isolation and events rest on it`,
    fix: "Remove the statement, and use the functions that the toolkit offers",
  });
  if (kind === "DropStmt" && "objects" in node) {
    const { removeType } = node as { removeType?: string };
    const names = (node.objects as Node[]).map(nameParts);
    if (removeType === "OBJECT_EVENT_TRIGGER") return guard(names[0]?.join("."));
    if (removeType === "OBJECT_PUBLICATION" && names.some(([name]) => name === outbox.publication))
      return own(outbox.publication);
    const found = names.find(([first]) => first === outbox.schema);
    return found && own(found.join("."));
  }
  if ((kind === "CreateFunctionStmt" || kind === "AlterFunctionStmt") && "funcname" in node) {
    const [schema, name] = strings(node.funcname as Node[]);
    return schema === outbox.schema ? own(`${schema}.${name}`) : undefined;
  }
  if (kind === "AlterPublicationStmt" && "pubname" in node && node.pubname === outbox.publication)
    return own(outbox.publication);
  const relations =
    kind === "TruncateStmt" && "relations" in node
      ? (node.relations as Node[]).flatMap((each) => ("RangeVar" in each ? [each.RangeVar] : []))
      : writing.has(kind) && "relation" in node
        ? [node.relation as RangeVar]
        : [];
  const found = relations.find((relation) => relation?.schemaname === outbox.schema);
  return found && own(`${outbox.schema}.${found.relname}`);
}

const writing: ReadonlySet<string> = new Set([
  "AlterTableStmt",
  "CreateTrigStmt",
  "DeleteStmt",
  "IndexStmt",
  "InsertStmt",
  "MergeStmt",
  "RenameStmt",
  "UpdateStmt",
]);
