import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pino } from "pino";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { signalProcess } from "../../platform/process-identity.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import { engineSchema } from "../../server/contract/enums.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { driverOf } from "../instances/instance-context.ts";
import { instancePaths, instancesDir } from "../instances/instance-paths.ts";
import { runAgent } from "../main.ts";
import { findEngineProcess } from "../supervisor/find-process.ts";
import { probePort } from "../supervisor/port-probe.ts";
import {
	CLIENT_PASSWORD,
	GATEWAY_PASSWORD,
	makeAssignment,
	SYSTEM_PASSWORD,
} from "./assignments.ts";
import { FakeControlPlane } from "./fake-control-plane.ts";
import { findHaproxy, findSentinel } from "./find-programs.ts";

const PASSWORDS = {
	default: CLIENT_PASSWORD,
	larder: SYSTEM_PASSWORD,
	"larder-gateway": GATEWAY_PASSWORD,
} as const;
const drivers = engineSchema.options.map(driverOf);

/** One host of a test: a control plane of its own, a directory, and agents in this process or in their own. */
export class TestHost {
	readonly plane = new FakeControlPlane();
	readonly homeDir = mkdtempSync(join(tmpdir(), "larder-agent-test-"));
	readonly address: string;
	private readonly running: { abort: AbortController; done: Promise<void> }[] = [];
	private readonly children: ChildProcess[] = [];

	constructor(address = "127.0.0.1") {
		this.address = address;
	}

	/** An agent in this process. Answers how to stop it and wait for its end. */
	startAgent(options: { engineStoreDir?: string } = {}): () => Promise<void> {
		const abort = new AbortController();
		const done = runAgent({
			...options,
			controlPlaneUrl: this.plane.url,
			joinToken: "token",
			name: "host-a",
			zone: "zone-a",
			bindAddress: this.address,
			advertisedAddress: this.address,
			memoryBytes: 1024 ** 3,
			homeDir: this.homeDir,
			gateway: "on",
			sentinel: "on",
			logger: pino({ level: process.env.LARDER_LOG_LEVEL || "silent" }),
			signal: abort.signal,
		});
		this.running.push({ abort, done });
		return async () => {
			abort.abort();
			await done;
		};
	}

	/** An agent in a process of its own, which a test may kill. */
	spawnAgent(): ChildProcess {
		const child = spawn(process.execPath, ["--import", "tsx", resolve("agent/entry.ts")], {
			stdio: ["ignore", "ignore", "pipe"],
			env: {
				...process.env,
				LARDER_LOG_LEVEL: "silent",
				LARDER_CONTROL_PLANE_URL: this.plane.url,
				LARDER_JOIN_TOKEN: "token",
				LARDER_AGENT_NAME: "host-a",
				LARDER_AGENT_ZONE: "zone-a",
				LARDER_AGENT_ADDRESS: this.address,
				LARDER_AGENT_MEMORY_BYTES: String(1024 ** 3),
				LARDER_AGENT_HOME: this.homeDir,
			},
		});
		this.children.push(child);
		return child;
	}

	/** Wants this engine here, and no other. */
	async assign(changes: Partial<Assignment> = {}): Promise<Assignment> {
		const assignment = makeAssignment({ port: await freePort(this.address), ...changes });
		this.plane.setAssignments([assignment]);
		return assignment;
	}

	/** Waits until an engine runs as it is to. */
	untilRunning({ id, nodeName, generation }: Assignment) {
		return this.plane.until(`${nodeName} runs`, () => {
			const seen = this.plane.observationOf(id);
			return seen?.phase === "running" && seen.generation === generation && seen;
		});
	}

	/** The engine process of an instance as the kernel sees it, whatever any agent believes. */
	engineProcess(assignmentId: string): ProcessIdentity | null {
		const paths = instancePaths(this.homeDir, assignmentId);
		return findEngineProcess({
			directories: [paths.directory, paths.data],
			isServerProgram: (path) => drivers.some((driver) => driver.isServerProgram(path)),
			isHelperProcess: (text) => drivers.some((driver) => driver.isHelperProcess(text)),
		});
	}

	connect(port: number, username: keyof typeof PASSWORDS = "default"): Promise<EngineConnection> {
		const password = PASSWORDS[username];
		return EngineConnection.open({ host: this.address, port, username, password }, 2_000);
	}

	/** Ends everything that the test started: engines, gateway and Sentinel too. */
	async dispose(): Promise<void> {
		for (const { abort } of this.running) abort.abort();
		await Promise.allSettled(this.running.map(({ done }) => done));
		for (const child of this.children) await killChild(child);
		const directory = instancesDir(this.homeDir);
		for (const id of existsSync(directory) ? readdirSync(directory) : []) {
			const engine = this.engineProcess(id);
			if (engine !== null) signalProcess(engine, "SIGKILL");
		}
		const haproxy = findHaproxy(this.homeDir);
		if (haproxy !== null) signalProcess(haproxy, "SIGTERM");
		const sentinel = findSentinel(this.homeDir);
		if (sentinel !== null) signalProcess(sentinel, "SIGKILL");
		await this.plane.stop();
		rmSync(this.homeDir, { recursive: true, force: true });
	}
}

export async function killChild(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill("SIGKILL");
	await once(child, "exit");
}

/**
 * Below the ports that the kernel gives to outgoing connections, cluster buses (10,000 higher) included: one of those
 * would lose to any client that comes by.
 */
const FIRST_PORT = 15_000;
const PORTS_PER_WORKER = 250;
const WORKERS = 8;
let nextPort = 0;

/** A port that nothing listens on, of this test worker's own range: no two tests at once are given the same. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
	const worker = Number(process.env.VITEST_POOL_ID ?? 1) % WORKERS;
	for (;;) {
		const port = FIRST_PORT + worker * PORTS_PER_WORKER + (nextPort++ % PORTS_PER_WORKER);
		if ((await probePort(address, port)).kind === "free") return port;
	}
}

/** Waits until a condition that no report announces holds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>) {
	const deadline = performance.now() + 15_000;
	while (!(await holds())) {
		if (performance.now() > deadline) throw new Error(`not in 15 s: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}
