import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeOwnedDirectory } from "../../platform/testing/owned-directory.ts";
import { cacheSchema } from "../../server/contract/cache-view.ts";
import { createdJoinTokenSchema, hostPageSchema } from "../../server/contract/host.ts";
import { cacheMetricsSchema } from "../../server/contract/metrics.ts";
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
	it("are created, shown and listed", async () => {
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
		// Not a terminal: whole lines, one per step.
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
		const variables = await run("caches", "connect", "orders");
		expect(variables.stdout).toMatch(
			/^export CACHE_HOST='127\.0\.0\.\d'\nexport CACHE_PORT='\d+'\nexport CACHE_USERNAME='default'\nexport CACHE_PASSWORD='\S{16,}'\n$/,
		);
	});

	it("show their metrics, fail over, and are deleted after confirmation", async () => {
		const metrics = await waitUntil("samples of both nodes", async () => {
			const { stdout } = await run("caches", "metrics", "orders");
			return /^orders-001 +primary .*\norders-002 +replica/m.test(stdout) ? stdout : null;
		});
		expect(metrics).toMatch(/^NODE +ROLE +MEMORY/);
		expect(await run("caches", "metrics", "orders", "--range", "2h")).toMatchObject({
			exitCode: 2,
		});
		const raw = await run("caches", "metrics", "orders", "--range", "1h", "--json");
		expect(cacheMetricsSchema.parse(JSON.parse(raw.stdout)).range).toBe("1h");
		const led = await run("caches", "failover", "orders", "--wait");
		expect(led).toMatchObject({
			exitCode: 0,
			stdout: expect.stringContaining("orders-002 is the primary"),
		});

		// There is no terminal here to type the name on.
		const kept = await run("caches", "delete", "orders");
		expect(kept).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--yes") });
		expect((await run("caches", "show", "orders")).stdout).not.toMatch(/Status +deleting/);
		const gone = await run("caches", "delete", "orders", "--yes", "--wait");
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
		const deleted = await run("caches", "delete", "json", "--yes", "--json", "--wait");
		expect(JSON.parse(deleted.stdout)).toMatchObject({ name: "json", status: "deleting" });
	});
});

describe("exit codes say what went wrong", () => {
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
		await run("caches", "delete", "twice", "--yes", "--wait");
	});
	it("6: the control plane can't be reached", async () => {
		const refused = await run("caches", "list", "--url", "http://127.0.0.1:9");
		expect(refused.exitCode).toBe(6);
		expect(refused.stderr).toContain("http://127.0.0.1:9");
	});
	// On a busy machine, the CLI may time out before it knows what it is waiting for.
	it("7: waited too long, and the work continues", { retry: 2 }, async () => {
		const late = await run(
			...["caches", "create", "no-engine", "--engine-version", "9.99"],
			...["--wait", "--timeout", "5"],
		);
		await run("caches", "delete", "no-engine", "--yes", "--wait");
		expect(late.exitCode).toBe(7);
		expect(late.stderr).toMatch(/9\.99/);
	});
});

it("help shows a newcomer the first steps, examples and exit codes", async () => {
	const help = await run("--help");
	expect(help.exitCode).toBe(0);
	for (const text of ["larder caches create", "LARDER_HOME", "Exit codes"]) {
		expect(help.stdout).toContain(text);
	}
	expect((await run("caches", "create", "--help")).stdout).toContain("Examples:");
	expect(await run("help", "caches")).toMatchObject({ exitCode: 0 });
	expect(await run("--version")).toMatchObject({
		exitCode: 0,
		stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
	});
});

it("tokens are made, listed and revoked", async () => {
	const token = (await run("tokens", "create", "ci", "--expires-in-days", "1")).stdout.trim();
	const asToken = () =>
		runLarder(["caches", "list"], { LARDER_URL: larder.url, LARDER_TOKEN: token });
	expect((await asToken()).exitCode).toBe(0);
	const listed = await run("tokens", "list");
	expect(listed.stdout).toMatch(/ci +larder_\S+ +read-only .*s ago/);
	const both = ["--expires-in-days", "1", "--never-expires"];
	expect((await run("tokens", "create", "ci", ...both)).exitCode).toBe(2);
	const id = /^(\S+) +ci /m.exec(listed.stdout)?.[1] ?? "";
	expect((await run("tokens", "revoke", id)).exitCode).toBe(0);
	expect((await asToken()).exitCode).toBe(4);
	const audited = await run("audit", "list", "--action", "token", "--since", "1h");
	expect(audited.stdout).toMatch(/this machine +127\.0\.0\.1 +token\.revoke +ci +succeeded/);
	expect((await run("audit", "list", "--since", "yesterday")).exitCode).toBe(2);
});

it("users are invited, listed and deleted", async () => {
	const invited = await run("users", "invite", "bob@example.com");
	expect(invited.stdout).toMatch(/^http:\/\/\S+\/invite\?token=\S+\n$/);
	expect(invited.stderr).toContain("bob@example.com, viewer");
	expect((await run("users", "list")).stdout).toMatch(/^bob@example\.com +- +viewer +invited/m);
	// An invited user has no password to reset.
	expect((await run("users", "reset-password", "bob@example.com")).exitCode).not.toBe(0);
	expect((await run("users", "delete", "bob@example.com")).exitCode).toBe(2);
	expect((await run("users", "delete", "bob@example.com", "--yes")).exitCode).toBe(0);
	expect((await run("users", "delete", "bob@example.com", "--yes")).exitCode).toBe(3);
});

it("node types, engine versions, events and hosts are shown", async () => {
	expect((await run("node-types", "list")).stdout).toMatch(
		/cache\.t4g\.micro +2 +512 MiB +384 MiB/,
	);
	expect((await run("engine-versions", "list")).stdout).toMatch(/^valkey +\d+\.\d+\.\d+ +yes/m);
	expect((await run("events", "list")).stdout).toContain("Host local-a joined");
	const host = (await run("hosts", "show", "local-a")).stdout;
	expect(host).toMatch(/^Status +online/m);
	expect(host).toMatch(/^Engines +.*valkey \d/m);
	expect((await run("hosts", "show", "nowhere")).exitCode).toBe(3);
});

it("prices are shown and changed, and costs come as a table, JSON and CSV", async () => {
	expect((await run("rate-card", "show")).stdout).toMatch(/^cache\.t4g\.micro +0\.0160/m);
	const set = await run(
		...["rate-card", "set", "--node", "cache.t4g.micro=0.01", "--gb-hour", "valkey=0.05"],
	);
	expect(set.stdout).toMatch(/^cache\.t4g\.micro +0\.0100/m);
	expect(set.stdout).toMatch(/^valkey +0\.8 +0\.05 /m);
	const refused = await run("rate-card", "set", "--currency", "EUR");
	expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("exchangeRate") });
	expect((await run("rate-card", "set", "--gb-hour", "mysql=1")).exitCode).toBe(2);
	const euros = await run("rate-card", "set", "--currency", "EUR", "--exchange-rate", "0.9");
	expect(euros.stdout).toMatch(/^NODE TYPE +EUR PER HOUR$/m);
	expect((await run("costs")).stdout).toMatch(/^Total: \d+\.\d\d EUR\. \d{4}-\d\d so far/m);
	const { tagKeys } = JSON.parse((await run("costs", "--by", "engine", "--json")).stdout);
	expect(tagKeys).toBeInstanceOf(Array);
	const header = "key,engine,deletedAt,dataStorageGbHours,ecpus,nodeHours,cost\r\n";
	expect((await run("costs", "--tag", "team", "--csv")).stdout.startsWith(header)).toBe(true);
	const csv = await larder.rest("GET", "/costs?groupBy=day", { headers: { accept: "text/csv" } });
	expect(String(csv.body).startsWith(header)).toBe(true);
	expect((await run("usage", "nowhere")).exitCode).toBe(3);
	const audit = await run("audit", "list", "--action", "rate-card.set");
	expect(audit.stdout.match(/rate-card\.set/g)).toHaveLength(2);
});

it("a machine elsewhere joins with a token, and once it is removed, only with a new one", async () => {
	const elsewhere = makeOwnedDirectory("larder-elsewhere-");
	const token = createdJoinTokenSchema.parse(
		JSON.parse((await run("hosts", "join-token", "--json")).stdout),
	).token;
	const start = (joinToken: string) =>
		startCommand(
			[
				...["agent", "--join", larder.url, "--zone", "annex", "--name", "box-1"],
				...["--address", "127.0.0.9", "--memory", "2GiB"],
			],
			{ LARDER_HOME: elsewhere, LARDER_JOIN_TOKEN: joinToken },
		);
	const online = () =>
		waitUntil("box-1 to be online", async () => {
			const page = hostPageSchema.parse((await larder.rest("GET", "/hosts?zone=annex")).body);
			return page.items.find((each) => each.status === "online");
		});
	let agent = start(token);
	try {
		const host = await online();
		expect(host).toMatchObject({ name: "box-1", address: "127.0.0.9", memoryBytes: 2 * 1024 ** 3 });
		expect((await run("hosts", "list")).stdout).toMatch(
			/^box-1 +annex +online.*? +in sync +127\.0\.0\.9/m,
		);
		expect((await run("hosts", "join-tokens", "list")).stdout).toMatch(/used +1 of 1: box-1/);
		// Once removed, it can come back only with a new token, as a new host.
		await run("hosts", "remove", "box-1");
		expect(await agent.end("SIGINT")).toBe(0);
		expect((await run("hosts", "join-tokens", "list")).stdout).toMatch(/revoked +1 of 1/);
		const renewed = createdJoinTokenSchema.parse(
			JSON.parse((await run("hosts", "join-token", "--json")).stdout),
		);
		agent = start(renewed.token);
		expect((await online()).id).not.toBe(host.id);
		expect(await agent.end("SIGINT")).toBe(0);
	} finally {
		await agent.end("SIGTERM");
		await runLarder(["stop"], { LARDER_HOME: elsewhere });
		expect(processesOf(elsewhere)).toEqual([]);
		rmSync(elsewhere, { recursive: true, force: true });
	}
});
