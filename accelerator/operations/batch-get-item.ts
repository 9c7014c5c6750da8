import { type CachedItem, type ItemKeys, parseItem, toCachedItem } from "../cache/item-cache.ts";
import type { Item } from "../dynamodb/attribute-value.ts";
import { isItem, isRecord } from "../dynamodb/attribute-value.ts";
import { type Projection, project, readProjection } from "../dynamodb/projection.ts";
import { successOf, type UpstreamAnswer } from "../dynamodb/upstream.ts";
import {
	type Answer,
	answerWith,
	ask,
	type Call,
	capacityMode,
	findTable,
	hasOnly,
	isEventual,
	type Json,
	type KnownTable,
	noCapacity,
	passOn,
	placeIn,
	recordIn,
	relay,
	type Services,
	unlessAway,
} from "./call.ts";
import { isAccepted, lookUp, noteAccepted } from "./get-item.ts";

const MEMBERS = new Set(["RequestItems", "ReturnConsumedCapacity"]);
const TABLE_MEMBERS = new Set([
	...[
		"Keys",
		"ConsistentRead",
		"ProjectionExpression",
		"ExpressionAttributeNames",
		"AttributesToGet",
	],
]);
const KEYS_MAX = 100;

/** One table's part of a batch. */
interface Part {
	readonly name: string;
	readonly request: Json;
	/** Null if the cache can't answer any of it. */
	readonly cached: CachedPart | null;
}

interface CachedPart {
	readonly table: KnownTable;
	readonly projection: Projection;
	readonly keys: readonly { readonly key: unknown; readonly id: string }[];
}

interface Missing {
	readonly key: unknown;
	/** Null: what is read may not be kept. */
	readonly fill: { readonly keys: ItemKeys; readonly lease: string } | null;
	readonly recent: boolean;
}

export async function batchGetItem(services: Services, call: Call): Promise<Answer> {
	const { input } = call;
	const requests = recordIn(input, "RequestItems");
	const mode = capacityMode(input);
	if (requests === null || mode === null || !hasOnly(input, MEMBERS))
		return await passOn(services, call, true);
	const parts = await Promise.all(
		Object.entries(requests).map(([name, request]) => readPart(services, call, name, request)),
	);
	if (parts.some((part) => part === null) || !parts.every(isAskable))
		return await passOn(services, call, true);
	const known = parts.filter(isAskable);
	if (countKeys(known) > KEYS_MAX) return await passOn(services, call, true);
	const unknownShapes = known.filter(
		({ cached }) => cached !== null && !isAccepted(services, cached.table.key, cached.projection),
	);
	if (unknownShapes.length > 0) return await askForShapes(services, call, known);
	if (known.every(({ cached }) => cached === null)) return await passOn(services, call, true);
	return await answerParts(services, call, known, mode);
}

function isAskable(part: Part | null): part is Part {
	return part !== null;
}

function countKeys(parts: readonly Part[]): number {
	return parts.reduce(
		(sum, { request }) => sum + (Array.isArray(request.Keys) ? request.Keys.length : 0),
		0,
	);
}

/** Null for a part that DynamoDB must judge: it would refuse the whole batch. */
async function readPart(
	services: Services,
	call: Call,
	name: string,
	request: unknown,
): Promise<Part | null> {
	if (!isRecord(request) || !hasOnly(request, TABLE_MEMBERS) || !Array.isArray(request.Keys))
		return null;
	if (!isEventual(request)) return { name, request, cached: null };
	const projection = readProjection(request);
	const table = await findTable(services, call, name);
	if (projection === null || table === null) return null;
	const keys = request.Keys.map((key: unknown) => {
		const place = placeIn(table, key, "key");
		return place && { key, id: JSON.stringify([place.partition, place.sort]) };
	}).filter((key) => key !== null);
	const distinct = new Set(keys.map(({ id }) => id));
	if (distinct.size !== request.Keys.length || distinct.size === 0) return null;
	return { name, request, cached: { table, projection, keys } };
}

/** Lets the upstream judge projections that it hasn't seen yet. */
async function askForShapes(
	services: Services,
	call: Call,
	parts: readonly Part[],
): Promise<Answer> {
	const requests = parts.map(({ name, request }) => [name, { ...request, ConsistentRead: true }]);
	const input = { ...call.input, RequestItems: Object.fromEntries(requests) };
	const answer = await ask(services, call, input, { repeatable: true });
	services.metrics.add("itemMisses", countKeys(parts));
	if (answer.status === 200) {
		for (const { cached } of parts) {
			if (cached !== null) noteAccepted(services, cached.table.key, cached.projection);
		}
	}
	return relay(answer, "miss");
}

async function answerParts(
	services: Services,
	call: Call,
	parts: readonly Part[],
	mode: "NONE" | "TOTAL" | "INDEXES",
): Promise<Answer> {
	const looked = await Promise.all(
		parts.map(async (part) => ({ part, ...(await lookUpAll(services, part)) })),
	);
	const responses = new Map<string, Item[]>();
	const remaining: [string, Json][] = [];
	for (const { part, hits, missing } of looked) {
		const { name, request, cached } = part;
		if (cached === null) {
			remaining.push([name, request]);
			continue;
		}
		responses.set(
			name,
			hits.flatMap((hit) => projected(hit, cached.projection)),
		);
		if (missing.size === 0) continue;
		const recent = [...missing.values()].some((each) => each.recent);
		const Keys = [...missing.values()].map(({ key }) => key);
		remaining.push([name, { Keys, ...(recent && { ConsistentRead: true }) }]);
	}
	if (remaining.length === 0) {
		services.metrics.add("savedCalls");
		return answerWith(
			body(
				responses,
				{},
				parts.map(({ name }) => noCapacity(name, mode)),
			),
			"hit",
		);
	}
	const input = { ...call.input, RequestItems: Object.fromEntries(remaining) };
	const answer = await ask(services, call, input, { repeatable: true });
	const success = successOf(answer);
	if (success === null) return relay(answer, "miss");
	const unprocessed: Record<string, unknown> = {};
	for (const { part, missing } of looked)
		takePart(services, part, missing, success, responses, unprocessed);
	const consumed = consumedBy(answer);
	const asked = new Set(remaining.map(([name]) => name));
	const free = parts.flatMap(({ name }) => (asked.has(name) ? [] : [noCapacity(name, mode)]));
	return answerWith(body(responses, unprocessed, [...consumed, ...free]), "miss");
}

async function lookUpAll(
	services: Services,
	{ cached }: Part,
): Promise<{ hits: CachedItem[]; missing: Map<string, Missing> }> {
	const hits: CachedItem[] = [];
	const missing = new Map<string, Missing>();
	if (cached === null) return { hits, missing };
	await Promise.all(
		cached.keys.map(async ({ key, id }) => {
			const place = placeIn(cached.table, key, "key");
			const looked = place && (await lookUp(services, place));
			if (looked === null || looked.found.kind === "busy") {
				missing.set(id, { key, fill: null, recent: false });
			} else if (looked.found.kind === "hit") hits.push(looked.found.item);
			else {
				const { lease, recent } = looked.found;
				missing.set(id, { key, fill: { keys: looked.keys, lease }, recent });
			}
		}),
	);
	services.metrics.add("itemHits", hits.length);
	services.metrics.add("itemMisses", missing.size);
	services.metrics.add(
		"savedHalfUnits",
		hits.reduce((sum, { halfUnits }) => sum + halfUnits, 0),
	);
	return { hits, missing };
}

/** Adds what the upstream has answered for one table, and fills the entries. */
function takePart(
	services: Services,
	{ name, request, cached }: Part,
	missing: ReadonlyMap<string, Missing>,
	success: Json,
	responses: Map<string, Item[]>,
	unprocessed: Record<string, unknown>,
): void {
	const answered = recordIn(success, "Responses")?.[name];
	const items = Array.isArray(answered) ? answered.filter(isItem) : [];
	const left = recordIn(success, "UnprocessedKeys")?.[name];
	if (cached === null) {
		if (Array.isArray(answered)) responses.set(name, items);
		if (left !== undefined) unprocessed[name] = left;
		return;
	}
	const open = new Map(missing);
	const leftKeys = isRecord(left) && Array.isArray(left.Keys) ? left.Keys : [];
	const { ConsistentRead: _own, ...asked } = request;
	if (leftKeys.length > 0) {
		const consistency =
			request.ConsistentRead === undefined ? {} : { ConsistentRead: request.ConsistentRead };
		unprocessed[name] = { ...asked, ...consistency, Keys: leftKeys };
	}
	for (const key of leftKeys) open.delete(idOf(cached, key, "key"));
	const found = responses.get(name) ?? [];
	for (const item of items) {
		found.push(project(item, cached.projection));
		const id = idOf(cached, item, "item");
		fill(services, open.get(id), toCachedItem(item));
		open.delete(id);
	}
	for (const absent of open.values()) fill(services, absent, toCachedItem(undefined));
	responses.set(name, found);
}

function idOf({ table }: CachedPart, value: unknown, from: "item" | "key"): string {
	const place = placeIn(table, value, from);
	return place === null ? "" : JSON.stringify([place.partition, place.sort]);
}

function fill(services: Services, missing: Missing | undefined, item: CachedItem | null): void {
	if (item === null || missing === undefined) return;
	if (missing.recent) services.metrics.add("savedHalfUnits", -item.halfUnits);
	if (missing.fill === null) return;
	const { keys, lease } = missing.fill;
	void unlessAway(services.items.fill(keys, lease, item)).catch((err: unknown) =>
		services.logger.error({ err }, "an entry wasn't stored"),
	);
}

function projected(item: CachedItem, projection: Projection): Item[] {
	const whole = parseItem(item);
	return whole === null ? [] : [project(whole, projection)];
}

function consumedBy(answer: UpstreamAnswer): unknown[] {
	const consumed = successOf(answer)?.ConsumedCapacity;
	return Array.isArray(consumed) ? consumed : [];
}

function body(
	responses: ReadonlyMap<string, Item[]>,
	unprocessed: Json,
	consumed: readonly unknown[],
): string {
	const capacity = consumed.filter((each) => each !== null);
	return JSON.stringify({
		Responses: Object.fromEntries(responses),
		UnprocessedKeys: unprocessed,
		...(capacity.length > 0 && { ConsumedCapacity: capacity }),
	});
}
