import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { EngineDriver } from "./driver.ts";
import { memcachedArguments, readSurroundings } from "./memcached-arguments.ts";
import { MemcachedConnection } from "./memcached-connection.ts";
import { proxyFile, storagePort, writeFirstProxy } from "./memcached-proxy.ts";
import { MemcachedSession } from "./memcached-session.ts";

/**
 * glibc keeps memory that a process has freed, for its next allocations. Pages of this size and larger go back to the
 * machine at once: Memcached's have a MiB.
 */
const GIVES_BACK = { MALLOC_MMAP_THRESHOLD_: "131072" } as const;

/** Memcached: no data that outlives a process, all settings on the command line, and one file for its proxy. */
export const memcachedDriver: EngineDriver = {
	keepsData: false,
	isServerProgram: (path) => basename(path.replace(/ \(deleted\)$/, "")) === "memcached",
	isHelperProcess: () => false,
	ports: (assignment) => [...new Set([assignment.port, storagePort(assignment)])],
	holdBackCause: async () => null,
	lostIdentityCause: async () => null,
	writeFiles: async ({ assignment, paths }) => await writeFirstProxy(paths.proxy, assignment),
	// It logs nothing when it starts to serve. It makes no difference whether it did, since it keeps no data.
	hasServed: async () => false,
	hasAppendFiles: async () => false,
	findAppendFault: async () => null,
	hasKeptData: async () => false,
	checkKeptData: async () => ({
		fault: "without saving its data: Memcached can't",
		databases: [],
	}),
	keepUnloadedData: async () => false,
	async discardKeptData() {},

	inheritance: ({ proxy }) => ({
		variables: GIVES_BACK,
		stdin: existsSync(proxy) ? proxy : null,
	}),

	launchArguments({ assignment, bindAddress, paths, logger }) {
		const surroundings = readSurroundings();
		const proxy = proxyFile(paths.proxy, surroundings.isRoot);
		const { args, ignored } = memcachedArguments(assignment, bindAddress, proxy, surroundings);
		if (ignored.length > 0) {
			const advice =
				"parameters ignored: Memcached has no such setting or doesn't accept the value";
			logger.warn({ assignmentId: assignment.id, parameters: ignored }, advice);
		}
		return args;
	},

	async openSession({ assignment, bindAddress, paths }) {
		const connection = new MemcachedConnection(bindAddress, storagePort(assignment()));
		return new MemcachedSession(connection, paths, assignment);
	},
};
