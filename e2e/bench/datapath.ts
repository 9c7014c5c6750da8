/**
 * `npm run bench:datapath`: requests a second straight to a node, through the kernel and through HAProxy, compared with a
 * bare engine with the node's own settings, taking turns. Prints medians and ratios to the bare engine; then how long one
 * client without a pipeline waits on each path. Two installations run side by side: HAProxy forwards in one, the kernel
 * in the other. Without root, only the first runs.
 */

import { execFile, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findEngine } from "../../agent/bundles/index.ts";
import { markdownTable, median } from "../../platform/testing/figures.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import type { Cache, Endpoint } from "../../server/contract/cache-view.ts";
import { cleanUpWhenCutShort } from "../fixtures/clean-up-when-cut-short.ts";
import { requireEndpoint } from "../fixtures/engine-clients.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { KERNEL_FORWARDS, waitForKernel, whyNoKernel } from "../fixtures/kernel-forwarding.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { copyInstances } from "./by-hand.ts";
import { inlineCommand } from "./inline-command.ts";
import { memcachedLoad } from "./memcached-load.ts";

await cleanUpWhenCutShort();

const ROUNDS = 5;
const CLIENTS = 50;
const VALUE_BYTES = 64;
const PIPELINES = [1, 16] as const;
/** So that a turn takes a second or two. */
const REQUESTS = { 1: 60_000, 16: 600_000 } as const;
const BARE_PORT = 12_100;
const LATENCY_REQUESTS = 20_000;

/** In the order of their turns; ratios are to the first. */
type Paths = readonly (Endpoint & { name: string })[];
/** Requests a second by command and pipeline. */
type Load = (endpoint: Endpoint, pipeline: 1 | 16) => Promise<Record<string, number>>;

const larder = await startInstallation({ environment: { LARDER_GATEWAY: "haproxy" } });
const scratch = makeOwnedDirectory("larder-bench-");
try {
	const byKernel =
		whyNoKernel() === null ? await startInstallation({ environment: KERNEL_FORWARDS }) : null;
	try {
		await measureValkey(larder, byKernel);
	} finally {
		await byKernel?.stop();
	}
	await measureMemcached(larder);
} finally {
	rmSync(scratch, { recursive: true, force: true });
	await larder.stop();
}

async function measureValkey(larder: Installation, byKernel: Installation | null): Promise<void> {
	const engine = await requireEngine("valkey");
	const cache = await createReplicated(larder);
	const forwarded = byKernel && (await createReplicated(byKernel));
	if (byKernel !== null) await waitForKernel(byKernel);
	const node = primaryNode(cache);
	const [copy] = copyInstances(
		[{ ...node, isPrimary: true, agentDir: larder.home.agentDir(node.hostName) }],
		scratch,
	);
	const bare = { name: "bare", host: node.host, port: BARE_PORT };
	const args = [join(copy?.directory ?? "", "engine.conf"), "--port", `${BARE_PORT}`];
	const through = (kind: "primary" | "reader"): Paths => [
		...(forwarded === null ? [] : [{ name: "kernel", ...requireEndpoint(forwarded, kind) }]),
		{ name: "HAProxy", ...requireEndpoint(cache, kind) },
	];
	await withProcess(engine.server, args, async () => {
		await waitUntil("the bare engine", async () => {
			return (await inlineCommand(bare.host, bare.port, "PING")) === "+PONG\r\n";
		});
		const benchmark = join(dirname(engine.server), "valkey-benchmark");
		const paths = [bare, { ...node, name: "direct" }, ...through("primary")];
		const title = `Valkey ${engine.version}`;
		await compare(title, paths, (endpoint, pipeline) =>
			valkeyLoad(benchmark, endpoint, pipeline, "set,get"),
		);
		const readers = [bare, ...through("reader")];
		await compare(`${title}, readers`, readers, (endpoint, pipeline) =>
			valkeyLoad(benchmark, endpoint, pipeline, "get"),
		);
		await compareWaits(benchmark, paths);
	});
}

/** A primary and a replica, so that readers go elsewhere. */
async function createReplicated(larder: Installation): Promise<Cache> {
	await larder.createCache({ name: "datapath", auth: "none", replicasPerShard: 1 });
	return await larder.waitForStatus("datapath", "available");
}

async function measureMemcached({ createCache, waitForStatus }: Installation): Promise<void> {
	const engine = await requireEngine("memcached");
	await createCache({ name: "datapath-memcached", engine: "memcached" });
	const cache = await waitForStatus("datapath-memcached", "available");
	const node = primaryNode(cache);
	const bare = { host: node.host, port: BARE_PORT };
	// The same memory and threads as a node of this type; Memcached as root needs a user's name.
	const args = [
		...["-l", bare.host, "-p", `${bare.port}`, "-U", "0"],
		...["-m", "384", "-t", "2", "-u", "nobody"],
	];
	await withProcess(engine.server, args, async () => {
		await waitUntil("the bare engine", async () => {
			return (await inlineCommand(bare.host, bare.port, "version"))?.startsWith("VERSION");
		});
		await compare(
			`Memcached ${engine.version}`,
			[
				{ name: "bare", ...bare },
				{ ...node, name: "direct" },
				{ name: "HAProxy", ...requireEndpoint(cache, "configuration") },
			],
			(endpoint, pipeline) =>
				memcachedLoad(endpoint, {
					pipeline,
					clients: CLIENTS,
					requests: REQUESTS[pipeline],
					valueBytes: VALUE_BYTES,
				}),
		);
	});
}

async function compare(title: string, paths: Paths, load: Load): Promise<void> {
	console.log(`### ${title}, ${CLIENTS} clients, ${VALUE_BYTES} B\n`);
	const [first, ...others] = paths.map(({ name }) => name);
	const rows = [["", "pipeline", `${first} /s`, ...others]];
	for (const pipeline of PIPELINES) {
		const turns: Record<string, number>[][] = [];
		for (let round = -1; round < ROUNDS; round += 1) {
			const turn: Record<string, number>[] = [];
			for (const path of paths) turn.push(await load(path, pipeline));
			if (round >= 0) turns.push(turn);
		}
		for (const command of Object.keys(turns[0]?.[0] ?? {})) {
			const figures = turns.map((turn) => turn.map((figure) => figure[command] ?? 0));
			const ratios = others.map((_, index) =>
				median(figures.map(([bare = 0, ...rest]) => (rest[index] ?? 0) / bare)).toFixed(2),
			);
			const bare = median(figures.map(([figure = 0]) => figure));
			rows.push([command, `${pipeline}`, bare.toFixed(0), ...ratios]);
		}
	}
	console.log(`${markdownTable(rows)}\n`);
}

/** One client that sends its next command when it has the answer. */
async function compareWaits(benchmark: string, paths: Paths): Promise<void> {
	console.log("### One client without a pipeline, SET, µs\n");
	const waits = paths.map(({ name }) => ({ name, p50: [] as number[], p99: [] as number[] }));
	for (let round = -1; round < ROUNDS; round += 1) {
		for (const [index, { host, port }] of paths.entries()) {
			const { stdout } = await promisify(execFile)(benchmark, [
				...["-h", host, "-p", `${port}`, "-c", "1", "-n", `${LATENCY_REQUESTS}`],
				...["-d", `${VALUE_BYTES}`, "-r", "10000", "-t", "set", "--csv"],
			]);
			// "test","rps","avg","min","p50","p95","p99","max", in milliseconds
			const figures = /^"SET",(.*)$/m.exec(stdout)?.[1]?.replaceAll('"', "").split(",") ?? [];
			if (round < 0) continue;
			waits[index]?.p50.push(Number(figures[3]) * 1_000);
			waits[index]?.p99.push(Number(figures[5]) * 1_000);
		}
	}
	const rows = waits.map(({ name, p50, p99 }) => [
		...[name, median(p50).toFixed(0), median(p99).toFixed(0)],
	]);
	console.log(`${markdownTable([["", "p50", "p99"], ...rows])}\n`);
}

async function valkeyLoad(
	benchmark: string,
	{ host, port }: Endpoint,
	pipeline: 1 | 16,
	commands: "set,get" | "get",
): Promise<Record<string, number>> {
	const { stdout } = await promisify(execFile)(benchmark, [
		...["-h", host, "-p", `${port}`, "-c", `${CLIENTS}`, "-P", `${pipeline}`],
		...["-n", `${REQUESTS[pipeline]}`, "-d", `${VALUE_BYTES}`, "-r", "10000"],
		...["-t", commands, "--csv"],
	]);
	const figures: Record<string, number> = {};
	for (const line of stdout.split("\n")) {
		const match = /^"(SET|GET)","([\d.]+)"/.exec(line);
		if (match?.[1] !== undefined) figures[match[1]] = Number(match[2]);
	}
	return figures;
}

async function withProcess(
	program: string,
	args: readonly string[],
	work: () => Promise<void>,
): Promise<void> {
	const child = spawn(program, [...args], { stdio: "ignore" });
	const exited = new Promise((resolve) => child.once("exit", resolve));
	try {
		await work();
	} finally {
		child.kill("SIGKILL");
		await exited;
	}
}

async function requireEngine(engine: "valkey" | "memcached") {
	const found = await findEngine({ engine });
	if (found === null) throw new Error(`no ${engine} in the store`);
	return found;
}

function primaryNode(cache: Cache): Endpoint & { hostName: string } {
	const nodes = cache.shards[0]?.nodes ?? [];
	const node = nodes.find(({ role }) => role === "primary") ?? nodes[0];
	if (node === undefined) throw new Error(`${cache.name} has no node`);
	return { host: node.address, port: node.port, hostName: node.host };
}
