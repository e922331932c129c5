import { Value } from '@sinclair/typebox/value';
import { Problem } from '../../../../shared/wire/index.ts';
import { INPUTS, type OperationName } from './inputs.ts';
import type { Call } from './results.ts';

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(INPUTS, name);
}

/** A call from outside. Throws `bad_request`, saying where the input is not what the operation takes. */
export function parseCall(op: string, input: unknown): Call {
  if (!isOperation(op)) throw new Problem('not_found', `There is no operation ${op}`);
  const [error] = Value.Errors(INPUTS[op], input);
  if (error) throw new Problem('bad_request', `${op}${error.path}: ${error.message}`);
  return { op, input } as Call; // checked above: the schema of the operation and its type are one
}
