import type { Client } from "pg";
import type { PostgresNode } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import type { Database } from "../postgres/database";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import { type Reader, readerOf, runStatement } from "../postgres/sql-statements";

/** A node as the cluster knows it. */
export interface Member {
  /** 0 is the coordinator's. Patroni's groups are Citus' groups. */
  readonly group: number;
  /** The name and port by which the nodes know each other: not always those by which we do. */
  readonly host: string;
  readonly port: number;
  readonly primary: boolean;
  /** False: new shards are not placed there, and a rebalance takes those that are there away. */
  readonly shouldHaveShards: boolean;
}

export function readMembers(read: Reader): Promise<readonly Member[]> {
  return read<Member>(
    `SELECT groupid AS group, nodename AS host, nodeport AS port, noderole = 'primary' AS primary,
       shouldhaveshards AS "shouldHaveShards"
     FROM pg_dist_node ORDER BY groupid, noderole, nodeid`,
  );
}

/**
 * The group of a node, undefined if it is no member. The server itself is asked, as a cluster may know it by another name
 * than we do. A node that was removed still says its last group, which no other node ever gets again.
 */
export async function groupOf(database: Database, node: PostgresNode): Promise<number | undefined> {
  const question = `SELECT groupid AS group, (SELECT system_identifier FROM pg_control_system())::text AS system FROM pg_dist_local_group`;
  const [here] = await database.query<LocalGroup>(question);
  const there = await database.onNode(node, async (client) => {
    try {
      return (await readerOf(client)<LocalGroup>(question))[0];
    } catch (error) {
      throw errorCode(error) === sqlState.undefinedTable ? noCitus(node) : error;
    }
  });
  if (there?.system === here?.system) return 0;
  const members = await readMembers(database.query.bind(database));
  return members.find(({ group, primary }) => primary && group > 0 && group === there?.group)?.group;
}

interface LocalGroup {
  readonly group: number;
  /** Differs from server to server, and not between a primary and its standbys. */
  readonly system: string;
}

/** Whether shards may be placed on a node, given as the cluster knows it. Moves nothing by itself. */
export function setShouldHaveShards(
  client: Client,
  { host, port }: Pick<Member, "host" | "port">,
  value: boolean,
): Promise<void> {
  const sql = "SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)";
  return runStatement(client, { sql, values: [host, port, value] });
}

function noCitus({ name, host, port }: PostgresNode): Problems {
  return new Problems([
    {
      what: `The node ${name} can't join the cluster`,
      got: `no extension citus in this database at ${host}:${port}`,
      fix: "CREATE EXTENSION citus on it, in a database of the same name",
    },
  ]);
}
