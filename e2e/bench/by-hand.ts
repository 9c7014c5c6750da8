import { spawn } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inlineCommand } from "./inline-command.ts";

const POLL_MS = 1;
const TIMEOUT_MS = 30_000;

export interface EngineSetup {
	directory: string;
	host: string;
	port: number;
	isPrimary: boolean;
}

/** Copies what an agent wrote for its engines, so that the script starts the same programs on the same configuration. */
export function copyInstances(
	nodes: readonly { host: string; port: number; isPrimary: boolean; agentDir: string }[],
	into: string,
): EngineSetup[] {
	const primary = nodes.find((node) => node.isPrimary);
	if (primary === undefined) throw new Error("no primary");
	return nodes.map((node, index) => {
		const instances = join(node.agentDir, "instances");
		const name = readdirSync(instances).find((each) =>
			readFileSync(join(instances, each, "engine.conf"), "utf8").includes(`port ${node.port}\n`),
		);
		if (name === undefined) throw new Error(`no instance on port ${node.port} in ${instances}`);
		const directory = join(into, `${index}`);
		cpSync(join(instances, name), directory, { recursive: true });
		const file = join(directory, "engine.conf");
		// A replica's file may still name an address where nothing answers: the agent told the engine its primary later.
		const text = readFileSync(file, "utf8")
			// The engine's configuration quotes paths.
			.replace(new RegExp(`"[^\n]*/instances/${name}`, "g"), `"${directory}`)
			.replace(/^replicaof .*$/m, `replicaof ${primary.host} ${primary.port}`);
		writeFileSync(file, text);
		return { directory, host: node.host, port: node.port, isPrimary: node.isPrimary };
	});
}

/** Does what a person's script would: starts all, waits until all answer and replicas are in sync, writes and reads. */
export async function provisionByHand(
	server: string,
	engines: readonly EngineSetup[],
): Promise<number> {
	const startedAt = performance.now();
	const children = engines.map((engine) =>
		spawn(server, [join(engine.directory, "engine.conf")], { stdio: "ignore" }),
	);
	try {
		await Promise.all(engines.map((engine) => until(() => isReady(engine, engines.length - 1))));
		const primary = engines.find((engine) => engine.isPrimary);
		if (primary === undefined) throw new Error("no primary");
		await until(
			async () => (await inlineCommand(primary.host, primary.port, "SET bench 1")) === "+OK\r\n",
		);
		await until(
			async () => (await inlineCommand(primary.host, primary.port, "GET bench")) === "$1\r\n1\r\n",
		);
		return performance.now() - startedAt;
	} finally {
		await Promise.all(
			children.map((child) => {
				if (child.exitCode !== null || child.signalCode !== null) return null;
				const exited = new Promise((resolve) => child.once("exit", resolve));
				child.kill("SIGKILL");
				return exited;
			}),
		);
		for (const engine of engines) rmSync(engine.directory, { recursive: true, force: true });
	}
}

async function isReady(engine: EngineSetup, replicas: number): Promise<boolean> {
	if ((await inlineCommand(engine.host, engine.port, "PING")) !== "+PONG\r\n") return false;
	if (replicas === 0) return true;
	const info = (await inlineCommand(engine.host, engine.port, "INFO replication")) ?? "";
	if (!engine.isPrimary) {
		return info.includes("master_link_status:up") && info.includes("master_sync_in_progress:0");
	}
	return (info.match(/state=online/g) ?? []).length === replicas;
}

async function until(check: () => Promise<boolean>): Promise<void> {
	const deadline = performance.now() + TIMEOUT_MS;
	while (!(await check())) {
		if (performance.now() > deadline) throw new Error(`not ready after ${TIMEOUT_MS} ms`);
		await delay(POLL_MS);
	}
}
