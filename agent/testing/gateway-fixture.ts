import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { removeKernelTables } from "../../platform/kernel-table.ts";
import {
	isProcessAlive,
	type ProcessIdentity,
	signalProcess,
} from "../../platform/process-identity.ts";
import { removeDirectory } from "../../platform/testing/owned-directory.ts";
import { makeUglyDirectory } from "../../platform/testing/ugly-directory.ts";
import type { Route } from "../../server/contract/routes.ts";
import { ensureEngine, type WantedEngine } from "../bundles/index.ts";
import { EngineConnection } from "../drivers/engine-connection.ts";
import { Gateway } from "../gateway/gateway.ts";
import type { KernelMode } from "../gateway/kernel/permission.ts";
import { LivenessWatch } from "../supervisor/liveness-watch.ts";
import { eventually, freePort, killChild } from "./agent-fixture.ts";
import { findHaproxy } from "./find-programs.ts";

const ADMIN_PASSWORD = "admin-password";
const CHECK = { username: "larder-gateway", password: "gateway password $\"'\\ #" };
/** The password's special characters must have no effect in the engine's file or in HAProxy's. */
function usersFile(): string {
	const hash = (text: string) => createHash("sha256").update(text).digest("hex");
	return [
		`user default on #${hash(ADMIN_PASSWORD)} ~* &* +@all`,
		`user ${CHECK.username} on #${hash(CHECK.password)} resetkeys -@all +ping +role +cluster|info`,
		"",
	].join("\n");
}

/** A gateway without an agent, and engines for it to forward to. `dispose` ends all of it, HAProxy included. */
export class TestGateway {
	readonly homeDir = makeUglyDirectory("larder-gateway-test");
	readonly address: string;
	private readonly mode: KernelMode | null;
	gateway: Gateway;
	private revision = 0;
	private readonly children: ChildProcess[] = [];
	private readonly seen: ProcessIdentity[] = [];

	/** Without a mode, HAProxy alone forwards. */
	constructor(address: string, mode: KernelMode | null = null) {
		this.address = address;
		this.mode = mode;
		this.gateway = this.make();
	}

	/** Releases HAProxy, as a stopping agent does, and starts again with a gateway that knows nothing. */
	async restart(): Promise<void> {
		await this.gateway.stop();
		this.gateway = this.make();
		await this.gateway.start();
	}

	apply(routes: Route[]): number {
		this.revision++;
		this.gateway.apply({ revision: this.revision, routes, sentinelPassword: "" });
		return this.revision;
	}

	async applyAndWait(routes: Route[]): Promise<void> {
		const revision = this.apply(routes);
		await eventually("the routes are ready", () => {
			const seen = this.gateway.observation();
			return seen?.routeRevision === revision && seen.routes.every((route) => route.ready);
		});
		this.remember();
	}

	/** HAProxy's master according to the kernel. */
	haproxy(): ProcessIdentity | null {
		return findHaproxy(this.homeDir);
	}

	async startValkey(options: { replicaOf?: number; port?: number } = {}): Promise<TestEngine> {
		const port = options.port ?? (await freePort(this.address));
		const directory = mkdtempSync(join(this.homeDir, "engine-"));
		writeFileSync(join(directory, "users.acl"), usersFile());
		const arguments_ = [
			...["--port", String(port), "--bind", this.address, "--dir", directory, "--save", ""],
			...["--aclfile", join(directory, "users.acl"), "--repl-diskless-sync-delay", "0"],
			...["--masterauth", ADMIN_PASSWORD],
			...(options.replicaOf === undefined
				? []
				: ["--replicaof", `${this.address} ${options.replicaOf}`]),
		];
		const child = await this.spawn("valkey", arguments_, directory);
		await eventually("valkey answers", () => isOpen(this.address, port));
		return { nodeId: `node-${port}`, port, child };
	}

	async startMemcached(): Promise<TestEngine> {
		const port = await freePort(this.address);
		const args = ["-l", this.address, "-p", String(port), "-U", "0", "-u", "root", "-m", "32"];
		const child = await this.spawn("memcached", args, this.homeDir);
		await eventually("memcached answers", () => isOpen(this.address, port));
		return { nodeId: `node-${port}`, port, child };
	}

	async valkeyRoute(leader: TestEngine, others: TestEngine[]): Promise<Route> {
		return {
			cacheId: randomUUID(),
			cacheName: "orders",
			engine: "valkey",
			ports: {
				primary: await freePort(this.address),
				reader: await freePort(this.address),
				configuration: null,
			},
			servers: this.servers(leader, [leader, ...others]),
			check: CHECK,
			discovery: null,
			sentinel: null,
			tcpKeepaliveSeconds: 300,
		};
	}

	async memcachedRoute(nodes: TestEngine[]): Promise<Route> {
		return {
			cacheId: randomUUID(),
			cacheName: "sessions",
			engine: "memcached",
			ports: { primary: null, reader: null, configuration: await freePort(this.address) },
			servers: this.servers(null, nodes),
			check: null,
			discovery: {
				version: 12,
				nodes: nodes.map(({ port }) => ({ host: this.address, port })),
			},
			sentinel: null,
			tcpKeepaliveSeconds: 300,
		};
	}

	/** A primary and replicas in sync behind a primary and a reader endpoint. */
	async startReplicated(replicas = 1): Promise<ReplicatedEngines> {
		const first = await this.startValkey();
		const others = await Promise.all(
			Array.from({ length: replicas }, () => this.startValkey({ replicaOf: first.port })),
		);
		const route = await this.valkeyRoute(first, others);
		await this.applyAndWait([route]);
		return { first, others, route, ...valkeyPorts(route) };
	}

	/** The port of the engine that an endpoint connects a new client to. */
	async portBehind(port: number): Promise<number> {
		return Number(((await this.ask(port, "CONFIG", "GET", "port")) as string[])[1]);
	}

	servers(leader: TestEngine | null, engines: TestEngine[]): Route["servers"] {
		return engines.map((engine) => ({
			nodeId: engine.nodeId,
			...{ host: this.address, port: engine.port, leads: engine === leader },
		}));
	}

	connect(port: number): Promise<EngineConnection> {
		const login = { username: "default", password: ADMIN_PASSWORD };
		return EngineConnection.open({ host: this.address, port, ...login }, 2_000);
	}

	/** Sends one command over a connection of its own. */
	async ask(port: number, ...words: string[]): Promise<unknown> {
		const connection = await this.connect(port);
		try {
			return await connection.command(words, 2_000);
		} finally {
			connection.close();
		}
	}

	async dispose(): Promise<void> {
		this.remember();
		await this.gateway.stop();
		const haproxy = this.haproxy();
		if (haproxy !== null) signalProcess(haproxy, "SIGTERM");
		for (const child of this.children) await killChild(child);
		await eventually("HAProxy and its workers are gone", () => !this.seen.some(isProcessAlive));
		await removeKernelTables(this.homeDir);
		await removeDirectory(this.homeDir);
	}

	private remember(): void {
		const haproxy = this.haproxy();
		if (haproxy !== null) this.seen.push(haproxy);
	}

	private make(): Gateway {
		return new Gateway({
			homeDir: this.homeDir,
			bindAddress: this.address,
			cpus: 2,
			liveness: new LivenessWatch(),
			logger: pino({ level: process.env.LARDER_LOG_LEVEL || "silent" }),
			onWaiting: () => {},
			resolveProgram: async () => ({
				kind: "ready",
				engine: await ensureEngine({ engine: "haproxy" }),
			}),
			forwarding: this.mode && {
				mode: this.mode,
				advertisedAddress: this.address,
				resolveTools: async () => ({
					kind: "ready",
					engine: await ensureEngine({ engine: "nftables" }),
				}),
			},
			onChange: () => {},
		});
	}

	private async spawn(engine: WantedEngine["engine"], args: string[], cwd: string) {
		const { server } = await ensureEngine({ engine });
		const child = spawn(server, args, { cwd, stdio: "ignore" });
		this.children.push(child);
		return child;
	}
}

export interface ReplicatedEngines {
	readonly first: TestEngine;
	readonly others: TestEngine[];
	readonly route: Route;
	readonly primary: number;
	readonly reader: number;
}

export function valkeyPorts(route: Route): { primary: number; reader: number } {
	const { primary, reader } = route.ports;
	if (primary === null || reader === null)
		throw new Error("the route has no primary or reader port");
	return { primary, reader };
}

export interface TestEngine {
	readonly nodeId: string;
	readonly port: number;
	readonly child: ChildProcess;
}

export function openSocket(address: string, port: number): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: address, port, noDelay: true });
		socket.once("connect", () => resolve(socket));
		socket.once("error", reject);
	});
}

async function isOpen(address: string, port: number): Promise<boolean> {
	try {
		(await openSocket(address, port)).destroy();
		return true;
	} catch {
		return false;
	}
}
