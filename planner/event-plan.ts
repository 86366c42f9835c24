import { capacity, gib, nodeLimit, utilisation, volume } from "./capacity";
import { seconds } from "./load";
import type { Decide } from "./overrides";
import type { Planned, PlannedValues, PlanValues } from "./planned";
import type { Workload } from "./workload";

type Readers = Pick<PlannedValues, "connectors" | "connectWorkers">;
type Brokers = Pick<
  PlannedValues,
  "eventRetention" | "brokers" | "brokerStorage" | "replicationFactor" | "minInsyncReplicas" | "partitionsPerTopic"
>;

export function planDelivery({ consistency }: Workload, decide: Decide): Planned<PlanValues["delivery"]> {
  const strong = consistency === "strong";
  return decide("delivery", {
    value: strong ? "exactly-once" : "at-least-once",
    unit: "",
    reason: strong
      ? "Strong consistency: a killed worker or broker leaves no duplicate in Kafka."
      : "Consumers see an event again after a failure; processed_events drops it.",
    formula: "consistency strong: exactly-once; else at-least-once",
    inputs: { consistency },
    less: "at-least-once: hundreds of duplicates after a kill; exactly-once: a connector reads 0.4 times slower",
  });
}

/** Plans one slot and one connector for every node that holds shards. */
export function planReaders(workload: Workload, databases: number, workers: number, decide: Decide): Readers {
  const connectors = decide("connectors", {
    value: databases * Math.max(1, workers),
    unit: "connectors",
    reason: "A slot and a connector for every node that holds rows: each node has a log of its own.",
    formula: "databases * max(1, workers)",
    inputs: { databases, workers },
    less: "the events of a node without a connector never arrive, and its slot fills the disk",
    more: "a connector without a node has nothing to read",
  });
  const spare = workload.availability === "none" ? 0 : 1;
  const connectWorkers = decide("connectWorkers", {
    value: Math.ceil(connectors.value / 4) + spare,
    unit: "pods",
    reason: spare
      ? "Four connectors a pod, one core each, and one pod more for a failure."
      : "Four connectors a pod, one core each.",
    formula: "ceil(connectors / 4) + 1; availability none: without the 1",
    inputs: { connectors: connectors.value, availability: workload.availability },
    less: "connectors share cores, and events wait",
  });
  return { connectors, connectWorkers };
}

/** Plans Kafka: brokers by throughput and storage, topics by the consumers' speed. */
export function planBrokers(workload: Workload, decide: Decide): Brokers {
  const { availability, events } = workload;
  const outage = seconds(workload.outage);
  const eventRetention = decide("eventRetention", {
    value: Math.ceil(Math.max(seconds(workload.retention.events), 2 * outage) / 3_600),
    unit: "hours",
    reason:
      "As asked, and at least twice the outage: a consumer that was away with everything else still finds its events.",
    formula: "max(retention.events, 2 * outage)",
    inputs: { "retention in hours": seconds(workload.retention.events) / 3_600, "outage in hours": outage / 3_600 },
    less: "a consumer that is away for longer has lost events",
    more: "more disk on every broker",
  });
  const copies = availability === "none" ? 1 : 3;
  const eventBytes = workload.eventSize.bytes + capacity.eventOverhead;
  const rate = events * capacity.peak * eventBytes * copies;
  const stored = (events * eventBytes * copies * eventRetention.value * 3_600) / gib / 0.7;
  const byThroughput = Math.ceil(rate / (capacity.bytesPerBroker * utilisation[workload.budget]));
  const byStorage = Math.ceil(stored / nodeLimit.brokerStorageGiB);
  const least = availability === "none" ? 1 : 3;
  const brokers = decide("brokers", {
    value: Math.max(least, byThroughput, byStorage),
    unit: "brokers",
    reason:
      Math.max(byThroughput, byStorage) > least
        ? `${byThroughput >= byStorage ? "Throughput" : "Storage"} decides.`
        : least === 3
          ? "Three copies need three brokers; the load needs no more."
          : "Nothing has to survive a failure, and one broker carries the load.",
    formula: "max(availability none: 1, else 3; by throughput; by storage)",
    inputs: {
      "MiB a second": Math.ceil(rate / 2 ** 20),
      "GiB in all": Math.ceil(stored),
      "by throughput": byThroughput,
      "by storage": byStorage,
    },
    less: "fewer brokers may fail, and each carries more than planned",
  });
  const replicationFactor = decide("replicationFactor", {
    value: Math.min(copies, brokers.value),
    unit: "copies",
    reason:
      copies === 3
        ? "One broker may be away, failed or restarting, and events are taken on; while two are, events wait in the database, and none is lost."
        : "One broker keeps one copy.",
    formula: "min(brokers, availability none: 1, else 3)",
    inputs: { availability, brokers: brokers.value },
    less: "a broker's failure makes partitions unavailable, or loses them",
    more: "more disk and traffic; never more than brokers",
  });
  return {
    eventRetention,
    brokers,
    brokerStorage: decide("brokerStorage", {
      value: Math.min(nodeLimit.brokerStorageGiB, volume(stored / least, 16)),
      unit: "GiB",
      reason: "The retention's events in all copies, a third free.",
      formula: `GiB in all / ${least}, rounded up, from 16 to 4,096`,
      inputs: { "GiB in all": Math.ceil(stored) },
      less: "the disk is full before the retention has passed, and the broker stops",
    }),
    replicationFactor,
    minInsyncReplicas: decide("minInsyncReplicas", {
      value: replicationFactor.value >= 3 ? 2 : 1,
      unit: "copies",
      reason:
        replicationFactor.value >= 3
          ? "An event is acknowledged once two brokers have it."
          : "There is one copy to wait for.",
      formula: "copies >= 3: 2; else 1",
      inputs: { copies: replicationFactor.value },
      less: "an acknowledged event can be lost with its broker",
      more: "one broker away stops all events, if it is as many as the copies",
    }),
    partitionsPerTopic: decide("partitionsPerTopic", {
      value: Math.max(6, 6 * Math.ceil((events * capacity.peak) / capacity.eventsPerPartition / 6)),
      unit: "partitions",
      reason: "A consumer a partition, each with processed_events in its transaction; as if one topic took all events.",
      formula: "max(6, events * 3 (peak) / 300), in sixes",
      inputs: { events },
      less: "consumers can't catch up at the peak, and adding partitions later breaks the order of a key once",
      more: "more files on every broker, and longer elections",
    }),
  };
}
