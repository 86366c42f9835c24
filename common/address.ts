/** The host and port of a server. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`. */
export function formatAddress({ host, port }: Address): string {
  return `${host}:${port}`;
}
