import type { CreateStmt, Node, RangeVar } from "libpg-query";
import { constraintsOf, strings } from "../../architecture/catalog/table-definition";
import { fileNumber } from "../../architecture/checks/file-names";
import { nameOfParts, relationName } from "../../architecture/sql/relation-name";
import type { ParsedStatement } from "../../architecture/sql/sql-parser";
import { nodesOf } from "../../architecture/sql/tree";
import type { Place } from "../../common/problem";
import { placeAt } from "../../common/source";
import type { FileContext, TableFacts } from "../rule";
import { queriesOf } from "../sql-queries";
import { type RefusalName, refusals } from "./citus-refusals";
import type { CitusTables, Found } from "./citus-tables";
import { refusedCommands } from "./refused-commands";
import { refusedQueries } from "./refused-data";
import { refusedColumn, refusedForeignKey } from "./refused-definitions";

/** A refused construct with its message, fix and place. */
interface Refused {
  readonly refusal: RefusalName;
  readonly what: string;
  readonly fix: string;
  readonly at: Place;
}

/** All constructs in a file's statements, or in a query in code, that Citus refuses. */
export function refusedByCitus(
  statements: readonly ParsedStatement[],
  { tables: facts, created }: Pick<FileContext, "tables" | "created">,
): Refused[] {
  const tables = citusTables(facts, created);
  const ofDefinitions = statements.flatMap((statement) =>
    refusedDefinitions(statement, tables).map((found) => toRefused(found, statement.placeOf)),
  );
  const ofQueries = queriesOf(statements)
    .filter(({ where }) => where === "statement")
    .flatMap((query) => refusedQueries(query, tables).map((found) => toRefused(found, query.placeOf)));
  return [...ofDefinitions, ...ofQueries];
}

function toRefused({ refusal, subject, location, at }: Found, placeOf: ParsedStatement["placeOf"]): Refused {
  const { construct, why, fix } = refusals[refusal];
  return { refusal, what: `Citus refuses ${construct} (\`${subject}\`): ${why}`, fix, at: at ?? placeOf(location) };
}

function citusTables(facts: TableFacts, created: FileContext["created"]): CitusTables {
  const nameOf = (relation: RangeVar | string | undefined) =>
    typeof relation === "string" ? relation : relationName(relation, facts.schema);
  const kindOf = (relation: RangeVar | string | undefined) => facts.kindOf(nameOf(relation));
  const isToBePlaced = (relation: RangeVar | string | undefined) =>
    ["tenant", "reference"].includes(kindOf(relation) ?? "");
  const isPlaced = (relation: RangeVar | string | undefined) =>
    isToBePlaced(relation) && !created.has(nameOf(relation));
  return { ...facts, kindOf, isPlaced, isToBePlaced, nameOf };
}

function refusedDefinitions(statement: ParsedStatement, tables: CitusTables): Found[] {
  const { node, source, start } = statement;
  const found = (refusal: RefusalName, relation: RangeVar | undefined): Found[] => [
    { refusal, subject: tables.nameOf(relation), location: relation?.location },
  ];
  if ("CreateStmt" in node) return ofTable(node.CreateStmt, tables);
  if ("AlterTableStmt" in node) return refusedCommands(node.AlterTableStmt, statement, tables);
  if ("CreateTrigStmt" in node) {
    return tables.isToBePlaced(node.CreateTrigStmt.relation) ? found("trigger", node.CreateTrigStmt.relation) : [];
  }
  if ("RuleStmt" in node) {
    const { relation, actions } = node.RuleStmt;
    return nodesOf(actions, "InsertStmt").length > 0 && tables.isToBePlaced(relation) ? found("rule", relation) : [];
  }
  if ("CreatePolicyStmt" in node || "AlterPolicyStmt" in node) {
    const { table, qual, with_check } = "CreatePolicyStmt" in node ? node.CreatePolicyStmt : node.AlterPolicyStmt;
    const asks = nodesOf([qual, with_check], "SubLink").length > 0;
    return asks && tables.isToBePlaced(table) ? found("policy-subquery", table) : [];
  }
  if ("RenameStmt" in node) {
    const { renameType, relation } = node.RenameStmt;
    return renameType === "OBJECT_TABCONSTRAINT" && tables.isPlaced(relation) ? found("constraint-name", relation) : [];
  }
  if ("IndexStmt" in node) {
    const { relation, tableSpace } = node.IndexStmt;
    return tableSpace !== undefined && tables.isPlaced(relation) ? found("tablespace", relation) : [];
  }
  if ("ReindexStmt" in node) {
    const { kind, relation } = node.ReindexStmt;
    const isPartitioned = tables.catalog.tables.get(tables.nameOf(relation))?.partitioning !== undefined;
    return kind === "REINDEX_OBJECT_TABLE" && isPartitioned && tables.isPlaced(relation)
      ? found("partitioned-reindex", relation)
      : [];
  }
  if ("ClusterStmt" in node) {
    const { relation, params = [] } = node.ClusterStmt;
    const isVerbose = params.some((each) => "DefElem" in each && each.DefElem.defname === "verbose");
    return isVerbose && tables.isPlaced(relation) ? found("verbose-cluster", relation) : [];
  }
  if ("CreateStatsStmt" in node) {
    const { defnames = [], relations = [] } = node.CreateStatsStmt;
    const of = relations.flatMap((each) => ("RangeVar" in each ? [each.RangeVar] : []));
    return defnames.length === 0 && of.some(tables.isPlaced) ? found("unnamed-statistics", of[0]) : [];
  }
  const at = placeAt(source, start);
  return [...ofIndexes(node, tables), ...ofSequence(node, fileNumber(source.path), tables)].map((each) => ({
    ...each,
    at,
  }));
}

function ofTable(create: CreateStmt, tables: CitusTables): Found[] {
  const { relation, inhRelations = [], partbound, partspec, tableElts = [] } = create;
  if (relation?.relpersistence === "t") return [];
  const parents = inhRelations.flatMap((each) => ("RangeVar" in each ? [each.RangeVar] : []));
  const placed = [relation, ...parents].filter(tables.isToBePlaced);
  const found = (refusal: RefusalName, isFound: boolean): Found[] =>
    isFound ? [{ refusal, subject: tables.nameOf(relation), location: relation?.location }] : [];
  if (placed.length === 0) return [];
  return [
    ...found("inheritance", !partbound && parents.length > 0),
    ...found("nested-partitions", partbound !== undefined && partspec !== undefined),
    ...tableElts.flatMap((element): Found[] => {
      if ("Constraint" in element) return refusedForeignKey(relation, element.Constraint, undefined, tables);
      if (!("ColumnDef" in element)) return [];
      const { ColumnDef: column } = element;
      const keys = constraintsOf(column);
      return [
        ...refusedColumn(relation, column, tables),
        ...keys.flatMap((each) => refusedForeignKey(relation, each, column.colname, tables)),
      ];
    }),
  ];
}

function ofIndexes(node: Node, tables: CitusTables): Found[] {
  if (!("DropStmt" in node) || node.DropStmt.removeType !== "OBJECT_INDEX") return [];
  const names = (node.DropStmt.objects ?? []).flatMap((each) =>
    "List" in each ? [nameOfParts(strings(each.List.items), tables.schema)] : [],
  );
  const indexed = names.flatMap((name) => tables.catalog.indexes.get(name)?.table ?? []);
  const subject = indexed.find(tables.isPlaced);
  return names.length > 1 && subject !== undefined
    ? [{ refusal: "several-indexes", subject, location: undefined }]
    : [];
}

function ofSequence(node: Node, file: number, tables: CitusTables): Found[] {
  if ("CreateSeqStmt" in node) {
    const owner = (node.CreateSeqStmt.options ?? []).flatMap((each) =>
      "DefElem" in each && each.DefElem.defname === "owned_by" && each.DefElem.arg && "List" in each.DefElem.arg
        ? [strings(each.DefElem.arg.List.items).slice(0, -1)]
        : [],
    )[0];
    const subject = owner && nameOfParts(owner, tables.schema);
    return subject !== undefined && tables.isPlaced(subject)
      ? [{ refusal: "sequence-owner", subject, location: undefined }]
      : [];
  }
  if (!("AlterSeqStmt" in node)) return [];
  const name = tables.nameOf(node.AlterSeqStmt.sequence);
  const user = [...tables.catalog.tables.values()].find(
    ({ name: table, at, columns }) =>
      fileNumber(at.file) < file &&
      tables.isPlaced(table) &&
      [...columns.values()].some(({ draws }) => draws.includes(name)),
  );
  return user ? [{ refusal: "sequence-change", subject: user.name, location: undefined }] : [];
}
