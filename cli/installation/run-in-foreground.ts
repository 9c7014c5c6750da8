import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Runs one of our programs in the foreground: it gets SIGTERM for our signals, and its exit status becomes ours. */
export async function runInForeground(script: string, env: NodeJS.ProcessEnv): Promise<void> {
	const child = spawn(process.execPath, ["--enable-source-maps", script], {
		env,
		stdio: "inherit",
		// Its own session: a Ctrl-C reaches it once, from us.
		detached: true,
	});
	for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		process.on(name, () => child.kill("SIGTERM"));
	}
	process.exitCode = await new Promise<number>((resolve, reject) => {
		child.once("error", reject);
		child.once("exit", (code, signal) =>
			resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
		);
	});
}
