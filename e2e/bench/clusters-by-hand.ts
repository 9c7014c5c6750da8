import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { evenSlots, formatSlots } from "../../server/contract/slots.ts";
import { tagInSlots } from "../fixtures/slot-tags.ts";
import { inlineCommand } from "./inline-command.ts";

const POLL_MS = 2;
const TIMEOUT_MS = 60_000;
const HOST = "127.0.0.1";
const QUICK_SYNC = ["repl-diskless-sync-delay 0"];

export interface ClusterShape {
	shards: number;
	replicasPerShard: number;
}

export interface ClusterByHand {
	server: string;
	client: string;
	/** The first node's port. The other nodes have the ports that follow, and the bus listens 10,000 above. */
	firstPort: number;
	scratch: string;
	shape: ClusterShape;
}

interface RawNode {
	shard: number;
	/** At the time when the cluster was formed. */
	leads: boolean;
	port: number;
	process: ChildProcess;
}

/** Milliseconds from spawn. */
export interface Formed {
	/** All slots served on every node, every replica in sync. */
	linkedMs: number;
	/** … and every node shows all others to clients. */
	shownMs: number;
}

/** Forms a cluster with `valkey-cli --cluster create`. */
export async function createWithCli(options: ClusterByHand): Promise<Formed> {
	return await measure(options, [], async (nodes) => {
		await allAnswer(nodes);
		const { client, shape } = options;
		await promisify(execFile)(client, [
			...["--cluster", "create", ...nodes.map(({ port }) => `${HOST}:${port}`)],
			...["--cluster-replicas", `${shape.replicasPerShard}`, "--cluster-yes"],
		]);
	});
}

/** Does the same as fast as a script can: everything in parallel, no waiting for replication timers. */
export async function createByScript(options: ClusterByHand): Promise<Formed> {
	return await measure(options, [...QUICK_SYNC, "cluster-node-timeout 2000"], (nodes) =>
		formByScript(nodes, options.shape),
	);
}

/** A cluster in use: each member's process, which may be killed and started again. */
export interface RunningCluster {
	readonly nodes: readonly RawNode[];
	/** Starts what has ended, and waits until all are linked and shown to clients. */
	mend(): Promise<void>;
	stop(): Promise<void>;
}

export async function runCluster(
	options: ClusterByHand,
	settings: readonly string[],
): Promise<RunningCluster> {
	const nodes = startNodes(options, [...QUICK_SYNC, ...settings]);
	const running = {
		nodes,
		async mend() {
			for (const node of nodes) {
				if (node.process.exitCode === null && node.process.signalCode === null) continue;
				node.process = spawnNode(options, node.port);
			}
			await until(() => isLinked(nodes));
			await until(() => isShown(nodes));
		},
		stop: () => endNodes(options, nodes),
	};
	try {
		await formByScript(nodes, options.shape);
		await running.mend();
		return running;
	} catch (error) {
		await running.stop();
		throw error;
	}
}

/** Everything in parallel, no waiting for replication timers. */
async function formByScript(nodes: readonly RawNode[], shape: ClusterShape): Promise<void> {
	await allAnswer(nodes);
	const leaders = nodes.filter((node) => node.leads);
	await Promise.all(
		leaders.map(async ({ port, shard }) => {
			const { first, last } = evenSlots(shape.shards, shard);
			await call(port, `CLUSTER SET-CONFIG-EPOCH ${shard + 1}`);
			await call(port, `CLUSTER ADDSLOTSRANGE ${first} ${last}`);
		}),
	);
	await Promise.all(
		nodes.flatMap((from) =>
			nodes
				.filter((to) => to !== from)
				.map((to) => call(from.port, `CLUSTER MEET ${HOST} ${to.port}`)),
		),
	);
	await Promise.all(
		nodes
			.filter((node) => !node.leads)
			.map(async ({ port, shard }) => {
				const leader = leaders.find((node) => node.shard === shard);
				const id = lastLine(await call(leader?.port ?? 0, "CLUSTER MYID"));
				await until(async () => (await inline(port, `CLUSTER REPLICATE ${id}`)) === "+OK\r\n");
			}),
	);
	// Without a write, replicas stay out of CLUSTER SLOTS for about ten seconds.
	await Promise.all(
		leaders.map(({ port, shard }) =>
			until(async () => {
				const key = tagInSlots(formatSlots([evenSlots(shape.shards, shard)]));
				return (await inline(port, `SET ${key} 1`)) === "+OK\r\n";
			}),
		),
	);
}

async function measure(
	options: ClusterByHand,
	settings: readonly string[],
	form: (nodes: readonly RawNode[]) => Promise<void>,
): Promise<Formed> {
	const startedAt = performance.now();
	const nodes = startNodes(options, settings);
	try {
		await form(nodes);
		await until(() => isLinked(nodes));
		const linkedMs = performance.now() - startedAt;
		await until(() => isShown(nodes));
		return { linkedMs, shownMs: performance.now() - startedAt };
	} finally {
		await endNodes(options, nodes);
	}
}

async function endNodes({ scratch }: ClusterByHand, nodes: readonly RawNode[]): Promise<void> {
	await Promise.all(
		nodes.map(({ process }) => {
			if (process.exitCode !== null || process.signalCode !== null) return null;
			const exited = new Promise((resolve) => process.once("exit", resolve));
			process.kill("SIGKILL");
			return exited;
		}),
	);
	rmSync(join(scratch, "cluster"), { recursive: true, force: true });
}

function startNodes(options: ClusterByHand, settings: readonly string[]): RawNode[] {
	const { firstPort, scratch, shape } = options;
	const members = shape.shards * (shape.replicasPerShard + 1);
	return Array.from({ length: members }, (_, index) => {
		const port = firstPort + index;
		const directory = join(scratch, "cluster", `${port}`);
		mkdirSync(directory, { recursive: true });
		const lines = [
			...[`port ${port}`, `bind ${HOST}`, "cluster-enabled yes", "protected-mode no"],
			...['save ""', "appendonly no", `dir ${directory}`, ...settings],
		];
		writeFileSync(join(directory, "engine.conf"), `${lines.join("\n")}\n`);
		return {
			// The order in which `valkey-cli --cluster create` takes them: primaries first.
			shard: index % shape.shards,
			leads: index < shape.shards,
			port,
			process: spawnNode(options, port),
		};
	});
}

function spawnNode({ server, scratch }: ClusterByHand, port: number): ChildProcess {
	const file = join(scratch, "cluster", `${port}`, "engine.conf");
	return spawn(server, [file], { stdio: "ignore" });
}

async function allAnswer(nodes: readonly RawNode[]): Promise<void> {
	await Promise.all(
		nodes.map(({ port }) => until(async () => (await inline(port, "PING")) === "+PONG\r\n")),
	);
}

async function isLinked(nodes: readonly RawNode[]): Promise<boolean> {
	const answers = await Promise.all(
		nodes.map(async ({ port }) => {
			const info = (await inline(port, "CLUSTER INFO")) ?? "";
			const replication = (await inline(port, "INFO replication")) ?? "";
			const inSync = /role:master|master_link_status:up/.test(replication);
			return info.includes("cluster_state:ok") && inSync;
		}),
	);
	return answers.every(Boolean);
}

async function isShown(nodes: readonly RawNode[]): Promise<boolean> {
	const answers = await Promise.all(
		nodes.map(async ({ port }) => {
			const slots = (await inline(port, "CLUSTER SLOTS")) ?? "";
			return nodes.every((node) => slots.includes(`:${node.port}\r\n`));
		}),
	);
	return answers.every(Boolean);
}

function inline(port: number, command: string): Promise<string | null> {
	return inlineCommand(HOST, port, command);
}

async function call(port: number, command: string): Promise<string> {
	const reply = await inline(port, command);
	if (reply === null || reply.startsWith("-")) throw new Error(`${command}: ${reply}`);
	return reply;
}

function lastLine(reply: string): string {
	return reply.trim().split("\r\n").at(-1) ?? "";
}

async function until(check: () => Promise<boolean>): Promise<void> {
	const deadline = performance.now() + TIMEOUT_MS;
	while (!(await check())) {
		if (performance.now() > deadline) throw new Error(`not ready after ${TIMEOUT_MS} ms`);
		await delay(POLL_MS);
	}
}
