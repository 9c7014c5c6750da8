import {
	type CachedItem,
	type ItemKeys,
	type ItemPlace,
	type Lookup,
	parseItem,
	toCachedItem,
} from "../cache/item-cache.ts";
import { type Projection, project, readProjection } from "../dynamodb/projection.ts";
import { successOf, type UpstreamAnswer } from "../dynamodb/upstream.ts";
import {
	type Answer,
	answerWith,
	ask,
	type Call,
	type CapacityMode,
	capacityMode,
	findTable,
	hasOnly,
	isEventual,
	type Json,
	noCapacity,
	passOn,
	placeIn,
	relay,
	type Services,
	unlessAway,
} from "./call.ts";

const MEMBERS = new Set([
	...["TableName", "Key", "ConsistentRead", "ReturnConsumedCapacity"],
	...["ProjectionExpression", "ExpressionAttributeNames", "AttributesToGet"],
]);

/** Finds the entry, or a lease to fill it. Null while the cache is away. */
export async function lookUp(
	{ items }: Services,
	place: ItemPlace,
): Promise<{ keys: ItemKeys; found: Lookup } | null> {
	const keys = items.keysOf(place);
	return await unlessAway(
		(async () => {
			const item = await items.peek(keys);
			const found = item === null ? await items.lookUp(keys) : ({ kind: "hit", item } as const);
			return { keys, found };
		})(),
	);
}

/**
 * Whether a projection is one that the upstream has accepted for the table. Others go to the upstream as they are, so that
 * every error about an expression is DynamoDB's own.
 */
export function isAccepted({ projections }: Services, table: string, { text, paths }: Projection) {
	return paths === null || projections.has(`${table} ${text}`);
}

const PROJECTIONS_MAX = 10_000;

export function noteAccepted({ projections }: Services, table: string, { text }: Projection): void {
	if (projections.size >= PROJECTIONS_MAX) projections.clear();
	projections.add(`${table} ${text}`);
}

export async function getItem(services: Services, call: Call): Promise<Answer> {
	const { input } = call;
	const mode = capacityMode(input);
	const projection = readProjection(input);
	if (!isEventual(input) || !hasOnly(input, MEMBERS) || mode === null || projection === null) {
		return await passOn(services, call, true);
	}
	const table = await findTable(services, call, input.TableName);
	const place = table && placeIn(table, input.Key, "key");
	if (place === null) return await passOn(services, call, true);
	if (!isAccepted(services, place.table, projection)) {
		// Read strongly, because it may be the client's own write that it asks for.
		const answer = await ask(
			services,
			call,
			{ ...input, ConsistentRead: true },
			{ repeatable: true },
		);
		if (answer.status === 200) noteAccepted(services, place.table, projection);
		services.metrics.add("itemMisses");
		return relay(answer, "miss");
	}
	const looked = await lookUp(services, place);
	if (looked === null || looked.found.kind === "busy") return await passOn(services, call, true);
	const { keys, found } = looked;
	const shape = { table: input.TableName, projection, mode };
	if (found.kind === "hit") return fromCache(services, found.item, shape);
	const { result, started } = await services.flights.run(
		`${keys.entry} ${found.lease} ${mode}`,
		() => readItem(services, call, keys, found),
	);
	if (result.item === null) return relay(result.answer, "miss");
	if (!started) return fromCache(services, result.item, shape);
	services.metrics.add("itemMisses");
	if (projection.paths === null) return relay(result.answer, "miss");
	const consumed = successOf(result.answer)?.ConsumedCapacity;
	return answerWith(itemBody(result.item, projection, consumed), "miss");
}

interface Shape {
	readonly table: unknown;
	readonly projection: Projection;
	readonly mode: CapacityMode;
}

function fromCache(
	{ metrics }: Services,
	item: CachedItem,
	{ table, projection, mode }: Shape,
): Answer {
	metrics.add("itemHits");
	metrics.add("savedCalls");
	metrics.add("savedHalfUnits", item.halfUnits);
	return answerWith(itemBody(item, projection, noCapacity(table, mode) ?? undefined), "hit");
}

function itemBody(item: CachedItem, projection: Projection, consumed: unknown): string {
	const members: string[] = [];
	if (projection.paths === null) {
		if (item.json !== null) members.push(`"Item":${item.json}`);
	} else {
		const whole = parseItem(item);
		if (whole !== null) members.push(`"Item":${JSON.stringify(project(whole, projection))}`);
	}
	if (consumed !== undefined) members.push(`"ConsumedCapacity":${JSON.stringify(consumed)}`);
	return `{${members.join(",")}}`;
}

/** Reads the whole item, and fills its entry. `item` is null for an error, which nothing is kept of. */
async function readItem(
	services: Services,
	call: Call,
	keys: ItemKeys,
	{ lease, recent }: Extract<Lookup, { kind: "miss" }>,
): Promise<{ answer: UpstreamAnswer; item: CachedItem | null }> {
	const { TableName, Key, ReturnConsumedCapacity } = call.input;
	const input: Json = {
		TableName,
		Key,
		ReturnConsumedCapacity,
		...(recent && { ConsistentRead: true }),
	};
	const answer = await ask(services, call, input, { repeatable: true });
	const success = successOf(answer);
	const item = success && toCachedItem(success.Item);
	if (item === null) return { answer, item };
	if (recent) services.metrics.add("savedHalfUnits", -item.halfUnits);
	// The client needn't wait for it.
	void unlessAway(services.items.fill(keys, lease, item)).catch((err: unknown) =>
		services.logger.error({ err }, "an entry wasn't stored"),
	);
	return { answer, item };
}
