import type { Change } from './change.ts';
import type { Input, OperationName } from './inputs.ts';
import type { Result } from './results.ts';

/** Does one operation on the state: throws a `Problem` before it changes anything, or changes it and emits events. */
export type Operation<K extends OperationName> = (change: Change, input: Input<K>) => Result<K>;
export type Operations<K extends OperationName> = { readonly [N in K]: Operation<N> };
