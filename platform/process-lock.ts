import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { identifyProcess, isProcessAlive, processIdentitySchema } from "./process-identity.ts";

const lockSchema = z.object({ identity: processIdentitySchema, note: z.string() });
export type LockHolder = z.infer<typeof lockSchema>;

export class LockHeldError extends Error {
	readonly holder: LockHolder;
	constructor(path: string, holder: LockHolder) {
		super(`${path} is held by process ${holder.identity.pid}`);
		this.name = "LockHeldError";
		this.holder = holder;
	}
}

/** Who holds the lock and lives, or null. */
export function readLock(path: string): LockHolder | null {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
		throw error;
	}
	const parsed = lockSchema.safeParse(JSON.parse(text));
	return parsed.success && isProcessAlive(parsed.data.identity) ? parsed.data : null;
}

/**
 * Takes a lock that dies with this process: the file names its holder, so one left by a crash is seen as stale.
 * `note` is for other programs to read (an address, say). Throws LockHeldError while a live process holds it.
 */
export function acquireLock(path: string, note: string): { release(): void } {
	const identity = identifyProcess(process.pid);
	if (identity === null) throw new Error("this process can't be found in /proc");
	const own = `${path}.${randomBytes(6).toString("hex")}`;
	const content = JSON.stringify({ identity, note });
	writeFileSync(own, content, { mode: 0o600, flag: "wx" });
	try {
		for (;;) {
			try {
				// A hard link appears whole or not at all, and fails if another lock is there.
				linkSync(own, path);
				return {
					release() {
						if (readLock(path)?.identity.startTicks === identity.startTicks) rmSync(path);
					},
				};
			} catch (error) {
				if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			}
			const holder = readLock(path);
			if (holder !== null) throw new LockHeldError(path, holder);
			discardStale(path);
		}
	} finally {
		rmSync(own, { force: true });
	}
}

/** Moves a dead holder's file away. If another process was quicker and the file is a live lock, it is put back. */
function discardStale(path: string): void {
	const aside = `${path}.${randomBytes(6).toString("hex")}.stale`;
	try {
		renameSync(path, aside);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
		throw error;
	}
	if (readLock(aside) !== null) linkSync(aside, path);
	rmSync(aside, { force: true });
}
