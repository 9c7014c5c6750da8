import type { Assignment } from "../../server/contract/desired-state.ts";
import type { EngineState } from "./driver.ts";
import { EngineCommandError } from "./engine-connection.ts";
import type { RespValue } from "./resp-parser.ts";
import { userNames } from "./valkey-acl.ts";

const LOOK_EVERY_MS = 10_000;
/** Valkey 9.1 has its own module for scripts. */
const OWN_MODULES: readonly string[] = ["lua"];

/**
 * Finds modules and users that an administrator has added to the running engine. A node that replaces it won't have
 * them, so the control plane names them before an upgrade.
 */
export class EngineAdditions {
	private readonly command: (...args: string[]) => Promise<RespValue>;
	private lookedAt = Number.NEGATIVE_INFINITY;
	private found: EngineState["additions"];

	constructor(command: EngineAdditions["command"]) {
		this.command = command;
	}

	/** Undefined if nothing was added. */
	async read(assignment: Assignment): Promise<EngineState["additions"]> {
		const now = performance.now();
		if (now - this.lookedAt < LOOK_EVERY_MS) return this.found;
		this.lookedAt = now;
		try {
			const [modules, users] = await Promise.all([
				this.command("MODULE", "LIST"),
				this.command("ACL", "USERS"),
			]);
			this.found = additionsOf(modules, users, userNames(assignment));
		} catch (error) {
			// It answers once it has loaded its data.
			if (!(error instanceof EngineCommandError)) throw error;
		}
		return this.found;
	}
}

function additionsOf(
	modules: RespValue,
	users: RespValue,
	known: readonly string[],
): EngineState["additions"] {
	const names = Array.isArray(modules) ? modules.flatMap(moduleName) : [];
	const found = {
		modules: names.filter((name) => !OWN_MODULES.includes(name)).sort(),
		users: (Array.isArray(users) ? users.map(String) : [])
			.filter((name) => !known.includes(name))
			.sort(),
	};
	return found.modules.length + found.users.length === 0 ? undefined : found;
}

/** The module's name in an entry, which alternates names and values. */
function moduleName(entry: RespValue): string[] {
	if (!Array.isArray(entry)) return [];
	const index = entry.indexOf("name");
	return index === -1 ? [] : [String(entry[index + 1])];
}
