import { type ChildProcess, spawn } from "node:child_process";
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LarderHome, openHome } from "../../platform/home.ts";
import { findEngineProcesses, findGatewayProcesses } from "./engine-processes.ts";

let root: string;
let home: LarderHome;
const started: ChildProcess[] = [];
beforeEach(() => {
	root = realpathSync(mkdtempSync(join(tmpdir(), "larder-home-test-")));
	home = openHome({ ...process.env, LARDER_HOME: join(root, "home") });
});
afterEach(() => {
	for (const child of started.splice(0)) {
		child.stdin?.destroy();
		child.kill("SIGKILL");
	}
	rmSync(root, { recursive: true, force: true });
});

const pidsOf = (find: typeof findEngineProcesses) =>
	find(home)
		.map(({ pid }) => pid)
		.sort();

/** Starts a shell under an engine's name; it runs until its standard input ends. */
function start(program: string, cwd: string, script = "read line"): ChildProcess {
	const path = join(root, program);
	if (!existsSync(path)) copyFileSync("/bin/sh", path);
	mkdirSync(cwd, { recursive: true });
	const child = spawn(path, ["-c", script], { cwd, stdio: ["pipe", "ignore", "inherit"] });
	started.push(child);
	return child;
}

test("engines of every kind and gateways of this home are found, others aren't", async () => {
	const instances = join(home.agentDir("local-a"), "instances");
	start("sleeper", join(instances, "other"));
	start("haproxy", join(root, "elsewhere"));
	const gateway = start("haproxy", join(home.agentDir("local-a"), "gateway")).pid;
	const programs = ["valkey-server", "redis-server", "memcached"];
	const wanted = programs.map((program) => start(program, join(instances, program)).pid);
	await expect.poll(() => pidsOf(findEngineProcesses)).toEqual(wanted.sort());
	await expect.poll(() => pidsOf(findGatewayProcesses)).toEqual([gateway]);
});

test("a worker isn't listed beside its master, but is once the master has died", async () => {
	const directory = join(home.agentDir("local-a"), "gateway");
	// It waits for a writer that never comes, because a shell's background process reads /dev/null as its input.
	const worker = `${join(root, "haproxy")} -c 'mkfifo hold; echo $$ > worker-pid; read line < hold'`;
	const master = start("haproxy", directory, `${worker} & wait`);
	const workerPid = () => Number(readFileSync(join(directory, "worker-pid"), "utf8"));
	await expect.poll(workerPid).toBeGreaterThan(0);
	expect(pidsOf(findGatewayProcesses)).toEqual([master.pid]);
	master.kill("SIGKILL");
	await expect.poll(() => pidsOf(findGatewayProcesses)).toEqual([workerPid()]);
	process.kill(workerPid(), "SIGKILL");
});
