export function foreignOwner(path: string): { readonly directory: string; readonly account: string } | undefined;
