import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { BundleName } from "./bundle-name.ts";
import type { EngineRecipe } from "./engine-catalog.ts";
import { readEngineVersion } from "./path-engine.ts";
import { runCommand } from "./run-command.ts";

const START_TIMEOUT_MS = 15_000;
const CHECK_TIMEOUT_MS = 15_000;
const RETRY_MS = 10;

type Verification = (server: string, directory: string) => Promise<void>;

const verifications: Readonly<Record<BundleName, Verification>> = {
	valkey: verifyRedisProtocol,
	redis: verifyRedisProtocol,
	memcached: verifyMemcached,
	haproxy: verifyHaproxy,
	nftables: verifyNftables,
};

/**
 * Proves that an engine runs here: it prints its version, and one of its processes does its work. Returns the
 * version. Throws with the process's output if it doesn't work.
 */
export async function verifyEngine(recipe: EngineRecipe, server: string): Promise<string> {
	const version = await readEngineVersion(recipe, server);
	if (version === null) {
		throw new Error(
			`${server} ${recipe.versionArguments.join(" ")} doesn't run or doesn't print a version`,
		);
	}
	// Socket paths are limited to about 100 bytes, so the store's own directory may be too long.
	const directory = await mkdtemp(join(tmpdir(), "larder-verify-"));
	try {
		await verifications[recipe.engine](server, directory);
		return version;
	} finally {
		await rm(directory, { recursive: true, force: true });
	}
}

async function verifyRedisProtocol(server: string, directory: string): Promise<void> {
	const socket = join(directory, "s");
	const args = ["--port", "0", "--unixsocket", socket, "--dir", directory, "--save", ""];
	await verifyAnswer({ server, args, directory, socket, request: "PING", answer: "+PONG" });
}

async function verifyMemcached(server: string, directory: string): Promise<void> {
	const socket = join(directory, "s");
	// The program refuses to run as root unless a user is named; another user couldn't reach the private
	// directory.
	const user = process.getuid?.() === 0 ? ["-u", "root"] : [];
	const args = ["-s", socket, ...user];
	await verifyAnswer({ server, args, directory, socket, request: "version", answer: "VERSION " });
}

/** Runs the server until it answers a request over a Unix socket. */
async function verifyAnswer(options: {
	server: string;
	args: readonly string[];
	directory: string;
	socket: string;
	request: string;
	answer: string;
}): Promise<void> {
	const { server, directory } = options;
	const child = spawn(server, options.args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
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
		while (!(await answers(options))) {
			if (ended !== null) throw new Error(`${server} ${ended}: ${output.trim()}`);
			if (Date.now() > deadline) {
				throw new Error(`${server} doesn't answer ${options.request}: ${output.trim()}`);
			}
			await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
		}
	} finally {
		child.kill("SIGKILL");
		await closed;
	}
}

function answers(options: { socket: string; request: string; answer: string }): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = connect(options.socket);
		const finish = (answered: boolean) => {
			socket.destroy();
			resolve(answered);
		};
		socket.setTimeout(1_000, () => finish(false));
		socket.once("error", () => finish(false));
		socket.once("connect", () => socket.write(`${options.request}\r\n`));
		socket.once("data", (data) => finish(data.toString().startsWith(options.answer)));
	});
}

/** Checks that HAProxy accepts what a gateway needs: TCP frontends, and backends that check the servers' answers. */
async function verifyHaproxy(server: string, directory: string): Promise<void> {
	const configuration = join(directory, "haproxy.cfg");
	await writeFile(
		configuration,
		[
			"defaults",
			"	mode tcp",
			"	timeout connect 1s",
			"	timeout client 1s",
			"	timeout server 1s",
			"frontend verify",
			`	bind unix@${join(directory, "s")}`,
			"	default_backend engines",
			"backend engines",
			"	option tcp-check",
			"	tcp-check connect",
			"	tcp-check send PING\\r\\n",
			"	tcp-check expect string +PONG",
			"	server engine 127.0.0.1:6379 check",
			"",
		].join("\n"),
	);
	await runCommand(server, ["-vv"], { timeoutMs: CHECK_TIMEOUT_MS });
	await runCommand(server, ["-c", "-f", configuration], { timeoutMs: CHECK_TIMEOUT_MS });
}

/**
 * Checks only that both programs load their libraries. The code that uses them (gateway/kernel) finds out what
 * the kernel lets them do.
 */
async function verifyNftables(server: string): Promise<void> {
	await runCommand(server, ["--help"], { timeoutMs: CHECK_TIMEOUT_MS });
	await runCommand(join(dirname(server), "conntrack"), ["--version"], {
		timeoutMs: CHECK_TIMEOUT_MS,
	});
}
