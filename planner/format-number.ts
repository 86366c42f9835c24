/** Formats with at most two decimals, and with commas between thousands in every locale. */
export function formatNumber(value: number): string {
  const [whole = "", decimals] = String(Math.round(value * 100) / 100).split(".");
  return whole.replaceAll(/\B(?=(\d{3})+$)/g, ",") + (decimals ? `.${decimals}` : "");
}

/** `$ 1,280`; below ten dollars with the cents that matter. */
export function formatPrice(value: number): string {
  return `$ ${value < 10 ? String(Math.round(value * 1_000) / 1_000) : formatNumber(Math.round(value))}`;
}

/** A count in the largest unit that leaves a whole number: `7,884,000`, `4.7 billion`. */
export function formatCount(value: number): string {
  if (value >= 1e9) return `${formatNumber(Math.round(value / 1e8) / 10)} billion`;
  return formatNumber(Math.round(value));
}
