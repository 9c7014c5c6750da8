import {
	BatchGetItemCommand,
	ConditionalCheckFailedException,
	type DynamoDBClient,
	GetItemCommand,
	ListTablesCommand,
	PutItemCommand,
	QueryCommand,
	UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
	BatchWriteCommand,
	DeleteCommand,
	QueryCommand as DocumentQueryCommand,
	DynamoDBDocumentClient,
	PutCommand,
	TransactWriteCommand,
	UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
	CREDENTIALS,
	createTable,
	dynamoClient,
	startInstance,
	startTestCache,
	startUpstream,
	type TestInstance,
	type TestUpstream,
} from "./testing/accelerator-fixture.ts";

type TestCache = Awaited<ReturnType<typeof startTestCache>>;

let upstream: TestUpstream;
let cache: TestCache;
let instances: TestInstance[];
/** Of each instance, and of the upstream alone. */
let clients: DynamoDBClient[];
let direct: DynamoDBClient;
beforeAll(async () => {
	[upstream, cache] = await Promise.all([startUpstream(), startTestCache()]);
	instances = await Promise.all([startInstance(upstream, cache), startInstance(upstream, cache)]);
	clients = instances.map(({ endpoint }) => dynamoClient(endpoint));
	direct = dynamoClient(upstream.endpoint);
	await createTable(direct, { TableName: "items" });
});
afterAll(async () => {
	for (const client of [...clients, direct]) client.destroy();
	await Promise.all(instances.map((instance) => instance.stop()));
	await Promise.all([upstream.stop(), cache.remove()]);
});

const one = () => clients[0] ?? direct;
const other = () => clients[1] ?? direct;
const counters = () => instances[0]?.accelerator.state.counters ?? fail();
const fail = (): never => {
	throw new Error("no instance");
};
let pk: string;
let tests = 0;
beforeEach(() => {
	pk = `test-${tests++}`;
});
const keyOf = (sk: string) => ({ pk: { S: pk }, sk: { N: sk } });
const get = (client: DynamoDBClient, sk = "1", more: object = {}) =>
	client.send(new GetItemCommand({ TableName: "items", Key: keyOf(sk), ...more }));
const put = (client: DynamoDBClient, item: Record<string, unknown>, sk = 1) =>
	DynamoDBDocumentClient.from(client).send(
		new PutCommand({ TableName: "items", Item: { pk, sk, ...item } }),
	);

async function upstreamCallsOf(work: () => Promise<unknown>): Promise<number> {
	const before = upstream.calls();
	await work();
	return upstream.calls() - before;
}

describe("items", () => {
	it("are read from the upstream once, in whatever form their key's number is written", async () => {
		await put(direct, { v: 1 });
		const first = await get(one());
		expect(first.Item).toMatchObject({ v: { N: "1" } });
		expect(first.$metadata.requestId).toMatch(/./);
		// The entry is stored after the answer.
		await expect.poll(() => upstreamCallsOf(() => get(other()))).toBe(0);
		for (const sk of ["1", "1.0", "01", "10e-1"]) {
			expect(await upstreamCallsOf(() => get(one(), sk))).toBe(0);
			expect((await get(one(), sk)).Item).toEqual(first.Item);
		}
	});

	it("that don't exist are remembered, until they are written", async () => {
		expect((await get(one())).Item).toBeUndefined();
		await expect.poll(() => upstreamCallsOf(() => get(other()))).toBe(0);
		await put(other(), { v: 1 });
		expect((await get(one())).Item).toMatchObject({ v: { N: "1" } });
	});

	it("are in the cache as the table has them after each write", async () => {
		const document = DynamoDBDocumentClient.from(one());
		const Key = { pk, sk: 1 };
		await put(one(), { v: 1, list: [1, { a: 2 }] });
		expect(await upstreamCallsOf(() => get(other()))).toBe(0);
		const updated = await document.send(
			new UpdateCommand({
				...{ TableName: "items", Key, UpdateExpression: "SET v = v + :one" },
				ExpressionAttributeValues: { ":one": 1 },
			}),
		);
		expect(updated.Attributes).toBeUndefined();
		expect(
			await upstreamCallsOf(async () => expect((await get(other())).Item?.v).toEqual({ N: "2" })),
		).toBe(0);
		await document.send(new DeleteCommand({ TableName: "items", Key }));
		expect(
			await upstreamCallsOf(async () => expect((await get(other())).Item).toBeUndefined()),
		).toBe(0);
		await document.send(
			new BatchWriteCommand({
				RequestItems: { items: [{ PutRequest: { Item: { ...Key, v: 9 } } }] },
			}),
		);
		expect(
			await upstreamCallsOf(async () => expect((await get(other())).Item?.v).toEqual({ N: "9" })),
		).toBe(0);
	});

	it("with numbers or sets that the table may write differently are read again", async () => {
		const item = { ...keyOf("1"), n: { N: "1.50" }, set: { SS: ["b", "a"] } };
		await one().send(new PutItemCommand({ TableName: "items", Item: item }));
		const [ours, theirs] = await Promise.all([get(other()), get(direct)]);
		expect(ours.Item).toEqual(theirs.Item);
	});

	it("come with the values that a write asks for", async () => {
		await put(one(), { v: 1 });
		const input = { TableName: "items", Key: keyOf("1"), UpdateExpression: "SET v = :v" };
		for (const ReturnValues of ["ALL_OLD", "UPDATED_NEW", "ALL_NEW", "UPDATED_OLD"] as const) {
			const command = (v: string) =>
				new UpdateItemCommand({
					...input,
					ReturnValues,
					ExpressionAttributeValues: { ":v": { N: v } },
				});
			const theirs = await direct.send(command("5"));
			const ours = await one().send(command("5"));
			if (ReturnValues.endsWith("NEW")) expect(ours.Attributes).toEqual(theirs.Attributes);
			expect((await get(other())).Item?.v).toEqual({ N: "5" });
		}
	});

	it("stay as they are when a condition isn't met", async () => {
		await put(one(), { v: 1 });
		const refused = DynamoDBDocumentClient.from(one()).send(
			new PutCommand({
				...{ TableName: "items", Item: { pk, sk: 1, v: 2 } },
				ConditionExpression: "attribute_not_exists(pk)",
			}),
		);
		await expect(refused).rejects.toBeInstanceOf(ConditionalCheckFailedException);
		expect((await get(other())).Item?.v).toEqual({ N: "1" });
	});

	it("are projected as the upstream projects them", async () => {
		await put(one(), {
			a: 1,
			m: { x: 1, y: { z: [1, 2, 3, { q: 4 }] } },
			l: [1, [2, 3], { k: "v" }],
		});
		const projections = [
			"a",
			"m.x, m.y.z[3].q",
			"l[1][0], l[2].k",
			"#a, absent",
			"l[2], l[0]",
			"absent",
		];
		for (const ProjectionExpression of projections) {
			const names = ProjectionExpression.includes("#")
				? { ExpressionAttributeNames: { "#a": "a" } }
				: {};
			const theirs = await get(direct, "1", { ProjectionExpression, ...names });
			// The first lets the upstream judge the expression.
			await get(one(), "1", { ProjectionExpression, ...names });
			const calls = await upstreamCallsOf(async () => {
				const ours = await get(one(), "1", { ProjectionExpression, ...names });
				expect(ours.Item, ProjectionExpression).toEqual(theirs.Item);
			});
			expect(calls).toBe(0);
		}
		const wrong = { ProjectionExpression: "a, a" };
		const theirs = await get(direct, "1", wrong).catch((error: unknown) => error);
		const ours = await get(one(), "1", wrong).catch((error: unknown) => error);
		expect(String(ours)).toBe(String(theirs));
	});

	it("are read strongly from the upstream itself, and a hit consumes nothing", async () => {
		await put(one(), { v: 1 });
		expect(await upstreamCallsOf(() => get(one(), "1", { ConsistentRead: true }))).toBe(1);
		const hit = await get(one(), "1", { ReturnConsumedCapacity: "TOTAL" });
		expect(hit.ConsumedCapacity).toEqual({ TableName: "items", CapacityUnits: 0 });
	});

	it("that a transaction has written are read from the table", async () => {
		for (const sk of [1, 2]) await put(one(), { v: 1 }, sk);
		await DynamoDBDocumentClient.from(one()).send(
			new TransactWriteCommand({
				TransactItems: [
					{ Put: { TableName: "items", Item: { pk, sk: 1, v: 2 } } },
					{ Delete: { TableName: "items", Key: { pk, sk: 2 } } },
				],
			}),
		);
		expect((await get(other())).Item?.v).toEqual({ N: "2" });
		expect((await get(other(), "2")).Item).toBeUndefined();
	});

	it("of a batch come from the cache as far as it has them", async () => {
		for (const sk of [1, 2]) await put(one(), { v: sk }, sk);
		await put(direct, { v: 3 }, 3);
		const Keys = ["1", "2", "3", "4"].map(keyOf);
		const ask = () => other().send(new BatchGetItemCommand({ RequestItems: { items: { Keys } } }));
		const values = async () => {
			const items = (await ask()).Responses?.items ?? [];
			return items.map((item) => item.v?.N).sort();
		};
		expect(await values()).toEqual(["1", "2", "3"]);
		await expect.poll(() => upstreamCallsOf(ask)).toBe(0);
		expect(await values()).toEqual(["1", "2", "3"]);
	});

	it("that a reader has read before a write never replace what was written", async () => {
		await put(direct, { v: 1 });
		await get(one(), "99");
		const release = upstream.hold("GetItem");
		const slow = get(one());
		await expect.poll(() => counters().upstreamCalls).toBeGreaterThan(0);
		await put(other(), { v: 2 });
		release();
		await slow;
		expect((await get(one())).Item?.v).toEqual({ N: "2" });
		expect((await get(other())).Item?.v).toEqual({ N: "2" });
	});

	it("are asked for once when many miss at the same time", async () => {
		await put(direct, { v: 1 });
		await get(one(), "99");
		const calls = await upstreamCallsOf(async () => {
			const answers = await Promise.all(Array.from({ length: 50 }, () => get(one())));
			for (const { Item } of answers) expect(Item?.v).toEqual({ N: "1" });
		});
		expect(calls).toBeLessThan(5);
	});
});

describe("queries", () => {
	const ask = (client: DynamoDBClient, of = pk) =>
		client.send(
			new QueryCommand({
				...{ TableName: "items", KeyConditionExpression: "pk = :p" },
				ExpressionAttributeValues: { ":p": { S: of } },
			}),
		);

	it("are answered from the cache, until a write to their partition", async () => {
		await put(direct, { v: 1 });
		const first = await ask(one());
		await expect.poll(() => upstreamCallsOf(() => ask(other()))).toBe(0);
		expect((await ask(other())).Items).toEqual(first.Items);
		const elsewhere = DynamoDBDocumentClient.from(one());
		await elsewhere.send(
			new PutCommand({ TableName: "items", Item: { pk: `${pk}-other`, sk: 1 } }),
		);
		expect(await upstreamCallsOf(() => ask(other()))).toBe(0);
		await put(one(), { v: 2 }, 2);
		expect((await ask(other())).Count).toBe(2);
	});

	it("with other parameters have answers of their own", async () => {
		await put(one(), { v: 1 });
		const document = DynamoDBDocumentClient.from(one());
		const filtered = (v: number) =>
			document.send(
				new DocumentQueryCommand({
					...{ TableName: "items", KeyConditionExpression: "pk = :p", FilterExpression: "v = :v" },
					ExpressionAttributeValues: { ":p": pk, ":v": v },
				}),
			);
		for (const turn of [1, 2]) {
			expect((await filtered(1)).Count, String(turn)).toBe(1);
			expect((await filtered(2)).Count).toBe(0);
		}
	});
});

describe("calls", () => {
	it("that the accelerator doesn't know go to the upstream", async () => {
		expect((await one().send(new ListTablesCommand({}))).TableNames).toEqual(["items"]);
	});

	it("get DynamoDB's own errors", async () => {
		const input = { TableName: "missing", Key: { pk: { S: "a" } } };
		const ours = await one()
			.send(new GetItemCommand(input))
			.catch((error: unknown) => error);
		const theirs = await direct.send(new GetItemCommand(input)).catch((error: unknown) => error);
		expect(String(ours)).toBe(String(theirs));
	});

	it("must be signed with the accelerator's key, if it has one", async () => {
		const credentials = { accessKeyId: "AKIAOWN", secretAccessKey: "the accelerator's secret" };
		const instance = await startInstance(upstream, cache, {
			...{ acceleratorId: "signed" },
			upstream: { endpoint: upstream.endpoint, region: "us-east-1", credentials },
		});
		const open = (own: typeof credentials) =>
			dynamoClient(instance.endpoint, own, { maxAttempts: 1 });
		const good = open(credentials);
		await put(good, { v: 1 });
		expect((await get(good)).Item).toMatchObject({ v: { N: "1" } });
		const strangers = [CREDENTIALS, { ...credentials, secretAccessKey: "wrong" }].map(open);
		const errors = await Promise.all(
			strangers.map((client) => get(client).catch((error: unknown) => (error as Error).name)),
		);
		expect(errors).toEqual(["UnrecognizedClientException", "InvalidSignatureException"]);
		for (const client of [good, ...strangers]) client.destroy();
		await instance.stop();
	});
});

describe("without its upstream", () => {
	it("cached reads go on, and writes fail clearly", async () => {
		await put(one(), { v: 1 });
		const valuesOf = async (client: DynamoDBClient) => {
			const question = {
				...{ TableName: "items", KeyConditionExpression: "pk = :pk" },
				ExpressionAttributeValues: { ":pk": { S: pk } },
			};
			return (await client.send(new QueryCommand(question))).Items?.map(({ v }) => v?.N);
		};
		await expect.poll(() => upstreamCallsOf(() => valuesOf(other()))).toBe(0);
		await upstream.stop();
		try {
			expect((await get(other())).Item?.v).toEqual({ N: "1" });
			const patient = dynamoClient(instances[0]?.endpoint ?? "", CREDENTIALS, { maxAttempts: 1 });
			const refused = put(patient, { v: 2 });
			await expect(refused).rejects.toThrow(
				/can't reach its upstream .*The write wasn't carried out/,
			);
			await expect(get(patient, "7")).rejects.toThrow(/can't reach its upstream/);
			// Refused writes leave the cache as it was.
			for (const client of [one(), other()]) {
				expect((await get(client)).Item?.v).toEqual({ N: "1" });
				expect(await valuesOf(client)).toEqual(["1"]);
			}
			patient.destroy();
		} finally {
			await upstream.resume();
		}
		expect((await get(other())).Item?.v).toEqual({ N: "1" });
	});
});
