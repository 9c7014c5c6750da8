import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openHome } from "../../platform/home.ts";
import { setBackupScheduleInputSchema } from "../contract/backup-schedule.ts";
import { createStoreInputSchema } from "../contract/store.ts";
import { migrationsDirOf } from "../data/open-database.ts";
import { findProjectRoot } from "../platform/project-root.ts";
import { loadSecretKey } from "../platform/secrets.ts";
import {
	getBackupSchedule,
	listControlPlaneBackups,
	runBackupSchedule,
	setBackupSchedule,
} from "../services/control-plane/backup-schedule.ts";
import { createStore } from "../services/stores/create-store.ts";
import { openTestResources, type TestResources, testCaller } from "../testing/test-resources.ts";
import { restoreBackup } from "./restore-backup.ts";
import { backUpIfDue } from "./scheduled-backup.ts";

const PASSPHRASE = "correct horse battery";

let root: string;
let nas: string;
let test: TestResources;
beforeEach(async () => {
	root = mkdtempSync(join(tmpdir(), "larder-schedule-"));
	nas = join(root, "nas");
	test = await openTestResources();
	loadSecretKey(join(root, "secret.key"), { isNew: true, sealed: null });
	const store = createStoreInputSchema.parse({ name: "nas", path: nas });
	await createStore(test.resources, testCaller(), store);
});
afterEach(() => rmSync(root, { recursive: true }));

const set = (input: object) =>
	setBackupSchedule(
		test.resources,
		testCaller(),
		setBackupScheduleInputSchema.parse({ store: "nas", ...input }),
	);
const passHours = (hours: number) => {
	test.time.now = new Date(test.time.now.getTime() + hours * 3_600_000);
};
const pass = () =>
	backUpIfDue(test.resources, {
		secretKeyFile: join(root, "secret.key"),
		temporaryFile: join(root, "scheduled.backup"),
	});
const keys = async () =>
	(await listControlPlaneBackups(test.resources)).items.map(({ key }) => key);
const events = async () =>
	(await test.resources.db.event.findMany({ orderBy: { at: "asc" } })).map(({ type }) => type);

it("makes backups when they are due, keeps the newest, and an empty home is restored from one", async () => {
	await expect(set({})).rejects.toMatchObject({ code: "invalid_argument", field: "passphrase" });
	await pass();
	expect(await keys()).toEqual([]);
	await set({ passphrase: PASSPHRASE, everyHours: 6, keep: 2 });
	await pass();
	await pass();
	expect(await keys()).toHaveLength(1);
	for (const hours of [5, 1, 6]) {
		passHours(hours);
		await pass();
	}
	const [newest, second] = await keys();
	expect(await keys()).toEqual([
		"control-plane/larder-20260101T120000Z.backup",
		"control-plane/larder-20260101T060000Z.backup",
	]);
	expect(second).toBeDefined();
	expect(JSON.stringify(await test.resources.db.backupSchedule.findMany())).not.toContain("horse");
	const file = join(root, "copied.backup");
	copyFileSync(join(nas, newest ?? ""), file);
	expect(readFileSync(file).includes("nas")).toBe(false);

	const home = openHome({ ...process.env, LARDER_HOME: join(root, "restored") });
	const restored = await restoreBackup({
		...{ home, file, passphrase: PASSPHRASE, databaseUrl: undefined, replace: false },
		...{ migrationsDir: migrationsDirOf(findProjectRoot()), now: new Date() },
	});
	expect(restored.rows).toMatchObject({ BackupSchedule: 1, Store: 2 });
	expect(readFileSync(home.secretKeyFile)).toEqual(readFileSync(join(root, "secret.key")));
});

it("says once that it failed, tries again soon, and goes on when the store is back", async () => {
	await set({ passphrase: PASSPHRASE });
	renameSync(nas, join(root, "unplugged"));
	await pass();
	passHours(0.1);
	await pass();
	const { schedule } = await getBackupSchedule(test.resources);
	expect(schedule).toMatchObject({
		lastSuccessAt: null,
		lastError: expect.stringContaining("mount"),
	});
	passHours(0.2);
	await pass();
	expect(await events()).toEqual(["control-plane.backup-failed"]);
	renameSync(join(root, "unplugged"), nas);
	passHours(0.25);
	await pass();
	expect(await events()).toEqual(["control-plane.backup-failed", "control-plane.backed-up"]);
	expect(await keys()).toHaveLength(1);
	await runBackupSchedule(test.resources, testCaller());
	passHours(0.01);
	await pass();
	expect(await keys()).toHaveLength(2);
});
