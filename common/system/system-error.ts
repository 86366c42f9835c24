import { Problems } from "../problem";

const causes: Readonly<Record<string, string>> = {
  EACCES: "It belongs to another account: give it to yours (chown), or choose another place with --home.",
  EPERM: "It belongs to another account: give it to yours (chown), or choose another place with --home.",
  ENOTEMPTY: "It holds what its account may not delete: look what that is, delete it (`rm -r`), and run this again.",
  EROFS: "Its file system is read-only: choose another place with --home.",
  ENOSPC: "Free some disk space, then run this again.",
  EDQUOT: "Free some of your disk quota, then run this again.",
  EEXIST: "A file stands where a directory should be: move it away, or choose another place with --home.",
  ENOTDIR: "A file stands where a directory should be: move it away, or choose another place with --home.",
};

/** Runs `work`. Throws system errors that a user can fix as Problems, without a stack trace. */
export async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const fix = error instanceof Error && "code" in error ? causes[String(error.code)] : undefined;
    if (!fix || !(error instanceof Error)) throw error;
    const path = "path" in error ? String(error.path) : "the embedded servers' directory";
    throw new Problems([{ what: `${path} cannot be used`, got: error.message, fix }]);
  }
}
