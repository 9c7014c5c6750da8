/**
 * `npm run bench:datapath`: requests a second straight to a node and through the gateway, beside a bare engine with the
 * node's own settings, in turns. Prints medians and ratios to the bare engine.
 */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findEngine } from "../../agent/bundles/index.ts";
import type { Cache, Endpoint } from "../../server/contract/cache.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { waitUntil } from "../fixtures/wait-until.ts";
import { copyInstances } from "./by-hand.ts";
import { inlineCommand } from "./inline-command.ts";
import { markdownTable, median } from "./median.ts";
import { memcachedLoad } from "./memcached-load.ts";

const ROUNDS = 5;
const CLIENTS = 50;
const VALUE_BYTES = 64;
const PIPELINES = [1, 16] as const;
/** So that a turn takes a second or two. */
const REQUESTS = { 1: 60_000, 16: 600_000 } as const;
const BARE_PORT = 12_100;
const PATHS = ["bare", "direct", "gateway"] as const;

type Path = (typeof PATHS)[number];
/** Requests a second by command and pipeline. */
type Load = (endpoint: Endpoint, pipeline: 1 | 16) => Promise<Record<string, number>>;

const larder = await startInstallation();
const scratch = mkdtempSync(join(tmpdir(), "larder-bench-"));
try {
	await measureValkey(larder);
	await measureMemcached(larder);
} finally {
	rmSync(scratch, { recursive: true, force: true });
	await larder.stop();
}

async function measureValkey({ home, createCache, waitForStatus }: Installation): Promise<void> {
	const engine = await requireEngine("valkey");
	await createCache({ name: "datapath", auth: "none" });
	const cache = await waitForStatus("datapath", "available");
	const node = onlyNode(cache);
	const [copy] = copyInstances(
		[{ ...node, isPrimary: true, agentDir: home.agentDir(node.hostName) }],
		scratch,
	);
	const bare = { host: node.host, port: BARE_PORT };
	const args = [join(copy?.directory ?? "", "engine.conf"), "--port", `${BARE_PORT}`];
	await withProcess(engine.server, args, async () => {
		await waitUntil("the bare engine", async () => {
			return (await inlineCommand(bare.host, bare.port, "PING")) === "+PONG\r\n";
		});
		const benchmark = join(dirname(engine.server), "valkey-benchmark");
		await compare(
			`Valkey ${engine.version}`,
			{ bare, direct: node, gateway: requireEndpoint(cache.endpoints.primary) },
			(endpoint, pipeline) => valkeyLoad(benchmark, endpoint, pipeline),
		);
	});
}

async function measureMemcached({ createCache, waitForStatus }: Installation): Promise<void> {
	const engine = await requireEngine("memcached");
	await createCache({ name: "datapath-memcached", engine: "memcached" });
	const cache = await waitForStatus("datapath-memcached", "available");
	const node = onlyNode(cache);
	const bare = { host: node.host, port: BARE_PORT };
	// The same memory and threads as the node of this type has; root must name a user.
	const args = [
		"-l",
		bare.host,
		"-p",
		`${bare.port}`,
		"-U",
		"0",
		"-m",
		"384",
		"-t",
		"2",
		"-u",
		"nobody",
	];
	await withProcess(engine.server, args, async () => {
		await waitUntil("the bare engine", async () => {
			return (await inlineCommand(bare.host, bare.port, "version"))?.startsWith("VERSION");
		});
		await compare(
			`Memcached ${engine.version}`,
			{ bare, direct: node, gateway: requireEndpoint(cache.endpoints.configuration) },
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

async function compare(title: string, at: Record<Path, Endpoint>, load: Load): Promise<void> {
	console.log(`### ${title}, ${CLIENTS} clients, ${VALUE_BYTES} B\n`);
	const rows = [["", "pipeline", "bare /s", "direct", "through the gateway"]];
	for (const pipeline of PIPELINES) {
		const turns: Record<Path, Record<string, number>>[] = [];
		for (let round = -1; round < ROUNDS; round += 1) {
			const turn = { bare: {}, direct: {}, gateway: {} } as (typeof turns)[number];
			for (const path of PATHS) turn[path] = await load(at[path], pipeline);
			if (round >= 0) turns.push(turn);
		}
		for (const command of Object.keys(turns[0]?.bare ?? {})) {
			const of = (turn: (typeof turns)[number], path: Path) => turn[path][command] ?? 0;
			const ratio = (path: Path) =>
				median(turns.map((turn) => of(turn, path) / of(turn, "bare"))).toFixed(2);
			const bare = median(turns.map((turn) => of(turn, "bare")));
			rows.push([command, `${pipeline}`, bare.toFixed(0), ratio("direct"), ratio("gateway")]);
		}
	}
	console.log(`${markdownTable(rows)}\n`);
}

async function valkeyLoad(
	benchmark: string,
	{ host, port }: Endpoint,
	pipeline: 1 | 16,
): Promise<Record<string, number>> {
	const { stdout } = await promisify(execFile)(benchmark, [
		...["-h", host, "-p", `${port}`, "-c", `${CLIENTS}`, "-P", `${pipeline}`],
		...["-n", `${REQUESTS[pipeline]}`, "-d", `${VALUE_BYTES}`, "-r", "10000"],
		...["-t", "set,get", "--csv"],
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

function onlyNode(cache: Cache): Endpoint & { hostName: string } {
	const node = cache.shards[0]?.nodes[0];
	if (node === undefined) throw new Error(`${cache.name} has no node`);
	return { host: node.address, port: node.port, hostName: node.host };
}

function requireEndpoint(endpoint: Endpoint | null): Endpoint {
	if (endpoint === null) throw new Error("no stable endpoint");
	return endpoint;
}
