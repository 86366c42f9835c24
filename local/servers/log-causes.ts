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
      `Another process took its port just now: stop that one, or choose another port with ${portFlag}.`,
  },
  {
    sign: /wrong ownership|u=rwx|Permission denied|AccessDenied|Operation not permitted/i,
    fix: ({ user }) =>
      `Give the directory named in the log back to ${user ? `the account \`${user}\`` : "your account"} with mode 0700 (chown, chmod), then run \`tenantry local up\` again.`,
  },
  {
    sign: /incompatible with server|initialized by PostgreSQL version/i,
    fix: () =>
      "The data was made by another version of PostgreSQL: point TENANTRY_PG_BIN to its programs, or delete the data with `tenantry local reset --yes`.",
  },
  {
    sign: /OutOfMemoryError: (?:Java heap space|GC overhead)/i,
    fix: () => "It had too little memory of its own: `tenantry local up --connect-heap MIB` gives Kafka Connect more.",
  },
  {
    sign: /OutOfMemoryError|Cannot allocate memory|insufficient memory/i,
    fix: () => "Free some memory, then run `tenantry local up` again.",
  },
];

/** What to do about a server that ended, from the end of its log; undefined where that does not say. */
export function knownCause(log: string, facts: Facts): string | undefined {
  return causes.find(({ sign }) => sign.test(log))?.fix(facts);
}

/** The same, with what to do in any case. */
export function explainDeath(log: string, facts: Facts): string {
  return (
    knownCause(log, facts) ??
    `Read ${facts.log}. If the data is damaged and may go, \`tenantry local reset --yes\` deletes it.`
  );
}
