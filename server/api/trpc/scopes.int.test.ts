import { beforeEach, describe, expect, it } from "vitest";
import { type Access, mayDo, SCOPES, type Scope } from "../../contract/access.ts";
import { AppError } from "../../contract/errors.ts";
import { openTestResources, type TestResources, testCaller } from "../../testing/test-resources.ts";
import { Gate } from "../gate.ts";
import { appRouter } from "./router.ts";
import { type Context, createCallerFactory, type Meta } from "./trpc.ts";

interface Definition {
	type: "query" | "mutation" | "subscription";
	meta?: Meta;
}

/** Every procedure that needs a caller. */
const PROCEDURES = Object.entries(appRouter._def.procedures).flatMap(([name, procedure]) => {
	const { type, meta } = (procedure as unknown as { _def: Definition })._def;
	return meta?.public === true || meta?.scope === undefined
		? []
		: [{ name, scope: meta.scope, changes: type !== "query" }];
});

/** What a read-only token is allowed, and no more. */
const READING: readonly Scope[] = [
	"accelerator:read",
	"account:read",
	"audit:read",
	"cache:read",
	"event:read",
	"host:read",
	"lab:read",
	"parameter-group:read",
	"snapshot:read",
	"store:read",
	"token:read",
	"user:read",
];

/** The audit log's action for a denied call: the same as for one that succeeds. */
const AUDITED: Readonly<Record<string, string>> = {
	"account.changePassword": "account.change-password",
	"account.endOtherSessions": "account.end-other-sessions",
	"account.endSession": "account.end-session",
	"accelerators.create": "accelerator.create",
	"accelerators.delete": "accelerator.delete",
	"accelerators.modify": "accelerator.modify",
	"caches.applyPendingChanges": "cache.apply-pending-changes",
	"caches.cancelOperation": "cache.cancel-operation",
	"caches.create": "cache.create",
	"caches.credentials": "cache.read-credentials",
	"caches.delete": "cache.delete",
	"caches.dropPendingChanges": "cache.drop-pending-changes",
	"caches.failover": "cache.failover",
	"caches.modify": "cache.modify",
	"caches.promote": "cache.promote",
	"caches.reboot": "cache.reboot",
	"caches.rebalance": "cache.rebalance",
	"caches.setSlots": "cache.set-slots",
	"controlPlane.backup": "control-plane.backup",
	"controlPlane.removeBackupSchedule": "control-plane.remove-backup-schedule",
	"controlPlane.runBackupSchedule": "control-plane.run-backup-schedule",
	"controlPlane.setBackupSchedule": "control-plane.set-backup-schedule",
	"hosts.cordon": "host.cordon",
	"hosts.createJoinToken": "join-token.create",
	"hosts.drain": "host.drain",
	"hosts.remove": "host.remove",
	"hosts.revokeJoinToken": "join-token.revoke",
	"hosts.uncordon": "host.uncordon",
	"labRuns.create": "lab-run.create",
	"labRuns.delete": "lab-run.delete",
	"labRuns.stop": "lab-run.stop",
	"migrations.cancel": "migration.cancel",
	"migrations.complete": "migration.complete",
	"migrations.start": "migration.start",
	"nodeTypes.create": "node-type.create",
	"nodeTypes.delete": "node-type.delete",
	"parameterGroups.create": "parameter-group.create",
	"parameterGroups.delete": "parameter-group.delete",
	"parameterGroups.modify": "parameter-group.modify",
	"parameterGroups.reset": "parameter-group.reset",
	"rateCard.set": "rate-card.set",
	"snapshots.copy": "snapshot.copy",
	"snapshots.create": "snapshot.create",
	"snapshots.delete": "snapshot.delete",
	"snapshots.export": "snapshot.export",
	"snapshots.import": "snapshot.import",
	"snapshots.modify": "snapshot.modify",
	"stores.create": "store.create",
	"stores.delete": "store.delete",
	"stores.modify": "store.modify",
	"stores.test": "store.test",
	"tokens.create": "token.create",
	"tokens.revoke": "token.revoke",
	"users.delete": "user.delete",
	"users.invite": "user.invite",
	"users.modify": "user.modify",
	"users.resetPassword": "user.reset-password",
};

let test: TestResources;
beforeEach(async () => {
	test = await openTestResources();
});

/** The error of a call with empty input: a missing right must be refused before the input is checked. */
async function errorOf(name: string, access: Access): Promise<AppError | null> {
	const context = {
		resources: test.resources,
		caller: testCaller({
			...{ kind: "token", actor: `token:${name}`, name: "token ci", email: null, access },
		}),
		gate: new Gate({ places: 8, waitingMax: 100 }),
	};
	let target: unknown = createCallerFactory(appRouter)(context as unknown as Context);
	for (const part of name.split(".")) target = (target as Record<string, unknown>)[part];
	try {
		await (target as (input: unknown) => Promise<unknown>)({});
		return null;
	} catch (error) {
		const { cause } = error as Error;
		if (cause instanceof AppError) return cause;
		throw error;
	}
}

it("a read-only token has only the scopes for reading; a viewer can manage their own account too", () => {
	expect(SCOPES.filter((scope) => mayDo("read-only", scope)).toSorted()).toEqual(READING);
	expect(SCOPES.filter((scope) => mayDo("viewer", scope)).toSorted()).toEqual(
		[...READING, "account:manage"].toSorted(),
	);
	expect(SCOPES.every((scope) => mayDo("full", scope))).toBe(true);
});

describe("of all procedures", () => {
	it("those that change something or reveal a secret refuse a read-only token, with scope and remedy", async () => {
		expect(PROCEDURES.length).toBeGreaterThan(30);
		for (const { name, scope, changes } of PROCEDURES) {
			const isReading = READING.includes(scope);
			// Revealing a secret leaves an audit entry, so it is a mutation too.
			expect.soft(isReading, name).toBe(!changes);
			const error = await errorOf(name, "read-only");
			if (isReading) {
				expect.soft(error?.details ?? {}, name).not.toHaveProperty("scope");
				continue;
			}
			expect.soft(error, name).toMatchObject({ code: "forbidden", details: { scope } });
			expect.soft(error?.message, name).toContain(`${name} needs the scope ${scope}`);
			expect.soft(error?.message).toContain("larder tokens create <name> --scope full");
			const actor = `token:${name}`;
			expect
				.soft(await test.resources.db.auditEntry.findMany({ where: { actor } }))
				.toMatchObject([{ action: AUDITED[name], actorName: "token ci", outcome: "denied" }]);
		}
	});

	it("those that aren't for viewers say so", async () => {
		for (const { name, scope } of PROCEDURES) {
			const error = await errorOf(name, "viewer");
			if (mayDo("viewer", scope))
				expect.soft(error?.details ?? {}, name).not.toHaveProperty("scope");
			else expect.soft(error?.message, name).toMatch(/^Viewers can't.*only administrators.*Ask/);
		}
	});
});

it("a caller that is denied again and again leaves a bounded number of entries", async () => {
	for (let count = 0; count < 30; count++) await errorOf("caches.delete", "read-only");
	expect(await test.resources.db.auditEntry.count()).toBe(20);
	test.time.now = new Date(test.time.now.getTime() + 60_000);
	await errorOf("caches.delete", "read-only");
	expect(await test.resources.db.auditEntry.count()).toBe(21);
});
