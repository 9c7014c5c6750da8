import { existsSync } from "node:fs";
import { z } from "zod";
import { readFileIfExists } from "../../platform/atomic-file.ts";
import type { LarderHome } from "../../platform/home.ts";
import { acquireLock, readLock } from "../../platform/process-lock.ts";
import { AppError } from "../contract/errors.ts";
import { connectEmbedded, connectServer } from "../data/database.ts";
import { openEmbeddedDatabase } from "../data/embedded-database.ts";
import { writeBackupFile } from "./backup-file.ts";
import { readDump } from "./read-dump.ts";
import { splitLines } from "./split-lines.ts";
import { writeDump } from "./write-dump.ts";

export interface BackupOptions {
	home: LarderHome;
	databaseUrl: string | undefined;
	file: string;
	passphrase: string | null;
	withMetrics: boolean;
	version: string;
	now: Date;
}

type Write = (line: string) => Promise<void>;

/**
 * Writes the database and key of a home's control plane into one file, whether the control plane runs or not.
 */
export async function createBackup(options: BackupOptions): Promise<void> {
	const { home, file } = options;
	if (existsSync(file)) {
		throw new AppError("already_exists", `${file} exists. Give the backup another name.`);
	}
	const secretKey = (await readFileIfExists(home.secretKeyFile))?.trim();
	if (secretKey === undefined) {
		throw new AppError(
			"not_found",
			`${home.root} has no control plane to back up: ${home.secretKeyFile} doesn't exist. Run this where the control plane runs, with its LARDER_HOME.`,
		);
	}
	const running = readLock(home.controlPlaneLock);
	const dump =
		running === null
			? (write: Write) => dumpDatabase(options, write)
			: (write: Write) => dumpFromControlPlane(running.note, options, write);
	await writeBackupFile(file, options.passphrase, { secretKey, dump });
}

/** Asks the running control plane, because the embedded database belongs to it. */
async function dumpFromControlPlane(
	url: string,
	{ home, withMetrics }: BackupOptions,
	write: Write,
): Promise<void> {
	if (!URL.canParse(url)) {
		throw new AppError("conflict", `${home.root} is in use: ${url}. Try again when that is done.`);
	}
	const token = (await readFileIfExists(home.adminTokenFile))?.trim() ?? "";
	const response = await fetch(`${url}/api/v1/control-plane/backup`, {
		method: "POST",
		headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
		body: JSON.stringify({ withMetrics }),
	}).catch((cause: unknown) => {
		throw new AppError("unavailable", `The control plane at ${url} can't be reached.`, { cause });
	});
	if (!response.ok || response.body === null) throw await refusal(url, response);
	await readDump(copyLines(splitLines(response.body), write), {
		header: async () => undefined,
		rows: async () => undefined,
	});
}

/** Writes each line as it arrives, and checks it on the way: a truncated dump makes no backup. */
async function* copyLines(lines: AsyncIterable<string>, write: Write): AsyncGenerator<string> {
	for await (const line of lines) {
		await write(`${line}\n`);
		yield line;
	}
}

const refusalSchema = z.object({ error: z.object({ message: z.string() }) });

async function refusal(url: string, response: Response): Promise<AppError> {
	const parsed = refusalSchema.safeParse(await response.json().catch(() => null));
	const message = parsed.success ? parsed.data.error.message : `HTTP ${response.status}`;
	return new AppError(
		"unavailable",
		`The control plane at ${url} couldn't make a backup: ${message}`,
	);
}

async function dumpDatabase(options: BackupOptions, write: Write): Promise<void> {
	const { home, databaseUrl, withMetrics, version, now } = options;
	const content = { withMetrics, version, now, write };
	if (databaseUrl !== undefined) {
		const db = connectServer(databaseUrl);
		try {
			return await writeDump(db, content);
		} finally {
			await db.$disconnect();
		}
	}
	if (!existsSync(home.databaseDir)) {
		throw new AppError(
			"not_found",
			`${home.root} has no database to back up: ${home.databaseDir} doesn't exist.`,
		);
	}
	// No other process may open it meanwhile.
	const lock = acquireLock(home.controlPlaneLock, "a backup is being made");
	try {
		const onLost = (error: unknown) => {
			throw error;
		};
		const embedded = await openEmbeddedDatabase(home.databaseDir, home.runDir, onLost);
		const db = connectEmbedded(embedded.url, onLost);
		try {
			await writeDump(db, content);
		} finally {
			await db.$disconnect();
			await embedded.stop();
		}
	} finally {
		lock.release();
	}
}
