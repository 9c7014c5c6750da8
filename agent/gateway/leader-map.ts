import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { GatewayPaths } from "./gateway-paths.ts";
import { askHaproxy, type ServerStates } from "./haproxy-socket.ts";

/**
 * Whom HAProxy prefers in each backend of primaries: a file that its workers read when they start, and change in memory
 * when they are told. They are told first: a crash in between only makes them be told again.
 */
export class LeaderMap {
	private readonly paths: GatewayPaths;
	private written: Map<string, string> | null = null;

	constructor(paths: GatewayPaths) {
		this.paths = paths;
	}

	/** Tells the running worker what differs. Answers `backend/server` of those that lead no longer. */
	async tell(wanted: ReadonlyMap<string, string>, states: ServerStates): Promise<string[]> {
		const written = await this.read();
		const deposed: string[] = [];
		const commands: string[] = [];
		for (const [backend, leader] of wanted) {
			const before = written.get(backend);
			if (before === leader || !states.backends.has(backend)) continue;
			const map = `map ${this.paths.leadersMap} ${backend} ${leader}`;
			// The new one first, so that there is a moment with two rather than with none.
			commands.push(before === undefined ? `add ${map}` : `set ${map}`);
			commands.push(`set server ${backend}/${leader} health up`);
			if (before === undefined) continue;
			commands.push(`set server ${backend}/${before} health down`);
			deposed.push(`${backend}/${before}`);
		}
		if (commands.length > 0) {
			await askHaproxy(this.paths.masterSocket, commands.map((each) => `@1 ${each}`).join(";"));
		}
		await this.write(wanted);
		return deposed;
	}

	async write(wanted: ReadonlyMap<string, string>): Promise<void> {
		const text = textOf(wanted);
		if (this.written !== null && textOf(this.written) === text) return;
		await writeFileAtomic(this.paths.leadersMap, text);
		this.written = new Map(wanted);
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

function textOf(leaders: ReadonlyMap<string, string>): string {
	return [...leaders].map(([backend, leader]) => `${backend} ${leader}\n`).join("");
}
