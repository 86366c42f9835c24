/** Formats with at most two decimals, and with commas between thousands in every locale. */
export function formatNumber(value: number): string {
  const [whole = "", decimals] = String(Math.round(value * 100) / 100).split(".");
  return whole.replaceAll(/\B(?=(\d{3})+$)/g, ",") + (decimals ? `.${decimals}` : "");
}
