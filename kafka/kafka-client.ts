import { CompressionCodecs, CompressionTypes, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { encrypts, type KafkaEndpoint } from "../architecture/endpoints";

// The connectors compress with LZ4, for which kafkajs has no codec of its own.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async ({ buffer }: { readonly buffer: Buffer }) => (await lz4()).lz4Compress(buffer),
  decompress: async (buffer: Buffer) => (await lz4()).lz4Decompress(buffer),
});

const lz4 = () => import("@platformatic/wasm-utils");

/**
 * A Kafka client for this project's programs. It throws errors instead of logging them, and its consumers read
 * committed records only.
 *
 * @param retries number of retries of a request; 0 where the caller polls
 */
export function openKafka(endpoint: KafkaEndpoint, clientId: string, retries = 5): Kafka {
  return new Kafka({
    brokers: [...endpoint.bootstrapServers],
    ...security(endpoint),
    clientId,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5_000,
    retry: { retries, initialRetryTime: 200 },
  });
}

/** Transport and login in the form of kafkajs. */
export function security(endpoint: KafkaEndpoint): Pick<KafkaConfig, "ssl" | "sasl"> {
  const { ca, user, password = "", mechanism = "scram-sha-512" } = endpoint;
  return {
    ssl: encrypts(endpoint) && (ca === undefined || { ca }),
    ...(user !== undefined && { sasl: { mechanism, username: user, password } as KafkaConfig["sasl"] & object }),
  };
}
