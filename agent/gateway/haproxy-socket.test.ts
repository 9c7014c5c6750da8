import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askHaproxy } from "./haproxy-socket.ts";

/** How long a busy machine may take to start a process. */
const START_MS = 30_000;

let directory: string;
let path: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "larder-socket-"));
	path = join(directory, "stats.sock");
});
afterEach(() => rm(directory, { recursive: true }));

/** Answers each connection without reading from it. Stops itself as soon as it listens. */
const SERVER = `
	const { createServer } = require("node:net");
	const server = createServer({ allowHalfOpen: true }, (socket) => socket.end("told\\n"));
	server.listen({ path: process.argv[1], backlog: 1 }, () => process.kill(process.pid, "SIGSTOP"));
`;

it(
	"a command to a socket whose queue is full is retried until there is room",
	async () => {
		const server = spawn(process.execPath, ["-e", SERVER, path], { stdio: "ignore" });
		const others: Socket[] = [];
		try {
			// Otherwise it might stop after it was told to continue.
			await vi.waitUntil(() => isStopped(server.pid), { timeout: START_MS });
			await fillQueue(others);
			const answer = askHaproxy(path, "show info");
			server.kill("SIGCONT");
			expect(await answer).toBe("told\n");
		} finally {
			for (const other of others) other.destroy();
			server.kill("SIGKILL");
			await once(server, "exit");
		}
	},
	START_MS,
);

function isStopped(pid: number | undefined): boolean {
	return /\) T /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

/** Connects until the kernel refuses. */
async function fillQueue(others: Socket[]): Promise<void> {
	for (;;) {
		const other = connect({ path });
		const refused = await new Promise<string | null>((resolve) => {
			other.once("connect", () => resolve(null));
			other.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
		});
		if (refused === "EAGAIN") return;
		if (refused !== null) throw new Error(refused);
		others.push(other);
	}
}
