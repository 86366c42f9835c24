import { readFileSync } from "node:fs";
import { type Problem, Problems } from "./problem";
import { placeAt, type Source } from "./source";

/**
 * Reads a file that a user wrote: UTF-8 text, without the byte order mark that some editors put before it.
 *
 * @param path the path in messages and hashes
 * @throws Problems if it is no file, may not be read, or is not UTF-8
 */
export function readSourceFile(file: string, path: string): Source {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Problems([unreadable(error as NodeJS.ErrnoException, path)]);
  }
  try {
    return { path, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    throw new Problems([notUtf8(bytes, path)]);
  }
}

const causes: Readonly<Record<string, Pick<Problem, "what" | "fix">>> = {
  EISDIR: { what: "The path leads to a folder, but a file is expected", fix: "Move the folder away, or name a file" },
  ENOENT: { what: "There is no such file, or a link that leads nowhere", fix: "Name a file that is there" },
  ENOTDIR: { what: "There is no such file: a part of its path is no folder", fix: "Name a file that is there" },
  ELOOP: { what: "The link leads back to itself", fix: "Point it to a file" },
  EACCES: { what: "The file may not be read by this account", fix: "Give this account the right to read it" },
};

function unreadable({ code = "", message }: NodeJS.ErrnoException, path: string): Problem {
  const known = causes[code];
  if (known) return { ...known, at: { file: path } };
  return { what: "The file cannot be read", got: message, fix: "Name a file that can be read", at: { file: path } };
}

function notUtf8(bytes: Buffer, path: string): Problem {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) return { what: "The file is UTF-16", expected: "UTF-8", fix: "Save it as UTF-8", at: { file: path } };
  // Decoding replaces invalid bytes, so encoding the text again differs at the first of them.
  const text = bytes.toString("utf8");
  const written = Buffer.from(text);
  const wrong = bytes.findIndex((byte, index) => byte !== written[index]);
  const before = bytes.subarray(0, wrong).toString("utf8");
  return {
    what: "The file is not UTF-8",
    got: `the byte 0x${(bytes[wrong] ?? 0).toString(16).toUpperCase().padStart(2, "0")}`,
    expected: "UTF-8",
    fix: `Save it as UTF-8: \`iconv -f LATIN1 -t UTF-8\`, if it is Latin-1`,
    at: placeAt({ path, text }, before.length),
  };
}
