import { type CachedItem, type ItemPlace, toCachedItem } from "../cache/item-cache.ts";
import { isItem, isRecord, isStoredAsSent } from "../dynamodb/attribute-value.ts";
import { successOf, type UpstreamAnswer } from "../dynamodb/upstream.ts";
import {
	type Answer,
	answerWith,
	ask,
	type Call,
	findTable,
	type Json,
	placeIn,
	recordIn,
	relay,
	type Services,
} from "./call.ts";
import { orderedWrite } from "./ordered-write.ts";
import { passWrite } from "./pass-write.ts";

/** An item as it is after it was put; null if the table may write it differently. */
function afterPut(item: unknown): CachedItem | null {
	return isItem(item) && isStoredAsSent(item) ? toCachedItem(item) : null;
}

const GONE = toCachedItem(undefined);

export async function putItem(services: Services, call: Call): Promise<Answer> {
	const { TableName, Item } = call.input;
	const table = await findTable(services, call, TableName);
	const place = table && placeIn(table, Item, "item");
	if (place === null) return await passWrite(services, call);
	const send = () => ask(services, call, null, { repeatable: false });
	return relay(await orderedWrite(services, [place], send, () => afterPut(Item)), "write");
}

export async function deleteItem(services: Services, call: Call): Promise<Answer> {
	const table = await findTable(services, call, call.input.TableName);
	const place = table && placeIn(table, call.input.Key, "key");
	if (place === null) return await passWrite(services, call);
	const send = () => ask(services, call, null, { repeatable: false });
	return relay(await orderedWrite(services, [place], send, () => GONE), "write");
}

/** Where the client asks for nothing back, the accelerator asks for the new item: that costs nothing more. */
export async function updateItem(services: Services, call: Call): Promise<Answer> {
	const { input } = call;
	const table = await findTable(services, call, input.TableName);
	const place = table && placeIn(table, input.Key, "key");
	if (place === null) return await passWrite(services, call);
	const { ReturnValues: wanted = "NONE" } = input;
	const own: Json | null = wanted === "NONE" ? { ...input, ReturnValues: "ALL_NEW" } : null;
	const isWhole = own !== null || wanted === "ALL_NEW";
	const answer = await orderedWrite(
		services,
		[place],
		() => ask(services, call, own, { repeatable: false }),
		(success) => (isWhole ? newItemOf(success) : null),
	);
	const success = successOf(answer);
	if (own === null || success === null) return relay(answer, "write");
	const { Attributes: _attributes, ...rest } = success;
	return answerWith(JSON.stringify(rest), "write");
}

function newItemOf(answer: UpstreamAnswer): CachedItem | null {
	const attributes = successOf(answer)?.Attributes;
	return isItem(attributes) ? toCachedItem(attributes) : null;
}

/** A write of a batch. */
interface Target {
	readonly place: ItemPlace;
	readonly after: CachedItem | null;
}

export async function batchWriteItem(services: Services, call: Call): Promise<Answer> {
	const requests = recordIn(call.input, "RequestItems");
	const targets = requests && (await readBatch(services, call, requests));
	if (targets === null) return await passWrite(services, call);
	const answer = await orderedWrite(
		services,
		targets.map(({ place }) => place),
		() => ask(services, call, null, { repeatable: false }),
		(success, place) => {
			const left = recordIn(successOf(success) ?? {}, "UnprocessedItems") ?? {};
			// Which of them is left hardly matters: then the next readers ask the table.
			if (Object.keys(left).length > 0) return null;
			return targets.find((target) => target.place === place)?.after ?? null;
		},
	);
	return relay(answer, "write");
}

/** Null if not all of it is understood. */
async function readBatch(services: Services, call: Call, requests: Json): Promise<Target[] | null> {
	const targets: Target[] = [];
	for (const [name, writes] of Object.entries(requests)) {
		const table = await findTable(services, call, name);
		if (table === null || !Array.isArray(writes)) return null;
		for (const write of writes) {
			if (!isRecord(write)) return null;
			const put = recordIn(write, "PutRequest");
			const removal = recordIn(write, "DeleteRequest");
			const place = put ? placeIn(table, put.Item, "item") : placeIn(table, removal?.Key, "key");
			if (place === null) return null;
			targets.push({ place, after: put ? afterPut(put.Item) : GONE });
		}
	}
	return targets;
}

/**
 * What a transaction has written isn't known for certain: repeated with the same token, it succeeds without writing again. So
 * the next readers ask the table.
 */
export async function transactWriteItems(services: Services, call: Call): Promise<Answer> {
	const { TransactItems: actions } = call.input;
	const places: ItemPlace[] = [];
	for (const action of Array.isArray(actions) ? actions : []) {
		const place = isRecord(action) ? await placeOfAction(services, call, action) : null;
		if (place === null) return await passWrite(services, call);
		if (place !== "reads") places.push(place);
	}
	const send = () => ask(services, call, null, { repeatable: false });
	return relay(await orderedWrite(services, places, send, () => null), "write");
}

async function placeOfAction(
	services: Services,
	call: Call,
	action: Json,
): Promise<ItemPlace | "reads" | null> {
	if (recordIn(action, "ConditionCheck") !== null) return "reads";
	const put = recordIn(action, "Put");
	const change = put ?? recordIn(action, "Update") ?? recordIn(action, "Delete");
	const table = change && (await findTable(services, call, change.TableName));
	if (change === null || table === null) return null;
	return put ? placeIn(table, put.Item, "item") : placeIn(table, change.Key, "key");
}
