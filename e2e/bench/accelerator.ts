/**
 * `npm run bench:accelerator`: what an accelerator's cached reads take, compared with the upstream alone and with a bare GET on
 * the same engine, how many calls the upstream is saved when nine of ten reads hit, and 10,000 random operations of two clients,
 * each answer checked. The upstream (dynalite) and the accelerators are processes of their own.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { Redis } from "ioredis";
import {
	CREDENTIALS,
	createTable,
	dynamoClient,
	signCall,
	startTestCache,
} from "../../accelerator/testing/accelerator-fixture.ts";
import { findImpossible } from "../../accelerator/testing/history.ts";
import { runRandomOperations } from "../../accelerator/testing/random-operations.ts";
import { markdownTable, percentile } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import {
	type AcceleratorFile,
	acceleratorStateSchema,
	STATE_PATH,
	STATE_TOKEN_HEADER,
} from "../../server/contract/accelerator-process.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { findFreePort } from "../fixtures/reserve-ports.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

await cleanUpWhenCutShort();

const root = join(import.meta.dirname, "..", "..");
const ITEMS = 1_000;
const READS = 5_000;
const LANES = 8;
const ITEM_BYTES = 1_000;
const STATE_TOKEN = "bench";

const children: ChildProcess[] = [];
const directory = makeOwnedDirectory("larder-bench-");
const cache = await startTestCache();
try {
	const upstream = await startUpstreamProcess();
	const [first, second] = [
		await startAccelerator(upstream, "a"),
		await startAccelerator(upstream, "b"),
	];
	const direct = dynamoClient(upstream);
	await fill(upstream);
	for (const lanes of [1, LANES]) await measureReads(upstream, first, lanes);
	await measureSavings(first);
	await checkOperations([first, second]);
	direct.destroy();
} finally {
	for (const child of children) child.kill("SIGKILL");
	await cache.remove();
	await rm(directory, { recursive: true, force: true });
}

function startProgram(script: string, ...args: string[]): ChildProcess {
	const child = spawn(process.execPath, ["--import", "tsx", join(root, script), ...args], {
		...{ cwd: root, stdio: ["ignore", "pipe", "ignore"] },
		// So that what a killed run leaves is found (fixtures/reclaim.ts).
		env: { ...process.env, LARDER_BENCH_DIRECTORY: directory },
	});
	children.push(child);
	return child;
}

async function startUpstreamProcess(): Promise<string> {
	const { stdout } = startProgram("accelerator/testing/upstream-process.ts");
	if (stdout === null) throw new Error("no output");
	const [line] = await once(createInterface({ input: stdout }), "line");
	return String(line);
}

async function startAccelerator(upstream: string, name: string): Promise<string> {
	const port = await findFreePort();
	const file: AcceleratorFile = {
		...{ format: 1, listen: { host: "127.0.0.1", port }, stateToken: STATE_TOKEN },
		settings: {
			...{ acceleratorId: "bench", name: "bench", itemTtlMs: 600_000, queryTtlMs: 60_000 },
			upstream: { endpoint: upstream, region: "us-east-1", credentials: CREDENTIALS },
			cache: {
				endpoints: [{ host: "127.0.0.1", port: cache.port }],
				...{ password: null, clusterMode: false },
			},
		},
	};
	const path = join(directory, `${name}.json`);
	await writeFile(path, JSON.stringify(file));
	startProgram("accelerator/main.ts", path);
	const endpoint = `http://127.0.0.1:${port}`;
	await waitUntil(
		"the accelerator to reach its cache",
		async () => (await stateOf(endpoint)).cache.usable,
	);
	return endpoint;
}

async function stateOf(endpoint: string) {
	const headers = { [STATE_TOKEN_HEADER]: STATE_TOKEN };
	return acceleratorStateSchema.parse(
		await (await fetch(`${endpoint}${STATE_PATH}`, { headers })).json(),
	);
}

async function fill(upstream: string): Promise<void> {
	const client = dynamoClient(upstream);
	await createTable(client, { TableName: "bench" });
	const document = DynamoDBDocumentClient.from(client);
	await inLanes(ITEMS * 2, (index) =>
		document.send(
			new PutCommand({
				TableName: "bench",
				Item: { pk: `item-${index}`, sk: 1, text: "x".repeat(ITEM_BYTES) },
			}),
		),
	);
	client.destroy();
}

/** Milliseconds that each took, so many at a time. */
async function inLanes(
	count: number,
	work: (index: number) => Promise<unknown>,
	lanes = LANES,
): Promise<number[]> {
	const took: number[] = [];
	let next = 0;
	await Promise.all(
		Array.from({ length: lanes }, async () => {
			for (let index = next++; index < count; index = next++) {
				const start = performance.now();
				await work(index);
				took.push(performance.now() - start);
			}
		}),
	);
	return took;
}

async function measureReads(upstream: string, accelerator: string, lanes: number): Promise<void> {
	const rows: string[][] = [["", "p50, ms", "p99, ms", "/s"]];
	const measure = async (name: string, work: (index: number) => Promise<unknown>) => {
		await inLanes(ITEMS, work);
		const start = performance.now();
		const took = await inLanes(READS, work, lanes);
		const perSecond = READS / ((performance.now() - start) / 1_000);
		const [p50, p99] = [50, 99].map((share) => percentile(took, share).toFixed(2));
		rows.push([name, p50 ?? "", p99 ?? "", perSecond.toFixed(0)]);
	};
	for (const [name, endpoint] of [
		["upstream alone, AWS's client", upstream],
		["accelerator, all hits, AWS's client", accelerator],
	] as const) {
		const client = dynamoClient(endpoint);
		await measure(name, (index) => client.send(getItem(index)));
		client.destroy();
	}
	// The client signs and parses; the same signed call again shows what the server alone takes.
	for (const [name, endpoint] of [
		["upstream alone, bare HTTP", upstream],
		["accelerator, all hits, bare HTTP", accelerator],
	] as const) {
		const replay = await recordCall(endpoint);
		await measure(name, replay);
	}
	const redis = new Redis({ port: cache.port });
	await redis.set("bare", "x".repeat(ITEM_BYTES));
	await measure("bare GET on the engine", () => redis.get("bare"));
	redis.disconnect();
	console.log(`### ${READS} reads of ${ITEMS} items of ${ITEM_BYTES} B, ${lanes} at a time\n`);
	console.log(`${markdownTable(rows)}\n`);
}

function getItem(index: number): GetItemCommand {
	const Key = { pk: { S: `item-${index % ITEMS}` }, sk: { N: "1" } };
	return new GetItemCommand({ TableName: "bench", Key });
}

/** A signed GetItem, to be sent again and again. */
async function recordCall(endpoint: string): Promise<() => Promise<void>> {
	const { headers, body } = await signCall(endpoint, "GetItem", getItem(0).input);
	const agent = new Agent({ keepAlive: true });
	return () =>
		new Promise((resolve, reject) => {
			const call = request(endpoint, { method: "POST", headers, agent }, (response) => {
				if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
				response.resume().on("end", resolve);
			});
			call.on("error", reject);
			call.end(body);
		});
}

/** Nine of ten reads are of items that have been read before. */
async function measureSavings(accelerator: string): Promise<void> {
	const client = dynamoClient(accelerator);
	const before = (await stateOf(accelerator)).counters;
	let fresh = ITEMS;
	await inLanes(ITEMS * 10, (index) => {
		const item = index % 10 === 0 ? fresh++ : index % ITEMS;
		const Key = { pk: { S: `item-${item}` }, sk: { N: "1" } };
		return client.send(new GetItemCommand({ TableName: "bench", Key }));
	});
	client.destroy();
	const after = (await stateOf(accelerator)).counters;
	const hits = after.itemHits - before.itemHits;
	const misses = after.itemMisses - before.itemMisses;
	const calls = after.upstreamCalls - before.upstreamCalls;
	const share = (100 * hits) / (hits + misses);
	console.log(
		`\n${hits + misses} reads, ${share.toFixed(1)} % hits: ${calls} calls to the upstream, ${after.savedCalls - before.savedCalls} saved.`,
	);
}

async function checkOperations(endpoints: readonly string[]): Promise<void> {
	const clients = endpoints.map((endpoint) => dynamoClient(endpoint));
	const [client] = clients;
	if (client === undefined) throw new Error("no client");
	await createTable(client, { TableName: "random" });
	const start = performance.now();
	const seed = Number(process.env.LARDER_SEED ?? Date.now() % 1_000_000);
	const deeds = await runRandomOperations({ clients, table: "random", operations: 10_000, seed });
	const seconds = ((performance.now() - start) / 1_000).toFixed(0);
	const impossible = findImpossible(deeds);
	const reads = deeds.filter(({ kind }) => kind === "read").length;
	console.log(
		`\n10,000 random operations of two clients at two instances in ${seconds} s (seed ${seed}): ${reads} items read, ${deeds.length - reads} written, ${impossible.length} answers that DynamoDB couldn't have given.`,
	);
	for (const each of impossible.slice(0, 10)) console.log(each);
	for (const each of clients) each.destroy();
	if (impossible.length > 0) process.exitCode = 1;
}
