import { createCodec, type Codec } from './codec.ts';
import type { Release } from './metadata/release.ts';

/** A runtime as `state_getRuntimeVersion` tells it. */
export interface RuntimeVersion {
  readonly specName: string;
  readonly implName: string;
  readonly authoringVersion: number;
  readonly specVersion: number;
  readonly implVersion: number;
  readonly apis: readonly (readonly [id: string, version: number])[];
  readonly transactionVersion: number;
  readonly stateVersion: number;
}

export interface Runtime {
  readonly version: RuntimeVersion;
  readonly codec: Codec;
}

/** Spec 2004 of Joystream. Of its runtime APIs only the two that are served: Core and Metadata. */
const FIRST_VERSION: RuntimeVersion = {
  specName: 'joystream-node',
  implName: 'joystream-node',
  authoringVersion: 12,
  specVersion: 2004,
  implVersion: 0,
  apis: [
    ['0xdf6acb689907609b', 4],
    ['0x37e397fc7c91f5e4', 2],
  ],
  transactionVersion: 2,
  stateVersion: 1,
};

/**
 * The runtimes of the chain, one after the other. The block that upgrades is written by the old one, events and state;
 * its state already holds the code of the new one, which writes the next block, and moves the state to its own layout
 * there: hence a state is read as the runtime says that its parent's state holds.
 */
export interface Runtimes {
  /** Encodes by the runtime in force. */
  readonly codec: Codec;
  /** The runtime whose code the state after a block holds. */
  readonly after: (block: number) => Runtime;
  /** From the block after this one on, the next release is in force. */
  upgradeAfter(block: number): void;
  /** Whether the state has yet to be moved to the layout in force; asked once for each upgrade. */
  takeMigration(): boolean;
}

export function createRuntimes(): Runtimes {
  const releases: Readonly<Record<Release, () => Codec>> = {
    first: () => createCodec('first'),
    next: () => createCodec('next'),
  };
  let current: Runtime = { version: FIRST_VERSION, codec: releases.first() };
  let release: Release = 'first';
  let isToMigrate = false;
  const history: { readonly from: number; readonly runtime: Runtime }[] = [{ from: 0, runtime: current }];

  return {
    codec: {
      get metadata() {
        return current.codec.metadata;
      },
      storageKey: (...args) => current.codec.storageKey(...args),
      encodeItem: (...args) => current.codec.encodeItem(...args),
      encode: (...args) => current.codec.encode(...args),
      encodeEvent: (...args) => current.codec.encodeEvent(...args),
    },
    after: (block) => history.findLast(({ from }) => from <= block)?.runtime ?? current,
    upgradeAfter: (block) => {
      release = release === 'first' ? 'next' : 'first';
      const { version } = current;
      current = { version: { ...version, specVersion: version.specVersion + 1 }, codec: releases[release]() };
      history.push({ from: block, runtime: current });
      isToMigrate = true;
    },
    takeMigration: () => {
      const taken = isToMigrate;
      isToMigrate = false;
      return taken;
    },
  };
}
