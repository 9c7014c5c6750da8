import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";

const SLOTS = 16_384;
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 20;

/** An engine that nobody manages. */
export interface BareEngine {
	readonly port: number;
	readonly client: Redis;
	stop(): Promise<void>;
}

type EngineKind = "valkey" | "redis";

interface Surroundings {
	/** Where an engine's program is; null if it isn't installed. */
	findEngine(wanted: {
		engine: EngineKind;
		version: string;
	}): Promise<{ readonly server: string } | null>;
	freePort(): Promise<number>;
}

/** Starts engines and clusters that nobody manages, each with a client. */
export interface BareEngines {
	/**
	 * Starts one in a directory, from the `dump.rdb` in it if there is one. Throws if it ends instead of serving.
	 */
	startBareEngine(
		engine: EngineKind,
		version: string,
		directory: string,
		settings?: readonly string[],
	): Promise<BareEngine>;
	/** Starts primaries that form a cluster, each with as many slots as the others. */
	startBareCluster(
		engine: EngineKind,
		version: string,
		directory: string,
		shards: number,
		settings?: readonly string[],
	): Promise<BareEngine[]>;
}

export function bareEngines({ findEngine, freePort }: Surroundings): BareEngines {
	const startBareEngine: BareEngines["startBareEngine"] = async (
		engine,
		version,
		directory,
		settings = [],
	) => {
		const found = await findEngine({ engine, version });
		if (found === null) throw new Error(`${engine} ${version} isn't installed`);
		return await launch(found.server, await freePort(), directory, settings);
	};
	return {
		startBareEngine,
		async startBareCluster(engine, version, directory, shards, more = []) {
			const engines: { engine: BareEngine; busPort: number }[] = [];
			for (let index = 0; index < shards; index += 1) {
				const own = join(directory, `node-${index}`);
				mkdirSync(own);
				const busPort = await freePort();
				const settings = [
					...["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"],
					...["--cluster-port", String(busPort)],
					...more,
				];
				engines.push({ engine: await startBareEngine(engine, version, own, settings), busPort });
			}
			await formCluster(engines);
			return engines.map(({ engine: each }) => each);
		},
	};
}

async function launch(
	server: string,
	port: number,
	directory: string,
	settings: readonly string[],
): Promise<BareEngine> {
	const child = spawn(
		server,
		[
			...["--port", String(port), "--bind", "127.0.0.1", "--save", ""],
			...["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes", ...settings],
		],
		{ cwd: directory, stdio: "ignore" },
	);
	const client = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null });
	client.on("error", () => undefined);
	await until(`the engine on port ${port} serves`, async () => {
		if (child.exitCode !== null) throw new Error(`the engine ended with ${child.exitCode}`);
		return client.status === "ready";
	});
	return { port, client, stop: () => stop(child, client) };
}

async function stop(child: ChildProcess, client: Redis): Promise<void> {
	client.disconnect();
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill("SIGKILL");
	await once(child, "exit");
}

async function formCluster(
	engines: readonly { readonly engine: BareEngine; readonly busPort: number }[],
): Promise<void> {
	const [seed] = engines;
	for (const [index, { engine }] of engines.entries()) {
		const { client } = engine;
		const [first, next] = [index, index + 1].map((n) => Math.floor((n * SLOTS) / engines.length));
		await client.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1);
		await client.call("CLUSTER", "ADDSLOTSRANGE", first ?? 0, (next ?? SLOTS) - 1);
		if (index > 0 && seed !== undefined) {
			await client.call("CLUSTER", "MEET", "127.0.0.1", seed.engine.port, seed.busPort);
		}
	}
	await until("the cluster is whole", async () => {
		const infos = await Promise.all(
			engines.map(({ engine }) => engine.client.call("CLUSTER", "INFO")),
		);
		return infos.every(
			(info) =>
				String(info).includes("cluster_state:ok") &&
				String(info).includes(`cluster_known_nodes:${engines.length}`),
		);
	});
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
	const startedAt = performance.now();
	while (!(await holds())) {
		if (performance.now() - startedAt > PATIENCE_MS) throw new Error(`not in time: ${what}`);
		await delay(LOOK_EVERY_MS);
	}
}
