import { createHash } from "node:crypto";
import { EngineConnection } from "../drivers/engine-connection.ts";
import type { NodeAddress } from "../drivers/replication-convergence.ts";
import type { RespValue } from "../drivers/resp-parser.ts";
import { HELLO_CHANNEL } from "./hello-channel.ts";
import { type HeldCache, isSame } from "./plan-watch.ts";
import {
	type CacheSummary,
	type Peer,
	parseFields,
	parseLivePeers,
	parseSentinelInfo,
} from "./sentinel-answers.ts";
import type { WatchedCache } from "./watched-cache.ts";

const TIMEOUT_MS = 2_000;
/** Names are written into Sentinel's file, and between commas into its hellos. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** The agent's connection to its Sentinel. */
export class SentinelLink {
	private readonly connection: EngineConnection;

	private constructor(connection: EngineConnection) {
		this.connection = connection;
	}

	/** Throws EngineCommandError if it refuses the agent, another Error if it isn't there. */
	static async open(address: NodeAddress, password: string): Promise<SentinelLink> {
		const login = { username: "default", password };
		return new SentinelLink(await EngineConnection.open({ ...address, ...login }, TIMEOUT_MS));
	}

	get closed(): boolean {
		return this.connection.closed;
	}

	close(): void {
		this.connection.close();
	}

	/** Sets its announced address and its password. Sentinel writes these into its own file. */
	async configure(options: { announce: NodeAddress; password: string }): Promise<void> {
		const { announce, password } = options;
		const hash = createHash("sha256").update(password).digest("hex");
		await this.command("ACL", "SETUSER", "default", "resetpass", `#${hash}`);
		const settings = {
			"sentinel-pass": password,
			// Hosts may have names as addresses, which Sentinel then announces to others.
			"resolve-hostnames": "yes",
			"announce-hostnames": "yes",
			"announce-ip": announce.host,
			"announce-port": String(announce.port),
		};
		for (const [name, value] of Object.entries(settings)) {
			await this.command("SENTINEL", "CONFIG", "SET", name, value);
		}
	}

	async version(): Promise<string | null> {
		const text = String(await this.command("INFO", "server"));
		return /^(?:valkey|redis)_version:(\S+)/m.exec(text)?.[1] ?? null;
	}

	async caches(): Promise<Map<string, CacheSummary>> {
		return parseSentinelInfo(String(await this.command("INFO", "sentinel")));
	}

	/** During a failover, `primary` is the replica that it promotes, once it has chosen one. */
	async cache(cacheId: string): Promise<HeldCache> {
		const [master, address] = await Promise.all([
			this.command("SENTINEL", "MASTER", cacheId),
			this.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", cacheId),
		]);
		const fields = parseFields(master);
		const flags = (fields.get("flags") ?? "").split(",");
		return {
			primary: addressOf(address) ?? {
				host: fields.get("ip") ?? "",
				port: Number(fields.get("port")),
			},
			configEpoch: Number(fields.get("config-epoch")),
			down: flags.includes("s_down"),
			failoverUnderWay: flags.includes("failover_in_progress"),
		};
	}

	/**
	 * Sent in one packet, so that Sentinel reads the password before it connects. If it already knows the
	 * cache, it first forgets it, with all its nodes and Sentinels.
	 */
	async monitor(cache: WatchedCache, primary: NodeAddress, known: boolean): Promise<void> {
		const { cacheId, quorum } = cache;
		if (!NAME.test(cacheId)) throw new Error(`${JSON.stringify(cacheId)} isn't a valid cache id`);
		const { host, port } = primary;
		await Promise.all([
			known ? this.remove(cacheId) : null,
			this.command("SENTINEL", "MONITOR", cacheId, host, String(port), String(quorum)),
			this.set(cache),
		]);
	}

	async set({ cacheId, settings }: WatchedCache): Promise<void> {
		await this.command("SENTINEL", "SET", cacheId, ...settings);
	}

	/** Sets how long a primary, or a replica of it, may be silent. */
	async setDownAfter(cacheId: string, downAfterMs: number): Promise<void> {
		await this.command("SENTINEL", "SET", cacheId, "down-after-milliseconds", String(downAfterMs));
	}

	async remove(cacheId: string): Promise<void> {
		await this.command("SENTINEL", "REMOVE", cacheId);
	}

	/**
	 * Announces a new primary the way a Sentinel that has failed over does: with the hello of a peer that
	 * Sentinel knows, with a newer epoch. Unlike after a new MONITOR, Sentinel keeps its peers, so there is
	 * never a moment without a quorum. It also tells Sentinels that missed the change; their older news
	 * doesn't count. Returns false if it has no peer, or didn't accept it.
	 */
	async announce(cacheId: string, primary: NodeAddress, epoch: number): Promise<boolean> {
		const { peer } = await this.look(cacheId);
		if (peer === null) return false;
		await this.sayHello(peer, cacheId, primary, epoch);
		const held = await this.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", cacheId);
		const address = addressOf(held);
		return address !== null && isSame(address, primary);
	}

	/**
	 * What it holds for a cache, the peers that it hears from, and one whose name can be used to tell it more.
	 */
	async look(
		cacheId: string,
	): Promise<{ held: HeldCache; peers: readonly Peer[]; peer: Peer | null }> {
		const [held, answer] = await Promise.all([
			this.cache(cacheId),
			this.command("SENTINEL", "SENTINELS", cacheId),
		]);
		const peers = parseLivePeers(answer);
		return { held, peers, peer: peers[0] ?? null };
	}

	/** How it names itself to others. */
	async runId(): Promise<string> {
		return String(await this.command("SENTINEL", "MYID"));
	}

	/** The hello is sent before this returns. */
	async sayHello(peer: Peer, cacheId: string, primary: NodeAddress, epoch: number): Promise<void> {
		await this.command("PUBLISH", HELLO_CHANNEL, hello(peer, cacheId, primary, epoch));
	}

	private command(...args: string[]): Promise<RespValue> {
		return this.connection.command(args, TIMEOUT_MS);
	}
}

function hello(peer: Peer, cacheId: string, primary: NodeAddress, epoch: number): string {
	const sender = [peer.host, peer.port, peer.runId, epoch];
	return [...sender, cacheId, primary.host, primary.port, epoch].join(",");
}

function addressOf(value: RespValue): NodeAddress | null {
	if (!Array.isArray(value) || value.length !== 2) return null;
	return { host: String(value[0]), port: Number(value[1]) };
}
