import { type Access, formatAddress, nodePorts } from "../architecture/access";
import { groupHost, groupLabels, groupName, groupsOf } from "./citus/names";
import type { ReachedServer } from "./external-access";

interface Citus {
  readonly name: string;
  readonly namespace: string;
  readonly workers: number;
}

type Outside = Exclude<Access, { readonly by: "cluster" }>;

const port = 5432;

/** The primaries of a Citus cluster: the program makes a slot on each of them. */
export function reachedDatabases(citus: Citus, access: Outside): ReachedServer[] {
  const ports = nodePorts(access.by === "nodePort" ? access.firstPort : 0);
  return groupsOf(citus).map((group) => {
    const given = access.by !== "addresses" ? undefined : group === 0 ? access.coordinator : access.workers[group - 1];
    return {
      name: `${groupName(citus, group)}-access`,
      // Patroni moves the label when another pod becomes the primary.
      selector: { ...groupLabels(citus, group), role: "primary" },
      port,
      nodePort: group === 0 ? ports.coordinator : ports.worker(group),
      ...(given && { given }),
    };
  });
}

/** By what name the certificate of each of these servers speaks: `HOST:PORT` by the server's name. */
export function databaseNames(citus: Citus): Readonly<Record<string, string>> {
  return Object.fromEntries(
    groupsOf(citus).map((group) => [
      `${groupName(citus, group)}-access`,
      formatAddress({ host: groupHost(citus, group), port }),
    ]),
  );
}
