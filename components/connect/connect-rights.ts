import type { ConnectPlan } from "./connect-plan";

/** The Secrets that connectors refer to, by name, and nothing else of the API. */
export function secretRules({ secrets }: ConnectPlan) {
  const resourceNames = Object.keys(secrets).toSorted();
  return resourceNames.length === 0 ? [] : [{ apiGroups: [""], resources: ["secrets"], resourceNames, verbs: ["get"] }];
}
