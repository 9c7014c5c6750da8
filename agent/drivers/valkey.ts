import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import type { EngineDriver, LaunchContext } from "./driver.ts";
import { EngineConnection } from "./engine-connection.ts";
import { renderGenesisRdb } from "./genesis-rdb.ts";
import { renderAcl, renderConfiguration } from "./valkey-files.ts";
import { ValkeySession } from "./valkey-session.ts";

/** Valkey, cluster mode disabled. Redis OSS 7 speaks the same and can follow here. */
export const valkeyDriver: EngineDriver = {
	isServerProgram(path) {
		// Debian's valkey-server is a link, and the kernel shows where it leads.
		const name = basename(path.replace(/ \(deleted\)$/, ""));
		return name === "valkey-server" || name === "valkey-check-rdb";
	},

	isHelperProcess(commandLine) {
		return /^valkey-(rdb|aof|slot|module)/.test(commandLine);
	},

	async writeFiles(context) {
		const { paths, assignment } = context;
		await Promise.all([
			writeFileAtomic(paths.configuration, renderConfiguration(context)),
			writeFileAtomic(paths.acl, renderAcl(assignment.auth)),
			prepareSnapshot(context),
		]);
	},

	async hasServed(paths) {
		// Logged when all is set up and before the first client is served; each line is in the file once it is written.
		const log = await readFileIfExists(paths.log);
		return log?.includes("Ready to accept connections") === true;
	},

	launchArguments: (paths) => [paths.configuration],

	async openSession({ assignment, paths, bindAddress, timeoutMs }) {
		const { auth, port } = assignment();
		const connection = await EngineConnection.open(
			{
				host: bindAddress,
				port,
				username: auth.systemUsername,
				password: auth.systemPassword,
			},
			timeoutMs,
		);
		return new ValkeySession(connection, paths, assignment);
	},
};

/** A node without a history starts from the beginning that it shares with its siblings; later it is no longer at it. */
async function prepareSnapshot(context: LaunchContext): Promise<void> {
	const file = join(context.paths.data, "dump.rdb");
	const genesis = renderGenesisRdb(context.assignment.auth.systemPassword);
	if (context.firstLaunch) return await writeFile(file, genesis, { mode: 0o600 });
	const present = await readFile(file).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return null;
		throw error;
	});
	if (present?.equals(genesis)) await rm(file, { force: true });
}
