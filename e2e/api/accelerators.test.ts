import { readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
	createTable,
	dynamoClient,
	startUpstream,
	type TestUpstream,
} from "../../accelerator/testing/accelerator-fixture.ts";
import {
	type AcceleratorView,
	acceleratorHistorySchema,
	acceleratorSchema,
} from "../../server/contract/accelerator.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { processesOf } from "../fixtures/processes-of.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

const KEY = { accessKeyId: "AKIAE2E", secretAccessKey: "known to clients and the accelerator" };

let larder: Installation;
let upstream: TestUpstream;
let client: DynamoDBClient | undefined;
beforeAll(async () => {
	[larder, upstream] = await Promise.all([startInstallation(), startUpstream()]);
	const direct = dynamoClient(upstream.endpoint);
	await createTable(direct, { TableName: "items" });
	direct.destroy();
});
afterAll(async () => {
	client?.destroy();
	await Promise.all([larder?.stop(), upstream?.stop()]);
});

async function getAccelerator(): Promise<AcceleratorView> {
	return acceleratorSchema.parse((await larder.rest("GET", "/accelerators/acc")).body);
}

/** Process ids of the instances, by the kernel. */
function instancePids(): number[] {
	return processesOf(larder.home.agentsDir)
		.filter(({ pid }) => {
			try {
				return basename(dirname(readlinkSync(`/proc/${pid}/cwd`))) === "accelerators";
			} catch {
				return false;
			}
		})
		.map(({ pid }) => pid);
}

async function run(...args: string[]): Promise<string> {
	const { exitCode, stdout, stderr } = await runLarder(args, {
		LARDER_HOME: larder.home.root,
		LARDER_DYNAMODB_SECRET_ACCESS_KEY: KEY.secretAccessKey,
	});
	expect(exitCode, stderr).toBe(0);
	return stdout;
}

it("an accelerator serves AWS's client, and goes on when an instance, an agent or the control plane dies", async () => {
	await larder.createCache({ name: "hot", clusterMode: "disabled" });
	const refused = await larder.rest("POST", "/accelerators", {
		body: {
			name: "acc",
			cache: "cold",
			upstream: { endpoint: upstream.endpoint, region: "us-east-1" },
		},
	});
	expect(refused).toMatchObject({ status: 422, body: { error: { field: "cache" } } });
	const answer = await larder.rest("POST", "/accelerators", {
		body: {
			...{ name: "acc", cache: "hot", itemTtlSeconds: 300, queryTtlSeconds: 60, instances: 2 },
			upstream: { endpoint: upstream.endpoint, region: "us-east-1", ...KEY },
		},
	});
	expect(answer).toMatchObject({ status: 202, body: { status: "creating" } });
	expect(JSON.stringify(answer.body)).not.toContain(KEY.secretAccessKey);
	const accelerator = await waitUntil("the accelerator to be available", async () => {
		const view = await getAccelerator();
		return view.status === "available" ? view : null;
	});
	expect(new Set(accelerator.instances.map(({ zone }) => zone)).size).toBe(2);
	expect(await run("accelerators", "list")).toMatch(/^acc +available +hot +http:/m);
	const { endpoint } = accelerator;
	if (endpoint === null) throw new Error("it has no endpoint");

	client = dynamoClient(`http://${endpoint.host}:${endpoint.port}`, KEY, { maxAttempts: 5 });
	const document = DynamoDBDocumentClient.from(client);
	const put = (v: number) =>
		document.send(new PutCommand({ TableName: "items", Item: { pk: "a", sk: 1, v } }));
	const get = async () =>
		(await document.send(new GetCommand({ TableName: "items", Key: { pk: "a", sk: 1 } }))).Item?.v;
	await put(1);
	const before = upstream.calls();
	expect(await get()).toBe(1);
	expect(upstream.calls()).toBe(before);
	const stranger = dynamoClient(`http://${endpoint.host}:${endpoint.port}`);
	await expect(
		stranger.send(new GetCommand({ TableName: "items", Key: { pk: "a", sk: 1 } })),
	).rejects.toThrow(/security token/);
	stranger.destroy();

	// Clients write and read all the while.
	let written = 1;
	let stop = false;
	const failures: string[] = [];
	const user = (async () => {
		while (!stop) {
			try {
				await put(++written);
				const seen = await get();
				if (seen !== written) failures.push(`${seen} instead of ${written}`);
			} catch (error) {
				failures.push(String(error));
			}
		}
	})();
	const enough = async (count: number) => {
		const from = written;
		await waitUntil("writes to go on", async () => written > from + count);
	};
	await enough(20);
	const pids = instancePids();
	expect(pids).toHaveLength(2);
	process.kill(pids[0] ?? 0, "SIGKILL");
	await enough(50);
	await waitUntil("the instance to be replaced", async () => {
		const now = instancePids();
		return (
			now.length === 2 &&
			!now.includes(pids[0] ?? 0) &&
			(await getAccelerator()).status === "available"
		);
	});
	await larder.killControlPlane();
	await larder.killAgent("local-a");
	await enough(50);
	await larder.startControlPlane();
	await larder.startAgent("local-a");
	const kept = instancePids();
	await waitUntil("the adopted instances to be reported", async () => {
		const { status, metrics } = await getAccelerator();
		return status === "available" && metrics.writes > 100;
	});
	expect(instancePids()).toEqual(kept);
	await enough(20);
	await run("accelerators", "modify", "acc", "--instances", "3", "--item-ttl", "60", "--wait");
	expect(instancePids()).toEqual(expect.arrayContaining(kept));
	expect(await getAccelerator()).toMatchObject({ itemTtlSeconds: 60, queryTtlSeconds: 60 });
	await run("accelerators", "modify", "acc", "--instances", "1", "--wait");
	await waitUntil("two instances to end", async () => instancePids().length === 1);
	await enough(20);
	stop = true;
	await user;
	expect(failures).toEqual([]);

	expect(await larder.rest("DELETE", "/caches/hot")).toMatchObject({ status: 409 });
	const shown = await run("accelerators", "show", "acc");
	expect(shown).toMatch(/Upstream calls +\d+, \d+ saved/);
	// The first span takes some 20 s, which are over by now.
	await waitUntil("a chart of its hits", async () => {
		const answer = await larder.rest("GET", "/accelerators/acc/metrics?range=15m");
		const { values } = acceleratorHistorySchema.parse(answer.body);
		return values.hitsPerSecond?.some((rate) => rate !== null && rate > 0) === true;
	});
	expect(await run("accelerators", "metrics", "acc")).toMatch(/^Hits\/s +\S+ +\S+ +\S+$/m);
	await run("accelerators", "delete", "acc");
	expect((await larder.rest("GET", "/accelerators/acc")).status).toBe(404);
	await waitUntil("its instances to end", async () => instancePids().length === 0);
	await larder.deleteCache("hot");
});
