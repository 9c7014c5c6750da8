import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { Redis } from "ioredis";
import { ensureEngine } from "../../agent/bundles/index.ts";
import { findFreePort } from "../../e2e/fixtures/reserve-ports.ts";
import { waitUntil } from "../../e2e/fixtures/wait-until.ts";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";

export interface TestEngine {
	readonly port: number;
	/** Ends it without a warning. */
	stop(): Promise<void>;
	/** Makes it hang, and go on. */
	signal(signal: "SIGSTOP" | "SIGCONT"): void;
	/** A stopped one begins again on its port, empty. */
	start(): Promise<void>;
}

/** Valkey or Redis OSS on a free port of 127.0.0.1, without persistence. */
export async function startEngine(
	engine: "valkey" | "redis",
	version: string,
	settings: readonly string[] = [],
): Promise<TestEngine> {
	const { server } = await ensureEngine({ engine, version });
	return launch(server, (port) => [
		...["--port", String(port), "--bind", "127.0.0.1", "--save", "", ...settings],
	]);
}

/** A cluster of one node, which has all slots. Commands with keys of several slots are refused as in any other. */
export async function startCluster(
	engine: "valkey" | "redis",
	version: string,
	settings: readonly string[] = [],
): Promise<TestEngine> {
	const cluster = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
	const started = await startEngine(engine, version, [...cluster, ...settings]);
	const password = settings[settings.indexOf("--requirepass") + 1];
	const client = new Redis({
		port: started.port,
		...(settings.includes("--requirepass") && password !== undefined && { password }),
	});
	await client.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
	await waitUntil("the cluster to be up", async () =>
		String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok"),
	);
	client.disconnect();
	return started;
}

export async function startMemcached(): Promise<TestEngine> {
	const { server } = await ensureEngine({ engine: "memcached", version: "1.6" });
	const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
	return launch(server, (port) => ["-l", "127.0.0.1", "-p", String(port), "-U", "0", ...user]);
}

async function launch(server: string, args: (port: number) => string[]): Promise<TestEngine> {
	const directory = makeOwnedDirectory("larder-patterns-");
	const port = await findFreePort();
	let child: ChildProcess;
	const start = async () => {
		child = spawn(server, args(port), { cwd: directory, stdio: "ignore" });
		await waitUntil(`${server} to answer`, async () => {
			if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
			return isOpen(port);
		});
	};
	await start();
	return {
		port,
		start,
		signal: (signal) => void child.kill(signal),
		async stop() {
			if (child.exitCode === null && child.signalCode === null) {
				const exited = once(child, "exit");
				child.kill("SIGKILL");
				await exited;
			}
			rmSync(directory, { recursive: true, force: true });
		},
	};
}

async function isOpen(port: number): Promise<boolean> {
	const socket = connect(port, "127.0.0.1");
	try {
		await once(socket, "connect");
		return true;
	} finally {
		socket.destroy();
	}
}
