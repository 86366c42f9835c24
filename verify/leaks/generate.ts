import { Draw } from "./draw";
import type { LeakQuery, Shape } from "./query";
import { asking } from "./shapes/asking";
import { counting } from "./shapes/counting";
import { reading } from "./shapes/reading";
import { sessions } from "./shapes/sessions";
import { system } from "./shapes/system";
import { writing } from "./shapes/writing";
import type { LeakRelation, Surface } from "./surface";

export const shapes: readonly Shape[] = [...reading, ...counting, ...asking, ...sessions, ...writing, ...system];

/** One of this many queries runs without a tenant. */
const withoutTenant = 12;

/**
 * Generates the queries, the same for the same seed. Every shape takes the relations in turn, so a run of shapes
 * times relations has tried all pairs.
 */
export function generate(surface: Surface, seed: number, count: number): readonly LeakQuery[] {
  const { relations } = surface;
  if (relations.length === 0) return [];
  const draw = new Draw(surface, seed);
  const turns = shapes.map((shape) => ({ shape, order: draw.shuffle(relations), next: 0 }));
  const queries: LeakQuery[] = [];
  for (let before = -1; before < queries.length && queries.length < count; ) {
    before = queries.length;
    for (const turn of turns) {
      const made = take(turn, draw);
      if (made && queries.length < count) queries.push(made);
    }
  }
  return queries;
}

interface Turn {
  readonly shape: Shape;
  readonly order: readonly LeakRelation[];
  next: number;
}

/** Applies the shape to the next suitable relation. */
function take(turn: Turn, draw: Draw): LeakQuery | undefined {
  for (let tried = 0; tried < turn.order.length; tried += 1) {
    const relation = turn.order[turn.next % turn.order.length];
    turn.next += 1;
    const made = relation && turn.shape.make(draw, relation);
    if (!made) continue;
    const { of = [relation], context = draw.oneIn(withoutTenant) ? "none" : "tenant", ...query } = made;
    const relations = of.map(({ schema, name }) => `${schema}.${name}`);
    return { ...query, shape: turn.shape.name, relations, context };
  }
  return undefined;
}
