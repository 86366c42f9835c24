import type { Client } from "pg";
import type { PostgresNode } from "../../architecture/endpoints";
import { Problems } from "../../common/problem";
import type { Database } from "../postgres/database";
import { errorCode, sqlState } from "../postgres/postgres-connection";
import { type Reader, readerOf, runStatement } from "../postgres/sql-statements";

/** Node of the cluster. */
export interface Member {
  /** Citus' group; 0 is the coordinator's. Patroni uses the same numbers. */
  readonly group: number;
  /** Name and port that the nodes use for each other. They may differ from ours. */
  readonly host: string;
  readonly port: number;
  readonly primary: boolean;
  /** False if new shards are not placed there, and a rebalance moves existing ones away. */
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
 * Group of a node; undefined if it is no member. It is asked from the server itself, because a cluster may know it by
 * another name. A removed node still reports its last group, which no other node gets.
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
  /** Identifier of the server: a primary and its standbys share it. */
  readonly system: string;
}

/** Sets whether a node, given by the cluster's name, may hold shards. It moves nothing. */
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
