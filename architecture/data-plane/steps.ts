import type { TenantScope } from "../application";
import type { Declaration, Inputs } from "./declaration";

/** Collects declarations in steps. Each step comes after all declarations of the previous step. */
export class Steps {
  private current: string[] = [];

  constructor(
    /** Tenant scope that owns every declaration added here; undefined if all tenants share them. */
    private readonly owner?: TenantScope,
    readonly declarations: Declaration[] = [],
    private before: string[] = [],
  ) {}

  /** Returns steps that continue from here, in parallel with others. */
  fork(owner: TenantScope | undefined): Steps {
    this.next();
    return new Steps(owner, this.declarations, this.before);
  }

  /** Continues after all of these forks. */
  join(forks: readonly Steps[]): void {
    this.next();
    for (const fork of forks) fork.next();
    const ends = forks.flatMap(({ before }) => before);
    if (ends.length > 0) this.before = [...new Set(ends)];
  }

  /** Adds a declaration to the current step, and returns its `NOUN/NAME` for the `after` of others. */
  add<Noun extends keyof Inputs>(
    noun: Noun,
    name: string,
    inputs: Inputs[Noun],
    after: readonly string[] = [],
  ): string {
    const tenant = this.owner?.tenant?.name;
    // Resources in a schema and in a silo are different, so Pulumi must not take one for the other.
    const place = this.owner?.model === "silo" ? `silo-${tenant}` : tenant;
    const unique = tenant === undefined ? name : `${name}@${place}`;
    const before = [...new Set([...this.before, ...after])];
    const declaration = { noun, name: unique, inputs, ...(tenant !== undefined && { tenant }), after: before };
    // The type ties each noun to its inputs. The generic parameter does so too, but the compiler can't see that.
    this.declarations.push(declaration as unknown as Declaration);
    const id = `${noun}/${unique}`;
    this.current.push(id);
    return id;
  }

  /** Starts the next step. */
  next(): void {
    if (this.current.length === 0) return;
    this.before = this.current;
    this.current = [];
  }

  /** Adds a step of one declaration. */
  addStep<Noun extends keyof Inputs>(noun: Noun, name: string, inputs: Inputs[Noun]): void {
    this.next();
    this.add(noun, name, inputs);
    this.next();
  }
}
