import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of the toolkit with its files: the checkout, or the installed package. */
export const root = nearest("package.json", __dirname) ?? __dirname;

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The toolkit's package.json. */
export const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The nearest folder that contains the file: this one, or one above it. */
export function nearest(file: string, folder: string): string | undefined {
  if (existsSync(join(folder, file))) return folder;
  return dirname(folder) === folder ? undefined : nearest(file, dirname(folder));
}
