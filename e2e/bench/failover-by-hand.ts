import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { evenSlots, formatSlots } from "../../server/contract/slots.ts";
import { startWriter } from "../fixtures/numbered-writer.ts";
import { tagInSlots } from "../fixtures/slot-tags.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { clusterPath, connectTo, sentinelPath } from "../fixtures/write-paths.ts";
import { runCluster } from "./clusters-by-hand.ts";
import { type FailoverRun, measureFailover } from "./failover-measure.ts";

const HOST = "127.0.0.1";
const FIRST_PORT = 12_200;
const FIRST_SENTINEL_PORT = 12_220;
const MEMBERS = 3;
const QUORUM = 2;
const READY_TIMEOUT_MS = 60_000;
/** Twice the longest time that the engines' defaults take. */
const FAILOVER_TIMEOUT_MS = 90_000;
const CLUSTER = { shards: 3, replicasPerShard: 1 };

export interface ByHandOptions {
	server: string;
	client: string;
	runs: number;
	onRun(run: FailoverRun): void;
}

/**
 * A primary, two replicas and three Sentinels, as their documentation sets them up. Set up again for each run: a Sentinel
 * that has failed over once waits for minutes before it does so again.
 */
export async function sentinelsByHand(
	options: ByHandOptions & { downAfterMs: number },
): Promise<void> {
	for (let run = 0; run < options.runs; run += 1) {
		const scratch = makeOwnedDirectory("larder-bench-");
		const children: ChildProcess[] = [];
		try {
			options.onRun(await failOverWithSentinels(options, scratch, children));
		} finally {
			await Promise.all(children.map(endChild));
			rmSync(scratch, { recursive: true, force: true });
		}
	}
}

async function failOverWithSentinels(
	{ server, downAfterMs }: ByHandOptions & { downAfterMs: number },
	scratch: string,
	children: ChildProcess[],
): Promise<FailoverRun> {
	const start = (port: number, settings: readonly string[], ...args: string[]) => {
		const directory = join(scratch, `${port}`);
		mkdirSync(directory);
		const file = join(directory, "engine.conf");
		const lines = [`port ${port}`, `bind ${HOST}`, "protected-mode no", `dir ${directory}`];
		writeFileSync(file, `${[...lines, ...settings].join("\n")}\n`);
		const child = spawn(server, [file, ...args], { stdio: "ignore" });
		children.push(child);
		return child;
	};
	const members = Array.from({ length: MEMBERS }, (_, index) => index);
	const [primary] = members.map((index) =>
		start(FIRST_PORT + index, [
			...['save ""', "appendonly no", "repl-diskless-sync-delay 0"],
			...(index === 0 ? [] : [`replicaof ${HOST} ${FIRST_PORT}`]),
		]),
	);
	await waitUntil(
		"the replicas to be in sync",
		async () => /connected_slaves:2[\s\S]*online[\s\S]*online/.test(await ask(FIRST_PORT, "INFO")),
		READY_TIMEOUT_MS,
	);
	for (const index of members) {
		const settings = [
			`sentinel monitor bench ${HOST} ${FIRST_PORT} ${QUORUM}`,
			`sentinel down-after-milliseconds bench ${downAfterMs}`,
		];
		start(FIRST_SENTINEL_PORT + index, settings, "--sentinel");
	}
	const sentinels = members.map((index) => ({ host: HOST, port: FIRST_SENTINEL_PORT + index }));
	await waitUntil(
		"the Sentinels to know each other",
		async () => {
			const answers = await Promise.all(sentinels.map(({ port }) => ask(port, "INFO", "sentinel")));
			return answers.every(
				(text) => text.includes("status=ok") && /slaves=2,sentinels=3/.test(text),
			);
		},
		READY_TIMEOUT_MS,
	);
	const writer = startWriter({ path: sentinelPath(sentinels, "bench"), tag: "bench" });
	try {
		await writer.writesAgain();
		return await measureFailover({
			writer,
			strike: () => void primary?.kill("SIGKILL"),
			// The set is thrown away afterward: nothing to wait for.
			mend: async () => {},
			timeoutMs: FAILOVER_TIMEOUT_MS,
			readFrom: 0,
		});
	} finally {
		await writer.stop();
	}
}

/** A cluster of three shards with a replica each; the primary of the first is killed, then started again. */
export async function clusterByHand(
	options: ByHandOptions & { nodeTimeoutMs: number },
): Promise<void> {
	const scratch = makeOwnedDirectory("larder-bench-");
	const cluster = await runCluster({ ...options, firstPort: FIRST_PORT, scratch, shape: CLUSTER }, [
		`cluster-node-timeout ${options.nodeTimeoutMs}`,
	]);
	const tag = tagInSlots(formatSlots([evenSlots(CLUSTER.shards, 0)]));
	const endpoints = cluster.nodes.map(({ port }) => ({ host: HOST, port }));
	const writer = startWriter({ path: clusterPath(endpoints, tag), tag });
	try {
		await writer.writesAgain();
		for (let run = 0; run < options.runs; run += 1) {
			const readFrom = writer.acknowledged;
			const primary = await findShardPrimary(cluster.nodes);
			const measured = await measureFailover({
				writer,
				strike: () => void primary.process.kill("SIGKILL"),
				mend: () => cluster.mend(),
				timeoutMs: FAILOVER_TIMEOUT_MS,
				readFrom,
			});
			options.onRun(measured);
		}
	} finally {
		await writer.stop();
		await cluster.stop();
		rmSync(scratch, { recursive: true, force: true });
	}
}

async function findShardPrimary<T extends { shard: number; port: number }>(
	nodes: readonly T[],
): Promise<T> {
	const members = nodes.filter((node) => node.shard === 0);
	const roles = await Promise.all(members.map(({ port }) => ask(port, "INFO", "replication")));
	const primary = members.find((_, index) => roles[index]?.includes("role:master"));
	if (primary === undefined) throw new Error("no node of the first shard says that it leads");
	return primary;
}

async function ask(port: number, ...command: [string, ...string[]]): Promise<string> {
	const client = await connectTo({ host: HOST, port }, null);
	try {
		const [name, ...args] = command;
		return String(await client.call(name, ...args));
	} finally {
		client.disconnect();
	}
}

async function endChild(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = new Promise((resolve) => child.once("exit", resolve));
	child.kill("SIGKILL");
	await exited;
}
