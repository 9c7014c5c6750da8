import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineRecipe } from "./engine-catalogue.ts";
import { readEngineVersion } from "./path-engine.ts";

const START_TIMEOUT_MS = 15_000;
const RETRY_MS = 10;

/**
 * Proves that an engine runs here: it says its version, and a process of it answers PING over a socket file.
 * Answers the version. Throws with what the process printed when it doesn't work.
 */
export async function verifyEngine(recipe: EngineRecipe, server: string): Promise<string> {
	const version = await readEngineVersion(recipe, server);
	if (version === null) throw new Error(`${server} --version doesn't run or names no version`);
	// Socket paths are limited to about 100 bytes, so the store's own directory may be too long.
	const directory = await mkdtemp(join(tmpdir(), "larder-verify-"));
	const socket = join(directory, "s");
	const args = ["--port", "0", "--unixsocket", socket, "--dir", directory, "--save", ""];
	const child = spawn(server, args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	let ended: string | null = null;
	const collect = (chunk: Buffer) => {
		output = (output + chunk.toString()).slice(-4_000);
	};
	child.stdout.on("data", collect);
	child.stderr.on("data", collect);
	const closed = new Promise<void>((resolve) => {
		child.once("error", (error) => {
			ended = error.message;
			resolve();
		});
		child.once("close", (code, signal) => {
			ended ??= `ended with ${code ?? signal}`;
			resolve();
		});
	});
	try {
		const deadline = Date.now() + START_TIMEOUT_MS;
		while (!(await answersPing(socket))) {
			if (ended !== null) throw new Error(`${server} ${ended}: ${output.trim()}`);
			if (Date.now() > deadline) throw new Error(`${server} doesn't answer PING: ${output.trim()}`);
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		}
		return version;
	} finally {
		child.kill("SIGKILL");
		await closed;
		await rm(directory, { recursive: true, force: true });
	}
}

function answersPing(socketPath: string): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(socketPath);
		const finish = (answered: boolean) => {
			socket.destroy();
			resolve(answered);
		};
		socket.setTimeout(1_000, () => finish(false));
		socket.once("error", () => finish(false));
		socket.once("connect", () => socket.write("PING\r\n"));
		socket.once("data", (data) => finish(data.toString().startsWith("+PONG")));
	});
}
