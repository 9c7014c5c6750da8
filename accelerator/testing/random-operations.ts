import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import {
	BatchGetCommand,
	BatchWriteCommand,
	DeleteCommand,
	DynamoDBDocumentClient,
	GetCommand,
	PutCommand,
	QueryCommand,
	ScanCommand,
	UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import type { Deed } from "./history.ts";

const PARTITIONS = 4;
/** In each partition. Items with an odd sort key are deleted now and then. */
const SORTS = 6;

interface Key {
	readonly pk: string;
	readonly sk: number;
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/**
 * Clients of AWS's SDK that read and write the same few items of a table in random ways, `lanes` calls at a time each, and
 * what they saw. Throws whatever a call fails with, but a condition that isn't met.
 */
export async function runRandomOperations(options: {
	clients: readonly DynamoDBClient[];
	table: string;
	operations: number;
	seed: number;
	lanes?: number;
}): Promise<Deed[]> {
	const { clients, table, operations, seed, lanes = 3 } = options;
	const deeds: Deed[] = [];
	const values = new Map<string, number>();
	let left = operations;
	const nextValue = (key: string) => {
		const value = (values.get(key) ?? 0) + 1;
		values.set(key, value);
		return value;
	};
	const run = async (client: number, lane: number, document: DynamoDBDocumentClient) => {
		const random = seededRandom(seed * 1_000 + client * 100 + lane);
		const pick = (count: number) => Math.floor(random() * count);
		const anyKey = (): Key => ({ pk: `p${pick(PARTITIONS)}`, sk: pick(SORTS) });
		while (left-- > 0) {
			const dice = random();
			const note = (kind: Deed["kind"], at: Key, value: number | null, start: number) =>
				deeds.push({ kind, key: nameOf(at), client, value, start, end: performance.now() });
			const start = performance.now();
			const key = anyKey();
			if (dice < 0.5) {
				const projection =
					random() < 0.3
						? { ProjectionExpression: "v, sk, m.#n", ExpressionAttributeNames: { "#n": "n" } }
						: {};
				const { Item } = await document.send(
					new GetCommand({ TableName: table, Key: key, ...projection }),
				);
				note("read", key, valueIn(Item), start);
			} else if (dice < 0.58) {
				const keys = Array.from({ length: 5 }, anyKey);
				const distinct = [...new Map(keys.map((each) => [nameOf(each), each])).values()];
				const { Responses, UnprocessedKeys } = await document.send(
					new BatchGetCommand({ RequestItems: { [table]: { Keys: distinct } } }),
				);
				if (Object.keys(UnprocessedKeys ?? {}).length > 0) throw new Error("keys were left");
				for (const each of distinct) {
					const found = Responses?.[table]?.find(({ pk, sk }) => pk === each.pk && sk === each.sk);
					note("read", each, valueIn(found), start);
				}
			} else if (dice < 0.68) {
				const { pk } = key;
				const { Items } =
					random() < 0.7
						? await document.send(
								new QueryCommand({
									...{ TableName: table, KeyConditionExpression: "#p = :p" },
									...{
										ExpressionAttributeNames: { "#p": "pk" },
										ExpressionAttributeValues: { ":p": pk },
									},
								}),
							)
						: await document.send(new ScanCommand({ TableName: table }));
				for (let sk = 0; sk < SORTS; sk++) {
					const found = Items?.find((item) => item.pk === pk && item.sk === sk);
					note("read", { pk, sk }, valueIn(found), start);
				}
			} else if (dice < 0.8) {
				const value = nextValue(nameOf(key));
				await document.send(new PutCommand({ TableName: table, Item: itemOf(key, value) }));
				note("write", key, value, start);
			} else if (dice < 0.9) {
				const value = nextValue(nameOf(key));
				await document.send(
					new UpdateCommand({
						...{ TableName: table, Key: key, UpdateExpression: "SET v = :v, m = :m" },
						ExpressionAttributeValues: { ":v": value, ":m": { n: value } },
						...(random() < 0.3 && { ReturnValues: "ALL_NEW" as const }),
					}),
				);
				note("write", key, value, start);
			} else if (dice < 0.93) {
				const value = nextValue(nameOf(key));
				const isWritten = await document
					.send(
						new PutCommand({
							...{ TableName: table, Item: itemOf(key, value) },
							...{ ConditionExpression: "attribute_not_exists(pk)" },
						}),
					)
					.then(
						() => true,
						(error: unknown) => {
							if (error instanceof ConditionalCheckFailedException) return false;
							throw error;
						},
					);
				if (isWritten) note("write", key, value, start);
			} else if (dice < 0.97) {
				const other: Key = { pk: key.pk, sk: (key.sk + 2) % SORTS };
				const writes = [key, other].map((each) => ({ each, value: nextValue(nameOf(each)) }));
				await document.send(
					new BatchWriteCommand({
						RequestItems: {
							[table]: writes.map(({ each, value }) => ({
								PutRequest: { Item: itemOf(each, value) },
							})),
						},
					}),
				);
				for (const { each, value } of writes) note("write", each, value, start);
			} else {
				const odd: Key = { pk: key.pk, sk: key.sk | 1 };
				await document.send(new DeleteCommand({ TableName: table, Key: odd }));
				note("write", odd, null, start);
			}
		}
	};
	await Promise.all(
		clients.flatMap((client, index) => {
			const document = DynamoDBDocumentClient.from(client);
			return Array.from({ length: lanes }, (_, lane) => run(index, lane, document));
		}),
	);
	return deeds;
}

function nameOf({ pk, sk }: Key): string {
	return `${pk}/${sk}`;
}

function itemOf(key: Key, value: number): Record<string, unknown> {
	return { ...key, v: value, m: { n: value }, text: "x".repeat(100) };
}

function valueIn(item: Record<string, unknown> | undefined): number | null {
	return item === undefined ? null : Number(item.v);
}
