import type { QueryScope } from "../cache/query-cache.ts";
import { canonicalKeyValue, isRecord } from "../dynamodb/attribute-value.ts";
import { successOf, type UpstreamAnswer } from "../dynamodb/upstream.ts";
import {
	type Answer,
	answerWith,
	ask,
	type Call,
	type CapacityMode,
	capacityMode,
	findTable,
	isEventual,
	type Json,
	type KnownTable,
	noCapacity,
	passOn,
	relay,
	type Services,
	unlessAway,
} from "./call.ts";

/** Query and Scan: whole answers, by their parameters. */
export async function query(services: Services, call: Call): Promise<Answer> {
	const { input } = call;
	const mode = capacityMode(input);
	if (!isEventual(input) || mode === null) return await passOn(services, call, true);
	const table = await findTable(services, call, input.TableName);
	if (table === null) return await passOn(services, call, true);
	const scope = { table: table.key, partition: partitionOf(call, table) };
	const question = questionOf(call);
	const found = await unlessAway(services.queries.find(scope, question));
	if (found !== null) return fromCache(services, found, input.TableName, mode);
	const current = await unlessAway(services.queries.versionOf(scope));
	if (current === null) return await passOn(services, call, true);
	const isStrong = current.recent && canReadStrongly(input, table);
	const flight = `${question} ${scope.table} ${current.version} ${mode}`;
	const { result, started } = await services.flights.run(flight, () =>
		readAnswer(services, call, { scope, question, version: current.version, isStrong, mode }),
	);
	if (result.kept === null) return relay(result.answer, "miss");
	if (!started) return fromCache(services, result.kept, input.TableName, mode);
	services.metrics.add("queryMisses");
	return answerWith(withCapacity(result.kept.json, result.consumed), "miss");
}

interface Kept {
	readonly json: string;
	readonly halfUnits: number;
}

function fromCache({ metrics }: Services, kept: Kept, table: unknown, mode: CapacityMode): Answer {
	metrics.add("queryHits");
	metrics.add("savedCalls");
	metrics.add("savedHalfUnits", kept.halfUnits);
	return answerWith(withCapacity(kept.json, noCapacity(table, mode)), "hit");
}

function withCapacity(json: string, consumed: unknown): string {
	if (consumed === null || consumed === undefined) return json;
	return `${json.slice(0, -1)},"ConsumedCapacity":${JSON.stringify(consumed)}}`;
}

/** Asks the upstream, which also says what the answer costs, and keeps the answer. Errors aren't kept. */
async function readAnswer(
	services: Services,
	call: Call,
	options: {
		scope: QueryScope;
		question: string;
		version: string;
		isStrong: boolean;
		mode: CapacityMode;
	},
): Promise<{ answer: UpstreamAnswer; kept: Kept | null; consumed: unknown }> {
	const { scope, question, version, isStrong, mode } = options;
	const input: Json = {
		...call.input,
		...(isStrong && { ConsistentRead: true }),
		ReturnConsumedCapacity: mode === "NONE" ? "TOTAL" : mode,
	};
	const answer = await ask(services, call, input, { repeatable: true });
	const success = successOf(answer);
	if (success === null) return { answer, kept: null, consumed: null };
	const { ConsumedCapacity: consumed, ...rest } = success;
	const units = isRecord(consumed) ? Number(consumed.CapacityUnits) : 0;
	const halfUnits = Math.max(1, Math.round(units * (isStrong ? 1 : 2)));
	if (isStrong) services.metrics.add("savedHalfUnits", -halfUnits);
	const kept = { json: JSON.stringify(rest), halfUnits };
	void unlessAway(services.queries.fill(scope, question, version, kept)).catch((err: unknown) =>
		services.logger.error({ err }, "an answer wasn't stored"),
	);
	return { answer, kept, consumed: mode === "NONE" ? null : consumed };
}

function canReadStrongly({ IndexName: index }: Json, { schema }: KnownTable): boolean {
	return index === undefined || schema.localIndexes.some((name) => name === index);
}

/** The same text for the same question, in whatever order its members come. */
function questionOf({ operation, input }: Call): string {
	const { ReturnConsumedCapacity: _capacity, ConsistentRead: _consistency, ...rest } = input;
	return JSON.stringify([operation, rest], (_name, value: unknown) =>
		isRecord(value) ? Object.fromEntries(Object.entries(value).sort(byName)) : value,
	);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
	return a < b ? -1 : 1;
}

/** The partition that a query concerns; null if that isn't certain, and then a write to any partition voids its answer. */
function partitionOf({ operation, input }: Call, table: KnownTable): string | null {
	const { name, type } = table.schema.partitionKey;
	if (operation !== "Query" || !canReadStrongly(input, table)) return null;
	const { KeyConditions: conditions, KeyConditionExpression: expression } = input;
	if (isRecord(conditions)) {
		const condition = conditions[name];
		if (!isRecord(condition) || condition.ComparisonOperator !== "EQ") return null;
		const { AttributeValueList: values } = condition;
		return Array.isArray(values) ? canonicalKeyValue(values[0], type) : null;
	}
	if (typeof expression !== "string") return null;
	const names = isRecord(input.ExpressionAttributeNames) ? input.ExpressionAttributeNames : {};
	const values = isRecord(input.ExpressionAttributeValues) ? input.ExpressionAttributeValues : {};
	for (const [, attribute = "", value = ""] of expression.matchAll(/(#?[\w.-]+)\s*=\s*(:\w+)/g)) {
		const resolved = attribute.startsWith("#") ? names[attribute] : attribute;
		if (resolved === name) return canonicalKeyValue(values[value], type);
	}
	return null;
}
