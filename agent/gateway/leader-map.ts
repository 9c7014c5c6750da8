import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import type { BackendLeader } from "./haproxy-config.ts";
import { tellWorker } from "./haproxy-socket.ts";

type Leaders = ReadonlyMap<string, BackendLeader>;

/**
 * The server that HAProxy prefers in each backend of primaries: a file that its workers read when they start,
 * and change in memory on command. The agent sends the commands before it writes the file: after a crash in between,
 * it merely sends them again.
 */
export class LeaderMap {
	private readonly paths: GatewayPaths;
	private written: Map<string, string> | null = null;
	private turn: Promise<unknown> = Promise.resolve();
	/** What the running worker has been told since `expectWorker`: the new one may have read the file before that. */
	private readonly sentMeanwhile = new Map<string, BackendLeader>();

	constructor(paths: GatewayPaths) {
		this.paths = paths;
	}

	/**
	 * Tells the running worker what differs for the servers that it has (`backend/server`), and always for the
	 * backend `announced`, because its leader may be marked down. Returns `backend/server` of the servers that
	 * are no longer primary.
	 */
	tell(
		wanted: Leaders,
		servers: ReadonlySet<string>,
		announced: string | null = null,
	): Promise<string[]> {
		return this.inTurn(async () => {
			const written = await this.read();
			const deposed: string[] = [];
			const commands: string[] = [];
			for (const [backend, leader] of wanted) {
				const before = written.get(backend);
				const isAnnounced = backend === announced;
				if (before === leader.nodeId && !isAnnounced) continue;
				// This server arrives with the next reload: until then the current one continues.
				if (!servers.has(`${backend}/${leader.nodeId}`)) continue;
				const verb = before === undefined ? "add" : "set";
				commands.push(`${verb} map ${this.mapName} ${backend} ${leader.nodeId}`);
				const others =
					before !== undefined || isAnnounced ? leader.others : ([] as readonly string[]);
				commands.push(...healthCommands(backend, leader.nodeId, others));
				deposed.push(...others.map((other) => `${backend}/${other}`));
				this.sentMeanwhile.set(backend, leader);
			}
			if (commands.length > 0) await tellWorker(this.paths.statsSocket, commands);
			await this.store(wanted);
			return deposed;
		});
	}

	/** A new worker is about to read the file. */
	expectWorker(): void {
		this.sentMeanwhile.clear();
	}

	/**
	 * The new worker serves: tells it what its predecessor was told while it started. Returns the same as
	 * `tell`.
	 */
	tellNewWorker(): Promise<string[]> {
		return this.inTurn(async () => {
			const missed = [...this.sentMeanwhile];
			if (missed.length === 0) return [];
			const commands = missed.flatMap(([backend, { nodeId, others }]) => [
				// Whether it has an entry isn't known, and `add` alone would make a second one.
				`del map ${this.mapName} ${backend}`,
				`add map ${this.mapName} ${backend} ${nodeId}`,
				...healthCommands(backend, nodeId, others),
			]);
			await tellWorker(this.paths.statsSocket, commands);
			return missed.flatMap(([backend, { others }]) =>
				others.map((other) => `${backend}/${other}`),
			);
		});
	}

	private get mapName(): string {
		return this.paths.named(this.paths.leadersMap);
	}

	/** For a worker that doesn't run yet. */
	write(wanted: Leaders): Promise<void> {
		return this.inTurn(() => this.store(wanted));
	}

	/** One after another: a notice may arrive while the loop is working, and the later one must win. */
	private inTurn<T>(work: () => Promise<T>): Promise<T> {
		const result = this.turn.then(work);
		this.turn = result.catch(() => {});
		return result;
	}

	private async store(wanted: Leaders): Promise<void> {
		const leaders = new Map([...wanted].map(([backend, { nodeId }]) => [backend, nodeId]));
		if (this.written !== null && textOf(this.written) === textOf(leaders)) return;
		await writeFileAtomic(this.paths.leadersMap, textOf(leaders));
		this.written = leaders;
	}

	private async read(): Promise<Map<string, string>> {
		if (this.written === null) {
			const text = (await readFileIfExists(this.paths.leadersMap)) ?? "";
			const lines = text.split("\n").map((line) => line.split(" "));
			this.written = new Map(lines.flatMap(([key, value]) => (key && value ? [[key, value]] : [])));
		}
		return this.written;
	}
}

/**
 * The new one first, so that for a moment there are two rather than none. Marking the others down ends their
 * sessions.
 */
function healthCommands(backend: string, leader: string, others: readonly string[]): string[] {
	return [
		`set server ${backend}/${leader} health up`,
		...others.map((other) => `set server ${backend}/${other} health down`),
	];
}

function textOf(leaders: ReadonlyMap<string, string>): string {
	return [...leaders].map(([backend, leader]) => `${backend} ${leader}\n`).join("");
}
