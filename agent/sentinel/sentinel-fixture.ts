import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { type ProcessIdentity, signalProcess } from "../../platform/process-identity.ts";
import { removeDirectory } from "../../platform/testing/owned-directory.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import type { Assignment } from "../../server/contract/desired-state.ts";
import type { SentinelObservation } from "../../server/contract/host-report.ts";
import type { Route } from "../../server/contract/routes.ts";
import { ensureEngine } from "../bundles/index.ts";
import type { LaunchContext } from "../drivers/driver.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { leadSettings } from "../drivers/lead-permission.ts";
import type { NodeAddress } from "../drivers/replication-convergence.ts";
import type { RespValue } from "../drivers/resp-parser.ts";
import { driverOf } from "../instances/instance-context.ts";
import { instancePaths } from "../instances/instance-paths.ts";
import { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { eventually, freePort, killChild } from "../testing/agent-fixture.ts";
import {
	CLIENT_PASSWORD,
	makeAssignment,
	SENTINEL_USER_PASSWORD,
	SYSTEM_PASSWORD,
} from "../testing/assignments.ts";
import { findSentinel } from "../testing/find-programs.ts";
import { Sentinel } from "./sentinel.ts";

/** Test files run in parallel: each has its own addresses. */
const WORKER = Number(process.env.VITEST_POOL_ID ?? 1) % 8;

const logger = pino({ level: process.env.LARDER_LOG_LEVEL || "silent" });

/** A node of a cache: an engine with the files that agents write, but without an agent. */
export class TestNode {
	readonly assignment: Assignment;
	readonly address: NodeAddress;
	private readonly context: LaunchContext;
	private child: ChildProcess | null = null;

	constructor(homeDir: string, host: string, assignment: Assignment) {
		this.assignment = assignment;
		this.address = { host, port: assignment.port };
		this.context = {
			...{ assignment, paths: instancePaths(homeDir, assignment.id), logger, kind: "again" },
			...{ bindAddress: host, advertisedAddress: host, refusedParameters: {} },
			restoreFile: null,
			fromAppendFiles: false,
		};
	}

	get configurationFile(): string {
		return this.context.paths.configuration;
	}

	/** Starts it as agents do; from the second time on with the files that it and Sentinel left. */
	async start(): Promise<void> {
		const { engine, engineVersion: version } = this.assignment;
		const driver = driverOf(engine);
		const { paths } = this.context;
		if (!existsSync(paths.configuration)) {
			mkdirSync(paths.data, { recursive: true, mode: 0o700 });
			await driver.writeFiles(this.context);
		}
		const { server } = await ensureEngine({ engine, version });
		const options = { cwd: paths.directory, stdio: "ignore" } as const;
		this.child = spawn(server, [...driver.launchArguments(this.context)], options);
		await eventually("the engine answers", async () => (await this.role()) !== null);
		// An agent would name the hosts of the cache; without it Sentinels may point the engine anywhere.
		await this.ask("ACL", "SETUSER", this.assignment.auth.sentinelUsername, "+slaveof");
	}

	/** Asks as a client of the cache, with its password. */
	async askAsClient(...words: string[]): Promise<RespValue> {
		const login = { username: "default", password: CLIENT_PASSWORD };
		return await askOnce({ ...this.address, ...login }, words);
	}

	/** What its agent does once it has synced. */
	async letLead(): Promise<void> {
		const settings = leadSettings(this.assignment, true).flat().map(String);
		await this.ask("CONFIG", "SET", ...settings);
	}

	/** Makes the process hang, or continue. */
	signal(signal: "SIGSTOP" | "SIGCONT"): void {
		this.child?.kill(signal);
	}

	async kill(): Promise<void> {
		if (this.child !== null) await killChild(this.child);
	}

	/** The role that it reports; null if it doesn't answer. */
	async role(): Promise<string | null> {
		const role = await this.ask("ROLE").catch(() => null);
		return Array.isArray(role) ? String(role[0]) : null;
	}

	async ask(...words: string[]): Promise<RespValue> {
		const login = { username: this.assignment.auth.systemUsername, password: SYSTEM_PASSWORD };
		return await askOnce({ ...this.address, ...login }, words);
	}
}

/** A host's Sentinel, without an agent. */
export class TestWatcher {
	readonly hostId: string;
	readonly address: string;
	readonly homeDir = makeUglyDirectory("larder-sentinel-test");
	sentinel: Sentinel;
	changes = 0;

	constructor(hostId: string, address: string) {
		this.hostId = hostId;
		this.address = address;
		this.sentinel = this.make(true);
	}

	get port(): number {
		return this.sentinel.observation()?.port ?? 0;
	}

	get log(): string {
		const file = join(this.homeDir, "sentinel", "sentinel.log");
		return existsSync(file) ? readFileSync(file, "utf8") : "";
	}

	/** What it reports about a cache, including its primary. */
	cache(cacheId: string): SentinelObservation["caches"][number] | undefined {
		return this.sentinel.observation()?.caches.find((each) => each.cacheId === cacheId);
	}

	/** The process as the kernel sees it. */
	process(): ProcessIdentity | null {
		return findSentinel(this.homeDir);
	}

	async kill(): Promise<void> {
		const found = this.process();
		if (found === null) return;
		signalProcess(found, "SIGKILL");
		await eventually("Sentinel is gone", () => this.process()?.pid !== found.pid);
	}

	/**
	 * Releases the process, as a stopping agent does, and starts again with a watcher that knows only its
	 * files.
	 */
	async restart(enabled = true): Promise<void> {
		await this.sentinel.stop();
		this.sentinel = this.make(enabled);
		await this.sentinel.start();
	}

	async ask(password: string, ...words: string[]): Promise<RespValue> {
		const login = { username: "default", password };
		return await askOnce({ host: this.address, port: this.port, ...login }, words);
	}

	async dispose(): Promise<void> {
		await this.sentinel.stop();
		await this.kill();
		await removeDirectory(this.homeDir);
	}

	private make(enabled: boolean): Sentinel {
		return new Sentinel({
			...{ homeDir: this.homeDir, bindAddress: this.address, enabled, logger },
			advertisedAddress: this.address,
			liveness: new LivenessWatch(),
			resolveProgram: async () => ({
				kind: "ready",
				engine: await ensureEngine({ engine: "valkey", version: "9" }),
			}),
			onChange: () => {
				this.changes++;
			},
		});
	}
}

/** Three hosts with a Sentinel each, and caches with a node on each of them. */
export class TestBackstop {
	readonly watchers: readonly TestWatcher[] = [1, 2, 3].map(
		(index) => new TestWatcher(`host-${index}`, `127.0.${10 + WORKER}.${index}`),
	);
	readonly nodes: TestNode[] = [];
	password = "password-of-the-sentinels-doors";
	private readonly homeDir = makeUglyDirectory("larder-backstop-test");
	private revision = 0;

	/** The first is the primary. */
	async startNodes(
		version: Pick<Assignment, "engine" | "engineVersion"> = {
			engine: "valkey",
			engineVersion: "9",
		},
	): Promise<TestNode[]> {
		const nodes: TestNode[] = [];
		for (const { address } of this.watchers) {
			const of = nodes[0]?.address;
			const assignment = makeAssignment({
				...{ ...version, port: await freePort(address) },
				role: of === undefined ? { kind: "primary" } : { kind: "replica", of },
			});
			const node = new TestNode(this.homeDir, address, assignment);
			this.nodes.push(node);
			nodes.push(node);
			await node.start();
		}
		await eventually("replicas are in sync", async () => {
			const roles = await Promise.all(nodes.slice(1).map((node) => node.ask("ROLE")));
			return roles.every((role) => Array.isArray(role) && role[3] === "connected");
		});
		for (const node of nodes) await node.letLead();
		return nodes;
	}

	/** The cache's route, by default with all three Sentinels and a quorum of two. */
	route(
		nodes: readonly TestNode[],
		changes: { leader?: TestNode; hosts?: string[]; password?: string; cacheId?: string } = {},
	): Route {
		const { leader = nodes[0], hosts = this.watchers.map(({ hostId }) => hostId) } = changes;
		return {
			cacheId: changes.cacheId ?? randomUUID(),
			cacheName: "orders",
			engine: "valkey",
			ports: { primary: null, reader: null, configuration: null },
			servers: nodes.map((node) => ({
				...{ nodeId: node.assignment.id, ...node.address, leads: node === leader },
			})),
			check: null,
			discovery: null,
			tcpKeepaliveSeconds: 300,
			sentinel: {
				...{ hosts, quorum: 2, username: "larder-sentinel" },
				password: changes.password ?? SENTINEL_USER_PASSWORD,
			},
		};
	}

	apply(routes: Route[], watchers = this.watchers): void {
		this.revision++;
		const table = { revision: this.revision, routes, sentinelPassword: this.password };
		for (const { sentinel, hostId } of watchers) sentinel.apply(table, hostId);
	}

	/** Waits until every Sentinel considers that node the primary, and knows all of its peers. */
	async untilAgreed(cacheId: string, leader: TestNode, watchers = this.watchers): Promise<void> {
		const { host, port } = leader.address;
		await patiently(`all Sentinels consider ${host}:${port} the primary`, () =>
			watchers.every((watcher) => {
				const cache = watcher.cache(cacheId);
				return (
					cache?.primary.host === host &&
					cache.primary.port === port &&
					cache.peers === watchers.length - 1
				);
			}),
		);
	}

	/** Waits until every Sentinel has found the replicas too: only then can it promote one. */
	async untilReady(cacheId: string, replicas = 2): Promise<void> {
		await patiently("all Sentinels know all nodes", async () => {
			const words = ["SENTINEL", "REPLICAS", cacheId];
			const answers = await Promise.all(
				this.watchers.map((each) => each.ask(this.password, ...words).catch(() => null)),
			);
			return answers.every(
				(answer) =>
					Array.isArray(answer) &&
					answer.length === replicas &&
					answer.every((replica) => String(replica).includes("master-link-status,ok")),
			);
		});
	}

	async primaries(): Promise<TestNode[]> {
		const roles = await Promise.all(this.nodes.map((node) => node.role()));
		return this.nodes.filter((_, index) => roles[index] === "master");
	}

	async dispose(): Promise<void> {
		await Promise.all(this.watchers.map((watcher) => watcher.dispose()));
		await Promise.all(this.nodes.map((node) => node.kill()));
		await removeDirectory(this.homeDir);
	}
}

/** Sentinel itself takes about 20 s to demote a primary that came back as one. */
async function patiently(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
	for (let patience = 3; patience > 1; patience--) {
		try {
			return await eventually(what, holds);
		} catch {
			// Not yet.
		}
	}
	await eventually(what, holds);
}

async function askOnce(
	address: Parameters<typeof EngineConnection.open>[0],
	words: readonly string[],
): Promise<RespValue> {
	const connection = await EngineConnection.open(address, 2_000);
	try {
		return await connection.command(words, 2_000);
	} finally {
		connection.close();
	}
}
