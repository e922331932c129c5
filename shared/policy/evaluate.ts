import type { CompiledRule } from './compile.ts';
import type { PolicyContext } from './context.ts';
import type { Needs } from './types.ts';

export type Evaluation = { readonly allowed: true } | { readonly allowed: false; readonly needs: Needs };

const ALLOWED: Evaluation = { allowed: true };

/** Whether the rule lets this request in, and if not, what would. Pure. */
export function evaluate(rule: CompiledRule, context: PolicyContext): Evaluation {
  return rule.holds(context) ? ALLOWED : { allowed: false, needs: rule.needs(context) };
}
