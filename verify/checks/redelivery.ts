import { randomUUID } from "node:crypto";
import type { ClientBase } from "pg";
import type { Check } from "../check";
import { judge } from "../finding";
import { probeTenants } from "../probe-tenants";
import { clearingProbes } from "../probing";
import { asWriter } from "../writer";

/** Kafka delivers at least once: the second delivery must find the processed event of the first. */
export const redelivery: Check = {
  name: "redelivery",
  claim: "an event that is delivered again is processed once, for each consumer and tenant by itself",
  async run(target) {
    const ids = probeTenants(target.application.tenant.type);
    const { scope } = target.application;
    const [tenant, other, event] = [scope?.tenant?.id ?? ids.make(), ids.make(), randomUUID()];
    const [consumer, second] = ["tenantry-verify", "tenantry-verify-other"];
    const deliver = (to: string, consumer: string, work = async () => {}) =>
      asWriter(target, to, async (client) => {
        const first = await processOnce(client, to, consumer, event);
        await work();
        return first;
      });
    return clearingProbes(target, async () => {
      const wrong: string[] = [];
      const hold = (what: string, got: boolean, expected: boolean) => {
        if (got !== expected) wrong.push(what);
      };
      const failed = async () => Promise.reject(new Error("the work failed"));
      await deliver(tenant, consumer, failed).catch(() => {});
      hold("an event whose work was rolled back is not processed again", await deliver(tenant, consumer), true);
      hold("an event is processed twice", await deliver(tenant, consumer), false);
      hold("another consumer does not process it", await deliver(tenant, second), true);
      // In a tenant's own schema or database, no other tenant processes events.
      if (!scope) hold("the same event of another tenant is not processed", await deliver(other, consumer), true);
      return [
        judge("tenantry.process_once", wrong, "the second delivery is refused; a rolled-back one is not remembered"),
      ];
    });
  },
};

async function processOnce(client: ClientBase, tenant: string, consumer: string, event: string): Promise<boolean> {
  const { rows } = await client.query<{ first: boolean }>("SELECT tenantry.process_once($1, $2, $3) AS first", [
    tenant,
    consumer,
    event,
  ]);
  return rows[0]?.first === true;
}
