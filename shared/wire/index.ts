export { Problem, type ProblemExtensions } from './problem.ts';
export { PROBLEMS, type ProblemCode } from './problems.ts';
