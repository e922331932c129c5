import { attach } from './attach.ts';
import type { Command } from './command.ts';
import { detach } from './detach.ts';
import { replicate } from './replicate.ts';
import { revocations } from './revocations.ts';
import { revoke } from './revoke.ts';
import { unrevoke } from './unrevoke.ts';

/** Every subcommand of `panoptes`, one file each, in the order in which `--help` lists them. */
export const COMMANDS: readonly Command[] = [attach, detach, replicate, revoke, unrevoke, revocations];
