import type { Command } from './command.ts';

/** Every subcommand of `panoptes`, one file each, in the order in which `--help` lists them. */
export const COMMANDS: readonly Command[] = [];
