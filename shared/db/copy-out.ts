import type { PoolClient, Submittable } from 'pg';

/** The row at hand, by columns from 0. One object for all rows: what it gives is of this row until the next one comes. */
export interface CopyRow {
  isNull(column: number): boolean;
  /** An `int8` that is an id or another whole number from 0 to 2^53 - 1; -1 for any other, and for null. */
  id(column: number): number;
  /** An `int2`. */
  int2(column: number): number;
  /** A `text`, or `''` for null. */
  text(column: number): string;
  /** The bytes of a value in memory that is used again for the next row. */
  bytes(column: number): Buffer;
}

/**
 * Runs `COPY (…) TO STDOUT (FORMAT binary)` and hands over its rows as they arrive, without an object per row and without
 * holding more of them than a network packet does; between packets the event loop turns. Resolves after the last row.
 * Throws what the server says, what `onRow` throws, and for connections that break or fall silent for as long as any other
 * query may take (`queryMsMax` of the pool); then the client is of no further use.
 *
 * Format: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
 */
export function copyOut(client: PoolClient, sql: string, onRow: (row: CopyRow) => void): Promise<void> {
  const idleMsMax = (client as unknown as Configured).connectionParameters.query_timeout || Infinity;
  return new Promise((resolve, reject) => {
    const copy = new Copy(onRow, (error) => {
      clearInterval(watch);
      if (error === null) resolve();
      else reject(error);
    });
    const watch = setInterval(() => copy.watch(idleMsMax), WATCH_MS);
    client.query(copy.submittable(sql));
  });
}

/** What `pg` knows of how a client was made; its types do not say. */
interface Configured {
  readonly connectionParameters: { readonly query_timeout: number | false };
}

/** `pg`'s side of a connection, as far as it is needed here. */
interface Wire {
  query(sql: string): void;
  readonly stream: { destroy(): void; pause(): void; resume(): void };
}

/** How long rows may keep everybody else waiting: a socket that has much to read is read many times in a turn. */
const TURN_MS_MAX = 4;
/** Rows between two looks at the clock. */
const ROWS_PER_LOOK = 64;
/** How often to see whether anything came. */
const WATCH_MS = 250;
/** Longer than any timer: what is waited for here is progress, not an end. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

class Copy {
  readonly #onRow: (row: CopyRow) => void;
  readonly #end: (error: Error | null) => void;
  readonly #row = new Row();
  #wire: Wire | undefined;
  #failure: Error | null = null;
  #isHeaderRead = false;
  #heardAt = performance.now();
  #rows = 0;
  /** When the first row of this turn of the event loop came; NaN: none has. */
  #turnAt = Number.NaN;

  constructor(onRow: (row: CopyRow) => void, end: (error: Error | null) => void) {
    this.#onRow = onRow;
    this.#end = end;
  }

  /** What `pg` calls as messages arrive (lib/client.js); it expects all of these of a query. */
  submittable(sql: string): Submittable {
    const query = {
      query_timeout: NO_TIMEOUT_MS,
      submit: (wire: Wire) => {
        this.#wire = wire;
        wire.query(sql);
      },
      // `pg` puts its own in place, which forgets the timer: a query that ended without it would stay in memory.
      callback: (error: Error | null) => {
        this.#end(this.#failure ?? error);
      },
      handleCopyData: ({ chunk }: { readonly chunk: Buffer }) => {
        this.#take(chunk);
      },
      handleError: (error: Error) => {
        query.callback(error);
      },
      handleReadyForQuery: () => {
        query.callback(null);
      },
      handleRowDescription: () => undefined,
      handleDataRow: () => undefined,
      handlePortalSuspended: () => undefined,
      handleEmptyQuery: () => undefined,
      handleCommandComplete: () => undefined,
    };
    return query;
  }

  watch(idleMsMax: number): void {
    if (performance.now() - this.#heardAt > idleMsMax) this.#fail(new Error('the database fell silent'));
  }

  #take(chunk: Buffer): void {
    if (this.#failure !== null) return;
    this.#rows += 1;
    if (this.#rows % ROWS_PER_LOOK === 1) this.#mindOthers();
    try {
      const from = this.#isHeaderRead ? 0 : HEADER_BYTES + chunk.readInt32BE(HEADER_BYTES - 4);
      this.#isHeaderRead = true;
      // The end of the rows is a tuple of -1 columns, and the header may come alone.
      if (from < chunk.length && this.#row.read(chunk, from)) this.#onRow(this.#row);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #mindOthers(): void {
    this.#heardAt = performance.now();
    if (Number.isNaN(this.#turnAt)) {
      this.#turnAt = this.#heardAt;
      setImmediate(() => {
        this.#turnAt = Number.NaN;
        this.#wire?.stream.resume();
      });
    } else if (this.#heardAt - this.#turnAt > TURN_MS_MAX) this.#wire?.stream.pause();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wire?.stream.destroy();
  }
}

/** Signature, flags, and the length of an extension that nobody has used yet. */
const HEADER_BYTES = 11 + 4 + 4;
const COLUMNS_MAX = 16;

class Row implements CopyRow {
  #chunk: Buffer = Buffer.alloc(0);
  readonly #starts = new Int32Array(COLUMNS_MAX);
  readonly #lengths = new Int32Array(COLUMNS_MAX);

  /** `false`: it is no row but the end. */
  read(chunk: Buffer, from: number): boolean {
    const columns = chunk.readInt16BE(from);
    if (columns === -1) return false;
    if (columns > COLUMNS_MAX) throw new RangeError(`${columns} columns`);
    this.#chunk = chunk;
    let at = from + 2;
    for (let column = 0; column < columns; column += 1) {
      const length = chunk.readInt32BE(at);
      at += 4;
      this.#starts[column] = at;
      this.#lengths[column] = length;
      if (length > 0) at += length;
    }
    return true;
  }

  isNull(column: number): boolean {
    return (this.#lengths[column] ?? -1) < 0;
  }

  id(column: number): number {
    if (this.#lengths[column] !== 8) return -1;
    const at = this.#starts[column] ?? 0;
    const high = this.#chunk.readInt32BE(at);
    if (high < 0 || high > 0x1f_ffff) return -1;
    return high * 0x1_0000_0000 + this.#chunk.readUInt32BE(at + 4);
  }

  int2(column: number): number {
    return this.#chunk.readInt16BE(this.#starts[column]);
  }

  text(column: number): string {
    return this.isNull(column) ? '' : this.bytes(column).toString('utf8');
  }

  bytes(column: number): Buffer {
    const start = this.#starts[column] ?? 0;
    return this.#chunk.subarray(start, start + Math.max(0, this.#lengths[column] ?? 0));
  }
}
