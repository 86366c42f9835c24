/** What this package throws by itself. Errors of PostgreSQL pass through as `pg` throws them. */
export class TenantryError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A mistake in the calling code: nested transactions, a call outside `withTenant`, a client used after its end. */
export class TenantContextError extends TenantryError {}

/** The transaction did not commit although `work` returned: a statement in it had failed, and that was caught. */
export class RolledBackError extends TenantryError {}

/** The event is larger than the outbox accepts. The transaction cannot go on. */
export class PayloadTooLargeError extends TenantryError {}
