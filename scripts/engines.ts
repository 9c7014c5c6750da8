/**
 * `engines.mjs`: makes sure that this user's engine store holds an engine that caches can run on, and says on stdout
 * what it does, a line of JSON each: {"detail": …} while it works, {"engine": …} at the end, {"problem": …} if it can't.
 */
import { EngineUnavailableError, ensureEngine } from "../agent/bundles/index.ts";

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
	const engine = await ensureEngine({
		engine: "valkey",
		onProgress: (progress) => say({ detail: `${progress.step}: ${progress.detail}` }),
	});
	say({ engine: { name: engine.engine, version: engine.version, server: engine.server } });
} catch (error) {
	if (!(error instanceof EngineUnavailableError)) throw error;
	say({ problem: error.message });
	process.exitCode = 1;
}
