import { type Problem, Problems, refuseIfAny } from "../common/problem";
import { hashOf, lineAt, type Source } from "../common/source";
import { parseYaml } from "../common/yaml-file";
import type { Aggregate, Application, ColdLimits, Events, ForeignKey, Role, Table, Tenant } from "./application";
import { roleUser, topicName } from "./application-names";
import type { Catalog, CatalogTable } from "./catalog/catalog";
import { primaryKey } from "./catalog/catalog";
import { buildCatalog } from "./catalog/catalog-builder";
import { text, withoutForeignKeys } from "./catalog/deferred-foreign-keys";
import { addedColumns, type ChangeFile, parseChangeFile } from "./changes/change-file";
import { type Check, type Checked, isDeferred, kindOf, ownEntry } from "./checks/check";
import { checkEnumValues } from "./checks/enum-values";
import { checkFileNames, fileNumber } from "./checks/file-names";
import { checkForeignKeys } from "./checks/foreign-keys";
import { checkNames } from "./checks/identifiers";
import { checkPartitions } from "./checks/partitions";
import { checkRoles } from "./checks/roles";
import { checkSchemaChanges } from "./checks/schema-changes";
import { checkStatements } from "./checks/statements";
import { checkTables } from "./checks/tables";
import { checkTenantTables } from "./checks/tenant-tables";
import { retentionOf, tiersOf } from "./checks/tiers";
import { checkViews } from "./checks/views";
import { checkWarmForm } from "./checks/warm-form";
import { type CompleteDescription, complete, type Defaults, standardDefaults } from "./defaults";
import { descriptionSchema } from "./description";
import { relationName } from "./sql/relation-name";
import { type SqlFile, withoutTransaction } from "./sql/sql-file";
import { type ParsedSql, type ParsedStatement, parseSql } from "./sql/sql-parser";

const checks: readonly Check[] = [
  checkNames,
  checkTables,
  checkTenantTables,
  checkPartitions,
  checkWarmForm,
  checkForeignKeys,
  checkRoles,
  checkViews,
  checkEnumValues,
];

/**
 * Parses an application: the name of its folder, its architecture.yaml and its SQL files. PostgreSQL's parser must be
 * loaded (`loadSqlParser`). `defaults` are used where the description leaves values out.
 *
 * @throws Problems with everything that can't be read; or else with all contradictions between description and SQL
 */
export function parseApplication(
  name: string,
  yaml: Source,
  sql: readonly Source[],
  defaults: Defaults = standardDefaults,
  changes: readonly Source[] = [],
): Application {
  const problems: Problem[] = checkFileNames(sql);
  const described = parseYaml(yaml, { schema: descriptionSchema, noun: "The description" });
  const sources = sql.toSorted((a, b) => fileNumber(a.path) - fileNumber(b.path));
  const files = sources.map(parseSql);
  problems.push(...files.flatMap((file) => [...file.problems, ...checkStatements(file)]));
  if (Array.isArray(described)) problems.push(...described);
  // After a statement that cannot be read, objects are missing, so checks would report wrong problems.
  if (Array.isArray(described) || !files.every(({ isComplete }) => isComplete)) throw new Problems(problems);
  const { placeOf } = described;
  const description = complete(described.value, defaults);
  const schema = description.schema ?? name;
  const evolved = parseChanges(changes, files, schema, description);
  problems.push(...evolved.problems);
  const { catalog, problems: found } = buildCatalog(evolved.files, schema);
  problems.push(...found);
  const checked: Checked = { name, schema, description, placeOf, files: evolved.files, catalog };
  refuseIfAny([...problems, ...checks.flatMap((check) => check(checked))]);
  return {
    name,
    schema,
    tenant: description.tenant satisfies Tenant,
    tables: toTables(checked),
    files: files.map((file) => toFile(checked, file, evolved.files.indexOf(file))),
    ...(evolved.changes.length > 0 && { changes: evolved.changes.map(({ change }) => change) }),
    events: toEvents(name, description),
    cold: description.cold satisfies ColdLimits,
    roles: toRoles(name, description),
  };
}

/**
 * Parses the schema changes, and puts the columns that they add among the SQL files, so that later files may use
 * them.
 */
function parseChanges(
  sources: readonly Source[],
  files: readonly ParsedSql[],
  schema: string,
  description: CompleteDescription,
): { readonly files: readonly ParsedSql[]; readonly changes: readonly ChangeFile[]; readonly problems: Problem[] } {
  if (sources.length === 0) return { files, changes: [], problems: [] };
  const parsed = sources.toSorted((a, b) => fileNumber(a.path) - fileNumber(b.path)).map(parseChangeFile);
  const changes = parsed.filter((each): each is ChangeFile => !Array.isArray(each));
  const { catalog } = buildCatalog(files, schema);
  const problems = [
    ...parsed.flatMap((each) => (Array.isArray(each) ? each : [])),
    ...checkSchemaChanges(
      changes,
      catalog,
      description,
      files.map(({ source }) => source.path),
    ),
  ];
  const additions = changes
    .filter(({ change }) => catalog.tables.has(change.table))
    .map(({ change }) => parseSql(addedColumns(schema, change)));
  const merged = [...files, ...additions].toSorted((a, b) => fileNumber(a.source.path) - fileNumber(b.source.path));
  return { files: merged, changes, problems };
}

/** Sorts tables: each after those that its foreign keys refer to, otherwise in order of creation. */
function toTables({ catalog, description, schema, files }: Checked): Table[] {
  return byReference(catalog).map((table) => {
    const base = {
      schema,
      name: table.name,
      file: files[table.file]?.source.path ?? "",
      primaryKey: primaryKey(table)?.columns ?? [],
      foreignKeys: table.foreignKeys
        .filter((key) => isDeferred(description, table, key))
        .map(({ name, columns, references, actions }): ForeignKey => ({ name, columns, references, actions })),
    };
    const kind = kindOf(description, table.name) ?? "local";
    const entry = ownEntry(description, table.name);
    if (kind === "reference") return { kind, ...base, ...(entry?.shared && { shared: true }) };
    if (kind !== "tenant" || !entry?.partition) return { kind, ...base };
    const { by, every, ahead } = entry.partition;
    const [retention, tiers] = [retentionOf(entry), tiersOf(entry)];
    return { kind, ...base, partition: { by, every, ahead, ...(retention && { retention }), ...(tiers && { tiers }) } };
  });
}

function byReference({ tables }: Catalog): CatalogTable[] {
  const ordered = new Set<CatalogTable>();
  const place = (table: CatalogTable) => {
    for (const { references } of table.foreignKeys) {
      const target = tables.get(references.table);
      if (target && target !== table && !ordered.has(target)) place(target);
    }
    ordered.add(table);
  };
  for (const table of tables.values()) place(table);
  return [...ordered];
}

function toFile(checked: Checked, { source, statements }: ParsedSql, index: number): SqlFile {
  return {
    path: source.path,
    text: source.text,
    hash: hashOf(source.text),
    transaction: !withoutTransaction(source.text),
    statements: statements.flatMap((statement) => {
      const sql = hasDeferredKeys(checked, statement, index) ? withoutForeignKeys(statement) : text(statement);
      return sql === undefined ? [] : [{ sql, line: lineAt(source, statement.start) }];
    }),
  };
}

/** True if the statement creates a placed table, or alters such a table in the file that creates it. */
function hasDeferredKeys({ catalog, description, schema }: Checked, { node }: ParsedStatement, file: number): boolean {
  const relation =
    "CreateStmt" in node
      ? node.CreateStmt.relation
      : "AlterTableStmt" in node
        ? node.AlterTableStmt.relation
        : undefined;
  const table = catalog.tables.get(relationName(relation, schema));
  return table !== undefined && isDeferred(description, table, { file });
}

function toEvents(application: string, { events }: CompleteDescription): Events {
  return {
    retention: events.retention,
    maxPayload: events.maxPayload,
    aggregates: Object.entries(events.aggregates).map(
      ([name, { partitions, retention }]): Aggregate => ({
        name,
        topic: topicName(application, name),
        partitions,
        retention,
      }),
    ),
  };
}

function toRoles(application: string, { roles }: CompleteDescription): Role[] {
  return Object.entries(roles).map(([name, { reads, writes = [], reaches, statementTimeout }]) => ({
    name,
    user: roleUser(application, name),
    reads: reads ?? (writes === "all" ? "all" : []),
    writes,
    reaches,
    ...(statementTimeout && { statementTimeout }),
  }));
}
