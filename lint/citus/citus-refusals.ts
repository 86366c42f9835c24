/**
 * A construct that plain PostgreSQL accepts, and that Citus refuses or runs differently on tables that are distributed
 * or copied to every node.
 */
export interface Refusal {
  /** The construct with its article: "a trigger on a tenant or reference table". */
  readonly construct: string;
  readonly why: string;
  /** The fix, as an imperative. */
  readonly fix: string;
  /** File of Citus 13.2's source that decides it. */
  readonly source: string;
}

const alone = "Write each of them in an ALTER TABLE of its own";
const placed = "on a placed table";
const alterTable = "commands/table.c, ErrorIfUnsupportedAlterTableStmt";
const distributing = "commands/create_distributed_table.c, EnsureRelationCanBeDistributed";
const router = "planner/multi_router_planner.c, TargetlistAndFunctionsSupported";

/** One entry for each construct. `test/integration/citus-refusals.test.ts` tries each on both servers. */
export const refusals = {
  trigger: {
    construct: "a trigger on a tenant or reference table",
    why: "the rows lie on other nodes, to which it passes no trigger on, and a table with one can't be placed",
    fix: "Compute the value in the statement that writes, as a default or as a generated column; let a consumer of the events do what follows a change",
    source: "commands/trigger.c, ErrorOutForTriggerIfNotSupported; EnsureRelationHasNoTriggers",
  },
  "trigger-switch": {
    construct: "ENABLE and DISABLE TRIGGER on a placed table",
    why: "there are no triggers on it",
    fix: "Remove the command; to load rows past their foreign keys, drop these and add them again",
    source: alterTable,
  },
  "foreign-key-set": {
    construct: "ON DELETE SET NULL and SET DEFAULT of a foreign key with the tenant column, whatever columns they list",
    why: "it looks at the key's columns and not at those that are set",
    fix: "Use CASCADE or RESTRICT, or clear the column in the transaction that deletes",
    source: "commands/foreign_constraint.c, EnsureSupportedFKeyOnDistKey",
  },
  "foreign-key-update": {
    construct: "ON UPDATE CASCADE, SET NULL and SET DEFAULT of a foreign key with the tenant column",
    why: "a row whose tenant changed would have to move to another node",
    fix: "Remove ON UPDATE: the key of a row does not change",
    source: "commands/foreign_constraint.c, EnsureSupportedFKeyOnDistKey",
  },
  "policy-subquery": {
    construct: "a subquery in a policy on a tenant or reference table",
    why: "a node can't ask the others while it looks at a row",
    fix: "Compare a column with a setting, as tenant_isolation does",
    source: "commands/policy.c, ErrorIfUnsupportedPolicyExpr",
  },
  rule: {
    construct: "a rule on a tenant or reference table that inserts",
    why: "the statements that the rule is for fail from then on",
    fix: "Write both rows in one transaction, or let a consumer of the events write the second",
    source: "planner/distributed_planner.c, by the rewritten query",
  },
  "rule-switch": {
    construct: "ENABLE and DISABLE RULE on a placed table",
    why: "its nodes have no rules",
    fix: "Drop the rule",
    source: alterTable,
  },
  inheritance: {
    construct: "INHERITS with a tenant or reference table",
    why: "a child's rows would lie elsewhere than its parent's",
    fix: "Write the columns out, or LIKE, or use partitions",
    source: "commands/table.c, PostprocessCreateTableStmt; deparser/citus_ruleutils.c, EnsureRelationKindSupported",
  },
  "typed-table": {
    construct: `OF and NOT OF ${placed}`,
    why: "the nodes' tables would differ",
    fix: "Leave the table as it was created",
    source: alterTable,
  },
  "generated-tenant-column": {
    construct: "a generated tenant column",
    why: "a row's node must be known before its values are computed",
    fix: "Make it a plain column that every INSERT fills",
    source: "commands/create_distributed_table.c, DistributionColumnIsGeneratedCheck",
  },
  "tenant-column-collation": {
    construct: "a tenant column with a nondeterministic collation",
    why: "equal values would have different hashes, and lie on different nodes",
    fix: "Leave COLLATE out",
    source: distributing,
  },
  "nested-partitions": {
    construct: "partitions of partitions of a tenant table",
    why: "it distributes one level of partitions",
    fix: "Partition by time alone: the tenant column spreads the rows already",
    source: `${distributing}; commands/table.c, ErrorIfMultiLevelPartitioning`,
  },
  "range-type": {
    construct: "a column of a range type of your own in a tenant or reference table",
    why: "it makes types on every node, but no range types",
    fix: "Use a range type of PostgreSQL's, or two columns with a CHECK",
    source: "metadata/dependency.c, SupportedDependencyByCitus",
  },
  "two-sequences": {
    construct: "a default with more than one sequence in a tenant or reference table",
    why: "each node draws numbers of its own",
    fix: "Use `uuid DEFAULT gen_random_uuid()`",
    source: "commands/table.c, GetSequenceOid",
  },
  "several-commands": {
    construct: "ADD CONSTRAINT, ATTACH PARTITION and DETACH PARTITION together with another command of ALTER TABLE",
    why: "it passes on one of them at a time",
    fix: alone,
    source: alterTable,
  },
  "column-constraint": {
    construct:
      "ADD COLUMN with a CHECK without a name, or with other constraints or commands beside one without a name",
    why: "the nodes derive the constraints' names from those here",
    fix: "Give the constraint a name with CONSTRAINT, or add the column first and then the constraint",
    source: "commands/table.c, ErrorUnsupportedAlterTableAddColumn",
  },
  "numbered-column": {
    construct: `a serial or identity column that is added or changed ${placed}`,
    why: "the nodes draw from a sequence each",
    fix: "Add `uuid DEFAULT gen_random_uuid()`, or a plain bigint whose default draws from a sequence",
    source: alterTable,
  },
  "sequence-default": {
    construct: "SET DEFAULT nextval(…) together with another command of ALTER TABLE",
    why: "it passes it on by itself",
    fix: alone,
    source: alterTable,
  },
  "sequence-column-type": {
    construct: `another type of a column whose default draws from a sequence, ${placed}`,
    why: "the nodes' numbers depend on the type",
    fix: "Add a column of the new type, write both, and drop the old one later",
    source: alterTable,
  },
  "sequence-owner": {
    construct: "CREATE SEQUENCE … OWNED BY a placed table",
    why: "it passes on only sequences that were there before",
    fix: "Leave OWNED BY out",
    source: "commands/sequence.c, ErrorIfUnsupportedSeqStmt",
  },
  "sequence-change": {
    construct: "ALTER SEQUENCE of a sequence that a placed table's default draws from",
    why: "each node counts in a range of its own",
    fix: "Create another sequence, and SET DEFAULT nextval(…) to it",
    source: "commands/sequence.c, PreprocessAlterSequenceStmt",
  },
  "tenant-column-change": {
    construct: "another type, default or nullability of the tenant column, or DROP COLUMN of it, on a placed table",
    why: "its hash says where a row lies",
    fix: "Create a new table with the column as it should be, and move the rows",
    source: alterTable,
  },
  "column-statistics": {
    construct: `SET STATISTICS, SET (n_distinct) and other options of a column ${placed}`,
    why: "it does not pass them on",
    fix: "Use CREATE STATISTICS with a name, or default_statistics_target of the database",
    source: alterTable,
  },
  "column-storage": {
    construct: `SET STORAGE of a column ${placed}`,
    why: "it does not pass it on",
    fix: "Use SET COMPRESSION, or say STORAGE in the CREATE TABLE",
    source: alterTable,
  },
  "generated-expression": {
    construct: `SET and DROP EXPRESSION of a generated column ${placed}`,
    why: "it does not pass them on",
    fix: "Add a column with the new expression, switch the readers, and drop the old one",
    source: alterTable,
  },
  "constraint-change": {
    construct: `ALTER CONSTRAINT ${placed}`,
    why: "it does not pass it on",
    fix: "Add the foreign key anew under another name as it should be, NOT VALID, validate it, and drop the old one",
    source: alterTable,
  },
  "constraint-name": {
    construct: `RENAME CONSTRAINT ${placed}`,
    why: "the nodes derive the constraints' names from those here",
    fix: "Keep the name",
    source: "commands/rename.c, ErrorIfUnsupportedRenameStmt",
  },
  "cluster-index": {
    construct: `CLUSTER ON and SET WITHOUT CLUSTER ${placed}`,
    why: "it does not pass them on",
    fix: "Remove the command",
    source: alterTable,
  },
  tablespace: {
    construct: "SET TABLESPACE of a placed table, and TABLESPACE of an index on one",
    why: "the nodes may have other tablespaces",
    fix: "Remove TABLESPACE, and set default_tablespace on each node",
    source: `${alterTable}; commands/index.c, ErrorIfUnsupportedIndexStmt`,
  },
  "default-access-method": {
    construct: `SET ACCESS METHOD DEFAULT ${placed}`,
    why: "the nodes may have another default",
    fix: "Name the access method: `heap`",
    source: alterTable,
  },
  "detach-concurrently": {
    construct: "DETACH PARTITION … CONCURRENTLY and … FINALIZE of a placed table",
    why: "they can't run in the transactions in which it passes commands on",
    fix: "Write DETACH PARTITION without CONCURRENTLY: its lock lasts an instant, and lock_timeout bounds the wait for it",
    source: alterTable,
  },
  "several-indexes": {
    construct: "DROP INDEX of several indexes, where one is on a placed table",
    why: "it passes on one at a time",
    fix: "Write a DROP INDEX for each",
    source: "commands/index.c, ErrorIfUnsupportedDropIndexStmt",
  },
  "partitioned-reindex": {
    construct: "REINDEX TABLE of a placed table with partitions",
    why: "PostgreSQL wants it outside of a transaction, and it passes commands on in one",
    fix: "Reindex each partition",
    source: "commands/index.c, PreprocessReindexStmt",
  },
  "verbose-cluster": {
    construct: "CLUSTER VERBOSE of a placed table",
    why: "the nodes' messages would be lost",
    fix: "Leave VERBOSE out",
    source: "commands/cluster.c, PreprocessClusterStmt",
  },
  "unnamed-statistics": {
    construct: `CREATE STATISTICS without a name ${placed}`,
    why: "the nodes derive the statistics' names from those here",
    fix: "Give them a name",
    source: "commands/statistics.c, PreprocessCreateStatisticsStmt",
  },
  "view-default": {
    construct: "SET and DROP DEFAULT of a column of a view over tenant or reference tables",
    why: "it does not pass them on",
    fix: "Set the default of the table's column",
    source: "commands/view.c, PreprocessAlterViewStmt",
  },
  "tenant-column-value": {
    construct: "an UPDATE that writes a value into the tenant column",
    why: "the row would have to move to another node",
    fix: "Insert the row for the other tenant and delete the old one, in one transaction",
    source: router,
  },
  "volatile-change": {
    construct: "a volatile function, such as random() and gen_random_uuid(), in an UPDATE or a DELETE",
    why: "the copies of a row on several nodes could differ",
    fix: "Compute the values first: in the application, in a temporary table, or by `INSERT … SELECT … ON CONFLICT DO UPDATE SET column = excluded.column`",
    source: router,
  },
  "conflict-function": {
    construct: "a function that is not immutable, such as now(), in ON CONFLICT DO UPDATE",
    why: "it evaluates none there before it hands the statement to a node",
    fix: "Put the value into VALUES and write `SET column = excluded.column`",
    source: "planner/multi_router_planner.c, ErrorIfOnConflictNotSupported",
  },
  "conditional-function": {
    construct: "a function that is not immutable, such as now(), inside CASE or COALESCE in an UPDATE",
    why: "it would evaluate it before it knows whether the branch is taken",
    fix: "Pass the value as a parameter, or split the UPDATE by its WHERE",
    source: router,
  },
  "returning-function": {
    construct: "a function that is not immutable, such as now(), in RETURNING",
    why: "it would be evaluated once for each node",
    fix: "Return columns, and compute the rest where they are read",
    source: router,
  },
  "values-subquery": {
    construct: "a subquery in VALUES",
    why: "the value must be known before the row's node is",
    fix: "Write INSERT … SELECT",
    source: router,
  },
  "reference-change": {
    construct: "an UPDATE or DELETE of a reference table that joins a tenant table",
    why: "every copy must change alike, and no node has all rows of the other",
    fix: "Select the keys first, or write `WHERE key IN (SELECT …)`",
    source: router,
  },
  "merge-target": {
    construct: "MERGE into a reference table",
    why: "every copy must change alike",
    fix: "Write INSERT … ON CONFLICT",
    source: "planner/merge_planner.c, ErrorIfMergeHasUnsupportedTables",
  },
  "merge-source": {
    construct: "MERGE into a tenant table from a local table or from VALUES",
    why: "its rows lie on the coordinator",
    fix: "Write INSERT … SELECT … ON CONFLICT",
    source: "planner/merge_planner.c, ErrorIfRepartitionMergeNotSupported",
  },
  "merge-returning": {
    construct: "MERGE … RETURNING",
    why: "it collects no rows of a MERGE",
    fix: "Write INSERT … ON CONFLICT … RETURNING",
    source: "planner/merge_planner.c, ErrorIfMergeHasReturningList",
  },
  "lock-everywhere": {
    construct: "SELECT … FOR UPDATE and FOR SHARE of a tenant table for all tenants at once",
    why: "it locks rows of one node at a time",
    fix: "Add the tenant column to WHERE",
    source: "planner/multi_router_planner.c; executor/multi_executor.c",
  },
} satisfies Readonly<Record<string, Refusal>>;

export type RefusalName = keyof typeof refusals;
