import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Redis } from "ioredis";
import { findEngine } from "../bundles/index.ts";
import { eventually, freePort } from "./agent-fixture.ts";

/** An engine that nobody manages. */
export interface BareEngine {
	readonly port: number;
	readonly client: Redis;
	stop(): Promise<void>;
}

/** Starts one in a directory, from the `dump.rdb` in it if there is one. Throws if it ends instead of serving. */
export async function startBareEngine(
	engine: "valkey" | "redis",
	version: string,
	directory: string,
	settings: readonly string[] = [],
): Promise<BareEngine> {
	const found = await findEngine({ engine, version });
	if (found === null) throw new Error(`${engine} ${version} isn't installed`);
	const port = await freePort();
	const child = spawn(
		found.server,
		[
			...["--port", String(port), "--bind", "127.0.0.1", "--save", ""],
			...["--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes", ...settings],
		],
		{ cwd: directory, stdio: "ignore" },
	);
	const client = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null });
	client.on("error", () => undefined);
	await eventually(`${engine} ${version} serves`, async () => {
		if (child.exitCode !== null)
			throw new Error(`${engine} ${version} ended with ${child.exitCode}`);
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
