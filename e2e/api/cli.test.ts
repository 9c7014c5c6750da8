import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheSchema } from "../../server/contract/cache.ts";
import { hostPageSchema, joinTokenSchema } from "../../server/contract/host.ts";
import { type Installation, startInstallation } from "../fixtures/installation.ts";
import { runLarder } from "../fixtures/larder-command.ts";
import { processesOf } from "../fixtures/processes-of.ts";
import { startCommand } from "../fixtures/start-command.ts";
import { waitUntil } from "../fixtures/wait-until.ts";

let larder: Installation;
beforeAll(async () => {
	larder = await startInstallation();
});
afterAll(() => larder?.stop());

const run = (...args: string[]) => runLarder(args, { LARDER_HOME: larder.home.root });

describe("caches", () => {
	it("are created, shown, listed and deleted", async () => {
		const made = await run(
			"caches",
			"create",
			"orders",
			"--replicas",
			"1",
			"--tag",
			"team=web",
			"--wait",
		);
		expect(made).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("orders") });
		// Not a terminal: whole lines, a step each.
		expect(made.stderr).toMatch(/✓ Start engines/);
		expect(made.stderr).not.toContain("\x1b");

		const shown = await run("caches", "show", "orders");
		expect(shown.stdout).toMatch(/Status +available/);
		expect(shown.stdout).toMatch(/Tag team +web/);
		expect(shown.stdout).toMatch(/orders-001 +primary/);
		const listed = await run("caches", "list");
		expect(listed.stdout).toMatch(/^NAME +STATUS/);
		expect(listed.stdout).toMatch(/^orders +available/m);
		const secret = await run("caches", "credentials", "orders");
		expect(secret.stdout).toMatch(/Password +\S{16,}/);

		const gone = await run("caches", "delete", "orders", "--wait");
		expect(gone).toMatchObject({
			exitCode: 0,
			stderr: expect.stringContaining("orders is deleted"),
		});
		expect((await run("caches", "show", "orders")).exitCode).toBe(3);
		expect(larder.engines()).toEqual([]);
	});

	it("print the API's own JSON", async () => {
		const made = await run("caches", "create", "json", "--json", "--wait");
		expect(cacheSchema.parse(JSON.parse(made.stdout)).status).toBe("available");
		const listed: unknown = JSON.parse((await run("caches", "list", "--json")).stdout);
		expect(listed).toMatchObject({ items: [{ name: "json" }], nextCursor: null });
		const deleted = await run("caches", "delete", "json", "--json", "--wait");
		expect(JSON.parse(deleted.stdout)).toMatchObject({ name: "json", status: "deleting" });
	});
});

describe("exit codes tell what went wrong", () => {
	it("2: invalid input, with the field and the request", async () => {
		const refused = await run("caches", "create", "1st");
		expect(refused).toMatchObject({ exitCode: 2, stdout: "" });
		expect(refused.stderr).toMatch(
			/error: name must begin with a letter\nfield: name\nrequest id: \S+/,
		);
		expect((await run("caches", "create", "a", "--replicas", "many")).exitCode).toBe(2);
		expect((await run("caches", "create", "a", "--replicas", "9")).exitCode).toBe(2);
		expect((await run("caches", "create")).exitCode).toBe(2);
		expect((await run("cache")).exitCode).toBe(2);
	});
	it("3: not found", async () => {
		expect((await run("caches", "delete", "nothing")).exitCode).toBe(3);
	});
	it("4: not signed in", async () => {
		const refused = await runLarder(["caches", "list"], {
			LARDER_HOME: larder.home.root,
			LARDER_TOKEN: "larder_wrong",
		});
		expect(refused.exitCode).toBe(4);
	});
	it("5: conflict", async () => {
		await run("caches", "create", "twice", "--wait");
		expect((await run("caches", "create", "twice")).exitCode).toBe(5);
		await run("caches", "delete", "twice", "--wait");
	});
	it("6: the control plane can't be reached", async () => {
		const refused = await run("caches", "list", "--url", "http://127.0.0.1:9");
		expect(refused.exitCode).toBe(6);
		expect(refused.stderr).toContain("http://127.0.0.1:9");
	});
	it("7: waited too long, and it goes on", async () => {
		const late = await run(
			...["caches", "create", "no-engine", "--engine-version", "9.99"],
			...["--wait", "--timeout", "1"],
		);
		expect(late.exitCode).toBe(7);
		expect(late.stderr).toMatch(/9\.99/);
		await run("caches", "delete", "no-engine", "--wait");
	});
});

it("help tells a newcomer the first steps, examples and exit codes", async () => {
	const help = await run("--help");
	expect(help.exitCode).toBe(0);
	for (const text of ["larder caches create", "LARDER_HOME", "Exit codes"]) {
		expect(help.stdout).toContain(text);
	}
	expect((await run("caches", "create", "--help")).stdout).toContain("Examples:");
});

it("tokens are made, listed and revoked", async () => {
	const token = (await run("tokens", "create", "ci", "--expires-in-days", "1")).stdout.trim();
	const asToken = () =>
		runLarder(["caches", "list"], { LARDER_URL: larder.url, LARDER_TOKEN: token });
	expect((await asToken()).exitCode).toBe(0);
	const listed = await run("tokens", "list");
	const id = /^(\S+) +ci /m.exec(listed.stdout)?.[1] ?? "";
	expect((await run("tokens", "revoke", id)).exitCode).toBe(0);
	expect((await asToken()).exitCode).toBe(4);
});

it("catalogue and events are listed", async () => {
	expect((await run("node-types", "list")).stdout).toMatch(
		/cache\.t4g\.micro +2 +512 MiB +384 MiB/,
	);
	expect((await run("engine-versions", "list")).stdout).toMatch(/^valkey +\d+\.\d+\.\d+ +yes/m);
	expect((await run("events", "list")).stdout).toContain("Host local-a joined");
});

it("a machine elsewhere joins with a token, and its caches outlive its agent", async () => {
	const elsewhere = mkdtempSync(join(tmpdir(), "larder-elsewhere-"));
	const token = joinTokenSchema.parse(
		JSON.parse((await run("hosts", "join-token", "--json")).stdout),
	).token;
	const agent = startCommand(
		[
			"agent",
			"--join",
			larder.url,
			"--zone",
			"annex",
			"--name",
			"box-1",
			"--address",
			"127.0.0.9",
			"--memory",
			"2GiB",
		],
		{ LARDER_HOME: elsewhere, LARDER_JOIN_TOKEN: token },
	);
	try {
		const host = await waitUntil("box-1 to be online", async () => {
			const page = hostPageSchema.parse((await larder.rest("GET", "/hosts?zone=annex")).body);
			return page.items.find((each) => each.status === "online");
		});
		expect(host).toMatchObject({ name: "box-1", address: "127.0.0.9", memoryBytes: 2 * 1024 ** 3 });
		expect((await run("hosts", "list")).stdout).toMatch(/^box-1 +annex +online +127\.0\.0\.9/m);
		expect(await agent.end("SIGINT")).toBe(0);
	} finally {
		await agent.end("SIGKILL");
		await runLarder(["stop"], { LARDER_HOME: elsewhere });
		expect(processesOf(elsewhere)).toEqual([]);
		rmSync(elsewhere, { recursive: true, force: true });
	}
});
