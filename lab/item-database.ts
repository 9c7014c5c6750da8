import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import sqlite, { type Database, type Statement } from "node-sqlite3-wasm";

export interface Item {
	/** 1 at first; each write raises it. */
	readonly version: number;
	readonly payload: string;
}

/** A SQLite database of items, each query of which takes `latencyMs` more than it would. It counts its queries. */
export class ItemDatabase {
	readonly #database: Database;
	readonly #statements: Readonly<Record<"read" | "write" | "raise", Statement>>;
	readonly #latencyMs: number;
	readonly queries = { reads: 0, writes: 0 };

	constructor(file: string, latencyMs: number) {
		this.#database = open(file);
		this.#latencyMs = latencyMs;
		this.#statements = {
			read: this.#database.prepare("SELECT version, payload FROM items WHERE id = ?"),
			write: this.#database.prepare(
				"UPDATE items SET version = version + 1 WHERE id = ? RETURNING version, payload",
			),
			raise: this.#database.prepare("UPDATE items SET version = ?2 WHERE id = ?1 AND version < ?2"),
		};
	}

	async read(id: number): Promise<Item | null> {
		this.queries.reads += 1;
		await this.#wait();
		return itemOf(this.#statements.read.get([id]));
	}

	/** Returns the item as it is after the write. */
	async write(id: number): Promise<Item> {
		this.queries.writes += 1;
		await this.#wait();
		const item = itemOf(this.#statements.write.get([id]));
		if (item === null) throw new Error(`the database has no item ${id}`);
		return item;
	}

	/** Writes the versions of several items with one query. */
	async writeMany(versions: ReadonlyMap<number, number>): Promise<void> {
		this.queries.writes += 1;
		await this.#wait();
		this.#database.exec("BEGIN");
		for (const [id, version] of versions) this.#statements.raise.run([id, version]);
		this.#database.exec("COMMIT");
	}

	close(): void {
		for (const statement of Object.values(this.#statements)) statement.finalize();
		this.#database.close();
	}

	/** Queries themselves hold this thread up, so other work gets its turn in any case. */
	async #wait(): Promise<void> {
		if (this.#latencyMs === 0) await nextTurn();
		else await delay(this.#latencyMs);
	}
}

/** Creates a file with items 0 to `count - 1`. */
export function createItems(file: string, count: number, itemBytes: number): void {
	const database = open(file);
	database.exec("CREATE TABLE items (id INTEGER PRIMARY KEY, version INTEGER, payload TEXT)");
	database.run(
		`WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id + 1 < ?1)
		INSERT INTO items SELECT id, 1, ?2 FROM ids`,
		[count, payloadOf(itemBytes)],
	);
	database.close();
}

export function payloadOf(bytes: number): string {
	const text = "The quick brown fox jumps over the lazy dog. ";
	return text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes);
}

/** Nothing must survive a power failure: the file is deleted when the run ends. */
function open(file: string): Database {
	const database = new sqlite.Database(file);
	database.exec("PRAGMA journal_mode = MEMORY");
	database.exec("PRAGMA synchronous = OFF");
	return database;
}

function itemOf(row: Record<string, unknown> | null): Item | null {
	if (row === null) return null;
	return { version: Number(row.version), payload: String(row.payload) };
}
