import type { ConnectPlan } from "./connect-plan";

/** Lets the workers read the Secrets that connectors refer to, and nothing else in the API. */
export function secretRules({ secrets }: ConnectPlan) {
  const resourceNames = Object.keys(secrets).toSorted();
  return resourceNames.length === 0 ? [] : [{ apiGroups: [""], resources: ["secrets"], resourceNames, verbs: ["get"] }];
}
