import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { readFileIfExists, writeFileAtomic } from "../../platform/atomic-file.ts";
import { type BundleName, programNameSchema } from "./bundle-name.ts";
import { offersVersion } from "./engine-catalog.ts";
import { compareVersions } from "./engine-version.ts";

/**
 * The store's layout:
 *
 *   <store>/valkey-9.1.2-amd64/bin, lib     the files
 *   <store>/valkey-9.1.2-amd64/bundle.json  the manifest, written last: a directory without it is ignored
 *   <store>/build-*                         an install in progress, or the remains of one after a crash
 *   <store>/store.lock                      held by the process that installs
 */
export const MANIFEST_NAME = "bundle.json";
export const BUILD_PREFIX = "build-";

const manifestSchema = z.object({
	format: z.literal(1),
	engine: programNameSchema,
	version: z.string(),
	packageVersion: z.string(),
	suite: z.string(),
	architecture: z.string(),
	/** The bundle's programs name their loader by its absolute path, so a moved bundle doesn't run. */
	directory: z.string(),
	server: z.string(),
	client: z.string().nullable(),
	createdAt: z.string(),
	files: z.array(z.object({ path: z.string(), sizeBytes: z.number(), sha256: z.string() })),
});
export type BundleManifest = z.infer<typeof manifestSchema>;

/** An engine, or another program that the store may hold, that can be started on this machine. */
export interface InstalledEngine {
	readonly engine: BundleName;
	/** The full version, as the program itself reports it. */
	readonly version: string;
	readonly source: "bundle" | "path";
	/** Absolute path of the server program. */
	readonly server: string;
	/** Absolute path of the engine's command-line client, if it has one. */
	readonly client: string | null;
	/** Code name of the suite that the bundle was made from. */
	readonly suite: string | null;
}

/**
 * Complete bundles of offered versions, newest first. Reads only manifests and file sizes, so it is cheap.
 */
export async function listBundles(storeDir: string): Promise<InstalledEngine[]> {
	let names: string[];
	try {
		names = await readdir(storeDir);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
		throw error;
	}
	const candidates = names.filter((name) => !name.startsWith(BUILD_PREFIX));
	const found = await Promise.all(candidates.map((name) => readBundle(join(storeDir, name))));
	return found
		.filter((bundle) => bundle !== null)
		.filter((bundle) => offersVersion(bundle.engine, bundle.version))
		.sort((a, b) => compareVersions(b.version, a.version));
}

/** The bundle in a directory; null if there is no usable one. */
export async function readBundle(directory: string): Promise<InstalledEngine | null> {
	const manifest = await readManifest(directory);
	if (manifest === null || manifest.directory !== directory) return null;
	const sizes = await Promise.all(
		manifest.files.map(async (file) => {
			const found = await stat(join(directory, file.path)).catch(() => null);
			return found?.isFile() === true && found.size === file.sizeBytes;
		}),
	);
	if (!sizes.every(Boolean)) return null;
	return {
		engine: manifest.engine,
		version: manifest.version,
		source: "bundle",
		server: join(directory, manifest.server),
		client: manifest.client === null ? null : join(directory, manifest.client),
		suite: manifest.suite,
	};
}

async function readManifest(directory: string): Promise<BundleManifest | null> {
	const text = await readFileIfExists(join(directory, MANIFEST_NAME)).catch((error: unknown) => {
		// The store contains other files too, such as the lock.
		if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
		throw error;
	});
	if (text === null) return null;
	try {
		return manifestSchema.parse(JSON.parse(text));
	} catch {
		// Damaged, or in the format of another version of Larder: treat it as absent; the next install replaces it.
		return null;
	}
}

/** Makes the bundle usable: from here on the store lists it. */
export async function publishManifest(manifest: BundleManifest): Promise<void> {
	const content = `${JSON.stringify(manifest, null, "\t")}\n`;
	await writeFileAtomic(join(manifest.directory, MANIFEST_NAME), content, {
		mode: 0o644,
		sync: true,
	});
}

/** Size and sha256 of every file under a directory. */
export async function describeFiles(directory: string): Promise<BundleManifest["files"]> {
	const entries = await readdir(directory, { recursive: true, withFileTypes: true });
	const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
	return await Promise.all(
		paths.sort().map(async (path) => {
			const hash = createHash("sha256");
			await pipeline(createReadStream(path), hash);
			const { size } = await stat(path);
			return {
				path: relative(directory, path),
				sizeBytes: size,
				sha256: hash.digest("hex"),
			};
		}),
	);
}

export async function createStore(storeDir: string): Promise<void> {
	await mkdir(storeDir, { recursive: true, mode: 0o700 });
}
