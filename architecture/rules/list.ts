import { addCheckConstraint } from "./add-check-constraint";
import { addColumnVolatileDefault } from "./add-column-volatile-default";
import { addExclusionConstraint } from "./add-exclusion-constraint";
import { addForeignKey } from "./add-foreign-key";
import { addRequiredColumn } from "./add-required-column";
import { addSerialColumn } from "./add-serial-column";
import { addUniqueConstraint } from "./add-unique-constraint";
import { bypassRlsRole } from "./bypass-rls-role";
import { changeColumnType } from "./change-column-type";
import { charColumn } from "./char-column";
import { columnarInPublication } from "./columnar-in-publication";
import { concurrentlyInTransaction } from "./concurrently-in-transaction";
import { createIndexConcurrently } from "./create-index-concurrently";
import { crossShardJoin } from "./cross-shard-join";
import { domainConstraint } from "./domain-constraint";
import { dropColumn } from "./drop-column";
import { dropDatabase } from "./drop-database";
import { dropIndexConcurrently } from "./drop-index-concurrently";
import { dropNotNull } from "./drop-not-null";
import { dropTable } from "./drop-table";
import { dualWrite } from "./dual-write";
import { fatPayload } from "./fat-payload";
import { foreignKeyWithoutTenant } from "./foreign-key-without-tenant";
import { missingCoLocation } from "./missing-co-location";
import { missingIdempotency } from "./missing-idempotency";
import { outboxPolling } from "./outbox-polling";
import { policySubquery } from "./policy-subquery";
import { policyWithoutCheck } from "./policy-without-check";
import { processedEventsByTime } from "./processed-events-by-time";
import { publicationForAllTables } from "./publication-for-all-tables";
import { queryWithoutTenant } from "./query-without-tenant";
import { renameColumn } from "./rename-column";
import { renameTable } from "./rename-table";
import { repeatableWithoutTransaction } from "./repeatable-without-transaction";
import { rewritingCommand } from "./rewriting-command";
import { rowSecurityDisabled } from "./row-security-disabled";
import type { Rule } from "./rule";
import { securityDefiner } from "./security-definer";
import { serialColumn } from "./serial-column";
import { setNotNull } from "./set-not-null";
import { shortEventRetention } from "./short-event-retention";
import { smallIntegerKey } from "./small-integer-key";
import { tenantIdentityColumn } from "./tenant-identity-column";
import { timestampColumn } from "./timestamp-column";
import { transactionInFile } from "./transaction-in-file";
import { truncateCascade } from "./truncate-cascade";
import { unboundedPartitionQuery } from "./unbounded-partition-query";
import { validateWithAdd } from "./validate-with-add";
import { varcharColumn } from "./varchar-column";
import { viewWithoutSecurityInvoker } from "./view-without-security-invoker";

/** Every rule of a file of its own, by name. */
export const rules: readonly Rule[] = [
  addCheckConstraint,
  addColumnVolatileDefault,
  addExclusionConstraint,
  addForeignKey,
  addRequiredColumn,
  addSerialColumn,
  addUniqueConstraint,
  bypassRlsRole,
  changeColumnType,
  charColumn,
  columnarInPublication,
  concurrentlyInTransaction,
  createIndexConcurrently,
  crossShardJoin,
  domainConstraint,
  dropColumn,
  dropDatabase,
  dropIndexConcurrently,
  dropNotNull,
  dropTable,
  dualWrite,
  fatPayload,
  foreignKeyWithoutTenant,
  missingCoLocation,
  missingIdempotency,
  outboxPolling,
  policySubquery,
  policyWithoutCheck,
  processedEventsByTime,
  publicationForAllTables,
  queryWithoutTenant,
  renameColumn,
  renameTable,
  repeatableWithoutTransaction,
  rewritingCommand,
  rowSecurityDisabled,
  securityDefiner,
  serialColumn,
  setNotNull,
  shortEventRetention,
  smallIntegerKey,
  tenantIdentityColumn,
  timestampColumn,
  transactionInFile,
  truncateCascade,
  unboundedPartitionQuery,
  validateWithAdd,
  varcharColumn,
  viewWithoutSecurityInvoker,
];
