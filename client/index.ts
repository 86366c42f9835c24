export type { StoreSettings } from "../store/store-settings";
export { type ClaimOptions, Claims, openClaims } from "./claim-check/claims";
export { Content } from "./claim-check/content";
export type { MasterKey } from "./claim-check/master-key";
export { type ClaimReference, isClaim } from "./claim-check/reference";
export { type RotationOptions, rotateMasterKey } from "./claim-check/rotation";
export {
  type ColdRange,
  ColdRequestError,
  type ColdStatus,
  cancelCold,
  coldRequest,
  type ReadColdOptions,
  readCold,
  requestCold,
} from "./cold";
export { type EmitOptions, emit, type OutboxEvent } from "./emit";
export { ClaimCheckError, PayloadTooLargeError, RolledBackError, TenantContextError, TenantryError } from "./errors";
export { type Delivery, type Processed, processOnce } from "./process-once";
export type { TenantClient } from "./transaction";
export { type WithTenantOptions, withTenant } from "./with-tenant";
