/**
 * `npm run bench:provision [-- --rounds n --without-clusters]`: times from POST to a cache that is available and takes a SET and a GET, compared with
 * a script that starts the same engines by hand and waits for the same. Both take turns in one run. Prints medians and ratios.
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { findEngine } from "../../agent/bundles/index.ts";
import { markdownTable, median } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { type Cache, cacheSchema } from "../../server/contract/cache-view.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { copyInstances, provisionByHand } from "./by-hand.ts";
import { createByScript, createWithCli, type Formed } from "./clusters-by-hand.ts";
import { inlineCommand } from "./inline-command.ts";

await cleanUpWhenCutShort();

const { values } = parseArgs({
	options: { rounds: { type: "string", default: "9" }, "without-clusters": { type: "boolean" } },
});
const ROUNDS = Number(values.rounds);
const WARM_UP_ROUNDS = 1;
/**
 * Polling takes processor time that the control plane needs for the creation. The answer says when the cache became
 * available.
 */
const POLL_MS = 25;
const PING_EVERY_MS = 5;
const SHAPES = [
	{ title: "one node", replicas: 0 },
	{ title: "primary and two replicas", replicas: 2 },
] as const;

const CLUSTER = { shards: 3, replicasPerShard: 1 };

interface Turn {
	answeredMs: number;
	/** First PONG through the primary endpoint. */
	pongMs: number;
	availableMs: number;
	usableMs: number;
	byHandMs: number;
	steps: Record<string, number>;
}

const larder = await startInstallation();
const scratch = makeOwnedDirectory("larder-bench-");
try {
	const engine = await findEngine({ engine: "valkey", version: "9" });
	if (engine === null) throw new Error("no engine: npm start fetches one");
	console.log(
		`Valkey ${engine.version}, Node ${process.versions.node}, median of ${ROUNDS} (lowest to highest), ms\n`,
	);
	const turns = new Map<string, Turn[]>(SHAPES.map(({ title }) => [title, []]));
	for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
		for (const { title, replicas } of SHAPES) {
			const turn = await takeTurn(larder, engine.server, replicas);
			if (round >= 0) turns.get(title)?.push(turn);
			console.error(`${title}: ${turn.usableMs.toFixed(0)} ms`);
		}
	}
	for (const [title, measured] of turns) print(title, measured);
	if (values["without-clusters"] !== true) await measureClusters(larder, engine);
} finally {
	rmSync(scratch, { recursive: true, force: true });
	await larder.stop();
}

async function measureClusters(
	larder: Installation,
	engine: { server: string; client: string | null },
): Promise<void> {
	const clusters: ClusterTurn[] = [];
	for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
		const turn = await takeClusterTurn(larder, engine);
		if (round >= 0) clusters.push(turn);
		console.error(`cluster: ${turn.availableMs.toFixed(0)} ms`);
	}
	printClusters(clusters);
}

async function takeTurn(
	{ rest, home, clientPorts, deleteCache }: Installation,
	server: string,
	replicas: number,
): Promise<Turn> {
	// One name for each shape, so that it can have its port again after a deletion.
	const name = `bench-${replicas}`;
	const [first = 0] = clientPorts.split("-").map(Number);
	const port = first + 20 + replicas;
	const calledAt = Date.now();
	const startedAt = performance.now();
	const since = () => performance.now() - startedAt;
	let polling = true;
	const pong = firstPong(port, () => polling).then(since);

	const answer = await rest("POST", "/caches", {
		body: { name, port, auth: "none", replicasPerShard: replicas },
	});
	const answeredMs = since();
	if (answer.status !== 202) throw new Error(JSON.stringify(answer));
	const cache = await untilAvailable(rest, name);
	const primary = cache.endpoints.primary;
	if (primary === null) throw new Error("available, but no primary endpoint");
	await expectReply(primary.host, primary.port, "SET bench 1", "+OK\r\n");
	await expectReply(primary.host, primary.port, "GET bench", "$1\r\n1\r\n");
	const usableMs = since();
	polling = false;
	const pongMs = await pong;

	const nodes = cache.shards.flatMap((shard) => shard.nodes);
	const copies = copyInstances(
		nodes.map((node) => ({
			host: node.address,
			port: node.port,
			isPrimary: node.role === "primary",
			agentDir: home.agentDir(node.host),
		})),
		join(scratch, name),
	);
	await deleteCache(name);
	const byHandMs = await provisionByHand(server, copies);
	return {
		...{ answeredMs, pongMs, usableMs, byHandMs },
		availableMs: availableAfterMs(cache, calledAt),
		steps: stepsOf(cache),
	};
}

async function untilAvailable(rest: Installation["rest"], name: string): Promise<Cache> {
	for (;;) {
		const cache = cacheSchema.parse((await rest("GET", `/caches/${name}`)).body);
		if (cache.status === "available") return cache;
		await delay(POLL_MS);
	}
}

/** By the control plane's clock, which is this machine's. */
function availableAfterMs({ availableAt }: Cache, calledAt: number): number {
	if (availableAt === null) throw new Error("available, but availableAt isn't set");
	return new Date(availableAt).getTime() - calledAt;
}

interface ClusterTurn {
	availableMs: number;
	/** `valkey-cli --cluster create`. */
	cli: Formed;
	/** The fastest script that we know. */
	script: Formed;
	steps: Record<string, number>;
}

/**
 * Larder's "available" is the later of the two states measured by hand: all slots served, replicas in sync, every node
 * shows every other.
 */
async function takeClusterTurn(
	{ rest, deleteCache }: Installation,
	engine: { server: string; client: string | null },
): Promise<ClusterTurn> {
	if (engine.client === null) throw new Error("no valkey-cli beside the engine");
	const byHand = { ...engine, client: engine.client, firstPort: 12_000, scratch, shape: CLUSTER };
	const name = "bench-cluster";
	const calledAt = Date.now();
	const answer = await rest("POST", "/caches", {
		body: { name, clusterMode: "enabled", ...CLUSTER, auth: "none" },
	});
	if (answer.status !== 202) throw new Error(JSON.stringify(answer));
	const cache = await untilAvailable(rest, name);
	await deleteCache(name);
	return {
		availableMs: availableAfterMs(cache, calledAt),
		cli: await createWithCli(byHand),
		script: await createByScript(byHand),
		steps: stepsOf(cache),
	};
}

function printClusters(turns: readonly ClusterTurn[]): void {
	console.log(`### ${CLUSTER.shards} shards × ${CLUSTER.replicasPerShard} replica\n`);
	const ratio = (pick: (turn: ClusterTurn) => number) =>
		median(turns.map((turn) => turn.availableMs / pick(turn))).toFixed(2);
	console.log(
		markdownTable([
			["", "ms"],
			row(
				"call → available",
				turns.map((turn) => turn.availableMs),
			),
			row(
				"`valkey-cli --cluster create`: slots served, replicas in sync",
				turns.map((turn) => turn.cli.linkedMs),
			),
			row(
				"… and shown to clients",
				turns.map((turn) => turn.cli.shownMs),
			),
			row(
				"the fastest script by hand: slots served, replicas in sync",
				turns.map((turn) => turn.script.linkedMs),
			),
			row(
				"… and shown to clients",
				turns.map((turn) => turn.script.shownMs),
			),
			["ratio to valkey-cli’s first", ratio((turn) => turn.cli.linkedMs)],
			["ratio to the script’s first", ratio((turn) => turn.script.linkedMs)],
			...Object.keys(turns[0]?.steps ?? {}).map((step) =>
				row(
					`step “${step}”`,
					turns.map((turn) => turn.steps[step] ?? 0),
				),
			),
		]),
	);
}

/** A label, and the median of the values with the lowest and the highest. */
function row(label: string, values: readonly number[]): string[] {
	return [
		label,
		`${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)})`,
	];
}

/** Asks the gateways of all three hosts at the same time, because any of them may be the first to answer. */
async function firstPong(port: number, goOn: () => boolean): Promise<void> {
	while (goOn()) {
		const replies = await Promise.all(
			[1, 2, 3].map((host) => inlineCommand(`127.0.0.${host}`, port, "PING")),
		);
		if (replies.includes("+PONG\r\n")) return;
		await delay(PING_EVERY_MS);
	}
}

async function expectReply(host: string, port: number, command: string, wanted: string) {
	const reply = await inlineCommand(host, port, command);
	if (reply !== wanted) throw new Error(`${command}: ${JSON.stringify(reply)}`);
}

/** Milliseconds of each step, as the control plane reports them. */
function stepsOf(cache: Cache): Record<string, number> {
	return Object.fromEntries(
		cache.progress.map((step) => [
			step.step,
			new Date(step.finishedAt ?? 0).getTime() - new Date(step.startedAt ?? 0).getTime(),
		]),
	);
}

function print(title: string, measured: readonly Turn[]): void {
	const ratio = median(measured.map((turn) => turn.usableMs / turn.byHandMs));
	console.log(`### ${title}\n`);
	console.log(
		markdownTable([
			["", "ms"],
			row(
				"POST answered",
				measured.map((turn) => turn.answeredMs),
			),
			row(
				"call → first PONG",
				measured.map((turn) => turn.pongMs),
			),
			row(
				"call → available",
				measured.map((turn) => turn.availableMs),
			),
			row(
				"call → available, SET and GET",
				measured.map((turn) => turn.usableMs),
			),
			row(
				"the same by hand",
				measured.map((turn) => turn.byHandMs),
			),
			["ratio (median of the turns')", ratio.toFixed(2)],
			...Object.keys(measured[0]?.steps ?? {}).map((step) =>
				row(
					`step “${step}”`,
					measured.map((turn) => turn.steps[step] ?? 0),
				),
			),
		]),
	);
	console.log();
}
