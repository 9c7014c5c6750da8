import { copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { InstancePaths } from "./instance-paths.ts";

/** The rest of the disk belongs to engines. */
const KEPT_FILES = 20;
const KEPT_BYTES_MAX = 64 * 1024 ** 2;

/** Each may be as large as a node's data. */
const KEPT_DATA_FILES = 3;

/**
 * Copies a damaged file of an instance to a directory beside all instances, where it outlives the instance,
 * for people to examine. Keeps only the newest few, and no large ones. Never fails: a copy is never worth
 * failing for.
 */
export async function keepDamaged(paths: InstancePaths, file: string): Promise<void> {
	try {
		if ((await stat(file)).size > KEPT_BYTES_MAX) return;
		await copyFile(file, await placeFor(paths, file));
		await keepNewest(paths, KEPT_FILES, () => true);
	} catch {
		// The file is gone, or there is no room for the copy.
	}
}

/**
 * Moves the data that an instance couldn't load to the same directory; moving needs no room. Keeps only the
 * newest few. Never throws; returns whether the data was moved.
 */
export async function keepUnloadedData(paths: InstancePaths, file: string): Promise<boolean> {
	try {
		await rename(file, await placeFor(paths, file));
	} catch {
		return false;
	}
	const isData = (name: string) => name.endsWith(`-${basename(file)}`);
	await keepNewest(paths, KEPT_DATA_FILES, isData).catch(() => {});
	return true;
}

function directoryOf(paths: InstancePaths): string {
	return join(dirname(dirname(paths.directory)), "damaged");
}

async function placeFor(paths: InstancePaths, file: string): Promise<string> {
	const directory = directoryOf(paths);
	await mkdir(directory, { recursive: true, mode: 0o700 });
	return join(directory, `${basename(paths.directory)}-${basename(file)}`);
}

/** Keeps the files that came here last. */
async function keepNewest(
	paths: InstancePaths,
	count: number,
	isOfKind: (name: string) => boolean,
): Promise<void> {
	const directory = directoryOf(paths);
	const names = (await readdir(directory)).filter(isOfKind);
	const aged = await Promise.all(
		names.map(async (name) => ({ name, at: (await stat(join(directory, name))).ctimeMs })),
	);
	const old = aged.sort((a, b) => b.at - a.at).slice(count);
	await Promise.all(
		old.map(({ name }) => rm(join(directory, name), { recursive: true, force: true })),
	);
}
