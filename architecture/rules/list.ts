import { addCheckConstraint } from "./add-check-constraint";
import { addColumnVolatileDefault } from "./add-column-volatile-default";
import { addExclusionConstraint } from "./add-exclusion-constraint";
import { addForeignKey } from "./add-foreign-key";
import { addRequiredColumn } from "./add-required-column";
import { addSerialColumn } from "./add-serial-column";
import { addUniqueConstraint } from "./add-unique-constraint";
import { atLeastOnce } from "./at-least-once";
import { attachPartition } from "./attach-partition";
import { backfillWithDdl } from "./backfill-with-ddl";
import { bypassRlsRole } from "./bypass-rls-role";
import { changeColumnType } from "./change-column-type";
import { charColumn } from "./char-column";
import { columnarInPublication } from "./columnar-in-publication";
import { concurrentlyInTransaction } from "./concurrently-in-transaction";
import { connectorSnapshot } from "./connector-snapshot";
import { createIndexConcurrently } from "./create-index-concurrently";
import { crossShardJoin } from "./cross-shard-join";
import { detachPartition } from "./detach-partition";
import { domainConstraint } from "./domain-constraint";
import { dropColumn } from "./drop-column";
import { dropDatabase } from "./drop-database";
import { dropIndexConcurrently } from "./drop-index-concurrently";
import { dropNotNull } from "./drop-not-null";
import { dropObject } from "./drop-object";
import { dropTable } from "./drop-table";
import { dualWrite } from "./dual-write";
import { enumValueOrder } from "./enum-value-order";
import { enumValueUsed } from "./enum-value-used";
import { explicitLock } from "./explicit-lock";
import { fatPayload } from "./fat-payload";
import { foreignKeyWithoutTenant } from "./foreign-key-without-tenant";
import { indexNotLeakproof } from "./index-not-leakproof";
import { isolationChanged } from "./isolation-changed";
import { missingBackups } from "./missing-backups";
import { missingCoLocation } from "./missing-co-location";
import { missingIdempotency } from "./missing-idempotency";
import { missingResources } from "./missing-resources";
import { openPolicy } from "./open-policy";
import { outboxPolling } from "./outbox-polling";
import { plainPassword } from "./plain-password";
import { policySubquery } from "./policy-subquery";
import { policyWithoutCheck } from "./policy-without-check";
import { predicateNotLeakproof } from "./predicate-not-leakproof";
import { privilegeOutsideDescription } from "./privilege-outside-description";
import { processedEventsByTime } from "./processed-events-by-time";
import { publicEndpoint } from "./public-endpoint";
import { publicationForAllTables } from "./publication-for-all-tables";
import { queryWithoutTenant } from "./query-without-tenant";
import { refusedByCitusRule } from "./refused-by-citus";
import { refusedOnPartitioned } from "./refused-on-partitioned";
import { renameColumn } from "./rename-column";
import { renameObject } from "./rename-object";
import { renameTable } from "./rename-table";
import { repeatableWithoutTransaction } from "./repeatable-without-transaction";
import { repeatedAssignment } from "./repeated-assignment";
import { rewritingCommand } from "./rewriting-command";
import { rowSecurityDisabled } from "./row-security-disabled";
import { rowsLeaveIsolation } from "./rows-leave-isolation";
import type { Rule } from "./rule";
import { securityDefiner } from "./security-definer";
import { serialColumn } from "./serial-column";
import { sessionSetting } from "./session-setting";
import { setNotNull } from "./set-not-null";
import { shortEventRetention } from "./short-event-retention";
import { smallIntegerKey } from "./small-integer-key";
import { tableWithoutIsolation } from "./table-without-isolation";
import { tenantIdentityColumn } from "./tenant-identity-column";
import { tenantRowsDeleted } from "./tenant-rows-deleted";
import { timestampColumn } from "./timestamp-column";
import { tlsOff } from "./tls-off";
import { transactionInFile } from "./transaction-in-file";
import { truncateCascade } from "./truncate-cascade";
import { unboundedPartitionQuery } from "./unbounded-partition-query";
import { undescribedTable } from "./undescribed-table";
import { unlistedDrop } from "./unlisted-drop";
import { unloggedTable } from "./unlogged-table";
import { unpinnedImage } from "./unpinned-image";
import { unprotectedProduction } from "./unprotected-production";
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
  atLeastOnce,
  attachPartition,
  backfillWithDdl,
  bypassRlsRole,
  changeColumnType,
  charColumn,
  columnarInPublication,
  concurrentlyInTransaction,
  connectorSnapshot,
  createIndexConcurrently,
  crossShardJoin,
  detachPartition,
  domainConstraint,
  dropColumn,
  dropDatabase,
  dropIndexConcurrently,
  dropNotNull,
  dropObject,
  dropTable,
  dualWrite,
  enumValueOrder,
  enumValueUsed,
  explicitLock,
  fatPayload,
  foreignKeyWithoutTenant,
  indexNotLeakproof,
  isolationChanged,
  missingBackups,
  missingCoLocation,
  missingIdempotency,
  missingResources,
  openPolicy,
  outboxPolling,
  plainPassword,
  policySubquery,
  policyWithoutCheck,
  predicateNotLeakproof,
  privilegeOutsideDescription,
  processedEventsByTime,
  publicEndpoint,
  publicationForAllTables,
  queryWithoutTenant,
  refusedByCitusRule,
  refusedOnPartitioned,
  renameColumn,
  renameObject,
  renameTable,
  repeatableWithoutTransaction,
  repeatedAssignment,
  rewritingCommand,
  rowSecurityDisabled,
  rowsLeaveIsolation,
  securityDefiner,
  serialColumn,
  sessionSetting,
  setNotNull,
  shortEventRetention,
  smallIntegerKey,
  tableWithoutIsolation,
  tenantIdentityColumn,
  tenantRowsDeleted,
  timestampColumn,
  tlsOff,
  transactionInFile,
  truncateCascade,
  unboundedPartitionQuery,
  undescribedTable,
  unlistedDrop,
  unloggedTable,
  unpinnedImage,
  unprotectedProduction,
  validateWithAdd,
  varcharColumn,
  viewWithoutSecurityInvoker,
];
