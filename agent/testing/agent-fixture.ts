import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import type { Logger } from "../../platform/logger.ts";
import type { ProcessIdentity } from "../../platform/process-identity.ts";
import { signalProcess } from "../../platform/process-identity.ts";
import { removeDirectory } from "../../platform/testing/owned-directory.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import { engineSchema } from "../../server/contract/enums.ts";
import { DNS_PORT_DEFAULT } from "../../server/contract/names.ts";
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

/** One test host: a control plane of its own, a directory, and agents in this process or in their own. */
export class TestHost {
	readonly plane = new FakeControlPlane();
	readonly homeDir = makeUglyDirectory("larder-agent-test");
	readonly address: string;
	dnsPort = DNS_PORT_DEFAULT;
	private readonly running: { abort: AbortController; done: Promise<void> }[] = [];
	private readonly children: ChildProcess[] = [];

	constructor(address = "127.0.0.1") {
		this.address = address;
	}

	/** Starts an agent in this process. Returns a function that stops it and waits until it has ended. */
	startAgent(options: { engineStoreDir?: string; logger?: Logger } = {}): () => Promise<void> {
		const abort = new AbortController();
		const done = runAgent({
			controlPlaneUrl: this.plane.url,
			joinToken: "token",
			name: "host-a",
			zone: "zone-a",
			bindAddress: this.address,
			advertisedAddress: this.address,
			memoryBytes: 1024 ** 3,
			homeDir: this.homeDir,
			gateway: "on",
			forwarding: "haproxy",
			sentinel: "on",
			busGuard: "on",
			dnsPort: this.dnsPort,
			importDirectories: [],
			logger: pino({ level: process.env.LARDER_LOG_LEVEL || "silent" }),
			signal: abort.signal,
			...options,
		});
		this.running.push({ abort, done });
		return async () => {
			abort.abort();
			await done;
		};
	}

	/** An agent in a process of its own, which a test may kill. `under` is a program to start it with, and its arguments. */
	spawnAgent(under: readonly string[] = []): ChildProcess {
		// Built before the first test (e2e/fixtures/built-programs.ts): the sources take seconds to load.
		const agent = [process.execPath, resolve("dist/agent.mjs")];
		const [program = process.execPath, ...args] = [...under, ...agent];
		const child = spawn(program, args, {
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
				LARDER_GATEWAY: "haproxy",
			},
		});
		this.children.push(child);
		return child;
	}

	/** Makes this engine the only assignment of the host. */
	async assign(changes: Partial<Assignment> = {}): Promise<Assignment> {
		const assignment = makeAssignment({ port: await freePort(this.address), ...changes });
		this.plane.setAssignments([assignment]);
		return assignment;
	}

	/** Waits until an engine runs as wanted. */
	untilRunning({ id, nodeName, generation }: Assignment) {
		return this.plane.until(`${nodeName} runs`, () => {
			const seen = this.plane.observationOf(id);
			return seen?.phase === "running" && seen.generation === generation && seen;
		});
	}

	/** Ends an instance's engine as the kernel does when memory runs out. */
	killEngine(assignmentId: string): void {
		const engine = this.engineProcess(assignmentId);
		if (engine !== null) signalProcess(engine, "SIGKILL");
	}

	/** The engine process of an instance according to the kernel, whatever any agent believes. */
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
		for (const id of existsSync(directory) ? readdirSync(directory) : []) this.killEngine(id);
		const haproxy = findHaproxy(this.homeDir);
		if (haproxy !== null) signalProcess(haproxy, "SIGTERM");
		const sentinel = findSentinel(this.homeDir);
		if (sentinel !== null) signalProcess(sentinel, "SIGKILL");
		await this.plane.stop();
		await removeDirectory(this.homeDir);
	}
}

export async function killChild(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	child.kill("SIGKILL");
	await once(child, "exit");
}

/**
 * These ports and their cluster buses, 10,000 higher, are below those that the kernel gives to outgoing
 * connections, where any client could take a node's port.
 */
const FIRST_PORT = 15_000;
const PORTS_PER_WORKER = 250;
const WORKERS = 8;
let nextPort = 0;

/** A port that nothing listens on, in this test worker's own range, so that parallel tests don't get the same one. */
export async function freePort(address = "127.0.0.1"): Promise<number> {
	const worker = Number(process.env.VITEST_POOL_ID ?? 1) % WORKERS;
	for (;;) {
		const port = FIRST_PORT + worker * PORTS_PER_WORKER + (nextPort++ % PORTS_PER_WORKER);
		if ((await probePort(address, port)).kind === "free") return port;
	}
}

const EVENTUALLY_MS = 60_000;
const LOOK_EVERY_MS = 5;
const LOOK_AT_LEAST_EVERY_MS = 100;
/** Each pause is this share of the time waited so far: the longer it takes, the less often the test looks. */
const LOOK_SHARE = 0.05;

/** Waits for a condition that no report announces. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>) {
	const startedAt = performance.now();
	while (!(await holds())) {
		const waitedMs = performance.now() - startedAt;
		if (waitedMs > EVENTUALLY_MS) throw new Error(`not in ${EVENTUALLY_MS} ms: ${what}`);
		const pauseMs = Math.max(LOOK_EVERY_MS, waitedMs * LOOK_SHARE);
		await delay(Math.min(pauseMs, LOOK_AT_LEAST_EVERY_MS));
	}
}

/** For a test with a limit in milliseconds, which a busy machine may miss once or twice, but not three times. */
export const TIMED = { retry: 2 };
