/**
 * The program behind `larder backup` and `larder restore`:
 *
 *   backup create <file> [--with-metrics]
 *   backup restore <file> [--replace]
 *
 * The passphrase comes on stdin, empty for none. The result goes to stdout as one line of JSON.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { z } from "zod";
import { openHome } from "../../platform/home.ts";
import { AppError, type ErrorCode } from "../contract/errors.ts";
import { migrationsDirOf } from "../data/open-database.ts";
import { findProjectRoot } from "../platform/project-root.ts";
import { StartError } from "../platform/start-error.ts";
import { createBackup } from "./create-backup.ts";
import { restoreBackup } from "./restore-backup.ts";

async function run(): Promise<object> {
	const { positionals, values } = parseArgs({
		allowPositionals: true,
		options: { "with-metrics": { type: "boolean" }, replace: { type: "boolean" } },
	});
	const [command, file] = positionals;
	if (file === undefined) throw new Error("usage: backup create|restore <file>");
	const root = findProjectRoot();
	const common = {
		home: openHome(),
		databaseUrl: process.env.DATABASE_URL || undefined,
		file,
		passphrase: (await text(process.stdin)) || null,
		now: new Date(),
	};
	if (command === "create") {
		const withMetrics = values["with-metrics"] === true;
		await createBackup({ ...common, withMetrics, version: versionOf(root) });
		return {};
	}
	const replace = values.replace === true;
	return await restoreBackup({ ...common, replace, migrationsDir: migrationsDirOf(root) });
}

function versionOf(root: string): string {
	const text = readFileSync(join(root, "package.json"), "utf8");
	return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function describe(error: unknown): { code: ErrorCode; message: string } {
	if (error instanceof AppError) return { code: error.code, message: error.message };
	if (error instanceof StartError) return { code: "invalid_argument", message: error.message };
	process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
	return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

try {
	process.stdout.write(`${JSON.stringify(await run())}\n`);
	process.exitCode = 0;
} catch (error) {
	process.stdout.write(`${JSON.stringify({ error: describe(error) })}\n`);
	process.exitCode = 1;
}
