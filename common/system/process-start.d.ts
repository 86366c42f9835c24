export function processStart(pid: number): string | undefined;
export function processStartMs(pid: number): number | undefined;
export function parseStat(text: string): { readonly state: string; readonly startTicks: string };
