import { basename } from "node:path";
import type { EngineDriver } from "./driver.ts";
import { memcachedArguments, readSurroundings } from "./memcached-arguments.ts";
import { MemcachedConnection } from "./memcached-connection.ts";
import { MemcachedSession } from "./memcached-session.ts";

/** Memcached: no files, no data that outlives a process, all settings on the command line. */
export const memcachedDriver: EngineDriver = {
	keepsData: false,
	isServerProgram: (path) => basename(path.replace(/ \(deleted\)$/, "")) === "memcached",
	isHelperProcess: () => false,
	ports: ({ port }) => [port],
	holdBackCause: async () => null,
	lostIdentityCause: async () => null,
	async writeFiles() {},
	// It says nothing when it begins to serve; and whether it did makes no difference, since nothing is left of it.
	hasServed: async () => false,
	hasKeptData: async () => false,
	async discardKeptData() {},

	launchArguments({ assignment, bindAddress, logger }) {
		const { args, ignored } = memcachedArguments(assignment, bindAddress, readSurroundings());
		if (ignored.length > 0) {
			const advice = "parameters left out: Memcached has no such setting, or not with that value";
			logger.warn({ assignmentId: assignment.id, parameters: ignored }, advice);
		}
		return args;
	},

	async openSession({ assignment, bindAddress }) {
		return new MemcachedSession(new MemcachedConnection(bindAddress, assignment().port));
	},
};
