interface Facts {
  readonly log: string;
  readonly portFlag: string;
  readonly user?: string | undefined;
}

const causes: readonly { readonly sign: RegExp; fix(facts: Facts): string }[] = [
  { sign: /No space left on device/i, fix: () => "Free some disk space, then run `tenantry local up` again." },
  {
    sign: /Address already in use|BindException|could not bind/i,
    fix: ({ portFlag }) =>
      `Another process has just taken its port: stop that process, or choose another port with ${portFlag}.`,
  },
  {
    sign: /wrong ownership|u=rwx|Permission denied|AccessDenied|Operation not permitted/i,
    fix: ({ user }) =>
      `Give the directory named in the log back to ${user ? `the account \`${user}\`` : "your account"} with mode 0700 (chown, chmod), then run \`tenantry local up\` again.`,
  },
  {
    sign: /incompatible with server|initialized by PostgreSQL version/i,
    fix: () =>
      "Another version of PostgreSQL created the data: point TENANTRY_PG_BIN to its programs, or delete the data with `tenantry local reset --yes`.",
  },
  {
    sign: /OutOfMemoryError: (?:Java heap space|GC overhead)/i,
    fix: () => "It ran out of memory: `tenantry local up --connect-heap MIB` gives Kafka Connect more.",
  },
  {
    sign: /OutOfMemoryError|Cannot allocate memory|insufficient memory/i,
    fix: () => "Free some memory, then run `tenantry local up` again.",
  },
];

/** The fix for a server that ended, from the end of its log; undefined if the log does not show the cause. */
export function knownCause(log: string, facts: Facts): string | undefined {
  return causes.find(({ sign }) => sign.test(log))?.fix(facts);
}

/** The fix for a server that ended, with general advice if the log does not show the cause. */
export function explainDeath(log: string, facts: Facts): string {
  return (
    knownCause(log, facts) ??
    `Read ${facts.log}. If the data is damaged and not needed, \`tenantry local reset --yes\` deletes it.`
  );
}
