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
	// It logs nothing when it starts to serve. It makes no difference whether it did, since it keeps no data.
	hasServed: async () => false,
	hasKeptData: async () => false,
	findKeptDataFault: async () => "without saving its data: Memcached can't",
	keepUnloadedData: async () => false,
	async discardKeptData() {},

	launchArguments({ assignment, bindAddress, logger }) {
		const { args, ignored } = memcachedArguments(assignment, bindAddress, readSurroundings());
		if (ignored.length > 0) {
			const advice =
				"parameters ignored: Memcached has no such setting or doesn't accept the value";
			logger.warn({ assignmentId: assignment.id, parameters: ignored }, advice);
		}
		return args;
	},

	async openSession({ assignment, bindAddress, paths }) {
		const connection = new MemcachedConnection(bindAddress, assignment().port);
		return new MemcachedSession(connection, paths.log);
	},
};
