import type { Settings } from "../../settings/settings";

/** The settings of a stack on servers that exist, as far as a test doesn't say otherwise. */
export const externalSettings = (others: Partial<Settings> = {}): Settings => ({
  application: "ecommerce",
  platform: "external",
  citus: "auto",
  consistency: "strong",
  shardCount: 4,
  allow: [],
  kafka: { manageTopics: false, replication: 3, consumers: {} },
  endpoints: undefined,
  ...others,
});
