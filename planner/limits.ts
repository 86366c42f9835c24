import type { Problem } from "../common/problem";
import { capacity, gib, machine, mostWorkers } from "./capacity";
import { formatNumber } from "./format-number";
import type { Load } from "./load";
import type { PlannedValues } from "./planned";
import type { Workload } from "./workload";

/** Room for the payload in a Kafka record of a broker's default limit (`message.max.bytes`). */
const recordBytes = 2 ** 20 - capacity.eventOverhead;

const splitTenant =
  "Split the tenant by a second key, such as a region or a department, into several; or keep less of it in the database: shorter `retention.hot` and `retention.warm`";

/** Reports why the plan can't be built, each reason with alternatives. Empty if it can be built. */
export function refusalsOf(workload: Workload, load: Load, values: PlannedValues): readonly Problem[] {
  return [...largestTenant(load, values), ...unsoldNodes(values), ...tooManyWorkers(values), ...fatEvents(workload)];
}

/** Reports a largest tenant that fits no node. All rows of a tenant lie on one node in every model. */
function largestTenant(load: Load, { workerCores, coordinatorCores, model }: PlannedValues): readonly Problem[] {
  const cores = load.cores * load.largest;
  const stored = (load.transactions * load.largest * load.storedBytes) / gib;
  const isSet = (model.value === "silo" ? coordinatorCores : workerCores).overridden !== undefined;
  return [
    ...(cores > machine.cores && !isSet
      ? [
          {
            what: "No machine holds the largest tenant: its rows lie on one node, and can't be spread over several",
            got: `${formatNumber(Math.round(cores))} cores at its peak`,
            expected: `at most ${machine.cores} cores`,
            fix: `${splitTenant}; or let the peak use more of a node: \`budget: lean\``,
          },
        ]
      : []),
    ...(stored > machine.storageGiB
      ? [
          {
            what: "No volume holds the largest tenant's rows, which lie on one node",
            got: `${formatNumber(Math.ceil(stored))} GiB`,
            expected: `at most ${formatNumber(machine.storageGiB)} GiB`,
            fix: splitTenant,
          },
        ]
      : []),
  ];
}

/** Reports sizes that nobody sells, including sizes that the stack sets itself. */
function unsoldNodes(values: PlannedValues): readonly Problem[] {
  const sizes = [
    ["workerMemory", machine.memoryGiB],
    ["workerStorage", machine.storageGiB],
    ["coordinatorMemory", machine.memoryGiB],
    ["coordinatorStorage", machine.storageGiB],
  ] as const;
  return sizes.flatMap(([name, most]) =>
    values[name].value > most && (values.workers.value > 0 || !name.startsWith("worker"))
      ? {
          what: `\`${name}\` is more than anybody sells for one machine`,
          got: `${formatNumber(values[name].value)} GiB`,
          expected: `at most ${formatNumber(most)} GiB`,
          fix: "Shorten `retention` or `outage`, or split the tenants between several stacks",
        }
      : [],
  );
}

function tooManyWorkers({ workers }: PlannedValues): readonly Problem[] {
  if (workers.value <= mostWorkers) return [];
  return [
    {
      what: "One stack can't carry the load",
      got: `${formatNumber(workers.value)} workers`,
      expected: `at most ${mostWorkers}`,
      fix: "Split the tenants between several stacks; or shorten `retention.hot` and `retention.warm`",
    },
  ];
}

function fatEvents({ events, eventSize }: Workload): readonly Problem[] {
  if (events === 0 || eventSize.bytes <= recordBytes) return [];
  return [
    {
      what: "An event does not fit into a Kafka record",
      got: `eventSize: ${formatNumber(eventSize.bytes)} B`,
      expected: `at most ${formatNumber(recordBytes)} B, which a broker takes by default`,
      fix: "Send a claim check: keep the content in object storage, and plan with the size of the reference",
    },
  ];
}
