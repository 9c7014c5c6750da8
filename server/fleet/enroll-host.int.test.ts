import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { AGENT_PROTOCOL_VERSION } from "../contract/agent.ts";
import { createJoinToken } from "../services/hosts/create-join-token.ts";
import { listJoinTokens, revokeJoinToken } from "../services/hosts/join-tokens.ts";
import { removeHost } from "../services/hosts/remove-host.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { enrollHost } from "./enroll-host.ts";

let test: TestResources;
beforeEach(async () => {
	test = await openTestResources();
});

const HOUR_MS = 3_600_000;
const makeToken = (what: { uses?: number; expiresInHours?: number } = {}) =>
	createJoinToken(
		test.resources,
		testCaller(),
		{ uses: 1, expiresInHours: 1, ...what },
		"http://control",
	);
const newIdentity = () => ({ agentId: randomUUID(), credential: randomUUID().padEnd(43, "x") });
const enroll = (joinToken: string, name: string, identity = newIdentity()) =>
	enrollHost(test.resources, {
		...{ protocol: AGENT_PROTOCOL_VERSION, joinToken, name, zone: "a" },
		...identity,
		facts: {
			...{ agentVersion: "1", bindAddress: "127.0.0.1", advertisedAddress: "127.0.0.1" },
			...{ cpus: 1, memoryBytes: 1, bootId: "b", engines: [], limits: "none" },
		},
	});
const remove = (name: string) => removeHost(test.resources, testCaller(), { name, lost: false });
const list = async () => (await listJoinTokens(test.resources, { limit: 50 })).items;

describe("a join token", () => {
	it("lets in one host unless more were asked for, even if two join at the same time", async () => {
		const { token } = await makeToken();
		const both = await Promise.allSettled([enroll(token, "h1"), enroll(token, "h2")]);
		expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
		await expect(enroll(token, "h3")).rejects.toMatchObject({
			code: "unauthenticated",
			message: expect.stringContaining("is used up"),
		});
		const many = await makeToken({ uses: 2 });
		await enroll(many.token, "h4");
		await enroll(many.token, "h5");
		await expect(enroll(many.token, "h6")).rejects.toMatchObject({ code: "unauthenticated" });
	});

	it("isn't used up by a host that fails to join, or repeats its call", async () => {
		const { id, token } = await makeToken();
		const other = await makeToken();
		await enroll(other.token, "taken");
		await expect(enroll(token, "taken")).rejects.toMatchObject({ code: "already_exists" });
		const identity = newIdentity();
		const first = await enroll(token, "h1", identity);
		expect(await enroll(token, "h1", identity)).toEqual(first);
		const shown = (await list()).find((each) => each.id === id);
		expect(shown).toMatchObject({ uses: 1, maxUses: 1, hosts: ["h1"] });
	});

	it("works until it expires or is revoked", async () => {
		const expiring = await makeToken({ expiresInHours: 2 });
		const revoked = await makeToken();
		await revokeJoinToken(test.resources, testCaller(), { id: revoked.id });
		await expect(enroll(revoked.token, "h1")).rejects.toMatchObject({
			message: expect.stringContaining("was revoked"),
		});
		test.time.now = new Date(test.time.now.getTime() + 2 * HOUR_MS);
		await expect(enroll(expiring.token, "h1")).rejects.toMatchObject({
			message: expect.stringContaining("has expired"),
		});
		await expect(enroll("larder_join_wrong", "h1")).rejects.toMatchObject({
			message: expect.stringContaining("is unknown"),
		});
	});

	it("is listed without its secret, and is in no command's arguments", async () => {
		const made = await makeToken({ uses: 3 });
		expect(made.command).toMatch(/^LARDER_JOIN_TOKEN=larder_join_\S+ npx larder agent --join /);
		expect(made.command.split(" agent ")[1]).not.toContain(made.token);
		const shown = await list();
		expect(shown).toMatchObject([{ status: "active", uses: 0, maxUses: 3, createdBy: "Ada" }]);
		expect(JSON.stringify(shown)).not.toContain(made.token);
		expect(JSON.stringify(await test.resources.db.joinToken.findMany())).not.toContain(made.token);
		const audit = await test.resources.db.auditEntry.findMany();
		expect(audit.map(({ action }) => action)).toEqual(["join-token.create"]);
		await expect(
			revokeJoinToken(test.resources, testCaller(), { id: "none" }),
		).rejects.toMatchObject({ code: "not_found" });
	});
});

describe("a host that was removed", () => {
	it("doesn't come back with the token that let it in, nor with its identity", async () => {
		const identity = newIdentity();
		const { token } = await makeToken({ uses: 10 });
		await enroll(token, "h1", identity);
		await remove("h1");
		expect((await list())[0]).toMatchObject({ status: "revoked" });
		await expect(enroll(token, "h1", identity)).rejects.toMatchObject({ code: "unauthenticated" });
		const fresh = await makeToken();
		const refusal = { code: "forbidden", field: "agentId" };
		await expect(enroll(fresh.token, "h1", identity)).rejects.toMatchObject(refusal);
		const renamed = { ...identity, agentId: randomUUID() };
		await expect(enroll(fresh.token, "h1", renamed)).rejects.toMatchObject(refusal);
		// It may come back as a new host, with a new token.
		expect((await enroll(fresh.token, "h1")).hostId).not.toBe("");
	});
});

it("a host can't take another host's place with its agent id", async () => {
	const identity = newIdentity();
	await enroll((await makeToken()).token, "h1", identity);
	const thief = { ...newIdentity(), agentId: identity.agentId };
	await expect(enroll((await makeToken()).token, "h1", thief)).rejects.toMatchObject({
		code: "forbidden",
	});
});
