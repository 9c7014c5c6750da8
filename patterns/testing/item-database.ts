import { Redis } from "ioredis";
import pg from "pg";

/** A row of the database: each write makes its version one higher. */
export interface Item {
	readonly id: string;
	readonly version: number;
}

/** The database that scenes use: items, and a count of the queries that read them. */
export class ItemDatabase {
	readonly pool: pg.Pool;

	constructor(url: string, applicationName = "larder-patterns") {
		this.pool = new pg.Pool({ connectionString: url, max: 8, application_name: applicationName });
	}

	/** Begins with items "0" to `count - 1` of version 1. */
	async create(count: number): Promise<void> {
		await this.pool.query(`
			DROP TABLE IF EXISTS items; DROP SEQUENCE IF EXISTS item_reads;
			CREATE TABLE items (id text PRIMARY KEY, version int NOT NULL, note text NOT NULL DEFAULT '');
			CREATE SEQUENCE item_reads;
			INSERT INTO items SELECT n::text, 1 FROM generate_series(0, ${count - 1}) n`);
	}

	async read(id: string, sleepMs = 0): Promise<Item | undefined> {
		const { rows } = await this.pool.query<Item>(
			"SELECT id, version, nextval('item_reads') AS reading, pg_sleep($2) FROM items WHERE id = $1",
			[id, sleepMs / 1_000],
		);
		const row = rows[0];
		return row && { id: row.id, version: row.version };
	}

	async write(id: string, sleepMs = 0): Promise<Item> {
		const { rows } = await this.pool.query<Item>(
			`INSERT INTO items (id, version) SELECT $1, 1 FROM pg_sleep($2)
			 ON CONFLICT (id) DO UPDATE SET version = items.version + 1 RETURNING id, version`,
			[id, sleepMs / 1_000],
		);
		if (rows[0] === undefined) throw new Error("the database returned no row");
		return { id: rows[0].id, version: rows[0].version };
	}

	/** How many queries have read an item. */
	async reads(): Promise<number> {
		const { rows } = await this.pool.query<{ count: number }>(
			"SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS count FROM item_reads",
		);
		return rows[0]?.count ?? 0;
	}

	/** How many connections with this name the server still has. */
	async connectionsOf(applicationName: string): Promise<number> {
		const { rows } = await this.pool.query<{ count: number }>(
			"SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = $1",
			[applicationName],
		);
		return rows[0]?.count ?? 0;
	}

	close(): Promise<void> {
		return this.pool.end();
	}
}

/** A client that waits for the engine instead of giving up. */
export function openRedis(port: number): Redis {
	const client = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: null });
	client.on("error", () => {
		// Commands reject with it.
	});
	return client;
}
