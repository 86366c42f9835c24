/** Base class of this package's errors. PostgreSQL's errors pass through as `pg` throws them. */
export class TenantryError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Mistake in the calling code: nested transactions, a call outside `withTenant`, a client used after its end. */
export class TenantContextError extends TenantryError {}

/** The transaction did not commit although `work` returned: a statement in it had failed, and that was caught. */
export class RolledBackError extends TenantryError {}

/** The event is larger than the outbox accepts. The transaction can't continue. */
export class PayloadTooLargeError extends TenantryError {}

/** A large payload can't be written to the store, or be read from it. The message says why, and the cause says more. */
export class ClaimCheckError extends TenantryError {}
