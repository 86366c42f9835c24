import { formatSize, type Size } from "./size";

const powers: Readonly<Record<string, number>> = {
  ...Object.fromEntries(["", "k", "M", "G", "T", "P", "E"].map((unit, power) => [unit, 1000 ** power])),
  ...Object.fromEntries(["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].map((unit, power) => [unit, 1024 ** (power + 1)])),
  m: 0.001,
};

/** Parses a Kubernetes quantity such as `8Gi`, `500m` or `1e9`. Undefined if Kubernetes would reject the text. */
export function parseQuantity(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(m|k|[MGTPE]|[KMGTPE]i)?$/.exec(text) ?? [];
  const power = powers[unit];
  return number === undefined || power === undefined ? undefined : Number(number) * power;
}

/** Writes a size as a Kubernetes quantity: `8Gi`. */
export function formatQuantity(size: Size): string {
  return formatSize(size).replace(" ", "").replace(/B$/, "");
}
