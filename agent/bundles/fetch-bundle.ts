import { mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Distribution, findAptMirrors, readDistribution } from "./apt-mirror.ts";
import { AptTree } from "./apt-tree.ts";
import { type EngineRecipe, SUITES_BY_DISTRIBUTION } from "./engine-catalogue.ts";
import {
	BUILD_PREFIX,
	describeFiles,
	type InstalledEngine,
	publishManifest,
	readBundle,
} from "./engine-store.ts";
import { EngineUnavailableError } from "./engine-unavailable-error.ts";
import { upstreamVersion, versionFits } from "./engine-version.ts";
import { findOnPath } from "./path-engine.ts";
import type { EngineProgress } from "./progress.ts";
import { relocatePrograms } from "./relocate.ts";
import { runCommand } from "./run-command.ts";
import { verifyEngine } from "./verify-engine.ts";

const UNPACK_TIMEOUT_MS = 60_000;

type Report = (step: EngineProgress["step"], detail: string) => void;

interface Archive {
	readonly distribution: Distribution;
	readonly mirrors: readonly string[];
	readonly components: string;
	readonly keyring: string;
	readonly suites: readonly string[];
}

interface Find {
	readonly tree: AptTree;
	readonly suite: string;
	readonly packageVersion: string;
}

/**
 * Makes a bundle from the archive that the machine's own apt reads, and puts it into the store. The caller holds the
 * store's lock. Throws EngineUnavailableError when no suite has a version that fits.
 */
export async function fetchBundle(options: {
	recipe: EngineRecipe;
	versionPrefix: string;
	storeDir: string;
	report: Report;
}): Promise<InstalledEngine> {
	const { storeDir, report } = options;
	await removeLeftovers(storeDir);
	const buildDir = await mkdtemp(join(storeDir, BUILD_PREFIX));
	try {
		const archive = await findArchive(buildDir);
		const find = await findVersion({ ...options, archive, buildDir });
		const unpackedDir = await downloadPackages(options.recipe, find, buildDir, report);
		const patchelf = await findPatchelf(archive, buildDir, report);
		return await assemble({ ...options, find, buildDir, unpackedDir, patchelf });
	} finally {
		await rm(buildDir, { recursive: true, force: true });
	}
}

/** Builds that a crash left. Nobody else builds, since the lock is held. */
async function removeLeftovers(storeDir: string): Promise<void> {
	const names = await readdir(storeDir);
	const builds = names.filter((name) => name.startsWith(BUILD_PREFIX));
	await Promise.all(
		builds.map((name) => rm(join(storeDir, name), { recursive: true, force: true })),
	);
}

async function findArchive(buildDir: string): Promise<Archive> {
	const distribution = await readDistribution();
	const known = distribution === null ? undefined : SUITES_BY_DISTRIBUTION[distribution.id];
	if (distribution === null || known === undefined) {
		throw new EngineUnavailableError("this machine is neither Debian nor Ubuntu");
	}
	for (const program of ["apt-get", "apt-cache", "dpkg-deb", "dpkg"]) {
		if (findOnPath(program) === null) {
			throw new EngineUnavailableError(`${program} is missing on this machine`);
		}
	}
	const mirrors = await findAptMirrors(distribution.codename, buildDir);
	if (mirrors.length === 0) {
		throw new EngineUnavailableError("the machine's apt is set to no archive");
	}
	const suites = [...new Set([...known.suites, distribution.codename])];
	return { distribution, mirrors, ...known, suites };
}

/** The first suite, newest software first, whose version fits. */
async function findVersion(options: {
	recipe: EngineRecipe;
	versionPrefix: string;
	archive: Archive;
	buildDir: string;
	report: Report;
}): Promise<Find> {
	const { recipe, versionPrefix, archive, report } = options;
	const misses: string[] = [];
	for (const mirror of archive.mirrors) {
		for (const suite of archive.suites) {
			report("look-up", `${recipe.title} ${versionPrefix} in ${archive.distribution.id} ${suite}`);
			const directory = join(options.buildDir, `apt-${suite}`);
			try {
				const tree = await AptTree.create({ ...archive, directory, mirror, suite });
				await tree.update();
				const found = (await tree.show([recipe.versionPackage])).get(recipe.versionPackage);
				if (found !== undefined && versionFits(upstreamVersion(found.version), versionPrefix)) {
					return { tree, suite: (await tree.codename()) ?? suite, packageVersion: found.version };
				}
				misses.push(`${suite} has ${found === undefined ? "none" : found.version}`);
			} catch (error) {
				misses.push(`${suite}: ${firstLine(error)}`);
			}
			await rm(directory, { recursive: true, force: true });
		}
	}
	throw new EngineUnavailableError(
		`the archive of this machine's apt doesn't give it (${misses.join("; ")})`,
	);
}

async function downloadPackages(
	recipe: EngineRecipe,
	find: Find,
	buildDir: string,
	report: Report,
): Promise<string> {
	const packages = await find.tree.closure(recipe.packages);
	const megabytes = packages.reduce((sum, each) => sum + each.sizeBytes, 0) / 1024 ** 2;
	report(
		"download",
		`${recipe.title} ${upstreamVersion(find.packageVersion)} from ${find.suite}: ${packages.length} packages, ${megabytes.toFixed(1)} MiB`,
	);
	const names = packages.map((each) => each.name);
	const files = await find.tree.download(names, join(buildDir, "packages"));
	report("unpack", `${files.length} packages`);
	return await unpack(files, join(buildDir, "unpacked"));
}

async function unpack(files: readonly string[], into: string): Promise<string> {
	await mkdir(into, { recursive: true });
	for (const file of files) {
		await runCommand("dpkg-deb", ["-x", file, into], { timeoutMs: UNPACK_TIMEOUT_MS });
	}
	return into;
}

/** The machine's own patchelf, or that of its own suite: one from a newer suite might not run before it is relocated. */
async function findPatchelf(archive: Archive, buildDir: string, report: Report): Promise<string> {
	const installed = findOnPath("patchelf");
	if (installed !== null) return installed;
	const suite = archive.distribution.codename;
	const failures: string[] = [];
	for (const mirror of archive.mirrors) {
		report("look-up", `patchelf in ${suite}`);
		const directory = join(buildDir, "apt-patchelf");
		try {
			const tree = await AptTree.create({ ...archive, directory, mirror, suite });
			await tree.update();
			const files = await tree.download(["patchelf"], join(directory, "packages"));
			return join(await unpack(files, join(directory, "unpacked")), "usr", "bin", "patchelf");
		} catch (error) {
			failures.push(firstLine(error));
			await rm(directory, { recursive: true, force: true });
		}
	}
	throw new EngineUnavailableError(
		`patchelf can't be fetched (${failures.join("; ")}); install the package patchelf`,
	);
}

async function assemble(options: {
	recipe: EngineRecipe;
	storeDir: string;
	find: Find;
	buildDir: string;
	unpackedDir: string;
	patchelf: string;
	report: Report;
}): Promise<InstalledEngine> {
	const { recipe, find, report } = options;
	const architecture = (
		await runCommand("dpkg", ["--print-architecture"], { timeoutMs: UNPACK_TIMEOUT_MS })
	).trim();
	const version = upstreamVersion(find.packageVersion);
	const finalDir = join(options.storeDir, `${recipe.engine}-${version}-${architecture}`);
	const bundleDir = join(options.buildDir, "bundle");
	report("relocate", `${recipe.programs.join(", ")} and their libraries`);
	await relocatePrograms({ ...options, ...recipe, buildDir: bundleDir, finalDir });
	const files = await describeFiles(bundleDir);
	await syncFiles(files.map((file) => join(bundleDir, file.path)));
	// What lies there has no valid manifest, or it would have been used.
	await rm(finalDir, { recursive: true, force: true });
	await rename(bundleDir, finalDir);
	// The programs name their loader by its final path, so this is the first place where they run. Nobody takes
	// the directory for a bundle before its manifest is there.
	report("verify", `${recipe.programs[0]} answers PING`);
	const server = join("bin", recipe.programs[0]);
	const client = recipe.programs.find((name) => name.endsWith("-cli"));
	await publishManifest({
		format: 1,
		engine: recipe.engine,
		version: await verifyEngine(recipe, join(finalDir, server)),
		packageVersion: find.packageVersion,
		suite: find.suite,
		architecture,
		directory: finalDir,
		server,
		client: client === undefined ? null : join("bin", client),
		createdAt: new Date().toISOString(),
		files,
	});
	const bundle = await readBundle(finalDir);
	if (bundle === null) throw new Error(`${finalDir} was changed while it was made`);
	return bundle;
}

/** Content must reach the disk before the manifest vouches for it. */
async function syncFiles(paths: readonly string[]): Promise<void> {
	for (const path of paths) {
		const file = await open(path, "r");
		try {
			await file.sync();
		} finally {
			await file.close();
		}
	}
}

function firstLine(error: unknown): string {
	const text = error instanceof Error ? error.message : String(error);
	// Addresses stay out: a mirror's may carry a password.
	return (text.split("\n")[0] ?? "").replace(/\b(https?:\/\/)\S+/g, "the mirror");
}
