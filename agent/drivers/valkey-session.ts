import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { Assignment } from "../../server/contract/agent.ts";
import type { InstancePaths } from "../instances/instance-paths.ts";
import type { Convergence, EngineCounters, EngineSession, EngineState } from "./driver.ts";
import { EngineConnection } from "./engine-connection.ts";
import { renderAcl } from "./valkey-files.ts";
import {
	countKeys,
	type InfoFields,
	infoNumber,
	parseInfo,
	readEngineState,
} from "./valkey-info.ts";

const COMMAND_TIMEOUT_MS = 2_000;
const PRIMARY_TIMEOUT_MS = 300;
/** How long a replica is not pointed at a primary that doesn't answer, since the engine's own retries are 1 s apart. */
const PRIMARY_GRACE_MS = 500;

/** The agent's conversation with one running Valkey. */
export class ValkeySession implements EngineSession {
	private readonly connection: EngineConnection;
	private readonly paths: InstancePaths;
	private readonly assignment: () => Assignment;
	private awaited: { primary: string; since: number } | null = null;

	constructor(connection: EngineConnection, paths: InstancePaths, assignment: () => Assignment) {
		this.connection = connection;
		this.paths = paths;
		this.assignment = assignment;
	}

	get closed(): boolean {
		return this.connection.closed;
	}

	async observe(): Promise<EngineState & { processId: number }> {
		return readEngineState(await this.info("server", "persistence", "replication"));
	}

	async converge(assignment: Assignment, state: EngineState): Promise<Convergence> {
		if (state.loading) return { converged: false, acted: false };
		const { role } = assignment;
		if (role.kind === "primary") {
			if (state.role === "primary") return { converged: true, acted: false };
			await this.command("REPLICAOF", "NO", "ONE");
			return { converged: false, acted: true };
		}
		const { host, port } = role.of;
		if (state.role === "replica" && state.primaryHost === host && state.primaryPort === port) {
			return { converged: true, acted: false };
		}
		// A primary that is to follow stops taking writes now, whether or not its new primary answers yet.
		if (state.role === "replica" && !(await this.isPrimaryReady(role.of))) {
			return { converged: false, acted: false };
		}
		await this.command("REPLICAOF", host, String(port));
		this.awaited = null;
		return { converged: false, acted: true };
	}

	async applySettings(assignment: Assignment): Promise<void> {
		const acl = renderAcl(assignment.auth);
		if ((await readFileIfExists(this.paths.acl)) !== acl) {
			await writeFileAtomic(this.paths.acl, acl);
			await this.command("ACL", "LOAD");
		}
		const { systemUsername, systemPassword } = assignment.auth;
		await this.command(
			"CONFIG",
			"SET",
			...["maxmemory", String(assignment.maxmemoryBytes)],
			...["masteruser", systemUsername, "masterauth", systemPassword],
		);
	}

	/**
	 * Lag is what the primary has written less what this replica has applied. A replica doesn't know the first, so the
	 * primary is asked at the same moment; null when it doesn't answer. The two answers are some tenths of a
	 * millisecond apart, so a busy pair in sync may show a few bytes, never fewer than 0.
	 */
	async sample(): Promise<EngineCounters> {
		const { role } = this.assignment();
		const [fields, primaryOffset] = await Promise.all([
			this.info("clients", "memory", "stats", "cpu", "keyspace", "replication"),
			role.kind === "replica" ? this.readPrimaryOffset(role.of) : null,
		]);
		return {
			memoryUsedBytes: infoNumber(fields, "used_memory"),
			memoryMaxBytes: infoNumber(fields, "maxmemory"),
			clients: infoNumber(fields, "connected_clients"),
			keys: countKeys(fields),
			commands: infoNumber(fields, "total_commands_processed") - this.connection.sentCommands,
			hits: infoNumber(fields, "keyspace_hits"),
			misses: infoNumber(fields, "keyspace_misses"),
			evictions: infoNumber(fields, "evicted_keys"),
			cpuSeconds: infoNumber(fields, "used_cpu_sys") + infoNumber(fields, "used_cpu_user"),
			replicationLagBytes:
				primaryOffset === null
					? null
					: Math.max(0, primaryOffset - infoNumber(fields, "slave_repl_offset")),
		};
	}

	async shutdown(): Promise<void> {
		// NOW and FORCE: don't wait for replicas and don't mind failed saves; nothing of it is kept.
		await this.command("SHUTDOWN", "NOSAVE", "NOW", "FORCE");
	}

	close(): void {
		this.connection.close();
	}

	/**
	 * Whether the primary accepts now. An engine that is pointed at one which doesn't tries again only a second later;
	 * asking first, every few milliseconds, joins them in the moment in which it can be done. It also proves that the
	 * address is of the same cache, since only its nodes know the system user's password.
	 */
	private async isPrimaryReady(primary: { host: string; port: number }): Promise<boolean> {
		const name = `${primary.host}:${primary.port}`;
		if (this.awaited?.primary !== name) this.awaited = { primary: name, since: performance.now() };
		if (performance.now() - this.awaited.since > PRIMARY_GRACE_MS) return true;
		const answer = await this.askPrimary(primary, ["PING"]);
		return answer === "PONG";
	}

	private async readPrimaryOffset(primary: { host: string; port: number }): Promise<number | null> {
		const text = await this.askPrimary(primary, ["INFO", "replication"]);
		return typeof text === "string" ? infoNumber(parseInfo(text), "master_repl_offset") : null;
	}

	/** One command to the primary; null when it isn't there or refuses, which callers take for "not now". */
	private async askPrimary(primary: { host: string; port: number }, command: readonly string[]) {
		const { systemUsername: username, systemPassword: password } = this.assignment().auth;
		try {
			const connection = await EngineConnection.open(
				{ ...primary, username, password },
				PRIMARY_TIMEOUT_MS,
			);
			try {
				return await connection.command(command, PRIMARY_TIMEOUT_MS);
			} finally {
				connection.close();
			}
		} catch {
			return null;
		}
	}

	private async info(...sections: string[]): Promise<InfoFields> {
		const text = await this.command("INFO", ...sections);
		if (typeof text !== "string") throw new Error("INFO answered no text");
		return parseInfo(text);
	}

	private command(...args: string[]) {
		return this.connection.command(args, COMMAND_TIMEOUT_MS);
	}
}
