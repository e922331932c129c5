import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { Problem } from '../../../../shared/wire/index.ts';
import { INPUTS, type OperationName } from './inputs.ts';
import type { Call } from './results.ts';

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(INPUTS, name);
}

/** Throws `bad_request`, saying where the input is not what the operation takes. */
export function parseInput<T extends TSchema>(op: string, schema: T, input: unknown): Static<T> {
  if (Value.Check(schema, input)) return input;
  const [error] = Value.Errors(schema, input);
  throw new Problem('bad_request', `${op}${error?.path ?? ''}: ${error?.message ?? 'Not what it takes'}`);
}

/** A call from outside: `not_found` for no such operation, `bad_request` for a wrong input. */
export function parseCall(op: string, input: unknown): Call {
  if (!isOperation(op)) throw new Problem('not_found', `There is no operation ${op}`);
  return { op, input: parseInput(op, INPUTS[op], input) } as Call; // the schema of the operation is its type
}
