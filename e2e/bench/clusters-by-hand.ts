import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import keySlot from "cluster-key-slot";
import { evenSlots } from "../../server/contract/slots.ts";
import { inlineCommand } from "./inline-command.ts";

const POLL_MS = 2;
const TIMEOUT_MS = 60_000;
const HOST = "127.0.0.1";

export interface ClusterShape {
	shards: number;
	replicasPerShard: number;
}

export interface ClusterByHand {
	server: string;
	client: string;
	/** First of as many ports as there are nodes; the bus listens 10,000 above. */
	firstPort: number;
	scratch: string;
	shape: ClusterShape;
}

interface RawNode {
	shard: number;
	leads: boolean;
	port: number;
	process: ChildProcess;
}

/** Milliseconds from spawn. */
export interface Formed {
	/** All slots served on every node, every replica in sync. */
	linkedMs: number;
	/** And every node shows every other one to clients. */
	shownMs: number;
}

/** As `valkey-cli --cluster create` makes it. */
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

/** The same as fast as a script can: everything at once, no waiting for replication timers. */
export async function createByScript(options: ClusterByHand): Promise<Formed> {
	return await measure(
		options,
		["repl-diskless-sync-delay 0", "cluster-node-timeout 2000"],
		async (nodes) => {
			await allAnswer(nodes);
			const leaders = nodes.filter((node) => node.leads);
			await Promise.all(
				leaders.map(async ({ port, shard }) => {
					const { first, last } = evenSlots(options.shape.shards, shard);
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
			// Without a write replicas stay out of CLUSTER SLOTS for some ten seconds.
			await Promise.all(
				leaders.map(({ port, shard }) =>
					until(async () => {
						const key = keyOfShard(options.shape.shards, shard);
						return (await inline(port, `SET ${key} 1`)) === "+OK\r\n";
					}),
				),
			);
		},
	);
}

async function measure(
	options: ClusterByHand,
	settings: readonly string[],
	form: (nodes: readonly RawNode[]) => Promise<void>,
): Promise<Formed> {
	const { scratch } = options;
	const startedAt = performance.now();
	const nodes = startNodes(options, settings);
	try {
		await form(nodes);
		await until(() => isLinked(nodes));
		const linkedMs = performance.now() - startedAt;
		await until(() => isShown(nodes));
		return { linkedMs, shownMs: performance.now() - startedAt };
	} finally {
		await Promise.all(
			nodes.map(({ process }) => {
				const exited = new Promise((resolve) => process.once("exit", resolve));
				process.kill("SIGKILL");
				return exited;
			}),
		);
		rmSync(join(scratch, "cluster"), { recursive: true, force: true });
	}
}

function startNodes(
	{ server, firstPort, scratch, shape }: ClusterByHand,
	settings: readonly string[],
): RawNode[] {
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
			process: spawn(server, [join(directory, "engine.conf")], { stdio: "ignore" }),
		};
	});
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

/** A key in the slots of one of so many even shards, found by trying. */
function keyOfShard(shards: number, shard: number): string {
	const { first, last } = evenSlots(shards, shard);
	for (let n = 0; ; n += 1) {
		const slot = keySlot(`k${n}`);
		if (slot >= first && slot <= last) return `k${n}`;
	}
}

async function until(check: () => Promise<boolean>): Promise<void> {
	const deadline = performance.now() + TIMEOUT_MS;
	while (!(await check())) {
		if (performance.now() > deadline) throw new Error(`not ready after ${TIMEOUT_MS} ms`);
		await delay(POLL_MS);
	}
}
