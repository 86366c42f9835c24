const factors = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** A number of bytes. */
export interface Size {
  readonly bytes: number;
}

/** The accepted form, for error messages. */
export const sizeExpected =
  "a whole number and a unit of B, KiB, MiB, GiB or TiB, such as `8 KiB`, and at most 1024 TiB";

/** Kubernetes counts bytes in 64 bits, and PostgreSQL counts megabytes of WAL in 32 bits. A petabyte fits both. */
const largestBytes = 1024 * factors.TiB;

/** Parses a size. Undefined for any other text, for zero, and for more than a petabyte. */
export function parseSize(text: string): Size | undefined {
  const match = /^\s*([1-9]\d{0,8})\s*(B|KiB|MiB|GiB|TiB)\s*$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const bytes = Number(match[1]) * factors[match[2] as keyof typeof factors];
  return bytes <= largestBytes ? { bytes } : undefined;
}

/** Writes the size in the largest unit that gives a whole number: `8 KiB`. */
export function formatSize({ bytes }: Size): string {
  const [unit, factor] = Object.entries(factors).findLast(([, size]) => bytes % size === 0) ?? ["B", 1];
  return `${bytes / factor} ${unit}`;
}

/** Writes the size rounded, for people: `1.2 GiB`. */
export function roundSize({ bytes }: Size): string {
  const [unit, factor] = Object.entries(factors).findLast(([, size]) => bytes >= size) ?? ["B", 1];
  return `${Number((bytes / factor).toFixed(1))} ${unit}`;
}
