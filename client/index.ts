export { emit, type OutboxEvent } from "./emit";
export { PayloadTooLargeError, RolledBackError, TenantContextError, TenantryError } from "./errors";
export { type Delivery, type Processed, processOnce } from "./process-once";
export type { TenantClient } from "./transaction";
export { type WithTenantOptions, withTenant } from "./with-tenant";
