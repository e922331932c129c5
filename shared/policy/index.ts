export { compilePolicy, compileRule, type CompiledPolicy, type CompiledRule } from './compile.ts';
export type { PolicyContext } from './context.ts';
export { evaluate, type Evaluation } from './evaluate.ts';
export { NEEDS_CHARS_MAX, NEEDS_MAX } from './needs.ts';
export {
  parsePolicyDocument,
  POLICY_CHARS_MAX,
  POLICY_DEPTH_MAX,
  POLICY_ITEMS_MAX,
  POLICY_LIST_MAX,
  POLICY_RULES_MAX,
  PolicyError,
  type PolicyFlaw,
} from './parse.ts';
export {
  ASSET_KINDS,
  POLICY_SCOPES,
  type AssetKind,
  type Need,
  type Needs,
  type PolicyDocument,
  type PolicyScope,
  type RoleRule,
  type Rule,
} from './types.ts';
