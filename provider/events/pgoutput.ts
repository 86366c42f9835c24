/** Message of PostgreSQL's output plugin `pgoutput`, protocol 1, with the parts that an outbox needs. */
export type PgoutputMessage =
  | { readonly kind: "begin"; readonly commitLsn: bigint; readonly committedUs: bigint; readonly xid: number }
  | { readonly kind: "commit"; readonly endLsn: bigint }
  | ({ readonly kind: "relation"; readonly oid: number } & Relation)
  | { readonly kind: "insert"; readonly oid: number; readonly values: readonly (Value | undefined)[] }
  | { readonly kind: "other" };

export interface Relation {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
}

/** A column's text, cut where the message was cut. Undefined for NULL, or behind the cut. */
export interface Value {
  readonly text: string;
  readonly bytes: number;
}

/** Microseconds between 1970 and 2000, where PostgreSQL's clock begins. */
const epochUs = 946_684_800_000_000n;

/** @param data the message, or its beginning */
export function decodePgoutput(data: Buffer): PgoutputMessage {
  const reader = new Cursor(data);
  switch (reader.letter()) {
    case "B":
      return {
        kind: "begin",
        commitLsn: reader.int64(),
        committedUs: reader.int64() + epochUs,
        xid: reader.int32(),
      };
    case "C": {
      reader.skip(1 + 8);
      return { kind: "commit", endLsn: reader.int64() };
    }
    case "R": {
      const oid = reader.int32();
      const [schema, table] = [reader.name(), reader.name()];
      reader.skip(1);
      const columns = Array.from({ length: reader.int16() }, () => {
        reader.skip(1);
        const name = reader.name();
        reader.skip(4 + 4);
        return name;
      });
      return { kind: "relation", oid, schema, table, columns };
    }
    case "I": {
      const oid = reader.int32();
      reader.skip(1);
      return { kind: "insert", oid, values: Array.from({ length: reader.int16() }, () => value(reader)) };
    }
    default:
      return { kind: "other" };
  }
}

function value(reader: Cursor): Value | undefined {
  if (reader.isAtEnd || reader.letter() !== "t") return undefined;
  const bytes = reader.int32();
  return { text: reader.text(bytes), bytes };
}

/** Reads from the beginning. Behind the end it returns zeros and nothing. */
class Cursor {
  private at = 0;

  constructor(private readonly data: Buffer) {}

  get isAtEnd(): boolean {
    return this.at >= this.data.length;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  letter(): string {
    return this.text(1);
  }

  text(bytes: number): string {
    const text = this.data.toString("utf8", this.at, Math.min(this.data.length, this.at + bytes));
    this.at += bytes;
    return text;
  }

  name(): string {
    const end = this.data.indexOf(0, this.at);
    const text = this.text((end < 0 ? this.data.length : end) - this.at);
    this.at++;
    return text;
  }

  int16(): number {
    return Number(this.integer(2));
  }

  int32(): number {
    return Number(this.integer(4));
  }

  int64(): bigint {
    return this.integer(8);
  }

  private integer(bytes: number): bigint {
    const whole = this.at + bytes <= this.data.length;
    const found = whole ? BigInt(`0x${this.data.toString("hex", this.at, this.at + bytes)}`) : 0n;
    this.at += bytes;
    return found;
  }
}
