import type { Problem } from "../common/problem";
import { Problems } from "../common/problem";

const causes: Readonly<Record<string, Pick<Problem, "what" | "fix">>> = {
  EACCES: {
    what: "This account may not use the store's folder",
    fix: "Give the folder to this account, or choose another",
  },
  EPERM: {
    what: "This account may not use the store's folder",
    fix: "Give the folder to this account, or choose another",
  },
  EROFS: { what: "The store's folder is on a read-only file system", fix: "Choose another folder" },
  ENOSPC: { what: "The disk of the store's folder is full", fix: "Free some disk space, then run this again" },
  EDQUOT: { what: "The quota of the store's folder is used up", fix: "Free some of the quota, then run this again" },
  ENOTDIR: {
    what: "A file stands where the store needs a folder",
    fix: "Move the file away, or choose another folder",
  },
  EEXIST: { what: "A file stands where the store needs a folder", fix: "Move the file away, or choose another folder" },
  EISDIR: { what: "A folder stands where the store needs a file", fix: "Move the folder away, or choose another one" },
  EMFILE: { what: "This process has too many files open", fix: "Raise its limit (`ulimit -n`)" },
  EIO: { what: "The disk of the store's folder fails", fix: "Replace the disk, and restore the folder from a backup" },
};

/** Explains an error of the file system. */
export function folderProblem(folder: string, error: unknown): Problem {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const known = causes[code];
  if (known) return { ...known, got: `${folder}: ${message}` };
  return {
    what: "The store's folder cannot be used",
    got: `${folder}: ${error instanceof Problems ? "no folder can be made there" : message}`,
    fix: "Choose another folder",
  };
}
