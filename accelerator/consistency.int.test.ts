import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
	createTable,
	dynamoClient,
	startInstance,
	startTestCache,
	startUpstream,
	type TestUpstream,
} from "./testing/accelerator-fixture.ts";
import { findImpossible } from "./testing/history.ts";
import { runRandomOperations } from "./testing/random-operations.ts";

let upstream: TestUpstream;
let direct: DynamoDBClient;
beforeAll(async () => {
	upstream = await startUpstream();
	direct = dynamoClient(upstream.endpoint);
});
afterAll(async () => {
	direct.destroy();
	await upstream.stop();
});

it.each(["valkey", "redis"] as const)(
	"two clients see only what DynamoDB could have answered (%s)",
	async (engine) => {
		const own = await startTestCache(engine);
		const two = await Promise.all([startInstance(upstream, own), startInstance(upstream, own)]);
		const table = `random-${engine}`;
		await createTable(direct, { TableName: table });
		const users = two.map(({ endpoint }) => dynamoClient(endpoint));
		const deeds = await runRandomOperations({ clients: users, table, operations: 1_500, seed: 7 });
		expect(deeds.filter(({ kind }) => kind === "read").length).toBeGreaterThan(1_000);
		expect(findImpossible(deeds)).toEqual([]);
		const counters = two[0]?.accelerator.state.counters;
		expect(counters?.itemHits).toBeGreaterThan(100);
		expect(counters?.queryHits).toBeGreaterThan(0);
		for (const user of users) user.destroy();
		await Promise.all(two.map((instance) => instance.stop()));
		await own.remove();
	},
);

it("a cache with cluster mode enabled serves as well", async () => {
	const own = await startTestCache("valkey", [
		...["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"],
	]);
	await own.client.call("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
	// An engine of a cluster takes writes two seconds after its start.
	const info = () => own.client.call("CLUSTER", "INFO");
	await expect.poll(info).toMatch(/cluster_state:ok/);
	const endpoints = [{ host: "127.0.0.1", port: own.port }];
	const changes = { cache: { endpoints, password: null, clusterMode: true } };
	const two = await Promise.all([1, 2].map(() => startInstance(upstream, own, changes)));
	await createTable(direct, { TableName: "random-cluster" });
	const users = two.map(({ endpoint }) => dynamoClient(endpoint));
	const table = "random-cluster";
	const deeds = await runRandomOperations({ clients: users, table, operations: 400, seed: 3 });
	expect(findImpossible(deeds)).toEqual([]);
	expect(two[0]?.accelerator.state.counters.itemHits).toBeGreaterThan(20);
	for (const user of users) user.destroy();
	await Promise.all(two.map((instance) => instance.stop()));
	await own.remove();
});

it("after its cache was lost, nothing from before is served", async () => {
	const own = await startTestCache();
	const instance = await startInstance(upstream, own, { acceleratorId: "lost" });
	const client = dynamoClient(instance.endpoint);
	const document = DynamoDBDocumentClient.from(client);
	const TableName = "lost";
	await createTable(direct, { TableName });
	const put = (v: number) =>
		document.send(new PutCommand({ TableName, Item: { pk: "a", sk: 1, v } }));
	const get = async () =>
		(await document.send(new GetCommand({ TableName, Key: { pk: "a", sk: 1 } }))).Item?.v;
	await put(1);
	// A process that comes back with older data, as a replica that takes over may have, doesn't know the last writes.
	await own.client.call("SAVE");
	await put(2);
	// It doesn't ask again when the connection breaks, as the engine's own client would.
	const restarter = new Redis({
		port: own.port,
		retryStrategy: () => null,
		maxRetriesPerRequest: 0,
	});
	restarter.on("error", () => undefined);
	await restarter.call("DEBUG", "RESTART").catch(() => undefined);
	const { itemHits } = instance.accelerator.state.counters;
	const seen = new Set<unknown>();
	// Until the cache that came back answers.
	const hits = async () => {
		seen.add(await get());
		return instance.accelerator.state.counters.itemHits;
	};
	await expect.poll(hits).toBeGreaterThan(itemHits);
	expect([...seen]).toEqual([2]);
	client.destroy();
	await instance.stop();
	await own.remove();
});
