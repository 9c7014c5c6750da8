import type { Logger } from "../../platform/logger.ts";
import type { CacheLink } from "../cache/cache-link.ts";
import { keyDigest } from "../cache/key-digest.ts";
import { readTableSchema, type TableSchema, tableSchemaSchema } from "./table-schema.ts";
import { operationTarget, successOf, type Upstream } from "./upstream.ts";

/** How long a schema is used before the table is asked again. */
const FRESH_MS = 30_000;
/** How long the cache keeps a schema, for instances that start while the upstream is away. */
const KEPT_MS = 24 * 3_600_000;
const TABLES_MAX = 1_000;

interface Known {
	schema: TableSchema;
	readAt: number;
}

/**
 * Stands for a table in the cache's keys. Upstreams that don't verify signatures may keep the tables of each access key
 * apart.
 */
export function tableKey(table: string, accessKeyId: string): string {
	return keyDigest(["table", accessKeyId, table.replace(/^arn:.*:table\//, "")]);
}

/** The tables' schemas, from DescribeTable, kept here and in the cache. */
export class Tables {
	readonly #upstream: Upstream;
	readonly #link: CacheLink;
	readonly #prefix: string;
	readonly #logger: Logger;
	readonly #known = new Map<string, Known>();
	readonly #reading = new Map<string, Promise<TableSchema | null>>();

	constructor(options: { upstream: Upstream; link: CacheLink; prefix: string; logger: Logger }) {
		this.#upstream = options.upstream;
		this.#link = options.link;
		this.#prefix = options.prefix;
		this.#logger = options.logger;
	}

	/** Null for a table that can't be described: calls on it are passed on. */
	async schemaOf(table: string, accessKeyId: string): Promise<TableSchema | null> {
		const name = tableKey(table, accessKeyId);
		const known = this.#known.get(name);
		if (known !== undefined && performance.now() - known.readAt < FRESH_MS) return known.schema;
		const reading = this.#reading.get(name) ?? this.#read(name, table, accessKeyId);
		// What is known serves until the table has answered.
		return known === undefined ? await reading : known.schema;
	}

	/** The table's schema is about to change, or has just changed. */
	forget(table: string, accessKeyId: string): void {
		const name = tableKey(table, accessKeyId);
		this.#known.delete(name);
		this.#reading.delete(name);
	}

	#read(name: string, table: string, accessKeyId: string): Promise<TableSchema | null> {
		const reading = this.#describe(name, table, accessKeyId)
			.catch((error: unknown) => {
				this.#logger.warn({ err: error, table }, "the table can't be described");
				return this.#keptSchema(name);
			})
			.then((schema) => {
				if (this.#reading.get(name) !== reading) return schema;
				if (schema === null) this.#known.delete(name);
				else {
					if (this.#known.size >= TABLES_MAX) this.#known.clear();
					this.#known.set(name, { schema, readAt: performance.now() });
				}
				return schema;
			})
			.finally(() => {
				if (this.#reading.get(name) === reading) this.#reading.delete(name);
			});
		this.#reading.set(name, reading);
		return reading;
	}

	async #describe(name: string, table: string, accessKeyId: string): Promise<TableSchema | null> {
		const answer = await this.#upstream.call(
			operationTarget("DescribeTable"),
			JSON.stringify({ TableName: table }),
			{
				...{ accessKeyId, repeatable: true },
			},
		);
		if (answer.status >= 500) throw new Error(`the upstream answered ${answer.status}`);
		const schema = readTableSchema(successOf(answer));
		if (schema === null) return null;
		await this.#link.set(this.#keyOf(name), JSON.stringify(schema), KEPT_MS).catch(() => undefined);
		return schema;
	}

	async #keptSchema(name: string): Promise<TableSchema | null> {
		const known = this.#known.get(name);
		if (known !== undefined) return known.schema;
		const text = await this.#link.get(this.#keyOf(name)).catch(() => null);
		if (text === null) return null;
		return tableSchemaSchema.safeParse(JSON.parse(text)).data ?? null;
	}

	#keyOf(name: string): string {
		return `${this.#prefix}s${name}`;
	}
}
