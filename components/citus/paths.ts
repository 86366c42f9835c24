/** Paths of files and folders in a pod. */
export const paths = {
  home: "/var/lib/postgresql",
  data: "/var/lib/postgresql/data",
  sockets: "/run/postgresql",
  config: "/etc/patroni",
  tls: "/etc/tls",
  authority: "/etc/tls/ca.crt",
  certificate: "/etc/tls/tls.crt",
  key: "/etc/tls/tls.key",
  logins: "/run/logins",
} as const;
