import type { OutgoingHttpHeaders } from "node:http";
import type { Logger } from "../../platform/logger.ts";
import type { CacheLink } from "../cache/cache-link.ts";
import { CacheAwayError } from "../cache/cache-link.ts";
import type { ItemCache, ItemPlace } from "../cache/item-cache.ts";
import type { QueryCache } from "../cache/query-cache.ts";
import { isRecord } from "../dynamodb/attribute-value.ts";
import { canonicalKey, type TableSchema } from "../dynamodb/table-schema.ts";
import { type Tables, tableKey } from "../dynamodb/tables.ts";
import { operationTarget, type Upstream, type UpstreamAnswer } from "../dynamodb/upstream.ts";
import type { Metrics } from "./metrics.ts";
import type { SingleFlight } from "./single-flight.ts";

export type Json = Readonly<Record<string, unknown>>;

/** One call of a client. */
export interface Call {
	readonly target: string;
	readonly operation: string;
	readonly body: Buffer;
	readonly input: Json;
	readonly accessKeyId: string;
}

/** How the cache took part: `pass` means that it didn't. */
export type Part = "hit" | "miss" | "write" | "pass";

export interface Answer {
	readonly status: number;
	readonly headers: OutgoingHttpHeaders;
	readonly body: string | Buffer;
	readonly part: Part;
}

export interface Services {
	readonly upstream: Upstream;
	readonly link: CacheLink;
	readonly items: ItemCache;
	readonly queries: QueryCache;
	readonly tables: Tables;
	readonly metrics: Metrics;
	readonly flights: SingleFlight;
	/** Projections that the upstream has accepted for a table. */
	readonly projections: Set<string>;
	readonly logger: Logger;
}

/** Asks the upstream. `input` null sends the client's own bytes. */
export async function ask(
	{ upstream, metrics }: Services,
	call: Call,
	input: Json | null,
	options: { operation?: string; repeatable: boolean },
): Promise<UpstreamAnswer> {
	const { operation, repeatable } = options;
	metrics.add("upstreamCalls");
	const target = operation === undefined ? call.target : operationTarget(operation);
	const text = input === null ? call.body : JSON.stringify(input);
	return await upstream.call(target, text, { accessKeyId: call.accessKeyId, repeatable });
}

/** Hands an answer of the upstream on as it is. */
export function relay({ status, headers, body }: UpstreamAnswer, part: Part): Answer {
	const { "content-type": type, "x-amzn-requestid": requestId, "x-amz-crc32": checksum } = headers;
	return {
		...{ status, body, part },
		headers: {
			...(type !== undefined && { "content-type": type }),
			...(requestId !== undefined && { "x-amzn-requestid": requestId }),
			...(checksum !== undefined && { "x-amz-crc32": checksum }),
		},
	};
}

/** An answer of the accelerator's own. */
export function answerWith(body: string, part: Part, status = 200): Answer {
	return { status, headers: {}, body, part };
}

export async function passOn(services: Services, call: Call, repeatable: boolean): Promise<Answer> {
	services.metrics.add("passed");
	return relay(await ask(services, call, null, { repeatable }), "pass");
}

export interface KnownTable {
	readonly key: string;
	readonly schema: TableSchema;
}

/** Null for a table that isn't known: the upstream must judge the call. */
export async function findTable(
	{ tables }: Services,
	{ accessKeyId }: Call,
	name: unknown,
): Promise<KnownTable | null> {
	if (typeof name !== "string") return null;
	const schema = await tables.schemaOf(name, accessKeyId);
	return schema && { key: tableKey(name, accessKeyId), schema };
}

/** Null if it isn't a valid key of the table. */
export function placeIn(
	{ key, schema }: KnownTable,
	value: unknown,
	from: "item" | "key",
): ItemPlace | null {
	const canonical = canonicalKey(schema, value, from);
	return canonical && { table: key, ...canonical };
}

/** The value, or null while the cache is away. */
export async function unlessAway<T>(work: Promise<T>): Promise<T | null> {
	try {
		return await work;
	} catch (error) {
		if (error instanceof CacheAwayError) return null;
		throw error;
	}
}

/** Whether the input has no other members than these. */
export function hasOnly(input: Json, names: ReadonlySet<string>): boolean {
	return Object.keys(input).every((name) => names.has(name));
}

const CAPACITY_MODES = ["NONE", "TOTAL", "INDEXES"] as const;
export type CapacityMode = (typeof CAPACITY_MODES)[number];

/** What the client wants to hear about capacity; null for something that DynamoDB must judge. */
export function capacityMode(input: Json): CapacityMode | null {
	const { ReturnConsumedCapacity: wanted = "NONE" } = input;
	return CAPACITY_MODES.find((mode) => mode === wanted) ?? null;
}

/** What an answer from the cache consumes: nothing. Null if the client didn't ask. */
export function noCapacity(table: unknown, mode: CapacityMode): Json | null {
	if (mode === "NONE") return null;
	return {
		...{ TableName: table, CapacityUnits: 0 },
		...(mode === "INDEXES" && { Table: { CapacityUnits: 0 } }),
	};
}

export function isEventual(input: Json): boolean {
	return input.ConsistentRead === undefined || input.ConsistentRead === false;
}

/** A member of a JSON object, if it is an object itself. */
export function recordIn(input: Json, name: string): Json | null {
	const value = input[name];
	return isRecord(value) ? value : null;
}
