export function acquire(path: string): "ours" | number;
export function holder(path: string): number | undefined;
export function release(path: string): void;
