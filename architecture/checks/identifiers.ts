import { maxIdentifierBytes } from "../../common/identifier";
import type { Place, Problem } from "../../common/problem";
import { cdcRole, roleUser, topicName } from "../application-names";
import { claimColumns } from "../data-plane/claim-tables";
import { coldRequestColumns } from "../data-plane/cold-requests";
import { outboxColumns, outboxSlot } from "../data-plane/outbox-table";
import type { Checked } from "./check";

const plainName = /^[a-z][a-z0-9_]*$/;
const plainExpected = "a lower-case letter, then lower-case letters, digits and `_`";
const maxTopicLength = 249;
/** The node with the longest name. Every node's name becomes part of a slot's name. */
const longestNode = { name: "coordinator", host: "", port: 0 };

/**
 * Checks names that become part of slots, roles and topics: they must be plain and short enough. Names of tables are
 * free.
 */
export function checkNames({ name, schema, description, placeOf }: Checked): Problem[] {
  const at = { file: placeOf().file };
  const problems = [
    ...plain("The application's folder", name, "the names of slots, roles and topics", at),
    ...short("replication slot", outboxSlot(name, longestNode), maxIdentifierBytes, at),
  ];
  const columns = [...new Set([...outboxColumns, ...claimColumns, ...coldRequestColumns])];
  if (columns.includes(description.tenant.column)) {
    problems.push({
      what: "The tenant column has the name of a column of the toolkit's own tables",
      got: description.tenant.column,
      expected: `none of ${columns.join(", ")}`,
      fix: "Choose another name, such as `tenant_id`",
      at: placeOf("tenant", "column"),
    });
  }
  if (name === "tenantry" || name.startsWith("pg_")) problems.push(taken("The application", name, at));
  if (/^(pg_.*|information_schema|tenantry)$/.test(schema) && schema !== name) {
    problems.push(taken("The schema", schema, placeOf("schema")));
  }
  if (Buffer.byteLength(schema) > maxIdentifierBytes || schema.includes(".")) {
    problems.push({
      what: "The schema's name does not work",
      got: schema,
      expected: `at most ${maxIdentifierBytes} bytes, and no dot`,
      fix: "Choose another name",
      at: placeOf("schema"),
    });
  }
  for (const role of Object.keys(description.roles)) {
    const place = placeOf("roles", role);
    const user = roleUser(name, role);
    problems.push(
      ...plain("A role", role, "the name of a PostgreSQL role", place),
      ...short("role", user, maxIdentifierBytes, place),
    );
    if (user === cdcRole(name)) problems.push(taken("The role", role, place));
  }
  for (const aggregate of Object.keys(description.events.aggregates)) {
    const place = placeOf("events", "aggregates", aggregate);
    problems.push(
      ...plain("An aggregate", aggregate, "the name of a topic", place),
      ...short("topic", topicName(name, aggregate), maxTopicLength, place),
    );
  }
  return problems;
}

function plain(what: string, name: string, becomes: string, at: Place): Problem[] {
  if (plainName.test(name)) return [];
  const problem = {
    what: `${what} has a name that cannot be part of ${becomes}`,
    got: name,
    expected: plainExpected,
    fix: "Choose another name",
    at,
  };
  return [problem];
}

function short(what: string, derived: string, most: number, at: Place): Problem[] {
  const bytes = Buffer.byteLength(derived);
  if (bytes <= most) return [];
  return [
    {
      what: `The name of a ${what} becomes too long`,
      got: `${derived} (${bytes} bytes)`,
      expected: `at most ${most} bytes`,
      fix: `Shorten the name by ${bytes - most}`,
      at,
    },
  ];
}

function taken(what: string, name: string, at: Place): Problem {
  return {
    what: `${what} has a name that PostgreSQL or tenantry keeps for itself`,
    got: name,
    fix: "Choose another name",
    at,
  };
}
