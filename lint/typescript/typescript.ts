import type TypeScript from "typescript";

let loaded: typeof TypeScript | undefined;

/** Loads TypeScript's compiler, which is slow. Call it once before the first `readCode`. */
export async function loadTypeScript(): Promise<void> {
  loaded ??= (await import("typescript")).default;
}

/** The compiler's API. */
export function typescript(): typeof TypeScript {
  if (!loaded) throw new Error("loadTypeScript() comes first");
  return loaded;
}
