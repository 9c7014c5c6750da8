import type { Redis } from "ioredis";
import {
	invalidateFromPostgres,
	ioredisStore,
	notifyOnChange,
	type PostgresClient,
	writeThrough,
} from "larder-patterns";
import { DatabaseError, type Pool } from "pg";

export interface Product {
	readonly id: string;
	readonly name: string;
	/** Price in cents. */
	readonly cents: number;
	/** One higher after each change. */
	readonly version: number;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS products (
  id text PRIMARY KEY, name text NOT NULL, cents int NOT NULL, version int NOT NULL DEFAULT 1
);
INSERT INTO products (id, name, cents)
  SELECT n::text, 'Product ' || n, 100 + n % 900 FROM generate_series(1, 1000) n
  ON CONFLICT DO NOTHING;
${notifyOnChange({ table: "products", keyColumn: "id", channel: "products_changed" })}`;

/**
 * Products in PostgreSQL, behind a cache. Changes that this program makes are written through; changes that others make in
 * the database arrive as notifications.
 */
export async function createCatalog({
	client,
	pool,
	connectFeed,
}: {
	client: Redis;
	pool: Pool;
	/** Opens a connection of its own for the notifications. */
	connectFeed(): Promise<PostgresClient>;
}) {
	let queries = 0;
	await pool.query(SCHEMA);

	const cache = writeThrough<Product>({
		// So that a failover loses no invalidation.
		store: ioredisStore(client, { replicas: Number(process.env.CACHE_REPLICAS ?? 0) }),
		prefix: "product:",
		ttlMs: 600_000,
		negativeTtlMs: 10_000,
		staleMs: 60_000,
		earlyRefresh: 1,
		tags: () => ["products"],
		async load(id) {
			queries += 1;
			const { rows } = await pool.query<Product>("SELECT * FROM products WHERE id = $1", [id]);
			return rows[0];
		},
		async loadMany(ids) {
			queries += 1;
			const { rows } = await pool.query<Product>("SELECT * FROM products WHERE id = ANY($1)", [
				ids,
			]);
			return new Map(rows.map((product) => [product.id, product]));
		},
		async write(_id, { id, name, cents }) {
			const { rows } = await pool.query<Product>(
				`INSERT INTO products (id, name, cents) VALUES ($1, $2, $3)
				 ON CONFLICT (id) DO UPDATE SET name = $2, cents = $3, version = products.version + 1
				 RETURNING *`,
				[id, name, cents],
			);
			return rows[0];
		},
		// PostgreSQL has answered, so it has rolled back.
		isRefused: (error) => error instanceof DatabaseError,
	});
	const stopFeed = await invalidateFromPostgres({
		...{ cache, channel: "products_changed", gapTag: "products", connect: connectFeed },
	});

	return {
		find: (id: string) => cache.get(id),
		findMany: (ids: readonly string[]) => cache.getMany(ids),
		save: (product: Omit<Product, "version">) => cache.put(product.id, { ...product, version: 1 }),
		/** How reads were answered, and how often the database was asked. */
		stats: () => ({ ...cache.stats(), queries }),
		close: stopFeed,
	};
}
