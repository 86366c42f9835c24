import { addCheckConstraint } from "./add-check-constraint";
import { addColumnVolatileDefault } from "./add-column-volatile-default";
import { addExclusionConstraint } from "./add-exclusion-constraint";
import { addForeignKey } from "./add-foreign-key";
import { addRequiredColumn } from "./add-required-column";
import { addSerialColumn } from "./add-serial-column";
import { addUniqueConstraint } from "./add-unique-constraint";
import { changeColumnType } from "./change-column-type";
import { charColumn } from "./char-column";
import { concurrentlyInTransaction } from "./concurrently-in-transaction";
import { createIndexConcurrently } from "./create-index-concurrently";
import { domainConstraint } from "./domain-constraint";
import { dropColumn } from "./drop-column";
import { dropDatabase } from "./drop-database";
import { dropIndexConcurrently } from "./drop-index-concurrently";
import { dropNotNull } from "./drop-not-null";
import { dropTable } from "./drop-table";
import { renameColumn } from "./rename-column";
import { renameTable } from "./rename-table";
import { repeatableWithoutTransaction } from "./repeatable-without-transaction";
import { rewritingCommand } from "./rewriting-command";
import type { Rule } from "./rule";
import { serialColumn } from "./serial-column";
import { setNotNull } from "./set-not-null";
import { smallIntegerKey } from "./small-integer-key";
import { timestampColumn } from "./timestamp-column";
import { transactionInFile } from "./transaction-in-file";
import { truncateCascade } from "./truncate-cascade";
import { validateWithAdd } from "./validate-with-add";
import { varcharColumn } from "./varchar-column";

/** Every rule of a file of its own, by name. */
export const rules: readonly Rule[] = [
  addCheckConstraint,
  addColumnVolatileDefault,
  addExclusionConstraint,
  addForeignKey,
  addRequiredColumn,
  addSerialColumn,
  addUniqueConstraint,
  changeColumnType,
  charColumn,
  concurrentlyInTransaction,
  createIndexConcurrently,
  domainConstraint,
  dropColumn,
  dropDatabase,
  dropIndexConcurrently,
  dropNotNull,
  dropTable,
  renameColumn,
  renameTable,
  repeatableWithoutTransaction,
  rewritingCommand,
  serialColumn,
  setNotNull,
  smallIntegerKey,
  timestampColumn,
  transactionInFile,
  truncateCascade,
  validateWithAdd,
  varcharColumn,
];
