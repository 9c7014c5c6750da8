import { createLogger } from "../platform/logger.ts";
import { LockHeldError } from "../platform/process-lock.ts";
import { ConfigError, readAgentConfig } from "./config.ts";
import { runAgent } from "./main.ts";

/** Exit codes: 0 stopped by a signal, 2 wrong settings, 3 another agent owns the directory, 1 anything else. */
try {
	const config = readAgentConfig(process.argv.slice(2));
	await runAgent({ ...config, logger: createLogger("agent") });
	process.exit(0);
} catch (error) {
	if (error instanceof ConfigError) {
		console.error(error.message);
		process.exit(2);
	}
	if (error instanceof LockHeldError) {
		console.error(
			`Another agent (process ${error.holder.identity.pid}, ${error.holder.note}) already uses this directory. Stop it first, or give this one another --home.`,
		);
		process.exit(3);
	}
	console.error(error instanceof Error ? error.message : String(error));
	process.exit(1);
}
