import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureEngine } from "../bundles/index.ts";
import { eventually, freePort, killChild } from "../testing/agent-fixture.ts";
import { CLIENT_PASSWORD, makeAssignment, SYSTEM_PASSWORD } from "../testing/assignments.ts";
import {
	COMMANDS_PAGE,
	type CommandPage,
	type EngineCommands,
	parseCommandTable,
	readCommands,
	renderCommandPage,
} from "../testing/command-table.ts";
import { EngineAdditions } from "./engine-additions.ts";
import { EngineConnection } from "./engine-connection.ts";
import { replicationLogin } from "./replication-login.ts";
import { renderAcl } from "./valkey-acl.ts";

const HOST = "127.0.2.9";
const VERSIONS = [
	{ title: "Valkey", engine: "valkey", engineVersion: "9" },
	{ title: "Valkey", engine: "valkey", engineVersion: "8" },
	{ title: "Redis OSS", engine: "redis", engineVersion: "7" },
] as const;
/** All engines, for the page in docs/ (npm run docs:commands). */
const tables: EngineCommands[] = [];

/** The page's column for another release with the same major version. */
function closest(page: CommandPage, title: string, major: string): ReadonlyMap<string, boolean> {
	const found = [...page].find(([release]) => release.startsWith(`${title} ${major}.`));
	if (found === undefined) throw new Error(`${COMMANDS_PAGE} has no column for ${title} ${major}`);
	return found[1];
}

describe.each(VERSIONS)("$title $engineVersion", ({ title, ...version }) => {
	const directory = mkdtempSync(join(tmpdir(), "larder-commands-test-"));
	let engine: ChildProcess;
	let port: number;
	let system: EngineConnection;
	let client: EngineConnection;

	const connect = (username: string, password: string) =>
		EngineConnection.open({ host: HOST, port, username, password }, 2_000);
	const ask = (...words: string[]) => client.command(words, 20_000);
	const dryRun = (user: string, ...words: string[]) =>
		system.command(["ACL", "DRYRUN", user, ...words], 20_000);

	beforeAll(async () => {
		port = await freePort(HOST);
		const assignment = makeAssignment({ port, ...version });
		const users = join(directory, "users.acl");
		await writeFile(users, renderAcl(assignment));
		const { server } = await ensureEngine({ ...version, version: version.engineVersion });
		const settings = { port, bind: HOST, aclfile: users, save: "", "cluster-enabled": "yes" };
		const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
		engine = spawn(server, args, { cwd: directory, stdio: "ignore" });
		await eventually("the engine accepts the whole user file", async () => {
			system = await connect("larder", SYSTEM_PASSWORD).catch(() => system);
			return system !== undefined;
		});
		await system.command(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"], 20_000);
		client = await connect("default", CLIENT_PASSWORD);
		await eventually("the cluster is up", async () =>
			String(await ask("CLUSTER", "INFO")).includes("cluster_state:ok"),
		);
	});
	afterAll(async () => {
		for (const each of [client, system]) each?.close();
		await killChild(engine);
		rmSync(directory, { recursive: true, force: true });
	});

	test("what clients may do is what the page says", async () => {
		const table = await readCommands(title, system, "default");
		tables.push(table);
		if (process.env.LARDER_DOCS === "write") return;
		const page = parseCommandTable(await readFile(COMMANDS_PAGE, "utf8"));
		const documented = page.get(table.release) ?? closest(page, title, version.engineVersion);
		// A release other than the page's may have one command more or less.
		const exact = page.has(table.release);
		const said = [...table.commands].filter(([name]) => exact || documented.has(name));
		expect(said.length).toBeGreaterThan(300);
		expect(new Map(said.map(([name]) => [name, documented.get(name)]))).toEqual(new Map(said));
	});

	test("a client can't stop others, end their connections or escape the memory limit", async () => {
		for (const command of [
			["CLIENT", "PAUSE", "20000", "ALL"],
			["CLIENT", "UNPAUSE"],
			["CLIENT", "KILL", "TYPE", "normal"],
			["CLIENT", "NO-EVICT", "on"],
			["SCRIPT", "DEBUG", "SYNC"],
		]) {
			await expect(ask(...command), command.join(" ")).rejects.toThrow("NOPERM");
			const call = command.map((word) => JSON.stringify(word)).join(", ");
			await expect(ask("EVAL", `return redis.call(${call})`, "0")).rejects.toThrow();
		}
		expect(await ask("SCRIPT", "KILL").catch(String)).toContain("NOTBUSY");
		expect(await ask("CLIENT", "LIST")).toContain("user=default");
	});

	test("a client can't publish as a Sentinel, and may use every other channel", async () => {
		const hello = "127.0.0.1,26379,0,1,cache,127.0.0.1,1,1";
		const channel = "__sentinel__:hello";
		const publish = `return redis.call("PUBLISH", "${channel}", "${hello}")`;
		await expect(ask("PUBLISH", channel, hello)).rejects.toThrow("NOPERM");
		await expect(ask("EVAL", publish, "0")).rejects.toThrow();
		expect(await ask("MULTI")).toBe("OK");
		await expect(ask("PUBLISH", channel, hello)).rejects.toThrow("NOPERM");
		await expect(ask("EXEC")).rejects.toThrow("EXECABORT");
		const library = `#!lua name=hello\nredis.register_function("hello", function() ${publish} end)`;
		await ask("FUNCTION", "LOAD", library);
		await expect(ask("FCALL", "hello", "0")).rejects.toThrow();
		for (const other of [
			"",
			"_",
			"news.1",
			"__sentinel__",
			"__sentinel",
			"__keyspace@0__:a",
			"\n",
		]) {
			expect(await ask("PUBLISH", other, "x"), JSON.stringify(other)).toBe(0);
		}
		for (const command of [
			["PSUBSCRIBE", "*"],
			["PSUBSCRIBE", "news.*"],
			["SUBSCRIBE", "a"],
		]) {
			expect(await dryRun("default", ...command)).toBe("OK");
		}
	});

	test("no command shows a client the engine's passwords", async () => {
		const { username, password } = replicationLogin({ systemPassword: SYSTEM_PASSWORD });
		let seen = "";
		const watcher = createConnection(port, HOST).on("data", (chunk) => {
			seen += chunk;
		});
		watcher.write(`AUTH ${CLIENT_PASSWORD}\r\nMONITOR\r\n`);
		await eventually("it watches", () => seen.startsWith("+OK\r\n+OK\r\n"));
		await system.command(["CONFIG", "SET", "slowlog-log-slower-than", "0"], 20_000);
		await system.command(["CONFIG", "SET", "masteruser", username, "masterauth", password], 20_000);
		(await connect("larder", SYSTEM_PASSWORD)).close();
		await ask("PING", "the last");
		await eventually("all is shown", () => seen.includes("the last"));
		const shown = JSON.stringify([seen, await ask("SLOWLOG", "GET", "-1"), await ask("INFO")]);
		watcher.destroy();
		for (const secret of [password, SYSTEM_PASSWORD]) expect(shown).not.toContain(secret);
		for (const command of [
			["CONFIG", "GET", "masterauth"],
			["ACL", "LIST"],
			["ACL", "LOG"],
		]) {
			await expect(ask(...command)).rejects.toThrow("NOPERM");
		}
	});

	test("users that an administrator adds are found, and an engine as Larder starts it has no additions", async () => {
		const assignment = makeAssignment({ port, ...version });
		const look = () =>
			new EngineAdditions((...words) => system.command(words, 20_000)).read(assignment);
		expect(await look()).toBeUndefined();
		await system.command(["ACL", "SETUSER", "bob", "on", "nopass", "+@all"], 20_000);
		expect(await look()).toEqual({ modules: [], users: ["bob"] });
		await system.command(["ACL", "DELUSER", "bob"], 20_000);
		expect(await look()).toBeUndefined();
	});

	test("the login that replicas reveal can copy data and do nothing else", async () => {
		const { username, password } = replicationLogin({ systemPassword: SYSTEM_PASSWORD });
		const replica = await connect(username, password);
		expect(await replica.command(["PING"], 20_000)).toBe("PONG");
		replica.close();
		const allowed = (await readCommands(title, system, username)).commands;
		expect(
			[...allowed]
				.filter(([, may]) => may)
				.map(([command]) => command)
				.sort(),
		).toEqual(
			// The engine lets every user log in and out.
			["AUTH", "HELLO", "PING", "PSYNC", "QUIT", "REPLCONF", "RESET", "SYNC"],
		);
	});
});

test("an upgrade takes no command away from clients: later engines know and allow all that earlier ones do", () => {
	expect(tables).toHaveLength(VERSIONS.length);
	// From the newest to the oldest.
	for (const [index, older] of tables.entries()) {
		for (const newer of tables.slice(0, index)) {
			const lost = [...older.commands].filter(
				([name, isAllowed]) => isAllowed && newer.commands.get(name) !== true,
			);
			expect(lost, `${older.release} to ${newer.release}`).toEqual([]);
		}
	}
});

test.runIf(process.env.LARDER_DOCS === "write")("write the page", async () => {
	expect(tables).toHaveLength(VERSIONS.length);
	await writeFile(COMMANDS_PAGE, renderCommandPage(tables));
});
